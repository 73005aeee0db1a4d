// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * reportMetrics(interval, callback): values every so often, or at every n-th packet received. One thread watches clock
 * and packet counter; each registration has a thread and a bounded queue of its own, so that a slow receiver loses its
 * own reports and no one else's. Any thread may call.
 */
public final class Reports implements AutoCloseable {
  /** Shortest period. */
  public static final Duration SHORTEST = Duration.ofMillis(100);
  /** Most registrations at a time. */
  public static final int MOST = 64;

  private static final Logger LOG = LoggerFactory.getLogger(Reports.class);
  /** How often the packet counter is looked at while someone waits for it. */
  private static final long TICK_NANOS = 2_000_000;
  private static final Report END = new Report(0, 0, false, Map.of());
  private static final long FOREVER = Long.MAX_VALUE;
  /** Reports that may wait for a receiver. */
  private static final int QUEUE = 256;
  /** Reports by packets in the long run, per second: packets come by millions, receivers read thousands. */
  private static final int RATE = 1000;

  /**
   * One report.
   *
   * @param id registration
   * @param sequence from 0, rises by one with each report and wraps at 2^32; gaps are lost reports
   * @param byPackets a packet count was reached; else time
   * @param values values by name
   */
  public record Report(int id, long sequence, boolean byPackets, Map<String, Long> values) {
  }

  /**
   * A registration in force.
   *
   * @param id number
   * @param period time between reports; zero: by packets
   * @param packets packets between reports; 0: by time
   * @param metrics names; empty: all
   * @param expires when it ends by itself
   * @param sent reports that the callback took
   * @param suppressed reports lost to the rate limit or to a slow or failing receiver
   * @param lastError last failure to deliver; empty: none
   */
  public record Registration(int id, Duration period, long packets, List<String> metrics, Optional<Instant> expires,
      long sent, long suppressed, String lastError) {
  }

  /** The receiver could not take a report; a callback throws it to have the report counted as suppressed. */
  public static final class UndeliveredException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason, one sentence. */
    public UndeliveredException(String message) {
      super(message, null, false, false);
    }
  }

  private final Metrics metrics;
  private final LongSupplier nanos;
  private final ConcurrentSkipListMap<Integer, Active> active = new ConcurrentSkipListMap<>();
  private final Thread watcher;
  private int lastId;
  private volatile boolean closed;

  /** Reports on {@code metrics}. */
  public Reports(Metrics metrics) {
    this(metrics, System::nanoTime, true);
  }

  /** With a clock of the caller's, who calls {@link #poll} unless {@code watched}. */
  Reports(Metrics metrics, LongSupplier nanos, boolean watched) {
    this.metrics = metrics;
    this.nanos = nanos;
    watcher = Thread.ofPlatform().name("reports").daemon().unstarted(this::watch);
    if (watched) {
      watcher.start();
    }
  }

  /**
   * Registers. Exactly one of period and packets is positive.
   *
   * @param period at least {@link #SHORTEST}
   * @param packets every so many packets received, counted from now
   * @param names metrics; empty: all
   * @param lifetime zero: until cancelled
   * @param callback takes the reports, on one thread of its own
   * @return number of the registration
   */
  public int register(Duration period, long packets, List<String> names, Duration lifetime, Consumer<Report> callback)
      throws MetricException {
    if (period.isPositive() == packets > 0 || (period.isPositive() && period.compareTo(SHORTEST) < 0)
        || packets < 0) {
      throw new MetricException(MetricException.Reason.BAD_INTERVAL,
          "give either a period of at least " + SHORTEST.toMillis() + " ms or a number of packets");
    }
    if (lifetime.isNegative()) {
      throw new MetricException(MetricException.Reason.BAD_INTERVAL, "the lifetime is negative");
    }
    metrics.query(names);
    var received = packets > 0 ? metrics.supplier("packets-received") : null;
    Active registration;
    synchronized (this) {
      if (closed || active.size() >= MOST) {
        throw new MetricException(MetricException.Reason.TOO_MANY_REPORTS,
            "there are " + active.size() + " registrations already: cancel one first");
      }
      do {
        lastId = lastId == Integer.MAX_VALUE ? 1 : lastId + 1;
      } while (active.containsKey(lastId));
      registration = new Active(lastId, period, packets, List.copyOf(names), lifetime, received, callback);
      active.put(lastId, registration);
    }
    Thread.ofVirtual().name("report " + registration.id).start(registration::deliver);
    LockSupport.unpark(watcher);
    return registration.id;
  }

  /** Ends a registration; no report of it is handed over that was not already under way. */
  public void cancel(int id) throws MetricException {
    var registration = active.remove(id);
    if (registration == null) {
      throw new MetricException(MetricException.Reason.UNKNOWN_REPORT,
          "no registration has the number " + Integer.toUnsignedString(id));
    }
    registration.end();
  }

  /** Registrations in force, by number. */
  public List<Registration> list() {
    return active.values().stream().map(Active::state).toList();
  }

  /** Ends all registrations. */
  @Override
  public void close() {
    Collection<Active> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(active.values());
      active.clear();
    }
    left.forEach(Active::end);
    LockSupport.unpark(watcher);
  }

  private void watch() {
    while (!closed) {
      long wait = poll();
      if (wait == FOREVER) {
        LockSupport.park(this);
      } else if (wait > 0) {
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  /** Makes the reports that are due. Returns the time until it must be called again, ns. */
  long poll() {
    long now = nanos.getAsLong();
    long wait = FOREVER;
    for (var registration : active.values()) {
      if (registration.expired(now)) {
        active.remove(registration.id, registration);
        registration.end();
      } else {
        wait = Math.min(wait, registration.poll(now));
      }
    }
    return wait;
  }

  /** A registration. The watcher makes reports, a thread of its own hands them over. */
  private final class Active {
    private final int id;
    private final Duration period;
    private final long packets;
    private final List<String> names;
    private final long expiresNanos;
    private final Optional<Instant> expires;
    private final LongSupplier received;
    private final Consumer<Report> callback;
    private final ArrayBlockingQueue<Report> queue = new ArrayBlockingQueue<>(QUEUE);
    private volatile boolean ended;

    // The watcher's.
    private long nextNanos;
    private long nextPackets;
    private long sequence;
    private double allowance = QUEUE;
    private long allowanceNanos;

    // Guarded by this.
    private long sent;
    private long suppressed;
    private String lastError = "";

    Active(int id, Duration period, long packets, List<String> names, Duration lifetime, LongSupplier received,
        Consumer<Report> callback) {
      long now = nanos.getAsLong();
      this.id = id;
      this.period = period;
      this.packets = packets;
      this.names = names;
      // A lifetime of more than a century is as good as none, and does not overflow the clock.
      boolean finite = lifetime.isPositive() && lifetime.toDays() < 36_500;
      expiresNanos = finite ? lifetime.toNanos() + now : FOREVER;
      expires = finite ? Optional.of(Instant.now().plus(lifetime)) : Optional.empty();
      this.received = received;
      this.callback = callback;
      allowanceNanos = now;
      if (received == null) {
        nextNanos = now + toNanos(period);
      } else {
        nextPackets = plus(received.getAsLong(), packets);
      }
    }

    boolean expired(long now) {
      return expiresNanos != FOREVER && expiresNanos - now <= 0;
    }

    /** Makes the reports that are due. Returns the time to the next look, ns. */
    long poll(long now) {
      long untilEnd = expiresNanos == FOREVER ? FOREVER : expiresNanos - now;
      if (received != null) {
        long count = received.getAsLong();
        if (count >= nextPackets) {
          long crossed = (count - nextPackets) / packets + 1;
          nextPackets = plus(nextPackets, crossed * packets);
          emit(crossed, now);
        }
        return Math.min(TICK_NANOS, untilEnd);
      }
      if (nextNanos - now <= 0) {
        // Late by whole periods: one report, the others are lost.
        long missed = (now - nextNanos) / toNanos(period);
        sequence += missed;
        suppress(missed, "");
        nextNanos += (missed + 1) * toNanos(period);
        emit(1, now);
      }
      return Math.min(nextNanos - now, untilEnd);
    }

    private void emit(long reports, long now) {
      long allowed = reports;
      if (received != null) {
        allowance = Math.min(QUEUE, allowance + (now - allowanceNanos) * 1e-9 * RATE);
        allowanceNanos = now;
        allowed = Math.min(allowed, (long) allowance);
      }
      allowed = Math.min(allowed, queue.remainingCapacity());
      if (allowed > 0) {
        try {
          var values = metrics.query(names);
          for (long i = 0; i < allowed; i++) {
            queue.offer(new Report(id, (sequence + i) & 0xffff_ffffL, received != null, values));
          }
          allowance -= received == null ? 0 : allowed;
        } catch (MetricException | RuntimeException e) {
          allowed = 0;
          LOG.warn("registration {} of metrics cannot be reported", id, e);
        }
      }
      sequence += reports;
      suppress(reports - allowed, "");
    }

    private synchronized void suppress(long reports, String error) {
      suppressed += reports;
      if (!error.isEmpty()) {
        lastError = error;
      }
    }

    /** Hands over reports until the end. */
    void deliver() {
      try {
        for (var report = queue.take(); !ended; report = queue.take()) {
          hand(report);
        }
      } catch (InterruptedException impossible) {
        Thread.currentThread().interrupt();
      }
    }

    private void hand(Report report) {
      try {
        callback.accept(report);
        synchronized (this) {
          sent++;
        }
      } catch (UndeliveredException e) {
        suppress(1, e.getMessage());
      } catch (RuntimeException e) {
        suppress(1, String.valueOf(e.getMessage()));
        LOG.warn("the receiver of registration {} of metrics failed", id, e);
      }
    }

    void end() {
      ended = true;
      // Wakes the receiver's thread. It is not interrupted, for that would close the channel it writes to.
      queue.clear();
      queue.offer(END);
    }

    synchronized Registration state() {
      return new Registration(id, period, packets, names, expires, sent, suppressed, lastError);
    }
  }

  private static long toNanos(Duration duration) {
    // 292 years suffice.
    return duration.toSeconds() > Long.MAX_VALUE / 2_000_000_000L ? Long.MAX_VALUE / 2 : duration.toNanos();
  }

  private static long plus(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }
}
