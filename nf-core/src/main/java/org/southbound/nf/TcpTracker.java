// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.lang.foreign.MemoryLayout;
import java.util.List;
import org.southbound.flow.Record;
import org.southbound.packet.Drop;
import org.southbound.packet.Memory;
import org.southbound.packet.Options;
import org.southbound.packet.Packet;
import org.southbound.packet.Tcp;
import org.southbound.packet.Wire;
import org.southbound.state.StateLayout;

/**
 * Follows TCP connections from the middle (RFC 9293; G. van Rooij, "Real Stateful TCP Packet Filtering in IP Filter",
 * 2001, whose four bounds nf_conntrack uses too). Keeps nothing itself: all it knows of a connection is in the fields
 * {@link #FIELDS} of the flow's record, and so moves with it.
 *
 * <pre>
 *  SYN                SYN/ACK                 ACK                  FIN             FIN             ACK
 *   -> SYN_SENT ----------------> SYN_RECEIVED ----> ESTABLISHED ------> CLOSING ------> LAST_ACK ------> TIME_WAIT
 *         | SYN of the responder                         ^
 *         +-----------------------> SYN_BOTH ------------+           RST in the window, from any state: CLOSED
 * </pre>
 *
 * Of each side it keeps: end, the sequence number behind all that it sent; limit, the sequence number behind what the
 * other side's window admits; window, the greatest it offered; acked, the greatest acknowledgment it sent. Worker thread.
 */
final class TcpTracker {
  // States. 0 is a record without TCP state.
  static final int SYN_SENT = 1;
  static final int SYN_BOTH = 2;
  static final int SYN_RECEIVED = 3;
  static final int ESTABLISHED = 4;
  static final int CLOSING = 5;
  static final int LAST_ACK = 6;
  static final int TIME_WAIT = 7;
  static final int CLOSED = 8;
  /** Names of the states, for dumps. */
  static final List<String> STATES = List.of("none", "syn-sent", "syn-both", "syn-received", "established", "closing",
      "last-ack", "time-wait", "closed");

  /** Of {@link #segment}: a SYN that opens the connection anew; the caller asks its rules, then calls {@link #open}. */
  static final int REOPEN = -1;

  // Layout. Two sides of 16 octets, the initiator's first; then what is small.
  private static final int SIDE = 16;
  private static final int END = 0;
  private static final int LIMIT = 4;
  private static final int WINDOW = 8;
  private static final int ACKED = 12;
  private static final int CHALLENGE_END = 32;
  private static final int CHALLENGE_WINDOW = 36;
  private static final int SCALES = 38;
  private static final int SHUT = 40;
  static final int STATE = 42;
  private static final int FLAGS = 43;
  private static final int CHALLENGE_SCALE = 44;
  /** The fields, first in the record. */
  static final MemoryLayout[] FIELDS = {StateLayout.U32.withName("initiator-end"),
      StateLayout.U32.withName("initiator-limit"),
      StateLayout.U32.withName("initiator-window"), StateLayout.U32.withName("initiator-acked"),
      StateLayout.U32.withName("responder-end"), StateLayout.U32.withName("responder-limit"),
      StateLayout.U32.withName("responder-window"), StateLayout.U32.withName("responder-acked"),
      StateLayout.U32.withName("challenge-end"), StateLayout.U16.withName("challenge-window"),
      StateLayout.U8.withName("initiator-scale"), StateLayout.U8.withName("responder-scale"),
      StateLayout.U8.withName("initiator-shut"), StateLayout.U8.withName("responder-shut"),
      StateLayout.U8.withName("state"), StateLayout.U8.withName("flags"), StateLayout.U8.withName("challenge-scale")};

  /** {@link #FLAGS}: picked up mid-stream; the window scale is not known, so windows are not checked. */
  private static final int LIBERAL = 1;
  /** {@link #FLAGS}: the initiator sent a SYN in the middle of the connection, and may have lost it (RFC 5961 section 4). */
  private static final int CHALLENGED = 2;
  /** {@link #SHUT}: the side sent its FIN. */
  private static final int FIN_SENT = 1;
  /** {@link #SHUT}: and the other side acknowledged it. */
  private static final int FIN_ACKED = 2;

  /** The side sent no window scale option: then none is used in either direction (RFC 7323 section 2.2). */
  private static final int NO_SCALE = 0xff;
  /** An acknowledgment may lie so far behind, even when windows were small: a window without scaling, and some. */
  private static final int OLDEST_ACK = 66_000;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK = 5;
  /** The shortest header that may have a SACK option beside timestamps. */
  private static final int HEADER_WITH_TIMESTAMPS = 32;

  private static final int CONTROL = Tcp.FIN | Tcp.SYN | Tcp.RST | Tcp.ACK;
  /** Combinations of {@link #CONTROL} that occur, one bit each: no null, no SYN with FIN or RST, no FIN without ACK. */
  private static final int POSSIBLE = 1 << Tcp.SYN | 1 << (Tcp.SYN | Tcp.ACK) | 1 << Tcp.RST | 1 << (Tcp.RST | Tcp.ACK)
      | 1 << Tcp.ACK | 1 << (Tcp.FIN | Tcp.ACK);

  private static final int FORWARD = Drop.FORWARD.verdict();
  private static final int WRONG_STATE = Drop.TCP_STATE.verdict();
  private static final int OUT_OF_WINDOW = Drop.TCP_WINDOW.verdict();

  // The segment at hand.
  private Packet packet;
  private int headerLength;
  private int flags;
  private int sequence;
  private int end;
  private int ack;
  private int greatestAck;
  private int window;
  // What its sender's side was like before it.
  private int sent;
  private int limit;
  private int greatestWindow;

  /** Reads the header of a packet that is no later fragment. */
  void read(Packet packet) {
    // Two words hold all that matters in a segment without options; the parser has seen that they are there.
    this.packet = packet;
    long at = Memory.at(packet, packet.l4());
    long numbers = Memory.u64(packet, at + 4);
    int rest = Memory.i32(packet, at + 12);
    headerLength = rest >>> 28 << 2;
    flags = rest >>> 16 & 0xff;
    window = rest & 0xffff;
    sequence = (int) (numbers >>> 32);
    ack = (int) numbers;
    end = sequence + packet.payloadLength() + (flags >>> 1 & 1) + (flags & 1);
  }

  /** Whether the flags of the segment at hand make sense together. */
  boolean possible() {
    return (POSSIBLE >>> (flags & CONTROL) & 1) != 0;
  }

  /** Whether the segment at hand is the first of a connection. */
  boolean opens() {
    return (flags & CONTROL) == Tcp.SYN;
  }

  /** Whether the segment at hand may be the first that is seen of a connection under way. */
  boolean underWay() {
    return (flags & (Tcp.SYN | Tcp.RST | Tcp.ACK)) == Tcp.ACK;
  }

  /** Whether the segment at hand is a reset. */
  boolean resets() {
    return (flags & Tcp.RST) != 0;
  }

  /** State of the connection. */
  static int state(Record flow) {
    return flow.getByte(STATE);
  }

  /** Begins a connection with the SYN at hand, sent by the initiator. */
  void open(Record flow) {
    clear(flow);
    flow.setInt(END, end);
    flow.setInt(LIMIT, end);
    flow.setInt(WINDOW, Math.max(window, 1));
    flow.setByte(SCALES, scale());
    flow.setByte(SCALES + 1, NO_SCALE);
    // What the responder must acknowledge at least; a SYN may carry data (RFC 7413), which it may refuse.
    flow.setInt(SIDE + ACKED, sequence + 1);
    flow.setByte(STATE, SYN_SENT);
  }

  private static void clear(Record flow) {
    for (int i = 0; i < 2 * SIDE; i += 8) {
      flow.setLong(i, 0);
    }
    flow.setByte(FLAGS, 0);
    flow.setByte(SHUT, 0);
    flow.setByte(SHUT + 1, 0);
  }

  /** Begins with the segment at hand, sent by the initiator, of a connection whose start was not seen. */
  void pickUp(Record flow) {
    clear(flow);
    flow.setInt(END, end);
    flow.setInt(LIMIT, end);
    flow.setInt(ACKED, ack);
    flow.setInt(SIDE + END, ack);
    flow.setInt(SIDE + LIMIT, ack + window);
    flow.setInt(SIDE + ACKED, sequence);
    flow.setByte(SCALES, NO_SCALE);
    flow.setByte(SCALES + 1, NO_SCALE);
    flow.setByte(FLAGS, LIBERAL);
    flow.setByte(STATE, ESTABLISHED);
    if ((flags & Tcp.FIN) != 0) {
      finish(flow, 0);
    }
  }

  /**
   * Checks the segment at hand against the connection, and the connection goes on.
   *
   * @param side 0: sent by the initiator; 1: by the responder
   * @param check segments outside the window are dropped
   * @return the verdict, or {@link #REOPEN}
   */
  int segment(Record flow, int side, boolean check) {
    if ((flags & (Tcp.SYN | Tcp.RST)) == 0) {
      return data(flow, side, check);
    }
    if ((flags & Tcp.RST) != 0) {
      return reset(flow, side, check);
    }
    return (flags & Tcp.ACK) == 0 ? syn(flow, side) : synAck(flow, side);
  }

  /** A later fragment: it lengthens what the side sent by its octets, whose place in the stream it does not tell. */
  static void laterFragment(Record flow, int side, int octets) {
    int mine = side * SIDE;
    int end = flow.getInt(mine + END);
    int room = flow.getInt(mine + LIMIT) - end;
    if (room > 0) {
      flow.setInt(mine + END, end + Math.min(octets, room));
    }
  }

  // ---- segments without SYN and RST

  private int data(Record flow, int side, boolean check) {
    int state = flow.getByte(STATE);
    if (state == SYN_SENT) {
      // The responder still has an old connection and says so; the initiator will answer by a reset (RFC 9293
      // section 3.5.1). The initiator itself has nothing to acknowledge yet.
      return side == 1 ? FORWARD : WRONG_STATE;
    }
    int mine = side * SIDE;
    if (!within(flow, mine) && check && (flow.getByte(FLAGS) & LIBERAL) == 0) {
      return OUT_OF_WINDOW;
    }
    advance(flow, mine, side);
    if (state == ESTABLISHED && (flags & Tcp.FIN) == 0) {
      return FORWARD;
    }
    if (state < ESTABLISHED) {
      if ((state == SYN_BOTH || side == 0) && ack == flow.getInt(mine + ACKED)) {
        flow.setByte(STATE, ESTABLISHED);
      }
      if ((flags & Tcp.FIN) == 0) {
        return FORWARD;
      }
    }
    if (state != CLOSED) {
      finish(flow, side);
    }
    return FORWARD;
  }

  /**
   * The four bounds: the segment begins before the limit; it does not lie wholly in the past by more than a window, but
   * for one octet of a probe; it acknowledges nothing that was not sent; and nothing too old.
   */
  private boolean within(Record flow, int mine) {
    int other = SIDE - mine;
    sent = flow.getInt(mine + END);
    limit = flow.getInt(mine + LIMIT);
    greatestWindow = flow.getInt(mine + WINDOW);
    int received = flow.getInt(other + END);
    greatestAck = headerLength > HEADER_WITH_TIMESTAMPS ? greatestSack() : ack;
    return sequence - limit <= 0 && end - sent + flow.getInt(other + WINDOW) + 1 >= 0 && greatestAck - received <= 0
        && ack - received + Math.max(greatestWindow, OLDEST_ACK) + 1 >= 0;
  }

  /** The segment's greatest acknowledgment, selective ones included (RFC 2018). */
  private int greatestSack() {
    long at = option(SACK);
    int greatest = ack;
    if (at >= 0) {
      var memory = packet.memory();
      int blocks = (Wire.u8(memory, at + 1) - 2) >>> 3;
      for (int i = 0; i < blocks; i++) {
        int edge = Wire.i32(memory, at + 6 + 8L * i);
        if (edge - greatest > 0) {
          greatest = edge;
        }
      }
    }
    return greatest;
  }

  /** Notes what the segment says: how far its sender is, and how far the other side may go. */
  private void advance(Record flow, int mine, int side) {
    int other = SIDE - mine;
    int scaled = window << scaleInUse(flow, side);
    int offered = scaled + (greatestAck - ack);
    if (offered - greatestWindow > 0) {
      flow.setInt(mine + WINDOW, offered);
    }
    if (end - sent > 0) {
      flow.setInt(mine + END, end);
      if (end - limit > 0) {
        // The probe of a window of zero, or a sender that does not mind: its retransmissions are as far behind.
        flow.setInt(other + WINDOW, flow.getInt(other + WINDOW) + end - limit);
      }
    }
    if (ack - flow.getInt(mine + ACKED) > 0) {
      flow.setInt(mine + ACKED, ack);
    }
    // A window of zero still admits the one octet of a probe (RFC 9293 section 3.8.6.1).
    int admitted = ack + Math.max(scaled, 1);
    if (admitted - flow.getInt(other + LIMIT) > 0) {
      flow.setInt(other + LIMIT, admitted);
    }
  }

  private static int scaleInUse(Record flow, int side) {
    int scale = flow.getByte(SCALES + side);
    return scale == NO_SCALE ? 0 : scale;
  }

  /** The end of the connection: from the first FIN until both are acknowledged. */
  private void finish(Record flow, int side) {
    int other = 1 - side;
    int shut = flow.getByte(SHUT + side);
    int otherShut = flow.getByte(SHUT + other);
    if ((flags & Tcp.FIN) != 0) {
      shut |= FIN_SENT;
      flow.setByte(SHUT + side, shut);
    }
    if (otherShut == FIN_SENT && ack == flow.getInt(other * SIDE + END)) {
      otherShut |= FIN_ACKED;
      flow.setByte(SHUT + other, otherShut);
    }
    int both = shut & otherShut;
    flow.setByte(STATE, (both & FIN_ACKED) != 0 ? TIME_WAIT : (both & FIN_SENT) != 0 ? LAST_ACK : CLOSING);
  }

  // ---- SYN

  private int syn(Record flow, int side) {
    int state = flow.getByte(STATE);
    int mine = side * SIDE;
    return switch (state) {
      case SYN_SENT -> {
        if (side == 1) {
          begin(flow, 1);
          flow.setInt(ACKED, sequence + 1);
          flow.setByte(STATE, SYN_BOTH);
        } else {
          // Sent again, perhaps with other options.
          open(flow);
        }
        yield FORWARD;
      }
      case SYN_BOTH -> end == flow.getInt(mine + END) ? FORWARD : WRONG_STATE;
      case TIME_WAIT, CLOSED -> REOPEN;
      default -> {
        // The other end answers by a challenge (RFC 5961 section 4.2), or has lost the connection and opens it anew.
        if (side == 0 && end != flow.getInt(END)) {
          flow.setInt(CHALLENGE_END, end);
          flow.setShort(CHALLENGE_WINDOW, window);
          flow.setByte(CHALLENGE_SCALE, scale());
          flow.setByte(FLAGS, flow.getByte(FLAGS) | CHALLENGED);
        }
        yield FORWARD;
      }
    };
  }

  private int synAck(Record flow, int side) {
    int state = flow.getByte(STATE);
    int mine = side * SIDE;
    int other = SIDE - mine;
    if (state == SYN_SENT) {
      if (side == 0) {
        return WRONG_STATE;
      }
      if (ack - flow.getInt(END) > 0 || ack - flow.getInt(SIDE + ACKED) < 0) {
        return OUT_OF_WINDOW;
      }
      answer(flow);
      return FORWARD;
    }
    if (state == SYN_BOTH) {
      if (end != flow.getInt(mine + END) || ack != flow.getInt(other + END)) {
        return OUT_OF_WINDOW;
      }
      within(flow, mine);
      agreeOnScale(flow);
      advance(flow, mine, side);
      return FORWARD;
    }
    if (side == 1 && (flow.getByte(FLAGS) & CHALLENGED) != 0 && ack == flow.getInt(CHALLENGE_END)) {
      int challengeEnd = flow.getInt(CHALLENGE_END);
      clear(flow);
      flow.setInt(END, challengeEnd);
      flow.setInt(WINDOW, Math.max(flow.getShort(CHALLENGE_WINDOW), 1));
      flow.setByte(SCALES, flow.getByte(CHALLENGE_SCALE));
      flow.setInt(SIDE + ACKED, challengeEnd);
      answer(flow);
      return FORWARD;
    }
    // Sent again: nothing new in it.
    return state == CLOSED || end - flow.getInt(mine + END) <= 0 ? FORWARD : WRONG_STATE;
  }

  /** The responder's SYN/ACK: both sides are known. */
  private void answer(Record flow) {
    begin(flow, 1);
    flow.setInt(SIDE + ACKED, ack);
    flow.setInt(ACKED, sequence + 1);
    agreeOnScale(flow);
    // The windows in both SYNs are not scaled (RFC 7323 section 2.2).
    flow.setInt(LIMIT, ack + Math.max(window, 1));
    flow.setInt(SIDE + LIMIT, end + flow.getInt(WINDOW));
    flow.setByte(STATE, SYN_RECEIVED);
  }

  /** A side's SYN: where it begins, and what it offers. */
  private void begin(Record flow, int side) {
    int mine = side * SIDE;
    flow.setInt(mine + END, end);
    flow.setInt(mine + LIMIT, end);
    flow.setInt(mine + WINDOW, Math.max(window, 1));
    flow.setByte(SCALES + side, scale());
  }

  private static void agreeOnScale(Record flow) {
    if (flow.getByte(SCALES) == NO_SCALE || flow.getByte(SCALES + 1) == NO_SCALE) {
      flow.setByte(SCALES, NO_SCALE);
      flow.setByte(SCALES + 1, NO_SCALE);
    }
  }

  /** The shift count that the SYN at hand offers, at most 14 (RFC 7323 section 2.3). */
  private int scale() {
    long at = option(WINDOW_SCALE);
    var memory = packet.memory();
    return at < 0 || Wire.u8(memory, at + 1) != 3 ? NO_SCALE : Math.min(Wire.u8(memory, at + 2), 14);
  }

  private long option(int kind) {
    return Options.find(packet.memory(), packet.l4() + Tcp.LENGTH, headerLength - Tcp.LENGTH, kind);
  }

  // ---- RST

  /**
   * A reset ends the connection for the tracker only if its sequence number is the very one that the other side expects
   * (RFC 5961 section 3.2). Elsewhere in the window it passes, for the other side to challenge; outside it is dropped.
   */
  private int reset(Record flow, int side, boolean check) {
    int state = flow.getByte(STATE);
    int mine = side * SIDE;
    int other = SIDE - mine;
    if (state == SYN_SENT) {
      boolean answers = side == 0
          || ((flags & Tcp.ACK) != 0 && ack - flow.getInt(END) <= 0 && ack - flow.getInt(SIDE + ACKED) >= 0);
      if (!answers && check) {
        return OUT_OF_WINDOW;
      }
      flow.setByte(STATE, CLOSED);
      return FORWARD;
    }
    boolean liberal = (flow.getByte(FLAGS) & LIBERAL) != 0;
    int expected = flow.getInt(other + ACKED);
    int sentByIt = flow.getInt(mine + END);
    if (check && !liberal && sequence != sentByIt
        && (sequence - expected < 0 || sequence - flow.getInt(mine + LIMIT) > 0)) {
      return OUT_OF_WINDOW;
    }
    if (!check || liberal || sequence == expected || sequence == sentByIt) {
      flow.setByte(STATE, CLOSED);
    }
    return FORWARD;
  }
}
