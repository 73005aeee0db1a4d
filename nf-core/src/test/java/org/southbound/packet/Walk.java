// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;

/**
 * What the data plane may do with any octets at all: parse, take the key, and read every header that the parser found.
 * The memory is exactly the packet, so a read outside of it throws.
 */
final class Walk {
  private final FragmentTable fragments;
  private final Packet inner = new Packet(MemorySegment.NULL, 0);
  /** Keeps the reads from being optimised away. */
  long seen;
  /** Packets per verdict, and whose embedded packet had a flow. */
  final long[] verdicts = new long[Drop.count()];
  long related;

  Walk() {
    this(new FragmentTable(64, 30_000));
  }

  Walk(FragmentTable fragments) {
    this.fragments = fragments;
  }

  /** The verdict of parser or flow key. */
  int take(Packet packet, long nowMillis) {
    int verdict = Parser.parse(packet);
    bounds(packet, packet.frameLength());
    if (verdict == 0) {
      verdict = FlowKey.extract(packet, fragments, nowMillis);
    }
    verdicts[verdict]++;
    if (verdict == 0) {
      read(packet);
      if (FlowKey.related(packet, inner) == 0) {
        related++;
        bounds(inner, packet.frameLength());
        ip(inner);
        seen += Protocol.hasPorts(inner.protocol()) ? Wire.u64(inner.memory(), inner.l4()) : 0;
      }
    }
    return verdict;
  }

  private static void bounds(Packet packet, int length) {
    if (packet.l3 < 0 || packet.l3 > packet.l4 || packet.l4 > packet.payload || packet.payload > packet.ipEnd
        || packet.ipEnd > length) {
      throw new AssertionError("offsets " + packet.l3 + ", " + packet.l4 + ", " + packet.payload + ", " + packet.ipEnd
          + " of a frame of " + length);
    }
  }

  private void read(Packet packet) {
    if (packet.inner == Packet.ETHERNET) {
      var ethernet = packet.ethernet();
      seen += ethernet.destination() + ethernet.source() + ethernet.etherType();
    }
    seen += packet.payloadLength();
    if (packet.ipVersion() == 0) {
      return;
    }
    ip(packet);
    seen += packet.payloadLength() == 0 ? 0 : Wire.u8(packet.memory(), packet.payload() + packet.payloadLength() - 1);
    seen += Checksum.transport(packet);
    if (packet.fragment() == 2) {
      return;
    }
    switch (packet.protocol()) {
      case Protocol.TCP -> {
        var tcp = packet.tcp();
        seen += tcp.sequence() + tcp.acknowledgment() + tcp.flags() + tcp.window() + tcp.checksum()
            + tcp.urgentPointer()
            + tcp.mss() + tcp.windowScale() + (tcp.sackPermitted() ? 1 : 0);
        seen += tcp.timestamps() < 0 ? 0 : Wire.u64(packet.memory(), tcp.timestamps());
      }
      case Protocol.UDP -> seen += packet.udp().length() + packet.udp().checksum();
      case Protocol.SCTP -> seen += packet.sctp().verificationTag() + packet.sctp().checksum();
      case Protocol.ICMP, Protocol.ICMPV6 -> seen += packet.icmp().checksum() + packet.icmp().rest();
      default -> {
        // Nothing that a view reads.
      }
    }
  }

  private void ip(Packet packet) {
    if (packet.ipVersion() == 4) {
      var ip = packet.ipv4();
      seen += ip.source() + ip.destination() + ip.ttl() + ip.option(7) + Checksum.ipv4(packet.memory(), packet.l3());
    } else {
      var ip = packet.ipv6();
      seen += ip.sourceHigh() + ip.destinationLow() + ip.hopLimit() + ip.flowLabel();
    }
  }
}
