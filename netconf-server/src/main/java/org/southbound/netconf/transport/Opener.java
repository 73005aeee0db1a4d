// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.util.function.IntSupplier;
import org.southbound.netconf.session.Link;
import org.southbound.netconf.session.Session;

/** Makes a session for an authenticated connection. */
@FunctionalInterface
public interface Opener {
  /**
   * Makes it; the caller starts it.
   *
   * @param source the client's address
   * @param transport an identity of ietf-netconf-monitoring
   * @param idleSeconds see {@link Terms#idleSeconds}
   */
  Session open(String user, String source, String transport, Link link, IntSupplier idleSeconds);
}
