// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.southbound.peer.v1.Failure;

/** Turns the callbacks of a gRPC call, of either side, into a stream for loops. The callbacks never block. */
final class CallStream<O, I> implements PeerStream<O, I> {
  /** Messages that may be under way or wait here: 16 chunks of 256 KiB. */
  static final int WINDOW = 16;

  /** The gRPC call. */
  interface Wire<O> {
    boolean ready();

    void request(int messages);

    void send(O message);

    void finish();

    void cut(String why);
  }

  private final String peer;
  private final Wire<O> wire;
  private final Function<I, Failure> failures;
  /** Held while a message is written, which copies it, so that callbacks wait for {@code lock} alone. */
  private final ReentrantLock sending = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<I> received = new ArrayDeque<>();
  private PeerException failure;
  private boolean ended;
  private boolean finished;

  /** @param failures the Failure in a message that says the peer gives up, else null */
  CallStream(String peer, Wire<O> wire, Function<I, Failure> failures) {
    this.peer = peer;
    this.wire = wire;
    this.failures = failures;
  }

  void onMessage(I message) {
    lock.lock();
    try {
      received.add(message);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void onReady() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The peer sends no more. */
  void onEnd(PeerException why) {
    lock.lock();
    try {
      ended = true;
      if (failure == null) {
        failure = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public void send(O message) throws PeerException {
    sending.lock();
    try {
      awaitRoom();
      wire.send(message);
    } finally {
      sending.unlock();
    }
  }

  private void awaitRoom() throws PeerException {
    lock.lock();
    try {
      await(STEP, () -> wire.ready() || failure != null || finished, "did not read what was sent");
      if (failure != null) {
        throw failure;
      }
      if (finished) {
        throw new PeerException(PeerException.UNREACHABLE, "the stream to " + peer + " is closed", peer, 0, null);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public I receive(Duration timeout) throws PeerException {
    I message;
    lock.lock();
    try {
      await(timeout, () -> !received.isEmpty() || ended, "sent nothing");
      message = received.poll();
      if (message == null) {
        if (failure != null) {
          throw failure;
        }
        return null;
      }
    } finally {
      lock.unlock();
    }
    wire.request(1);
    var refusal = failures.apply(message);
    if (refusal != null) {
      throw PeerException.of(refusal, peer);
    }
    return message;
  }

  private interface Test {
    boolean holds();
  }

  private void await(Duration timeout, Test test, String complaint) throws PeerException {
    long left = timeout.toNanos();
    try {
      while (!test.holds()) {
        if (left <= 0) {
          throw cut(peer + " " + complaint + " for " + timeout.toMillis() + " ms", null);
        }
        left = changed.awaitNanos(Math.min(left, TimeUnit.DAYS.toNanos(1)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw cut("interrupted while waiting for " + peer, e);
    }
  }

  private PeerException cut(String why, Throwable cause) {
    failure = new PeerException(PeerException.UNREACHABLE, why, peer, 0, cause);
    ended = true;
    finished = true;
    wire.cut(why);
    return failure;
  }

  @Override
  public void finish() {
    sending.lock();
    try {
      if (markFinished()) {
        wire.finish();
      }
    } finally {
      sending.unlock();
    }
  }

  private boolean markFinished() {
    lock.lock();
    try {
      boolean first = !finished && failure == null;
      finished = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!(finished && ended)) {
        cut("the stream to " + peer + " was closed", null);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
