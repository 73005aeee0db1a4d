// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Icmp;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Wire;

/**
 * What no network function rewrites, as 64 bits: lengths, IPv4 identification, fragment offsets, protocol, sequence and
 * acknowledgement numbers, ICMP type and code, options and payload. Left out are MAC addresses and VLAN tags, DSCP and
 * TTL, addresses, ports, ICMP identifiers and all checksums. Packets of different flows may have the same fingerprint.
 */
final class Fingerprint {
  private static final long SEED = 0x9E37_79B9_7F4A_7C15L;
  private static final long FACTOR = 0xD6E8_FEB8_6659_FD93L;

  private final Packet embedded = Packet.of(MemorySegment.NULL);

  /** The fingerprint of a packet that was parsed without complaint. */
  long of(Packet packet) {
    var memory = packet.memory();
    if (packet.ipVersion() == 0) {
      return octets(mix(SEED, packet.etherType()), memory, packet.l3(), packet.frame() + packet.frameLength());
    }
    long hash = network(SEED, packet);
    long l4 = packet.l4();
    long end = packet.l3() + packet.ipLength();
    if (packet.fragment() != 2 && isIcmp(packet)) {
      return icmp(hash, packet, l4, end);
    }
    return transport(hash, packet, l4, end);
  }

  private static long network(long seed, Packet packet) {
    long hash = mix(seed, (long) packet.ipVersion() << 32 | packet.protocol() << 16 | packet.ipLength());
    if (packet.ipVersion() == 4) {
      hash = mix(hash, Wire.i32(packet.memory(), packet.l3() + 4));
    } else if (packet.fragment() != 0) {
      hash = mix(hash, (long) packet.fragmentId() << 32 | packet.fragmentOffset());
    }
    return hash;
  }

  private static boolean isIcmp(Packet packet) {
    return packet.protocol() == (packet.ipVersion() == 4 ? Protocol.ICMP : Protocol.ICMPV6);
  }

  private long icmp(long before, Packet packet, long l4, long end) {
    var memory = packet.memory();
    int type = Wire.u8(memory, l4);
    long hash = mix(before, Wire.u16(memory, l4));
    if (Icmp.isQuery(packet.ipVersion(), type)) {
      return octets(hash, memory, l4 + 6, end);
    }
    if (!Icmp.isError(packet.ipVersion(), type) || Parser.embedded(packet, embedded) != 0) {
      return octets(hash, memory, l4 + 4, end);
    }
    // An address translator rewrites the packet inside an error as it did the packet itself.
    hash = network(mix(hash, Wire.i32(memory, l4 + 4)), embedded);
    long inner = embedded.l4();
    if (isIcmp(embedded)) {
      return mix(hash, (long) Wire.u16(memory, inner) << 16 | Wire.u16(memory, inner + 6));
    }
    return mix(hash, embedded.protocol() == Protocol.UDP ? Wire.u16(memory, inner + 4) : Wire.i32(memory, inner + 4));
  }

  private static long transport(long hash, Packet packet, long l4, long end) {
    var memory = packet.memory();
    if (packet.fragment() == 2) {
      return octets(hash, memory, l4, end);
    }
    return switch (packet.protocol()) {
      case Protocol.TCP ->
        octets(mix(mix(hash, Wire.u64(memory, l4 + 4)), Wire.i32(memory, l4 + 12)), memory, l4 + 18, end);
      case Protocol.UDP, Protocol.UDP_LITE -> octets(mix(hash, Wire.u16(memory, l4 + 4)), memory, l4 + 8, end);
      case Protocol.SCTP -> octets(mix(hash, Wire.i32(memory, l4 + 4)), memory, l4 + 12, end);
      default -> octets(hash, memory, l4, end);
    };
  }

  private static long octets(long before, MemorySegment memory, long from, long end) {
    long hash = before;
    long at = from;
    for (; at + 8 <= end; at += 8) {
      hash = mix(hash, Wire.u64(memory, at));
    }
    long rest = end - at;
    for (; at < end; at++) {
      rest = rest << 8 | Wire.u8(memory, at);
    }
    return mix(hash, rest);
  }

  private static long mix(long hash, long word) {
    long product = (hash ^ word) * FACTOR;
    return product ^ product >>> 32;
  }
}
