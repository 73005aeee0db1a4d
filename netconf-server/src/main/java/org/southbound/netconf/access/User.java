// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.Set;

/** Who asks: a name, as authenticated, and the groups it belongs to. */
public record User(String name, Set<String> groups) {
    /** The group that may do everything. */
    public static final String ADMIN = "admin";
    /** The server itself: what it does on its own account is not subject to access control. */
    public static final User SYSTEM = new User("system", Set.of(ADMIN));

    public boolean isAdmin() {
        return groups.contains(ADMIN);
    }
}
