// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.ArrayDeque;
import java.util.UUID;
import org.southbound.classifier.NextHop;
import org.southbound.flow.FlowSpace;
import org.southbound.packet.Packet;

/**
 * Stands before the NF for a scope whose state is on the move, and says what becomes of its packets. Worker thread only.
 *
 * <pre>
 * source:       HOLD ------------------> REDIRECT (until the scope returns)   failure: released to the NF
 * destination:  HOLD --> AWAIT_MARKS --> OPEN, gone if no older one remains   failure: sent back to the source
 * </pre>
 */
final class Guard {
  /** What becomes of a packet of the scope. */
  enum Mode {
    /** Kept until it is known who owns the scope. */
    HOLD,
    /** Sent to the new owner. */
    REDIRECT,
    /** This NF owns the scope: what the former owner redirects is processed, what comes directly waits for the marks. */
    AWAIT_MARKS,
    /** Dropped: another NF took over while this one was away. */
    FENCED,
    /** This NF's own: packets go to the NF, whatever older guards say. */
    OPEN
  }

  /** A mark that came while the packets before it wait here. */
  record Mark(UUID marker, long attempt, String scope, int spi, int si) {
  }

  final UUID job;
  final FlowSpace scope;
  final long epoch;
  private int limit;
  private final ArrayDeque<Packet> redirected = new ArrayDeque<>();
  private final ArrayDeque<Packet> direct = new ArrayDeque<>();
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private Mode mode;
  private NextHop to;
  private boolean yields;
  private long overflow;

  /** A guard that holds at most {@code limit} packets. */
  Guard(UUID job, FlowSpace scope, long epoch, Mode mode, int limit) {
    this.job = job;
    this.scope = scope;
    this.epoch = epoch;
    this.mode = mode;
    this.limit = limit;
  }

  Mode mode() {
    return mode;
  }

  void mode(Mode next) {
    mode = next;
  }

  NextHop to() {
    return to;
  }

  void to(NextHop owner) {
    to = owner;
  }

  /** Whether a packet of the scope waits now. */
  boolean holds(Packet packet) {
    return mode == Mode.HOLD || mode == Mode.AWAIT_MARKS && (packet.flags & Packet.REDIRECTED) == 0;
  }

  /** Keeps a packet; false when there are too many, or the worker can spare none. */
  boolean hold(Packet packet, boolean spare) {
    if (!spare || held() >= limit) {
      overflow++;
      return false;
    }
    packet.keep();
    ((packet.flags & Packet.REDIRECTED) != 0 ? redirected : direct).add(packet);
    return true;
  }

  /** The next packet that the former owner redirected, or null. */
  Packet nextRedirected() {
    return redirected.poll();
  }

  /** The next packet that came directly, or null. */
  Packet nextDirect() {
    return direct.poll();
  }

  /** Keeps a mark, which goes behind the packets. */
  void hold(Mark mark) {
    marks.add(mark);
  }

  /** The next mark, or null. */
  Mark nextMark() {
    return marks.poll();
  }

  int held() {
    return redirected.size() + direct.size();
  }

  /** While the owner may still fail to move, it processes what waits rather than to drop what finds no place. */
  Guard yielding() {
    yields = true;
    return this;
  }

  /**
   * From now on ownership may change at any moment, so the owner can process nothing more: the guard takes all that there
   * is memory for. False: it has opened before.
   */
  boolean seal() {
    yields = false;
    limit = Integer.MAX_VALUE;
    return overflow == 0;
  }

  /** Whether it opens when too many packets wait. */
  boolean yields() {
    return yields || mode == Mode.AWAIT_MARKS;
  }
}
