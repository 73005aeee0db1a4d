// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * The one registry of an instance's metrics, behind queryMetrics, reportMetrics, SNMP and OpenMetrics. Any thread;
 * reading takes no lock and calls every supplier once.
 *
 * <p>Indexes are for ever: below 100 those that every NF has, from {@value #FIRST_DROP} the drop reasons, from
 * {@value #FIRST_OWN} an NF's own.
 */
public final class Metrics {
  /** Index of the counter of drop reason 0; each reason adds its number. */
  public static final int FIRST_DROP = 100;
  /** Lowest index of an NF's own metrics. */
  public static final int FIRST_OWN = 1000;

  /** YANG's sbt:id, which is safe in SNMP and for Prometheus. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,63}");

  private record Entry(Metric metric, LongSupplier value) {
  }

  /** All entries by index and by name; never changed. */
  private record Entries(List<Entry> byIndex, Map<String, Entry> byName, List<Metric> definitions) {
  }

  private final Instant since = Instant.now();
  private volatile Entries entries = new Entries(List.of(), Map.of(), List.of());

  /**
   * Adds a metric. Its index and its name must be free, else it is a mistake of the caller's.
   *
   * @param value gives the present value, from any thread, without blocking
   */
  public synchronized void register(Metric metric, LongSupplier value) {
    if (metric.index() < 1 || !NAME.matcher(metric.name()).matches()) {
      throw new IllegalArgumentException(
          "metric " + metric.name() + " " + metric.index() + " has no valid name or index");
    }
    var byIndex = new ArrayList<>(entries.byIndex);
    for (var other : byIndex) {
      if (other.metric.index() == metric.index() || other.metric.name().equals(metric.name())) {
        throw new IllegalArgumentException("metric " + metric.name() + " " + metric.index() + " clashes with "
            + other.metric.name() + " " + other.metric.index());
      }
    }
    byIndex.add(new Entry(metric, value));
    byIndex.sort(Comparator.comparingInt(entry -> entry.metric.index()));
    var byName = new HashMap<String, Entry>();
    byIndex.forEach(entry -> byName.put(entry.metric.name(), entry));
    entries = new Entries(List.copyOf(byIndex), byName, byIndex.stream().map(Entry::metric).toList());
  }

  /** What the metrics mean, by rising index. The list does not change; a later call may give another. */
  public List<Metric> definitions() {
    return entries.definitions;
  }

  /** When the counters began. */
  public Instant since() {
    return since;
  }

  /** All values, by rising index. */
  public Map<String, Long> values() {
    var result = new LinkedHashMap<String, Long>();
    for (var entry : entries.byIndex) {
      result.put(entry.metric.name(), entry.value.getAsLong());
    }
    return result;
  }

  /**
   * queryMetrics(): the values of the names, in their order; of all metrics if there are no names.
   *
   * @throws MetricException names the metric that does not exist
   */
  public Map<String, Long> query(Collection<String> names) throws MetricException {
    if (names.isEmpty()) {
      return values();
    }
    var result = new LinkedHashMap<String, Long>();
    for (String name : names) {
      result.put(name, supplier(name).getAsLong());
    }
    return result;
  }

  /** Where the values of the metric come from. */
  LongSupplier supplier(String name) throws MetricException {
    var entry = entries.byName.get(name);
    if (entry == null) {
      throw new MetricException(MetricException.Reason.UNKNOWN_METRIC, "no metric is named " + name + ": the specification lists those there are");
    }
    return entry.value;
  }
}
