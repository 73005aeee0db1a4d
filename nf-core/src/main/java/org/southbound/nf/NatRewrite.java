// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.packet.Checksum;
import org.southbound.packet.Packet;
import org.southbound.packet.Protocol;
import org.southbound.packet.Wire;

/**
 * Puts another endpoint into the headers of an IPv4 packet, and keeps the checksums that cover it as right, or wrong, as they
 * were (RFC 1624). A UDP checksum of 0 is none and stays (RFC 768). Endpoints are as FlowKey.rename takes them.
 */
final class NatRewrite {
  static final int SOURCE = 0;
  static final int DESTINATION = 1;

  private static final int ADDRESSES = 12;
  private static final int IP_CHECKSUM = 10;
  private static final int ICMP_CHECKSUM = 2;
  private static final int ICMP_IDENTIFIER = 4;
  private static final int UDP_CHECKSUM = 6;
  private static final int TCP_CHECKSUM = 16;
  /** Of {@link #put}: the value is not within an ICMP message. */
  private static final long NOWHERE = -1;

  private NatRewrite() {
  }

  /** Replaces the source or destination of a packet. A later fragment has no ports. */
  static void endpoint(Packet packet, int side, long before, long after) {
    endpoint(packet, side, before, after, NOWHERE);
  }

  /** The same in the packet that an ICMP error quotes, which may end behind the first 8 octets of its transport header. */
  static void quoted(Packet error, Packet quoted, int side, long before, long after) {
    endpoint(quoted, side, before, after, error.l4() + ICMP_CHECKSUM);
  }

  /** Replaces the source or destination address of an ICMP error, whose checksum does not cover it. */
  static void address(Packet error, int side, long before, long after) {
    address(error, side, before, after, NOWHERE);
  }

  private static void endpoint(Packet packet, int side, long before, long after, long cover) {
    address(packet, side, before, after, cover);
    if (packet.fragment() == 2) {
      return;
    }
    long l4 = packet.l4();
    switch (packet.protocol()) {
      case Protocol.TCP -> {
        // Cut off in many an ICMP error.
        if (packet.l3() + packet.ipLength() >= l4 + TCP_CHECKSUM + 2) {
          put(packet, l4 + TCP_CHECKSUM, updated(packet, l4 + TCP_CHECKSUM, before, after), cover);
        }
        put(packet, l4 + 2L * side, (int) after, cover);
      }
      case Protocol.UDP -> {
        if (Wire.u16(packet.memory(), l4 + UDP_CHECKSUM) != 0) {
          put(packet, l4 + UDP_CHECKSUM, Checksum.udp(updated(packet, l4 + UDP_CHECKSUM, before, after)), cover);
        }
        put(packet, l4 + 2L * side, (int) after, cover);
      }
      case Protocol.ICMP -> {
        // No pseudo header: the addresses do not count.
        int sum = Checksum.update16(Wire.u16(packet.memory(), l4 + ICMP_CHECKSUM), (int) before, (int) after);
        put(packet, l4 + ICMP_CHECKSUM, sum, cover);
        put(packet, l4 + ICMP_IDENTIFIER, (int) after, cover);
      }
      default -> throw new IllegalArgumentException("protocol " + packet.protocol() + " has no ports");
    }
  }

  private static void address(Packet packet, int side, long before, long after, long cover) {
    long l3 = packet.l3();
    int old = (int) (before >>> 16);
    int address = (int) (after >>> 16);
    put(packet, l3 + IP_CHECKSUM, Checksum.update32(Wire.u16(packet.memory(), l3 + IP_CHECKSUM), old, address), cover);
    put(packet, l3 + ADDRESSES + 4L * side, address >>> 16, cover);
    put(packet, l3 + ADDRESSES + 4L * side + 2, address, cover);
  }

  /** The checksum at {@code at} after address and port changed. */
  private static int updated(Packet packet, long at, long before, long after) {
    int sum = Checksum.update32(Wire.u16(packet.memory(), at), (int) (before >>> 16), (int) (after >>> 16));
    return Checksum.update16(sum, (int) before, (int) after);
  }

  /** Writes 16 bits, and keeps the ICMP checksum at {@code cover} right, which covers them. */
  private static void put(Packet packet, long at, int value, long cover) {
    var memory = packet.memory();
    if (cover != NOWHERE) {
      Wire.u16(memory, cover, Checksum.update16(Wire.u16(memory, cover), Wire.u16(memory, at), value));
    }
    Wire.u16(memory, at, value);
  }
}
