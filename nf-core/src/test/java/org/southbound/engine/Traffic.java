// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Sends flows at about 20,000 packets a second in the background: packet n belongs to flow n modulo the flows. */
final class Traffic implements AutoCloseable {
  private static final long NANOS_BETWEEN = 50_000;

  private final int total;
  private final AtomicInteger sent = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closed;

  Traffic(Testbed bed, Testbed.Node to, int flows, int perFlow) {
    total = flows * perFlow;
    thread = Thread.ofPlatform().start(() -> {
      long next = System.nanoTime();
      for (int i = 0; i < total && !closed; i++) {
        try {
          bed.send(to, i % flows, i / flows);
        } catch (Exception failure) {
          return;
        }
        sent.incrementAndGet();
        next += NANOS_BETWEEN;
        long left = next - System.nanoTime();
        if (left > 200_000) {
          LockSupport.parkNanos(left);
        }
      }
    });
  }

  /** Waits until so many packets were sent. */
  void until(int packets) {
    while (sent.get() < packets && thread.isAlive()) {
      LockSupport.parkNanos(100_000);
    }
  }

  /** Waits until all packets were sent. */
  void finish() throws InterruptedException {
    thread.join();
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
