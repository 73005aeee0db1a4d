// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private final Metrics metrics = new Metrics();

  @Test
  void shouldListByIndexWhateverTheOrderOfRegistration() {
    metrics.register(Metric.counter(1000, "own", "packets", ""), () -> 3);
    metrics.register(Metric.gauge(6, "flows", "flows", ""), () -> 2);
    metrics.register(Metric.counter(1, "packets-received", "packets", ""), () -> 1);
    assertEquals(List.of(1, 6, 1000), metrics.definitions().stream().map(Metric::index).toList());
    assertEquals(List.of("packets-received", "flows", "own"), List.copyOf(metrics.values().keySet()));
    assertEquals(List.of(1L, 2L, 3L), List.copyOf(metrics.values().values()));
  }

  @Test
  void shouldAnswerTheNamesAskedForInTheirOrder() throws Exception {
    var value = new AtomicLong(1L << 40);
    metrics.register(Metric.counter(1, "a", "", ""), value::get);
    metrics.register(Metric.counter(2, "b", "", ""), () -> 2);
    assertEquals(List.of("b", "a"), List.copyOf(metrics.query(List.of("b", "a")).keySet()));
    assertEquals(1L << 40, metrics.query(List.of("a")).get("a"));
    value.incrementAndGet();
    assertEquals((1L << 40) + 1, metrics.query(List.of()).get("a"));
  }

  @Test
  void shouldNameAnUnknownMetric() {
    var refusal = assertThrows(MetricException.class, () -> metrics.query(List.of("no-such")));
    assertTrue(refusal.getMessage().contains("no-such"), refusal.getMessage());
  }

  @Test
  void shouldRefuseClashesAndBadNames() {
    metrics.register(Metric.counter(1, "a", "", ""), () -> 0);
    assertThrows(IllegalArgumentException.class, () -> metrics.register(Metric.counter(1, "b", "", ""), () -> 0));
    assertThrows(IllegalArgumentException.class, () -> metrics.register(Metric.counter(2, "a", "", ""), () -> 0));
    assertThrows(IllegalArgumentException.class, () -> metrics.register(Metric.counter(0, "c", "", ""), () -> 0));
    assertThrows(IllegalArgumentException.class, () -> metrics.register(Metric.counter(3, "c d", "", ""), () -> 0));
    assertEquals(1, metrics.definitions().size());
  }
}
