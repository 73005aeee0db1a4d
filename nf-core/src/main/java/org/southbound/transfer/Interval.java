// SPDX-License-Identifier: Apache-2.0
package org.southbound.transfer;

import java.util.Map;
import java.util.Set;

/**
 * Sends the records that changed, whole, at equal intervals (Pico Replication, SoCC 2013, without output commit): a
 * failure loses at most the changes of one interval.
 */
public final class Interval implements ReplicateVariant {
  private static final long DEFAULT_MICROS = 10_000;
  private static final long LEAST_MICROS = 500;

  @Override
  public String name() {
    return "interval";
  }

  @Override
  public String description() {
    return "Sends what changed every interval (default 10 ms); a failure loses at most one interval's changes.";
  }

  @Override
  public Set<String> options() {
    return Set.of("interval");
  }

  @Override
  public long intervalMicros(Map<String, String> options) {
    long micros = Long.parseLong(options.getOrDefault("interval", Long.toString(DEFAULT_MICROS)));
    if (micros < LEAST_MICROS) {
      throw new IllegalArgumentException("an interval is at least " + LEAST_MICROS + " microseconds");
    }
    return micros;
  }
}
