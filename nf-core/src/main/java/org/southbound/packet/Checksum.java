// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * The Internet checksum, <a href="https://www.rfc-editor.org/rfc/rfc1071">RFC 1071</a>, and its incremental update,
 * <a href="https://www.rfc-editor.org/rfc/rfc1624#section-3">RFC 1624 section 3</a> equation 3.
 *
 * <p>
 * An update works on any checksum field that covers the changed value, pseudo header included. UDP: a checksum of 0 is
 * none and must stay 0, and a result of 0 is written as 0xffff ({@link #udp}).
 */
public final class Checksum {
  private Checksum() {
  }

  /** The checksum after 16 bits changed: HC' = ~(~HC + ~m + m'). */
  public static int update16(int checksum, int before, int after) {
    int sum = (~checksum & 0xffff) + (~before & 0xffff) + (after & 0xffff);
    sum = (sum >>> 16) + (sum & 0xffff);
    sum = (sum >>> 16) + (sum & 0xffff);
    return ~sum & 0xffff;
  }

  /** The checksum after 32 bits changed, such as an IPv4 address or two ports. */
  public static int update32(int checksum, int before, int after) {
    return finish((~checksum & 0xffffL) + (~before & 0xffff_ffffL) + (after & 0xffff_ffffL));
  }

  /** The checksum after 64 bits changed, half an IPv6 address. */
  public static int update64(int checksum, long before, long after) {
    return finish((~checksum & 0xffffL) + halves(~before) + halves(after));
  }

  /** A UDP checksum as it must stand in the header: computed 0 is sent as 0xffff (RFC 768). */
  public static int udp(int checksum) {
    return checksum == 0 ? 0xffff : checksum;
  }

  /** The checksum of the IPv4 header at {@code offset}, whatever stands in its field. */
  public static int ipv4(MemorySegment segment, long offset) {
    int length = (Wire.u8(segment, offset) & 15) << 2;
    return finish(sum(segment, offset, length) + (~Wire.u16(segment, offset + 10) & 0xffff));
  }

  /**
   * The checksum of {@code packet}'s transport header and payload as it should stand in the field, whatever stands
   * there; -1 for a fragment or a protocol without such a checksum. UDP-Lite and DCCP, which cover a part only, count as
   * without. IPv6: the pseudo header has the address in the IPv6 header, which with a routing header under way is not
   * the final one (RFC 8200 section 8.1).
   */
  public static int transport(Packet packet) {
    int field = field(packet);
    if (field < 0) {
      return -1;
    }
    MemorySegment memory = packet.memory;
    long l4 = packet.l4();
    int length = packet.ipEnd - packet.l4;
    if (packet.protocol == Protocol.UDP) {
      length = Wire.u16(memory, l4 + 4);
    }
    long sum = sum(memory, l4, length) + (~Wire.u16(memory, l4 + field) & 0xffff);
    if (packet.protocol != Protocol.ICMP) {
      sum += pseudoHeader(packet, length);
    }
    int checksum = finish(sum);
    return packet.protocol == Protocol.UDP ? udp(checksum) : checksum;
  }

  /** Writes {@link #transport} into its field; does nothing where it is -1. */
  public static void setTransport(Packet packet) {
    int checksum = transport(packet);
    if (checksum >= 0) {
      Wire.u16(packet.memory, packet.l4() + field(packet), checksum);
    }
  }

  // Offset of the checksum in the transport header, or -1.
  private static int field(Packet packet) {
    if (packet.fragment != 0 || packet.ipVersion == 0) {
      return -1;
    }
    return switch (packet.protocol) {
      case Protocol.TCP -> 16;
      case Protocol.UDP -> 6;
      case Protocol.ICMP -> packet.ipVersion == 4 ? 2 : -1;
      case Protocol.ICMPV6 -> packet.ipVersion == 6 ? 2 : -1;
      default -> -1;
    };
  }

  /** The sum of the pseudo header of a TCP or UDP packet that is no fragment. */
  static long pseudoHeader(Packet packet) {
    int length = packet.protocol == Protocol.UDP ? Wire.u16(packet.memory, packet.l4() + 4) : packet.ipEnd - packet.l4;
    return pseudoHeader(packet, length);
  }

  // RFC 9293 section 3.1, RFC 8200 section 8.1: addresses, length, protocol.
  private static long pseudoHeader(Packet packet, int length) {
    int addresses = packet.ipVersion == 4 ? 12 : 8;
    return sum(packet.memory, packet.l3() + addresses, packet.ipVersion == 4 ? 8 : 32) + length + packet.protocol;
  }

  /**
   * The sum of {@code length} octets in 32-bit words, to which others may be added before {@link #finish}; an odd last
   * octet is padded with 0.
   */
  public static long sum(MemorySegment segment, long offset, long length) {
    long sum = 0;
    long at = offset;
    long end = offset + length;
    for (; at + 8 <= end; at += 8) {
      sum += halves(Wire.u64(segment, at));
    }
    if (at + 4 <= end) {
      sum += Wire.u32(segment, at);
      at += 4;
    }
    if (at + 2 <= end) {
      sum += Wire.u16(segment, at);
      at += 2;
    }
    if (at < end) {
      sum += Wire.u8(segment, at) << 8;
    }
    return sum;
  }

  /** Folds a sum to 16 bits and complements it. */
  public static int finish(long sum) {
    long folded = halves(sum);
    folded = (folded >>> 16) + (folded & 0xffff);
    folded = (folded >>> 16) + (folded & 0xffff);
    folded = (folded >>> 16) + (folded & 0xffff);
    return (int) ~folded & 0xffff;
  }

  private static long halves(long word) {
    return (word >>> 32) + (word & 0xffff_ffffL);
  }
}
