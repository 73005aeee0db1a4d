// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.Set;

/**
 * Who asks: a name, as authenticated, and the groups that its transport reports, to which {@code /nacm/groups} may add.
 *
 * @param recovery not subject to access control (RFC 8341 section 3.2.1)
 */
public record User(String name, Set<String> groups, boolean recovery) {
  /** The server itself: what it does on its own account is not subject to access control. */
  public static final User SYSTEM = new User("system", Set.of(), true);

  public User(String name, Set<String> groups) {
    this(name, groups, false);
  }
}
