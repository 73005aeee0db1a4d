// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the marks that say that nothing more comes the old way. Marks that are late are asked for again; those of each
 * attempt are counted apart, or one way's second mark would stand for another way's first. Any thread.
 */
final class MarkCount {
  private final Map<Integer, Integer> seen = new HashMap<>();
  private final Map<Integer, Integer> expected = new HashMap<>();

  /** A mark of an attempt has come. */
  synchronized void seen(int attempt) {
    seen.merge(attempt, 1, Integer::sum);
    notifyAll();
  }

  /** So many marks of an attempt will come. */
  synchronized void expect(int attempt, int marks) {
    expected.put(attempt, marks);
    notifyAll();
  }

  /** Marks of all attempts. */
  synchronized int total() {
    return seen.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Waits until all marks of one attempt have come; false if they do not in time. */
  synchronized boolean await(Duration most) throws InterruptedException {
    long deadline = System.nanoTime() + most.toNanos();
    while (!complete()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  private boolean complete() {
    return expected.entrySet().stream().anyMatch(each -> seen.getOrDefault(each.getKey(), 0) >= each.getValue());
  }
}
