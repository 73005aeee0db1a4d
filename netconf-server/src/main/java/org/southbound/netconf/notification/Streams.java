// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** The table of event streams, as RFC 5277 (section 3.2.5.1) and RFC 8639 (section 3.1) show it. */
public final class Streams {
  private record Stream(String name, String description) {
  }

  private static final List<Stream> ALL = List.of(new Stream("NETCONF", "All notifications."));

  private Streams() {
  }

  /** Whether there is a stream of that name. */
  public static boolean has(String name) {
    return ALL.stream().anyMatch(each -> each.name.equals(name));
  }

  /** {@code /netconf/streams} of nc-notifications as it is now. */
  public static ContainerNode netconf(Schema schema, Notifications notifications) {
    YangNode top = schema.node("/nc-notifications:netconf");
    // The published module lacks the leaf that RFC 5277's schema has.
    boolean aged = top.child("streams").child("stream").child(null, "replayLogAgedTime") != null;
    return new TreeBuilder(top).container("streams", streams -> {
      for (Stream each : ALL) {
        streams.entry("stream",
            s -> s.leaf("name", each.name).leaf("description", each.description).leaf("replaySupport", true)
                .leaf("replayLogCreationTime", time(notifications.logCreated()))
                .leaf("replayLogAgedTime", aged ? time(notifications.logAged()) : null));
      }
    }).build();
  }

  /** {@code /streams} of ietf-subscribed-notifications as it is now. */
  public static ContainerNode subscribed(Schema schema, Notifications notifications) {
    var out = new TreeBuilder(schema.node("/ietf-subscribed-notifications:streams"));
    for (Stream each : ALL) {
      out.entry("stream",
          s -> s.leaf("name", each.name).leaf("description", each.description).flag("replay-support", true)
              .leaf("replay-log-creation-time", time(notifications.logCreated()))
              .leaf("replay-log-aged-time", time(notifications.logAged())));
    }
    return out.build();
  }

  private static String time(Instant instant) {
    return instant == null ? null : instant.truncatedTo(ChronoUnit.MICROS).toString();
  }
}
