// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** The list of event streams, RFC 5277 section 3.2.5.1. */
public final class Streams {
    private final YangNode top;
    private final Notifications notifications;

    public Streams(Schema schema, Notifications notifications) {
        this.top = schema.node("/nc-notifications:netconf");
        this.notifications = notifications;
    }

    /** The state data as it is now. */
    public ContainerNode read() {
        return new TreeBuilder(top)
                .container("streams",
                        c -> c.entry("stream", s -> s.leaf("name", "NETCONF").leaf("description", "All notifications.")
                                .leaf("replaySupport", true).leaf("replayLogCreationTime", time(notifications.logCreated()))
                                .leaf("replayLogAgedTime", time(notifications.logAged()))))
                .build();
    }

    private static String time(Instant instant) {
        return instant == null ? null : instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
