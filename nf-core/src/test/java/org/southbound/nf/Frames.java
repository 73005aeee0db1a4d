// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.southbound.packet.Ethernet;
import org.southbound.packet.Icmp;
import org.southbound.packet.Ipv4;
import org.southbound.packet.Ipv6;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.packet.Wire;

/** Frames made by hand; hosts are 10.0.0.n or 2001:db8::n. */
final class Frames {
  private static final int MOST = 2000;
  private static final long PREFIX6 = 0x20010db8_00000000L;

  private Frames() {
  }

  static byte[] ip(int version, int from, int to, int protocol, int hopLimit, byte[] l4) {
    var octets = new byte[MOST];
    var memory = MemorySegment.ofArray(octets);
    Ethernet.write(memory, 0, 0x020000000000L + to, 0x020000000000L + from,
        version == 4 ? Ethernet.IPV4 : Ethernet.IPV6);
    int l3 = Ethernet.LENGTH;
    if (version == 4) {
      Ipv4.write(memory, l3, 0, Ipv4.LENGTH + l4.length, 1, hopLimit, protocol, 0x0a000000 + from, 0x0a000000 + to);
    } else {
      Ipv6.write(memory, l3, 0, 0, l4.length, protocol, hopLimit, PREFIX6, from, PREFIX6, to);
    }
    int at = l3 + (version == 4 ? Ipv4.LENGTH : Ipv6.LENGTH);
    System.arraycopy(l4, 0, octets, at, l4.length);
    return Arrays.copyOf(octets, at + l4.length);
  }

  static byte[] tcp(int version, int from, int to, int sourcePort, int port, int flags, int sequence, int ack,
      int window, int payload, byte... options) {
    var l4 = new byte[Tcp.LENGTH + options.length + payload];
    var memory = MemorySegment.ofArray(l4);
    Tcp.write(memory, 0, sourcePort, port, sequence, ack, flags, window);
    new Tcp(memory, 0).headerLength(Tcp.LENGTH + options.length);
    System.arraycopy(options, 0, l4, Tcp.LENGTH, options.length);
    return ip(version, from, to, Protocol.TCP, 64, l4);
  }

  static byte[] udp(int version, int from, int to, int sourcePort, int port) {
    var l4 = new byte[12];
    var memory = MemorySegment.ofArray(l4);
    Wire.u16(memory, 0, sourcePort);
    Wire.u16(memory, 2, port);
    Wire.u16(memory, 4, l4.length);
    return ip(version, from, to, Protocol.UDP, 64, l4);
  }

  static byte[] icmp(int version, int from, int to, int type, int code, int rest, int hopLimit, byte... payload) {
    var l4 = new byte[Icmp.LENGTH + payload.length];
    Icmp.write(MemorySegment.ofArray(l4), 0, type, code, rest);
    System.arraycopy(payload, 0, l4, Icmp.LENGTH, payload.length);
    return ip(version, from, to, version == 4 ? Protocol.ICMP : Protocol.ICMPV6, hopLimit, l4);
  }

  /** An error about a frame. */
  static byte[] error(int version, int from, int to, int type, int code, byte[] about) {
    return icmp(version, from, to, type, code, 0, 64, Arrays.copyOfRange(about, Ethernet.LENGTH, about.length));
  }

  static byte[] arp() {
    var octets = new byte[60];
    Ethernet.write(MemorySegment.ofArray(octets), 0, 0xffffffffffffL, 0x020000000001L, Ethernet.ARP);
    return octets;
  }
}
