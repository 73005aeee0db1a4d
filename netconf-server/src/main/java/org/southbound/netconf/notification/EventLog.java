// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.southbound.netconf.notification.NotificationWriter.Content;

/**
 * The last events, numbered, bounded in number and bytes. Whoever sends or stores them reads from it at its own pace with a
 * cursor of its own: a slow one costs no memory. Thread-safe.
 */
final class EventLog {
  private final Event[] ring;
  private final long maxBytes;
  private long first;
  private long next;
  private long bytes;

  /** @param next number of the first event to come */
  EventLog(int maxEvents, long maxBytes, long next) {
    this.ring = new Event[maxEvents];
    this.maxBytes = maxBytes;
    this.first = next;
    this.next = next;
  }

  synchronized void add(Instant time, Content content, byte[] xml) {
    while (next - first == ring.length || (next > first && bytes + xml.length > maxBytes)) {
      int oldest = (int) (first++ % ring.length);
      bytes -= ring[oldest].xml.length;
      ring[oldest] = null;
    }
    ring[(int) (next % ring.length)] = new Event(next, time, content, xml);
    next++;
    bytes += xml.length;
  }

  /** The event of that number; null if it is yet to come. */
  synchronized Event get(long number) throws Overwritten {
    if (number < first) {
      throw new Overwritten();
    }
    return number >= next ? null : ring[(int) (number % ring.length)];
  }

  /** The events since {@code number} take a quarter of the log or more. */
  synchronized boolean isQuarterSince(long number) {
    long count = next - number;
    return count > 0 && (count >= ring.length / 4 || next - first < 4 * count && bytes > maxBytes / 2);
  }

  /** The number of the oldest event there is, or of the next to come. */
  synchronized long first() {
    return first;
  }

  /** The number that the next event will have. */
  synchronized long next() {
    return next;
  }

  /** The event is no longer there. */
  static final class Overwritten extends Exception {
    private static final long serialVersionUID = 1L;

    Overwritten() {
      super("the event is no longer kept", null, false, false);
    }
  }
}
