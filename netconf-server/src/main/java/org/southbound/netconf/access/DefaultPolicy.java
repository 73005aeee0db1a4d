// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;

/**
 * The policy of an instance without rules: admins may do all; others execute, read and write what the models do not mark
 * nacm:default-deny-all or nacm:default-deny-write (RFC 8341 section 3.4).
 */
public final class DefaultPolicy implements AccessControl {
    /** RFC 8341 section 3.2.4: denied by default although their module has no mark for it. */
    private static final Set<String> DENIED = Set.of("kill-session", "delete-config");

    @Override
    public void execute(User user, YangNode rpc) throws NetconfException {
        boolean denied = rpc.denyAll() || (DENIED.contains(rpc.localName()) && rpc.namespace().equals(Schema.NETCONF));
        if (denied && !user.isAdmin()) {
            throw denied(user, "execute " + rpc.localName()).type("protocol").at(DataPath.of(null, rpc));
        }
    }

    @Override
    public DataWriter.Visibility reads(User user) {
        return user.isAdmin() ? null : path -> !path.node().denyAll();
    }

    @Override
    public void write(User user, YangNode root, ContainerNode before, ContainerNode after) throws NetconfException {
        if (!user.isAdmin()) {
            Changes.visit(root, before, after, (path, kind) -> {
                for (DataPath each = path; each != null; each = each.parent()) {
                    if (each.node().denyAll() || each.node().denyWrite()) {
                        throw denied(user, "change " + path.node().localName()).at(path);
                    }
                }
            });
        }
    }

    @Override
    public boolean receives(User user, YangNode notification) {
        return user.isAdmin() || !notification.denyAll();
    }

    private static NetconfException denied(User user, String what) {
        return NetconfException.of(ErrorTag.ACCESS_DENIED, "User " + user.name() + " may not " + what + ".");
    }
}
