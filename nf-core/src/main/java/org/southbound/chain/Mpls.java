// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * MPLS label swapping for service chains (RFC 8595 section 5) over Ethernet, EtherType 0x8847: a stack of two labels, the
 * context label with the path identifier and the service function label with the service index, around an Ethernet frame
 * behind a control word of 0 (RFC 4448 section 4.6), without which switches would guess at the frame (RFC 8469).
 *
 * <pre>
 * | Label: path identifier                | TC  |0|      TTL      |
 * | Label: service index                  | TC  |1|      TTL      |
 * |0 0 0 0|                           0                           |
 * </pre>
 */
public final class Mpls extends EthernetProtocol {
  private static final int ETHERTYPE = 0x8847;
  private static final int STACK = 8;
  private static final int CONTROL_WORD = 4;
  private static final int BOTTOM = 0x100;
  private static final int TTL = 63;
  /** Labels below have meanings of their own (RFC 7274 section 3). */
  private static final int SPECIAL = 16;

  private final Link self;

  /** Sends from {@code self}. */
  public Mpls(Link self) {
    this.self = self;
  }

  @Override
  public String name() {
    return "mpls";
  }

  @Override
  public int overhead() {
    return HEADER + STACK + CONTROL_WORD;
  }

  @Override
  public int labelBits() {
    return 0;
  }

  @Override
  public int pathBits() {
    return 20;
  }

  /** As many as leave the service index an unreserved label. */
  @Override
  public int hops() {
    return 254 - SPECIAL;
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  boolean claims(int etherType, MemorySegment memory, long at, int length) {
    return etherType == ETHERTYPE && memory.get(U64, at) >>> 16 == self.mac();
  }

  @Override
  public int decapsulate(Packet packet) {
    if (packet.length() < overhead() + HEADER) {
      return Drop.TRUNCATED.verdict();
    }
    MemorySegment memory = packet.memory();
    int context = memory.get(U32, packet.start() + HEADER);
    int function = memory.get(U32, packet.start() + HEADER + 4);
    int control = memory.get(U32, packet.start() + HEADER + STACK);
    if ((context & BOTTOM) != 0 || (function & BOTTOM) == 0 || function >>> 20 != 0 || control >>> 28 != 0) {
      return Drop.UNKNOWN_TUNNEL.verdict();
    }
    if ((context & 0xFF) == 0 || (function & 0xFF) == 0) {
      return Drop.SERVICE_INDEX.verdict();
    }
    return arrived(packet, overhead(), Packet.ETHERNET, context >>> 12, function >>> 12);
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    if (to == null) {
      return Drop.NO_EGRESS.verdict();
    }
    if (spi >>> 20 != 0 || si < SPECIAL) {
      return Drop.SERVICE_INDEX.verdict();
    }
    if (forged(packet)) {
      return Drop.MALFORMED.verdict();
    }
    complete(packet);
    long at = packet.push(STACK + CONTROL_WORD);
    MemorySegment memory = packet.memory();
    memory.set(U32, at, spi << 12 | TTL);
    memory.set(U32, at + 4, si << 12 | BOTTOM | TTL);
    memory.set(U32, at + STACK, 0);
    ethernet(packet, to, self, ETHERTYPE);
    return 0;
  }
}
