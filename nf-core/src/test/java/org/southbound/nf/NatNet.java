// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.southbound.packet.Checksum;
import org.southbound.packet.Drop;
import org.southbound.packet.Icmp;
import org.southbound.packet.Ipv4;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.packet.Wire;

/** Hosts on both sides of a NAT: inside 10.0.0.0/8, external 203.0.113.0/28, and whatever they send. */
final class NatNet {
  static final int INSIDE = 0x0a000000;
  static final int EXTERNAL = 0xcb007100;
  static final int OUTSIDE = 0xc6336400;

  /** An IPv4 endpoint of a protocol. */
  record End(int address, int port) {
    boolean isExternal() { return (address & -16) == EXTERNAL; }
  }

  private NatNet() {
  }

  static End inside(int host, int port) {
    return new End(INSIDE + host, port);
  }

  static End outside(int host, int port) {
    return new End(OUTSIDE + host, port);
  }

  // ---- configuration

  static Config nat(String... leaves) {
    return nat(List.of(pool("p", "203.0.113.0/28")), List.of(rule("r", "10.0.0.0/8", "p")), List.of(), leaves);
  }

  static Config nat(List<Config> pools, List<Config> rules, List<Config> statics, String... leaves) {
    return new Config(Configs.leaves(leaves), Map.of(), Map.of(),
        Map.of("pool", pools, "rule", rules, "static", statics));
  }

  static Config pool(String name, String prefix, String... leaves) {
    var all = Configs.leaves(leaves);
    all.put("name", name);
    return new Config(all, Map.of("prefix", List.of(prefix.split(" "))), Map.of(), Map.of());
  }

  static Config rule(String name, String prefix, String pool) {
    return new Config(Map.of("name", name, "pool", pool), Map.of(), Map.of("scope", Configs.from(prefix)), Map.of());
  }

  static Config fixed(String name, int protocol, String external, int externalPort, String internal, int internalPort,
      String... leaves) {
    var all = Configs.leaves(leaves);
    all.putAll(Map.of("name", name, "protocol", "" + protocol, "external-address", external, "external-port",
        "" + externalPort, "internal-address", internal, "internal-port", "" + internalPort));
    return new Config(all, Map.of(), Map.of(), Map.of());
  }

  // ---- packets

  /** A packet of a protocol with 12 octets of payload; of ICMP an echo request, or reply if the destination is inside or external. */
  static byte[] packet(int protocol, End from, End to, int tcpFlags) {
    byte[] l4;
    if (protocol == Protocol.TCP) {
      l4 = new byte[Tcp.LENGTH + 12];
      int mine = from.address >>> 24 == 10 ? 1000 : 5000;
      Tcp.write(MemorySegment.ofArray(l4), 0, from.port, to.port, (tcpFlags & Tcp.SYN) != 0 ? mine : mine + 1,
          6001 - mine,
          tcpFlags, 64_000);
    } else if (protocol == Protocol.UDP) {
      l4 = new byte[20];
      var memory = MemorySegment.ofArray(l4);
      Wire.u16(memory, 0, from.port);
      Wire.u16(memory, 2, to.port);
      Wire.u16(memory, 4, l4.length);
    } else {
      l4 = new byte[20];
      boolean asks = (from.address >>> 24) == 10;
      Icmp.write(MemorySegment.ofArray(l4), 0, asks ? Icmp.ECHO : Icmp.ECHO_REPLY, 0,
          (asks ? from : to).port << 16 | 7);
    }
    return checked(Frames.ip(4, from.address - INSIDE, to.address - INSIDE, protocol, 64, l4));
  }

  static byte[] udp(End from, End to) {
    return packet(Protocol.UDP, from, to, 0);
  }

  static byte[] tcp(End from, End to, int flags) {
    return packet(Protocol.TCP, from, to, flags);
  }

  /** An ICMP error about a frame, of which it quotes so many octets of the IP packet. */
  static byte[] error(int from, int to, byte[] about, int octets) {
    var quote = Arrays.copyOfRange(about, 14, Math.min(about.length, 14 + octets));
    return checked(Frames.icmp(4, from - INSIDE, to - INSIDE, Icmp.UNREACHABLE, 3, 0, 64, quote));
  }

  /** With the right checksums. */
  static byte[] checked(byte[] frame) {
    var packet = parsed(frame);
    Checksum.setTransport(packet);
    return packet.memory().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  static Packet parsed(byte[] frame) {
    var memory = java.lang.foreign.Arena.ofAuto().allocate(frame.length);
    MemorySegment.copy(frame, 0, memory, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, frame.length);
    var packet = Packet.of(memory);
    assertEquals(0, Parser.parse(packet));
    return packet;
  }

  static End source(byte[] frame) {
    var packet = parsed(frame);
    return new End(packet.ipv4().source(), port(packet, 0));
  }

  static End destination(byte[] frame) {
    var packet = parsed(frame);
    return new End(packet.ipv4().destination(), port(packet, 2));
  }

  private static int port(Packet packet, int at) {
    return packet.fragment() == 2 ? 0
        : Wire.u16(packet.memory(), packet.l4() + (packet.protocol() == Protocol.ICMP ? 4 : at));
  }

  /** The frame after the NAT, with its checksums verified. */
  static byte[] through(Rig rig, byte[] frame) {
    assertEquals(Drop.FORWARD, rig.send(frame));
    var out = rig.left();
    assertChecksums(out);
    return out;
  }

  static void assertChecksums(byte[] frame) {
    var packet = parsed(frame);
    var memory = packet.memory();
    assertEquals(Checksum.ipv4(memory, packet.l3()), new Ipv4(memory, packet.l3()).checksum(), "IP checksum");
    int expected = Checksum.transport(packet);
    int at = packet.protocol() == Protocol.TCP ? 16 : packet.protocol() == Protocol.UDP ? 6 : 2;
    if (expected >= 0 && (at != 6 || Wire.u16(memory, packet.l4() + at) != 0)) {
      assertEquals(expected, Wire.u16(memory, packet.l4() + at), "transport checksum");
    }
  }

  /** The packet that an ICMP error quotes. */
  static byte[] quote(byte[] error) {
    return Arrays.copyOfRange(error, 14 + 20 + 8, error.length);
  }

  /** A frame with 802.1Q tag. */
  static byte[] tagged(byte[] frame, int vlan) {
    var out = new byte[frame.length + 4];
    System.arraycopy(frame, 0, out, 0, 12);
    System.arraycopy(frame, 12, out, 16, frame.length - 12);
    Wire.u32(MemorySegment.ofArray(out), 12, 0x8100 << 16 | vlan);
    return out;
  }

  /** Two fragments of a UDP datagram of 48 octets, the first with the ports. */
  static List<byte[]> fragments(End from, End to, int identification) {
    var l4 = new byte[48];
    var memory = MemorySegment.ofArray(l4);
    Wire.u16(memory, 0, from.port);
    Wire.u16(memory, 2, to.port);
    Wire.u16(memory, 4, l4.length);
    var whole = checked(Frames.ip(4, from.address - INSIDE, to.address - INSIDE, Protocol.UDP, 64, l4));
    var result = new ArrayList<byte[]>();
    for (int i = 0; i < 2; i++) {
      var part = Arrays.copyOf(whole, 34 + 24);
      System.arraycopy(whole, 34 + 24 * i, part, 34, 24);
      var ip = new Ipv4(MemorySegment.ofArray(part), 14);
      ip.totalLength(44);
      ip.identification(identification);
      ip.flagsAndFragment(i == 0 ? Ipv4.MORE_FRAGMENTS : 3);
      result.add(part);
    }
    return result;
  }
}
