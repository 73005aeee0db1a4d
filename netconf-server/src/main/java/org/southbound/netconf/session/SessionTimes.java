// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.time.Duration;

/**
 * When a session is closed by the server; zero means never.
 *
 * @param maximum open for so long
 * @param lock holding a lock for so long
 */
public record SessionTimes(Duration maximum, Duration lock) {
  public static final SessionTimes ENDLESS = new SessionTimes(Duration.ZERO, Duration.ZERO);
}
