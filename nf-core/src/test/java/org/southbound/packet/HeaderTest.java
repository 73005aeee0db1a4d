// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a view writes it reads, and nothing beside it changes. */
class HeaderTest {
  private static final int ROUNDS = 2_000;
  private static final long AT = 3;

  private final SplittableRandom random = new SplittableRandom(791);
  private final MemorySegment memory = Arena.ofAuto().allocate(AT + 64);

  private int bits(int bits) {
    return random.nextInt() >>> (32 - bits);
  }

  private void noise() {
    for (long i = 0; i < memory.byteSize(); i++) {
      Wire.u8(memory, i, random.nextInt());
    }
  }

  @Test
  void shouldReadBackEthernetAndVlan() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      long source = random.nextLong() >>> 16;
      long destination = random.nextLong() >>> 16;
      int type = bits(16);
      Ethernet.write(memory, AT, destination, source, type);
      assertEquals(new Values(destination, source, type),
          new Values(new Ethernet(memory, AT).destination(), new Ethernet(memory, AT).source(),
              new Ethernet(memory, AT).etherType()));
      int vid = bits(12);
      int priority = bits(3);
      Vlan.write(memory, AT, Vlan.S_TAG, priority, vid);
      var vlan = new Vlan(memory, AT);
      assertEquals(new Values(Vlan.S_TAG, priority, vid), new Values(vlan.tpid(), vlan.priority(), vlan.vid()));
      vlan.vid(vid ^ 0xfff);
      vlan.priority(priority ^ 7);
      assertEquals(new Values(Vlan.S_TAG, priority ^ 7, vid ^ 0xfff),
          new Values(vlan.tpid(), vlan.priority(), vlan.vid()));
      assertFalse(vlan.dropEligible());
    }
  }

  private record Values(long a, long b, long c) {
  }

  @Test
  void shouldReadBackIpv4AndKeepItsChecksum() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      Ipv4.write(memory, AT, bits(6), bits(16), bits(16), bits(8), bits(8), random.nextInt(), random.nextInt());
      var ip = new Ipv4(memory, AT);
      assertEquals(Checksum.ipv4(memory, AT), ip.checksum());
      int[] values = {bits(6), bits(2), bits(16), bits(16), bits(16), bits(8), random.nextInt(), random.nextInt()};
      ip.dscp(values[0]);
      ip.ecn(values[1]);
      ip.totalLength(values[2]);
      ip.identification(values[3]);
      ip.flagsAndFragment(values[4]);
      ip.ttl(values[5]);
      ip.source(values[6]);
      ip.destination(values[7]);
      assertEquals(Ipv4.LENGTH, ip.headerLength());
      assertArrayEquals(values, new int[]{ip.dscp(), ip.ecn(), ip.totalLength(),
          ip.identification(), ip.flagsAndFragment(), ip.ttl(), ip.source(), ip.destination()});
      assertEquals(Checksum.ipv4(memory, AT), ip.checksum());
    }
  }

  @Test
  void shouldReadBackIpv6() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      int[] values = {bits(6), bits(20), bits(16), bits(8), bits(8)};
      long[] addresses = {random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong()};
      Ipv6.write(memory, AT, values[0], values[1], values[2], values[3], values[4], addresses[0], addresses[1],
          addresses[2], addresses[3]);
      var ip = new Ipv6(memory, AT);
      assertArrayEquals(values,
          new int[]{ip.dscp(), ip.flowLabel(), ip.payloadLength(), ip.nextHeader(), ip.hopLimit()});
      assertArrayEquals(addresses,
          new long[]{ip.sourceHigh(), ip.sourceLow(), ip.destinationHigh(), ip.destinationLow()});
      assertEquals(0, ip.ecn());
      ip.dscp(values[0] ^ 63);
      ip.ecn(3);
      ip.payloadLength(values[2] ^ 0xffff);
      ip.nextHeader(values[3] ^ 255);
      ip.hopLimit(values[4] ^ 255);
      ip.source(addresses[2], addresses[3]);
      ip.destination(addresses[0], addresses[1]);
      assertEquals(6, Wire.u8(memory, AT) >>> 4);
      assertArrayEquals(new int[]{values[0] ^ 63, 3, values[1], values[2] ^ 0xffff, values[3] ^ 255, values[4] ^ 255},
          new int[]{ip.dscp(), ip.ecn(), ip.flowLabel(), ip.payloadLength(), ip.nextHeader(), ip.hopLimit()});
      assertArrayEquals(new long[]{addresses[2], addresses[3], addresses[0], addresses[1]},
          new long[]{ip.sourceHigh(), ip.sourceLow(), ip.destinationHigh(), ip.destinationLow()});
      int id = random.nextInt();
      Ipv6Fragment.write(memory, AT, values[3], values[2] & 0xfff8, i % 2 == 0, id);
      var fragment = new Ipv6Fragment(memory, AT);
      assertEquals(new Values(values[3], values[2] & 0xfff8, id),
          new Values(fragment.nextHeader(), fragment.fragmentOffset(), fragment.identification()));
      assertEquals(i % 2 == 0, fragment.moreFragments());
    }
  }

  @Test
  void shouldReadBackTransportHeaders() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      int[] v = {bits(16), bits(16), random.nextInt(), random.nextInt(), bits(8), bits(16), bits(16)};
      Tcp.write(memory, AT, v[0], v[1], v[2], v[3], v[4], v[5]);
      var tcp = new Tcp(memory, AT);
      tcp.checksum(v[6]);
      assertArrayEquals(v, new int[]{tcp.sourcePort(), tcp.destinationPort(), tcp.sequence(), tcp.acknowledgment(),
          tcp.flags(), tcp.window(), tcp.checksum()});
      assertEquals(Tcp.LENGTH, tcp.headerLength());
      Udp.write(memory, AT, v[0], v[1], v[5], v[6]);
      var udp = new Udp(memory, AT);
      assertArrayEquals(new int[]{v[0], v[1], v[5], v[6]},
          new int[]{udp.sourcePort(), udp.destinationPort(), udp.length(), udp.checksum()});
      Sctp.write(memory, AT, v[0], v[1], v[2], v[3]);
      var sctp = new Sctp(memory, AT);
      assertArrayEquals(new int[]{v[0], v[1], v[2], v[3]},
          new int[]{sctp.sourcePort(), sctp.destinationPort(), sctp.verificationTag(), sctp.checksum()});
      Icmp.write(memory, AT, v[4], v[4] ^ 255, v[2]);
      var icmp = new Icmp(memory, AT);
      icmp.checksum(v[6]);
      assertArrayEquals(new int[]{v[4], v[4] ^ 255, v[2], v[6], v[2] >>> 16, v[2] & 0xffff}, new int[]{icmp.type(),
          icmp.code(), icmp.rest(), icmp.checksum(), icmp.identifier(), icmp.sequence()});
    }
  }

  @Test
  void shouldFindTcpOptions() {
    var packet = Packet.of(Frames.samples().get("tcp options"));
    Parser.parse(packet);
    Tcp tcp = packet.tcp();
    assertEquals(1460, tcp.mss());
    assertEquals(7, tcp.windowScale());
    assertTrue(tcp.sackPermitted());
    assertEquals(7, Wire.u32(packet.memory(), tcp.timestamps()));
    // Lengths that are wrong, point behind the header, or would never end.
    for (int[] hostile : new int[][]{{2, 3, 5, 180}, {2, 0, 0, 0}, {2, 1, 5, 180}, {2, 40, 5, 180}, {1, 1, 1, 2},
        {0, 2, 4, 5}, {3, 4, 9, 0}}) {
      packet = Packet.of(Frames.ipv4(Protocol.TCP).tcp(1, 2, hostile).done());
      assertEquals(0, Parser.parse(packet));
      assertEquals(-1, packet.tcp().mss());
      assertEquals(-1, packet.tcp().windowScale());
    }
    packet = Packet.of(Frames.ipv4(Protocol.TCP).tcp(1, 2, 3, 3, 200, 0).done());
    Parser.parse(packet);
    assertEquals(14, packet.tcp().windowScale());
  }

  @Test
  void shouldReadBackTunnelHeaders() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      int vni = bits(24);
      Vxlan.write(memory, AT, vni);
      var vxlan = new Vxlan(memory, AT);
      assertEquals(new Values(vni, Vxlan.ETHERNET, Vxlan.INSTANCE),
          new Values(vxlan.vni(), vxlan.nextProtocol(), vxlan.flags()));
      vxlan.nextProtocol(Vxlan.NSH);
      vxlan.vni(vni ^ 0xffffff);
      assertEquals(new Values(vni ^ 0xffffff, Vxlan.NSH, Vxlan.INSTANCE | Vxlan.NEXT_PROTOCOL),
          new Values(vxlan.vni(), vxlan.nextProtocol(), vxlan.flags()));
      Vxlan.write(memory, AT, vni, Vxlan.IPV6);
      assertEquals(new Values(vni, Vxlan.IPV6, 0), new Values(vxlan.vni(), vxlan.nextProtocol(), vxlan.version()));
      int[] v = {bits(6), bits(8), vni, bits(8), random.nextInt(), random.nextInt()};
      Nsh.write(memory, AT, v[0], v[1], v[2], v[3], v[4], v[5], 0, 0);
      var nsh = new Nsh(memory, AT);
      assertArrayEquals(v,
          new int[]{nsh.ttl(), nsh.nextProtocol(), nsh.spi(), nsh.si(), nsh.context(0), nsh.context(1)});
      nsh.ttl(v[0] ^ 63);
      nsh.path(v[2] ^ 0xffffff, v[3] ^ 255);
      nsh.oam(true);
      nsh.context(3, v[5]);
      assertArrayEquals(new int[]{v[0] ^ 63, 24, 1, v[2] ^ 0xffffff, v[3] ^ 255, v[5], 0},
          new int[]{nsh.ttl(), nsh.length(), nsh.metadataType(), nsh.spi(), nsh.si(), nsh.context(3), nsh.version()});
      assertTrue(nsh.oam());
    }
  }

  @Test
  void shouldUpdateChecksumsAsIfComputedAnew() {
    String[] names = {"tcp", "udp", "udp6", "tcp6", "icmp echo", "echo6"};
    for (int i = 0; i < ROUNDS; i++) {
      var packet = Packet.of(Frames.samples().get(names[i % names.length]));
      assertEquals(0, Parser.parse(packet));
      long field = packet.l4() + switch (packet.protocol()) {
        case Protocol.TCP -> 16;
        case Protocol.UDP -> 6;
        default -> 2;
      };
      MemorySegment frame = packet.memory();
      int checksum = Wire.u16(frame, field);
      // Identifier or ports, and all that the pseudo header has.
      int word = random.nextInt();
      checksum = Checksum.update16(checksum, Wire.u16(frame, packet.l4()),
          packet.protocol() == Protocol.UDP ? 9 : word);
      Wire.u16(frame, packet.l4(), packet.protocol() == Protocol.UDP ? 9 : word);
      if (packet.ipVersion() == 6) {
        for (int at = 8; at < 40; at += 8) {
          long half = random.nextLong();
          checksum = Checksum.update64(checksum, Wire.u64(frame, packet.l3() + at), half);
          Wire.u64(frame, packet.l3() + at, half);
        }
      } else if (packet.protocol() != Protocol.ICMP) {
        checksum = Checksum.update32(checksum, packet.ipv4().source(), word);
        packet.ipv4().source(word);
        assertEquals(Checksum.ipv4(frame, packet.l3()), packet.ipv4().checksum());
      }
      assertEquals(Checksum.transport(packet), packet.protocol() == Protocol.UDP ? Checksum.udp(checksum) : checksum);
    }
  }

  @Test
  void shouldSumAnyLengthAtAnyOffset() {
    for (int i = 0; i < ROUNDS; i++) {
      noise();
      int length = random.nextInt(50);
      long at = random.nextInt(10);
      int expected = 0;
      for (int octet = 0; octet < length; octet++) {
        expected += Wire.u8(memory, at + octet) << (octet % 2 == 0 ? 8 : 0);
      }
      while (expected >>> 16 != 0) {
        expected = (expected >>> 16) + (expected & 0xffff);
      }
      assertEquals(~expected & 0xffff, Checksum.finish(Checksum.sum(memory, at, length)));
    }
    // RFC 1624 section 4: the case that equation 2 gets wrong.
    assertEquals(0x0000, Checksum.update16(0xdd2f, 0x5555, 0x3285));
    assertEquals(0xffff, Checksum.udp(0));
  }
}
