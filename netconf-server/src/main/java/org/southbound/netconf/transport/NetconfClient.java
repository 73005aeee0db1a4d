// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;

/**
 * A client that the server calls: an entry of the list netconf-client of ietf-netconf-server.
 *
 * @param source what it was made from: two with equal sources are the same
 * @param targets in order of preference; at least one
 * @param period null: the connection is persistent; else the time from one connection to the next
 * @param anchor a moment at which a period begins
 * @param maxWait for a connection to be made, and from one attempt to the next
 * @param maxAttempts at one target before the next has its turn
 */
public record NetconfClient(String name, Object source, List<Target> targets, Duration period, Instant anchor,
    Start startWith, Duration maxWait, int maxAttempts) {

  /** Which target is called first. */
  public enum Start {
    FIRST_LISTED, LAST_CONNECTED, RANDOM_SELECTION
  }

  /**
   * Where to call.
   *
   * @param host address or name
   * @param from own address, or null
   */
  public record Target(String name, String host, int port, InetSocketAddress from, Terms terms) {
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetconfClient same && source.equals(same.source);
  }

  @Override
  public int hashCode() {
    return source.hashCode();
  }

  /** Time until the next periodic connection; zero if it is now. */
  Duration untilNext(Instant now) {
    long since = Math.floorMod(Duration.between(anchor, now).toMillis(), period.toMillis());
    return since < 1000 ? Duration.ZERO : period.minusMillis(since);
  }

  int first(String lastConnected, Random random) {
    return switch (startWith) {
      case FIRST_LISTED -> 0;
      case RANDOM_SELECTION -> random.nextInt(targets.size());
      case LAST_CONNECTED -> {
        for (int i = 0; i < targets.size(); i++) {
          if (targets.get(i).name().equals(lastConnected)) {
            yield i;
          }
        }
        yield 0;
      }
    };
  }
}
