// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.southbound.packet.Checksum;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/** A chaining protocol behind an IP header of its own, from this NF's address on the fabric to the next hop's. */
abstract class IpTunnel extends EthernetProtocol {
  private static final int V4 = 20;
  private static final int V6 = 40;
  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int TOTAL_LENGTH = 0xFFFF;

  final Link self;
  private final byte[] own;
  private final boolean v4;

  IpTunnel(Link self) {
    this.self = self;
    this.own = self.address().getAddress();
    this.v4 = self.address() instanceof Inet4Address;
  }

  /** Whether it is the number of a protocol that follows the outer header. */
  abstract boolean follows(int protocol);

  /** What follows the outer header; the packet starts there, and ends where the outer header says. */
  abstract int inside(Packet packet, int protocol);

  /** Octets of the outer headers. */
  final int outer() {
    return HEADER + (v4 ? V4 : V6);
  }

  @Override
  final boolean claims(int etherType, MemorySegment memory, long at, int length) {
    if (memory.get(U64, at) >>> 16 != self.mac() || length < outer()) {
      return false;
    }
    long ip = at + HEADER;
    return v4
        ? etherType == 0x0800 && follows(memory.get(U8, ip + 9) & 0xFF) && isOwn(memory, ip + 16)
        : etherType == 0x86DD && follows(memory.get(U8, ip + 6) & 0xFF) && isOwn(memory, ip + 24);
  }

  private boolean isOwn(MemorySegment memory, long at) {
    for (int i = 0; i < own.length; i++) {
      if (memory.get(U8, at + i) != own[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public final int decapsulate(Packet packet) {
    MemorySegment memory = packet.memory();
    long ip = packet.start() + HEADER;
    int left = packet.length() - HEADER;
    int header = v4 ? (memory.get(U8, ip) & 0xF) * 4 : V6;
    int total = v4 ? memory.get(U16, ip + 2) & 0xFFFF : V6 + (memory.get(U16, ip + 4) & 0xFFFF);
    if (total > left) {
      return Drop.TRUNCATED.verdict();
    }
    if (header < (v4 ? V4 : V6) || header > total || memory.get(U8, ip) >>> 4 != (v4 ? 4 : 6)
        || (v4 && Checksum.ipv4(memory, ip) != (memory.get(U16, ip + 10) & 0xFFFF))) {
      return Drop.MALFORMED.verdict();
    }
    if (v4 && (memory.get(U16, ip + 6) & 0x3FFF) != 0) {
      return Drop.FRAGMENT.verdict();
    }
    int protocol = memory.get(U8, ip + (v4 ? 9 : 6)) & 0xFF;
    packet.length(HEADER + total); // a short frame is padded
    packet.pull(HEADER + header);
    return inside(packet, protocol);
  }

  /** Puts Ethernet and IP in front. Returns 0 or a verdict to drop it. */
  final int outside(Packet packet, Link to, int protocol) {
    if (to == null || to.address() instanceof Inet4Address != v4) {
      return Drop.NO_EGRESS.verdict();
    }
    int length = packet.length();
    if (length + V6 > TOTAL_LENGTH) {
      return Drop.OVERSIZE.verdict();
    }
    long at = packet.push(v4 ? V4 : V6);
    MemorySegment memory = packet.memory();
    if (v4) {
      memory.set(U32, at, 0x4500_0000 | V4 + length);
      memory.set(U32, at + 4, DONT_FRAGMENT); // and so the identification says nothing (RFC 6864 section 4)
      memory.set(U32, at + 8, TTL << 24 | protocol << 16);
      memory.set(U32, at + 12, ByteBuffer.wrap(own).getInt());
      memory.set(U32, at + 16, ByteBuffer.wrap(to.address().getAddress()).getInt());
      memory.set(U16, at + 10, (short) Checksum.ipv4(memory, at));
    } else {
      memory.set(U32, at, 0x6000_0000);
      memory.set(U32, at + 4, length << 16 | protocol << 8 | TTL);
      MemorySegment.copy(own, 0, memory, U8, at + 8, own.length);
      MemorySegment.copy(to.address().getAddress(), 0, memory, U8, at + 24, own.length);
    }
    ethernet(packet, to, self, v4 ? 0x0800 : 0x86DD);
    return 0;
  }

  @Override
  public final String toString() {
    return name() + " from " + Arrays.toString(own);
  }
}
