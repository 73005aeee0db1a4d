// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(30)
class ReportsTest {
  private static final Duration NEVER = Duration.ZERO;

  private final AtomicLong received = new AtomicLong(5_000_000_000L);
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000_000);
  private final Metrics metrics = new Metrics();
  private final LinkedBlockingQueue<Reports.Report> reports = new LinkedBlockingQueue<>();
  private Reports unit;

  @BeforeEach
  void begin() {
    metrics.register(Metric.counter(1, "packets-received", "packets", ""), received::get);
    metrics.register(Metric.gauge(6, "flows", "flows", ""), () -> 7);
    unit = new Reports(metrics, clock::get, false);
  }

  @AfterEach
  void end() {
    unit.close();
  }

  @Test
  void shouldReportEveryPeriod() throws Exception {
    int id = unit.register(Duration.ofMillis(100), 0, List.of("flows"), NEVER, reports::add);
    assertEquals(100_000_000, unit.poll());
    advance(99);
    assertEquals(1_000_000, unit.poll());
    advance(1);
    assertEquals(100_000_000, unit.poll());
    var first = next();
    assertEquals(id, first.id());
    assertEquals(0, first.sequence());
    assertFalse(first.byPackets());
    assertEquals("{flows=7}", first.values().toString());
    advance(100);
    unit.poll();
    assertEquals(1, next().sequence());
  }

  @Test
  void shouldCountPeriodsItSleptThrough() throws Exception {
    unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, reports::add);
    advance(350);
    assertEquals(50_000_000, unit.poll());
    assertEquals(2, next().sequence());
    assertEquals(2, unit.list().getFirst().suppressed());
  }

  @Test
  void shouldReportOnceForEachMultipleOfThePacketCount() throws Exception {
    unit.register(Duration.ZERO, 100, List.of(), NEVER, reports::add);
    received.addAndGet(99);
    unit.poll();
    assertTrue(reports.isEmpty());
    received.addAndGet(1);
    unit.poll();
    assertTrue(next().byPackets());
    received.addAndGet(350);
    unit.poll();
    assertEquals(List.of(1L, 2L, 3L), List.of(next().sequence(), next().sequence(), next().sequence()));
    received.addAndGet(49);
    unit.poll();
    assertTrue(reports.isEmpty());
    received.addAndGet(1);
    unit.poll();
    assertEquals(4, next().sequence());
  }

  @Test
  void shouldLimitTheRateOfReportsByPackets() throws Exception {
    unit.register(Duration.ZERO, 1, List.of(), NEVER, reports::add);
    received.addAndGet(1_000_000);
    unit.poll();
    for (int i = 0; i < 256; i++) {
      assertEquals(i, next().sequence());
    }
    assertEquals(1_000_000 - 256, unit.list().getFirst().suppressed());
    advance(10);
    received.addAndGet(100);
    unit.poll();
    assertEquals(1_000_000, next().sequence());
    assertEquals(1_000_000 - 256 + 90, unit.list().getFirst().suppressed());
  }

  @Test
  void shouldLoseOnlyTheSlowReceiversReports() throws Exception {
    var release = new CountDownLatch(1);
    var busy = new CountDownLatch(1);
    int slow = unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, report -> {
      busy.countDown();
      await(release);
    });
    unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, reports::add);
    tick();
    assertTrue(busy.await(10, TimeUnit.SECONDS));
    assertNotNull(next());
    for (int i = 0; i < 300; i++) {
      tick();
      assertNotNull(next());
    }
    var state = unit.list().stream().filter(registration -> registration.id() == slow).findFirst().orElseThrow();
    assertEquals(300 - 256, state.suppressed());
    assertEquals(0, state.sent());
    release.countDown();
  }

  @Test
  void shouldCountWhatTheReceiverDidNotTake() throws Exception {
    var calls = new LinkedBlockingQueue<Integer>();
    unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, report -> {
      calls.add(1);
      throw new Reports.UndeliveredException("no subscription");
    });
    tick();
    tick();
    calls.take();
    calls.take();
    until(() -> unit.list().getFirst().suppressed() == 2);
    assertEquals("no subscription", unit.list().getFirst().lastError());
    assertEquals(0, unit.list().getFirst().sent());
  }

  @Test
  void shouldEndWithItsLifetime() throws Exception {
    unit.register(Duration.ofSeconds(10), 0, List.of(), Duration.ofSeconds(1), reports::add);
    assertTrue(unit.list().getFirst().expires().isPresent());
    assertEquals(1_000_000_000, unit.poll());
    advance(1000);
    assertEquals(Long.MAX_VALUE, unit.poll());
    assertTrue(unit.list().isEmpty());
  }

  @Test
  void shouldNotReportAfterCancel() throws Exception {
    int id = unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, reports::add);
    unit.cancel(id);
    assertReason(MetricException.Reason.UNKNOWN_REPORT, () -> unit.cancel(id));
    tick();
    assertEquals(Long.MAX_VALUE, unit.poll());
    assertTrue(reports.isEmpty());
  }

  @Test
  void shouldCancelFromWithinTheCallback() throws Exception {
    unit.register(Duration.ofMillis(100), 0, List.of(), NEVER, report -> {
      reports.add(report);
      assertDoesNotThrow(() -> unit.cancel(report.id()));
    });
    tick();
    next();
    until(() -> unit.list().isEmpty());
    tick();
    assertTrue(reports.isEmpty());
  }

  @Test
  void shouldRefuseWhatItCannotDo() throws Exception {
    var interval = MetricException.Reason.BAD_INTERVAL;
    assertReason(interval, () -> unit.register(Duration.ofMillis(99), 0, List.of(), NEVER, reports::add));
    assertReason(interval, () -> unit.register(Duration.ofMillis(100), 1, List.of(), NEVER, reports::add));
    assertReason(interval, () -> unit.register(Duration.ZERO, 0, List.of(), NEVER, reports::add));
    assertReason(interval, () -> unit.register(Duration.ZERO, -1, List.of(), NEVER, reports::add));
    assertReason(MetricException.Reason.UNKNOWN_METRIC,
        () -> unit.register(Duration.ofSeconds(1), 0, List.of("none"), NEVER, reports::add));
    for (int i = 0; i < Reports.MOST; i++) {
      unit.register(Duration.ofSeconds(1), 0, List.of(), NEVER, reports::add);
    }
    assertReason(MetricException.Reason.TOO_MANY_REPORTS,
        () -> unit.register(Duration.ofSeconds(1), 0, List.of(), NEVER, reports::add));
  }

  private static void assertReason(MetricException.Reason reason, Executable call) {
    assertEquals(reason, assertThrows(MetricException.class, call).reason());
  }

  @Test
  void shouldWatchClockAndPacketsByItself() throws Exception {
    try (var watched = new Reports(metrics)) {
      int byTime = watched.register(Duration.ofMillis(100), 0, List.of(), NEVER, reports::add);
      assertEquals(byTime, next().id());
      watched.cancel(byTime);
      reports.clear();
      int byPackets = watched.register(Duration.ZERO, 10, List.of("packets-received"), NEVER, reports::add);
      received.addAndGet(30);
      for (int i = 0; i < 3; i++) {
        assertEquals(new Reports.Report(byPackets, i, true, metrics.query(List.of("packets-received"))), next());
      }
      until(() -> watched.list().getFirst().sent() == 3);
    }
  }

  private void advance(long millis) {
    clock.addAndGet(millis * 1_000_000);
  }

  private void tick() {
    advance(100);
    unit.poll();
  }

  private Reports.Report next() throws InterruptedException {
    var report = reports.poll(10, TimeUnit.SECONDS);
    assertNotNull(report, "no report within 10 s");
    return report;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void until(java.util.function.BooleanSupplier condition) {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadline < 0, "not within 10 s");
      Thread.onSpinWait();
    }
  }
}
