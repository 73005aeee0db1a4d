// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.southbound.classifier.Classifier;
import org.southbound.flow.FlowSpace;
import org.southbound.io.Batch;
import org.southbound.nf.Monitor;
import org.southbound.packet.Drop;

/** What a worker does with packets of a scope that is on the move; no thread but the test's. */
final class GuardTest {
  private static final int POOL = 2048;

  private static Worker worker(MemoryPort port) {
    var worker = new Worker("w", new Monitor(), new Worker.Sizes(POOL, 10_000, false));
    worker.data(port);
    worker.egress(port, new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
    worker.classifier(Classifier.EMPTY);
    return worker;
  }

  private static void run(Worker worker, MemoryPort port, int packets) {
    for (int i = 0; i < packets; i++) {
      byte[] octets = Testbed.udp(i % 100, i / 100);
      if (!port.offer(octets, octets.length)) {
        worker.doWork();
        assertTrue(port.offer(octets, octets.length));
      }
    }
    for (int i = 0; i < POOL / Batch.SIZE; i++) {
      worker.doWork();
    }
  }

  private static Guard guard(FlowSpace scope, int limit) {
    return new Guard(UUID.randomUUID(), scope, 0, Guard.Mode.HOLD, limit);
  }

  @Test
  void shouldOpenBeforeTheLastPacketOfThePoolIsHeld() {
    var port = new MemoryPort("data", true);
    try (var worker = worker(port)) {
      var guard = guard(FlowSpace.EVERYTHING, 1_000_000).yielding();
      worker.add(guard);
      run(worker, port, 4 * POOL);
      assertEquals(4 * POOL, worker.counters().received.get());
      assertEquals(4 * POOL, worker.counters().sent.get());
      assertEquals(0, worker.counters().held.get());
      assertFalse(guard.seal(), "the transfer must not go on");
      worker.remove(guard);
      assertEquals(POOL, worker.free());
    }
  }

  @Test
  void shouldGoOnWithOtherScopesWhenAHoldHasTakenAllItMay() {
    var port = new MemoryPort("data", true);
    try (var worker = worker(port)) {
      worker.add(guard(FlowSpace.parse("udp any:1024-1073 -> any"), 1_000_000));
      run(worker, port, 4 * POOL);
      assertEquals(4 * POOL, worker.counters().received.get());
      assertTrue(worker.counters().sent.get() >= POOL);
      assertTrue(worker.counters().held.get() > POOL / 2);
      assertEquals(4 * POOL,
          worker.counters().sent.get() + worker.counters().held.get() + worker.counters().drops(Drop.HOLD_FULL));
    }
  }

  @Test
  void shouldTakeMoreThanItsLimitOnceOwnershipMayChange() {
    var port = new MemoryPort("data", true);
    try (var worker = worker(port)) {
      var guard = guard(FlowSpace.EVERYTHING, 100).yielding();
      worker.add(guard);
      run(worker, port, 100);
      assertTrue(guard.seal());
      run(worker, port, 100);
      assertEquals(200, worker.counters().held.get());
      assertEquals(0, worker.counters().dropped());
      worker.remove(guard);
      assertEquals(200, worker.counters().sent.get());
      assertEquals(POOL, worker.free());
      assertEquals(0, Arrays.stream(Drop.values()).mapToLong(worker.counters()::drops).sum());
    }
  }
}
