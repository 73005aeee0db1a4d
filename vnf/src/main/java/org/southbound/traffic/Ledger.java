// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.southbound.metrics.Counter;
import org.southbound.packet.Packet;

/**
 * Keeps the books of what was sent and what came back. A packet has a sequence number: loop times the number of frames,
 * plus its frame. What comes back is found by its {@link Fingerprint}; of several that share it, the one with the same
 * addresses and ports is meant, and if no such was sent, because somebody rewrote them, the oldest that is still out.
 *
 * <p>{@link #sent} and {@link #publish} belong to the sender's thread, {@link #received} to the receiver's.
 */
final class Ledger {
  /** What became of a received packet. */
  enum Verdict {
    /** Was sent, and comes for the first time. */
    EXPECTED,
    /** Has come before. */
    DUPLICATE,
    /** Was never sent. */
    FOREIGN
  }

  /** Packets that are remembered; who comes later than as many others is foreign. */
  private static final int SLOTS = 1 << 21;
  /** After that long nobody waits for a packet whose addresses were rewritten. */
  private static final long STALE_NANOS = 3_000_000_000L;
  /** Loops whose flows are told apart. */
  private static final int LOOPS = 8;

  private final Capture capture;
  private final int frames;
  private final long[] sentNanos = new long[SLOTS];
  /** Sequence number plus one of the packet that has come, by slot. */
  private final long[] come = new long[SLOTS];
  /** First frame with a fingerprint, open addressing; and the next one with the same. */
  private final int[] table;
  private final int[] next;
  /** Oldest loop of each frame that may still be out. */
  private final long[] oldest;
  /** Highest sequence number plus one that has come, by side of a flow and loop. */
  private final long[] highest;
  private volatile long published;

  private final Counter received = new Counter();
  private final Counter duplicated = new Counter();
  private final Counter reordered = new Counter();
  private final Counter foreign = new Counter();
  private long delayNanos;

  Ledger(Capture capture) {
    this.capture = capture;
    frames = capture.count();
    table = new int[Integer.highestOneBit(Math.max(2, frames) * 4)];
    Arrays.fill(table, -1);
    next = new int[frames];
    oldest = new long[frames];
    highest = new long[2 * capture.flows() * LOOPS];
    int[] last = new int[table.length];
    for (int i = 0; i < frames; i++) {
      int slot = slot(capture.frame(i).fingerprint());
      next[i] = -1;
      if (table[slot] < 0) {
        table[slot] = i;
      } else {
        next[last[slot]] = i;
      }
      last[slot] = i;
    }
  }

  private int slot(long fingerprint) {
    int slot = (int) (fingerprint >>> 7) & table.length - 1;
    while (table[slot] >= 0 && capture.frame(table[slot]).fingerprint() != fingerprint) {
      slot = slot + 1 & table.length - 1;
    }
    return slot;
  }

  /** The packet is about to be sent. */
  void sent(long sequence, long nanos) {
    sentNanos[(int) sequence & SLOTS - 1] = nanos;
  }

  /** All packets before {@code sequence} may come back from now on. */
  void publish(long sequence) {
    published = sequence;
  }

  /** Packets that were sent. */
  long published() {
    return published;
  }

  /** A parsed packet with its fingerprint has come. */
  Verdict received(Packet packet, long fingerprint, long nanos) {
    var verdict = judge(packet, fingerprint, nanos);
    switch (verdict) {
      case EXPECTED -> received.add(1);
      case DUPLICATE -> duplicated.add(1);
      case FOREIGN -> foreign.add(1);
    }
    return verdict;
  }

  /** Something has come that is no packet of the capture for sure. */
  void stray() {
    foreign.add(1);
  }

  private Verdict judge(Packet packet, long fingerprint, long nanos) {
    long end = published;
    long newest = (end - 1) / frames;
    int first = end == 0 ? -1 : table[slot(fingerprint)];
    boolean known = false;
    for (int frame = first; frame >= 0; frame = next[frame]) {
      long loop = capture.loop(frame, packet, newest);
      if (loop < 0) {
        continue;
      }
      if (capture.frame(frame).fixed()) {
        loop = oldestOut(frame, end, nanos);
      }
      long sequence = loop * frames + frame;
      if (sequence < end && sequence >= end - SLOTS && !hasCome(sequence)) {
        return note(sequence, frame, loop, nanos);
      }
      known = true;
    }
    return known ? Verdict.DUPLICATE : rewritten(first, end, nanos);
  }

  private Verdict rewritten(int first, long end, long nanos) {
    long best = Long.MAX_VALUE;
    for (int frame = first; frame >= 0; frame = next[frame]) {
      best = Math.min(best, oldestOut(frame, end, nanos) * frames + frame);
    }
    if (best < end) {
      return note(best, (int) (best % frames), best / frames, nanos);
    }
    return first < 0 ? Verdict.FOREIGN : Verdict.DUPLICATE;
  }

  /** The oldest loop of a frame that has not come and is worth waiting for; its sequence number may not be sent yet. */
  private long oldestOut(int frame, long end, long nanos) {
    long loop = oldest[frame];
    for (long sequence = loop * frames + frame; sequence < end; sequence += frames, loop++) {
      boolean forgotten = sequence < end - SLOTS;
      if (!forgotten && !hasCome(sequence) && nanos - sentNanos[(int) sequence & SLOTS - 1] < STALE_NANOS) {
        break;
      }
    }
    oldest[frame] = loop;
    return loop;
  }

  private boolean hasCome(long sequence) {
    return come[(int) sequence & SLOTS - 1] == sequence + 1;
  }

  private Verdict note(long sequence, int frame, long loop, long nanos) {
    int slot = (int) sequence & SLOTS - 1;
    come[slot] = sequence + 1;
    delayNanos = nanos - sentNanos[slot];
    int side = capture.frame(frame).side();
    if (side >= 0) {
      int place = side * LOOPS + (int) (loop % LOOPS);
      long before = highest[place] - 1;
      if (before < 0 || before / frames < loop) {
        highest[place] = sequence + 1;
      } else if (before / frames == loop) {
        if (before > sequence) {
          reordered.add(1);
        } else {
          highest[place] = sequence + 1;
        }
      }
    }
    return Verdict.EXPECTED;
  }

  /** Time from sending to receiving the packet that was last judged EXPECTED. */
  long delayNanos() {
    return delayNanos;
  }

  /** Packets that came back, each once; any thread. */
  long received() {
    return received.get();
  }

  /** Packets that came once more. */
  long duplicated() {
    return duplicated.get();
  }

  /** Packets that came behind a later one of their flow and direction. */
  long reordered() {
    return reordered.get();
  }

  /** Packets that were never sent. */
  long foreign() {
    return foreign.get();
  }

  /** Sequence numbers of packets that did not come, of those that are remembered, at most {@code most}. */
  List<Long> missing(int most) {
    var result = new ArrayList<Long>();
    for (long sequence = Math.max(0, published - SLOTS); sequence < published && result.size() < most; sequence++) {
      if (!hasCome(sequence)) {
        result.add(sequence);
      }
    }
    return result;
  }
}
