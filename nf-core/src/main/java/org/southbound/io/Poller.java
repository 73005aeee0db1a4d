// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets a worker sleep until a port has packets, another thread wakes it, or the time is up. {@link #await} belongs to
 * the worker's thread, {@link #wake} to everybody.
 */
public abstract sealed class Poller implements AutoCloseable {
  /** Ports without a descriptor are looked at that often. */
  private static final long GLANCE_NANOS = 200_000;

  private static final int RUNNING = 0;
  private static final int WAITING = 1;
  private static final int WOKEN = 2;

  private final Port[] blind;
  /** A wake-up costs a system call only while the worker waits; one that comes before it does is not lost. */
  private final AtomicInteger state = new AtomicInteger(RUNNING);
  private volatile Thread sleeper;

  private Poller(List<Port> ports) {
    blind = ports.stream().filter(port -> port.descriptor() < 0).toArray(Port[]::new);
  }

  /** A poller for {@code ports}, by poll(2) and an eventfd where there is Linux, else by looking often. */
  public static Poller open(List<Port> ports) {
    return Ports.nativeCalls() ? new Descriptors(ports) : new Parked(ports);
  }

  /** Waits, at most {@code millis}. */
  public final void await(long millis) {
    sleeper = Thread.currentThread();
    if (!state.compareAndSet(RUNNING, WAITING)) {
      state.set(RUNNING);
      return;
    }
    long nanos = millis * 1_000_000;
    for (var port : blind) {
      if (!port.ended()) {
        nanos = Math.min(nanos, GLANCE_NANOS);
      }
    }
    sleep(nanos);
    state.set(RUNNING);
  }

  /** Ends the worker's {@link #await}, or the next one if it does not wait now. */
  public final void wake() {
    if (state.getAndSet(WOKEN) == WAITING) {
      rouse();
    }
  }

  final Thread sleeper() {
    return sleeper;
  }

  abstract void sleep(long nanos);

  abstract void rouse();

  @Override
  public abstract void close();

  /** By ppoll(2). */
  private static final class Descriptors extends Poller {
    private static final int POLLFD = 8;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Native waiter = new Native();
    private final Arena arena = Arena.ofShared();
    private final int event;
    private final int count;
    private final MemorySegment descriptors;
    /** Timeout (seconds, nanoseconds), the eventfd's one, and where it is read to. */
    private final MemorySegment longs = arena.allocate(4 * 8, 8);
    private boolean closed;

    private Descriptors(List<Port> ports) {
      super(ports);
      event = waiter.eventfd();
      if (event < 0) {
        throw new IllegalStateException("cannot make an eventfd: " + Native.reason(-event));
      }
      descriptors = arena.allocate((long) (ports.size() + 1) * POLLFD, 8);
      int n = 0;
      watch(n++, event);
      for (var port : ports) {
        if (port.descriptor() >= 0) {
          watch(n++, port.descriptor());
        }
      }
      count = n;
      longs.set(LONG, 16, 1);
    }

    private void watch(int i, int descriptor) {
      descriptors.set(ValueLayout.JAVA_INT, (long) i * POLLFD, descriptor);
      descriptors.set(ValueLayout.JAVA_SHORT, (long) i * POLLFD + 4, (short) Native.POLLIN);
    }

    @Override
    void sleep(long nanos) {
      longs.set(LONG, 0, nanos / 1_000_000_000);
      longs.set(LONG, 8, nanos % 1_000_000_000);
      waiter.ppoll(descriptors.address(), count, longs.address());
      if (broken()) {
        // A port in error, such as an interface that is gone, ends every wait at once.
        LockSupport.parkNanos(this, GLANCE_NANOS);
      }
      // The eventfd comes first. Its count is taken back whenever it is there: a late wake-up must end one sleep, not all.
      if (descriptors.get(ValueLayout.JAVA_SHORT, 6) != 0) {
        waiter.read(event, longs.address() + 24, 8);
      }
    }

    /** Whether some port is in error and none has packets. */
    private boolean broken() {
      int all = 0;
      for (int i = 0; i < count; i++) {
        all |= descriptors.get(ValueLayout.JAVA_SHORT, (long) i * POLLFD + 6);
      }
      return all != 0 && (all & Native.POLLIN) == 0;
    }

    @Override
    synchronized void rouse() {
      // After close there is nobody to wake, and the number may belong to somebody else.
      if (!closed) {
        new Native().write(event, longs.address() + 16, 8);
      }
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        waiter.close(event);
        arena.close();
      }
    }
  }

  /** By parking the thread. */
  private static final class Parked extends Poller {
    private Parked(List<Port> ports) {
      super(ports);
    }

    @Override
    void sleep(long nanos) {
      LockSupport.parkNanos(this, nanos);
    }

    @Override
    void rouse() {
      LockSupport.unpark(sleeper());
    }

    @Override
    public void close() {
    }
  }
}
