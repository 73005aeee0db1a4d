// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

/**
 * What a metric means (the paper's Table 1): a row of the specification document, of queryMetrics and of the MIB.
 *
 * @param index stable over restarts and upgrades; the index of the SNMP table
 * @param name name, such as {@code packets-received}
 * @param kind how a manager may process the value
 * @param units unit in UCUM or in plain words
 * @param description meaning and technique of measurement
 * @param indicator how it hints at a bottleneck
 */
public record Metric(int index, String name, Kind kind, String units, String description, Indicator indicator) {
  /** Kind of value. */
  public enum Kind {
    /** Only rises. */
    COUNTER,
    /** Rises and falls. */
    GAUGE
  }

  /** Which values mean a bottleneck. */
  public enum Indicator {
    NONE, HIGH, LOW
  }

  /** A counter that is no bottleneck indicator. */
  public static Metric counter(int index, String name, String units, String description) {
    return new Metric(index, name, Kind.COUNTER, units, description, Indicator.NONE);
  }

  /** A gauge that is no bottleneck indicator. */
  public static Metric gauge(int index, String name, String units, String description) {
    return new Metric(index, name, Kind.GAUGE, units, description, Indicator.NONE);
  }
}
