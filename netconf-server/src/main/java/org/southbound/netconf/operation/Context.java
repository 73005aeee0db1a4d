// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.time.InstantSource;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.notification.Notifications;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Sessions;

/** What operations work on. */
public record Context(Schema schema, Datastores datastores, Urls urls, AccessControl access,
    Notifications notifications,
    Sessions sessions,
    Operational operational, Rpcs rpcs, InstantSource clock) {
}
