// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.time.Duration;

/**
 * What clients may take from the server, all of them together and each. Replaced as a whole when the configuration changes;
 * what is open already stays open.
 *
 * @param sessions most sessions at a time
 * @param sessionsPerUser most sessions of one user
 * @param strangers most connections without a session: not authenticated yet, or authenticated and idle
 * @param grace time from the connection to the client's authentication, and from the session's start to its hello
 * @param loginDelay how long the answer to a wrong password is held back
 * @param loginTries most tries to authenticate on one connection
 * @param messageBytes greatest message
 */
public record Limits(int sessions, int sessionsPerUser, int strangers, Duration grace, Duration loginDelay,
    int loginTries, int messageBytes) {
  public static final Limits DEFAULT = new Limits(256, 256, 64, Duration.ofSeconds(30), Duration.ofSeconds(1), 6,
      16 << 20);

  /** With other numbers of sessions and octets. */
  public Limits with(int newSessions, int newMessageBytes) {
    return new Limits(newSessions, newSessions, strangers, grace, loginDelay, loginTries, newMessageBytes);
  }
}
