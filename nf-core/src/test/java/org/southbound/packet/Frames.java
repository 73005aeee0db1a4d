// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** Frames built layer by layer for tests; lengths and checksums are filled in at the end. */
final class Frames {
  static final int CLIENT = 0x0a000001;
  static final int SERVER = 0xc0000207;
  static final long NET = 0x20010db800000000L;

  private final MemorySegment memory = Arena.ofAuto().allocate(4096);
  private int at;
  private int ip = -1;
  private int udp = -1;

  static Frames ethernet(int etherType) {
    var frames = new Frames();
    Ethernet.write(frames.memory, 0, 0x020000000002L, 0x020000000001L, etherType);
    frames.at = Ethernet.LENGTH;
    return frames;
  }

  static Frames ipv4(int protocol) {
    return ethernet(Ethernet.IPV4).v4(protocol);
  }

  static Frames ipv6(int next) {
    return ethernet(Ethernet.IPV6).v6(next);
  }

  Frames tag(int tpid, int vid) {
    int etherType = Wire.u16(memory, at - 2);
    Vlan.write(memory, at - 2, tpid, 3, vid);
    at += Vlan.LENGTH;
    Wire.u16(memory, at - 2, etherType);
    return this;
  }

  Frames v4(int protocol) {
    ip = at;
    Ipv4.write(memory, at, 10, Ipv4.LENGTH, 0x1234, 64, protocol, CLIENT, SERVER);
    at += Ipv4.LENGTH;
    return this;
  }

  Frames v4Options(int... octets) {
    bytes(octets);
    Wire.u8(memory, ip, 0x45 + octets.length / 4);
    return this;
  }

  Frames fragment(int offset, boolean more) {
    new Ipv4(memory, ip).flagsAndFragment(offset / 8 | (more ? Ipv4.MORE_FRAGMENTS : 0));
    return this;
  }

  Frames v6(int next) {
    ip = at;
    Ipv6.write(memory, at, 10, 0xabcde, 0, next, 64, NET, 1, NET, 2);
    at += Ipv6.LENGTH;
    return this;
  }

  Frames extension(int next, int octets) {
    Wire.u16(memory, at, next << 8 | octets / 8 - 1);
    at += octets;
    return this;
  }

  Frames authentication(int next) {
    Wire.u16(memory, at, next << 8 | 4);
    at += 24;
    return this;
  }

  Frames v6Fragment(int next, int offset, boolean more) {
    Ipv6Fragment.write(memory, at, next, offset, more, 0xdeadbeef);
    at += Ipv6Fragment.LENGTH;
    return this;
  }

  Frames tcp(int source, int destination, int... options) {
    Tcp.write(memory, at, source, destination, 1000, 2000, Tcp.SYN | Tcp.ACK, 64_000);
    new Tcp(memory, at).headerLength(Tcp.LENGTH + options.length);
    at += Tcp.LENGTH;
    return bytes(options);
  }

  Frames udp(int source, int destination) {
    udp = at;
    Udp.write(memory, at, source, destination, 0, 0);
    at += Udp.LENGTH;
    return this;
  }

  Frames icmp(int type, int code, int rest) {
    Icmp.write(memory, at, type, code, rest);
    at += Icmp.LENGTH;
    return this;
  }

  Frames bytes(int... octets) {
    for (int octet : octets) {
      Wire.u8(memory, at++, octet);
    }
    return this;
  }

  Frames data(int octets) {
    for (int i = 0; i < octets; i++) {
      Wire.u8(memory, at++, 0xa0 + i);
    }
    return this;
  }

  /** The octets of {@code frame} behind its Ethernet header, at most {@code most}. */
  Frames inside(MemorySegment frame, int most) {
    int length = (int) Math.min(most, frame.byteSize() - Ethernet.LENGTH);
    MemorySegment.copy(frame, Ethernet.LENGTH, memory, at, length);
    at += length;
    return this;
  }

  /** Writes the lengths of the last IP and UDP header, and the checksums; the memory is exactly the frame. */
  MemorySegment done() {
    return done(0);
  }

  MemorySegment done(int padding) {
    if (ip >= 0 && Wire.u8(memory, ip) >>> 4 == 4) {
      new Ipv4(memory, ip).totalLength(at - ip);
      Wire.u16(memory, ip + 10, Checksum.ipv4(memory, ip));
    } else if (ip >= 0) {
      new Ipv6(memory, ip).payloadLength(at - ip - Ipv6.LENGTH);
    }
    if (udp >= 0) {
      new Udp(memory, udp).length(at - udp);
    }
    MemorySegment exact = Arena.ofAuto().allocate(at + padding);
    MemorySegment.copy(memory, 0, exact, 0, at);
    var packet = Packet.of(exact);
    if (Parser.parse(packet) == 0) {
      Checksum.setTransport(packet);
    }
    return exact;
  }

  /** One frame of every kind that the parser knows, by name; all of them are fine. */
  static Map<String, MemorySegment> samples() {
    var samples = new LinkedHashMap<String, MemorySegment>();
    int[] options = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 3, 3, 7};
    samples.put("tcp", ipv4(Protocol.TCP).tcp(40_000, 80).data(9).done());
    samples.put("tcp options", ipv4(Protocol.TCP).tcp(40_000, 80, options).done());
    samples.put("ip options", ipv4(Protocol.TCP).v4Options(7, 7, 4, 0, 0, 0, 0, 0).tcp(40_000, 80).data(4).done());
    samples.put("padding", ipv4(Protocol.TCP).tcp(40_000, 80).done(6));
    samples.put("vlan", ethernet(Ethernet.IPV4).tag(Vlan.C_TAG, 42).v4(Protocol.UDP).udp(53, 5353).data(7).done());
    samples.put("qinq",
        ethernet(Ethernet.IPV6).tag(Vlan.S_TAG, 9).tag(Vlan.C_TAG, 42).v6(Protocol.TCP).tcp(1, 2).done());
    samples.put("four tags", ethernet(Ethernet.IPV4).tag(Vlan.OLD_S_TAG, 1).tag(Vlan.S_TAG, 2).tag(Vlan.C_TAG, 3)
        .tag(Vlan.C_TAG, 4).v4(Protocol.UDP).udp(1, 2).done());
    samples.put("udp", ipv4(Protocol.UDP).udp(53, 5353).data(33).done());
    samples.put("icmp echo", ipv4(Protocol.ICMP).icmp(Icmp.ECHO, 0, 0x12340001).data(8).done());
    samples.put("icmp error", ipv4(Protocol.ICMP).icmp(Icmp.UNREACHABLE, 1, 0).inside(samples.get("tcp"), 28).done());
    samples.put("icmp error, options",
        ipv4(Protocol.ICMP).icmp(Icmp.TIME_EXCEEDED, 0, 0).inside(samples.get("ip options"), 99).done());
    samples.put("sctp", ipv4(Protocol.SCTP).bytes(0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4).data(4).done());
    samples.put("dccp", ipv4(Protocol.DCCP).bytes(0, 1, 0, 2, 4, 0, 0, 0, 0, 0, 0, 4).data(4).done());
    samples.put("udp-lite", ipv4(Protocol.UDP_LITE).bytes(0, 1, 0, 2, 0, 8, 0, 0).data(4).done());
    samples.put("gre", ipv4(Protocol.GRE).bytes(0, 0, 8, 0).data(4).done());
    samples.put("esp", ipv6(Protocol.ESP).data(24).done());
    samples.put("empty", ipv4(253).done());
    samples.put("first fragment", ipv4(Protocol.UDP).fragment(0, true).udp(53, 5353).data(24).done());
    samples.put("later fragment", ipv4(Protocol.UDP).fragment(32, false).data(13).done());
    samples.put("tcp6", ipv6(Protocol.TCP).tcp(40_000, 443, options).data(3).done());
    samples.put("udp6", ipv6(Protocol.UDP).udp(53, 5353).data(3).done());
    samples.put("echo6", ipv6(Protocol.ICMPV6).icmp(Icmp.V6_ECHO, 0, 0x12340001).data(8).done());
    samples.put("too big",
        ipv6(Protocol.ICMPV6).icmp(Icmp.V6_PACKET_TOO_BIG, 0, 1280).inside(samples.get("tcp6"), 99).done());
    samples.put("no next", ipv6(Protocol.NO_NEXT_HEADER).done());
    samples.put("extensions", ipv6(Protocol.HOP_BY_HOP).extension(Protocol.ROUTING, 16).extension(Protocol.AH, 24)
        .authentication(Protocol.DESTINATION_OPTIONS).extension(Protocol.TCP, 8).tcp(5, 6).data(5).done());
    samples.put("error, extensions",
        ipv6(Protocol.ICMPV6).icmp(Icmp.V6_TIME_EXCEEDED, 0, 0).inside(samples.get("extensions"), 500).done());
    samples.put("first fragment 6", ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.DESTINATION_OPTIONS, 0, true)
        .extension(Protocol.TCP, 8).tcp(40_000, 443).data(20).done());
    samples.put("later fragment 6",
        ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.DESTINATION_OPTIONS, 48, false).data(21).done());
    samples.put("atomic fragment", ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.UDP, 0, false).udp(1, 2).data(3).done());
    samples.put("arp", ethernet(Ethernet.ARP).data(28).done());
    samples.put("mpls", ethernet(Ethernet.MPLS).data(40).done());
    samples.put("llc", ethernet(46).data(46).done());
    return samples;
  }
}
