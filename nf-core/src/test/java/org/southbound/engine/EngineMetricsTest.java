// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.southbound.flow.Flow;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;
import org.southbound.nf.Monitor;
import org.southbound.nf.NetworkFunction;
import org.southbound.nf.Specification;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

class EngineMetricsTest {
  private static final Worker.Sizes SMALL = new Worker.Sizes(16, 64, false);

  @Test
  void shouldHaveTheCommonMetricsUnderTheirNumbers() {
    var byName = new HashMap<String, Metric>();
    EngineMetrics.common().forEach(metric -> byName.put(metric.name(), metric));
    var expected = List.of("packets-received", "packets-sent", "packets-dropped", "packets-held", "packets-generated",
        "flows", "processing-delay-p50", "processing-delay-p99", "cpu", "memory");
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(i + 1, byName.get(expected.get(i)).index());
    }
    assertEquals(Metric.Indicator.HIGH, byName.get("processing-delay-p99").indicator());
    assertEquals(Metric.Kind.GAUGE, byName.get("flows").kind());
    assertEquals(100 + Drop.DENIED.ordinal(), byName.get("dropped-denied").index());
    assertFalse(byName.containsKey("dropped-forward"));
  }

  @Test
  void shouldSumOverWorkersAndHaveTheOwnMetrics() {
    try (var first = new Worker("a", new Monitor(), SMALL); var second = new Worker("b", new Monitor(), SMALL)) {
      var metrics = new Metrics();
      EngineMetrics.register(metrics, List.of(first, second));
      first.counters().received.add(3);
      second.counters().received.add(4);
      first.counters().dropped(Drop.DENIED.verdict(), 2);
      second.counters().dropped(Drop.MALFORMED.verdict(), 1);
      first.counters().delay.record(1000);
      second.counters().delay.record(1_000_000);
      var own = first.nf().specification().metrics().getFirst();
      first.services().counter(own).add(20);
      second.services().counter(own).add(22);

      var values = metrics.values();
      assertEquals(7, values.get("packets-received"));
      assertEquals(3, values.get("packets-dropped"));
      assertEquals(2, values.get("dropped-denied"));
      assertEquals(0, values.get("flows"));
      assertEquals(1_000_000, values.get("processing-delay-p99"), 10_000);
      assertEquals(42, values.get(own.name()));
      assertTrue(values.get("memory") > 1 << 20, values.toString());
      assertTrue(values.get("cpu-time") > 0, values.toString());
      assertTrue(values.get("cpu") >= 0, values.toString());
    }
  }

  @Test
  void shouldRefuseOwnMetricsAmongTheCommon() {
    NetworkFunction intruder = new NetworkFunction() {
      @Override
      public Specification specification() {
        var monitor = new Monitor().specification();
        return new Specification("intruder", "", "", "", "", List.of(),
            List.of(Metric.counter(999, "mine", "packets", "")), List.of(), monitor.byFlowHash());
      }

      @Override
      public int process(Packet packet, Flow flow) {
        return 0;
      }
    };
    try (var worker = new Worker("a", intruder, SMALL)) {
      assertThrows(IllegalArgumentException.class, () -> EngineMetrics.register(new Metrics(), List.of(worker)));
    }
  }
}
