// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * Generic Routing Encapsulation (RFC 2784) with a key (RFC 2890) over the next hop's IP address. The key holds the path
 * identifier in its high 24 bits and the service index in its low eight. Ethernet frames travel as such (0x6558).
 *
 * <pre>
 * |0|0|1|0| Reserved        | Ver=0 |         Protocol type         |
 * | Path identifier                               | Service index |
 * </pre>
 */
public final class Gre extends IpTunnel {
  private static final int PROTOCOL = 47;
  private static final int GRE = 8;
  private static final int KEY_ONLY = 0x2000;
  private static final int ETHERNET = 0x6558;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86DD;

  /** Sends from {@code self}. */
  public Gre(Link self) {
    super(self);
  }

  @Override
  public String name() {
    return "gre";
  }

  @Override
  public int overhead() {
    return outer() + GRE;
  }

  @Override
  public int labelBits() {
    return 0;
  }

  @Override
  public int pathBits() {
    return 24;
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  boolean follows(int protocol) {
    return protocol == PROTOCOL;
  }

  @Override
  int inside(Packet packet, int protocol) {
    if (packet.length() < GRE) {
      return Drop.TRUNCATED.verdict();
    }
    MemorySegment memory = packet.memory();
    int head = memory.get(U32, packet.start());
    int inner = switch (head & 0xFFFF) {
      case ETHERNET -> Packet.ETHERNET;
      case IPV4 -> Packet.IPV4;
      case IPV6 -> Packet.IPV6;
      default -> 0;
    };
    if (head >>> 16 != KEY_ONLY || inner == 0) {
      return Drop.UNKNOWN_TUNNEL.verdict();
    }
    int key = memory.get(U32, packet.start() + 4);
    return arrived(packet, GRE, inner, key >>> 8, key & 0xFF);
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    if (forged(packet)) {
      return Drop.MALFORMED.verdict();
    }
    int type = packet.inner == Packet.ETHERNET ? ETHERNET : packet.inner == Packet.IPV4 ? IPV4 : IPV6;
    long at = packet.push(GRE);
    packet.memory().set(U32, at, KEY_ONLY << 16 | type);
    packet.memory().set(U32, at + 4, spi << 8 | si);
    return outside(packet, to, PROTOCOL);
  }
}
