// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.southbound.packet.Drop;
import org.southbound.packet.Ethernet;
import org.southbound.packet.Icmp;
import org.southbound.packet.Ipv4;
import org.southbound.packet.Ipv6;
import org.southbound.packet.Ipv6Fragment;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Udp;
import org.southbound.packet.Vlan;
import org.southbound.packet.Wire;

class FlowKeyTest {
  private static final int FRAGMENT = Drop.FRAGMENT.verdict();
  private static final int MALFORMED = Drop.MALFORMED.verdict();

  private final SplittableRandom random = new SplittableRandom(5);
  private final FragmentTable fragments = new FragmentTable(64, 30_000);

  private record End(long high, long low, int port) {
  }

  private static Packet udp(int version, int vlan, End source, End destination) {
    MemorySegment frame = Arena.ofAuto()
        .allocate(Ethernet.LENGTH + Vlan.LENGTH + (version == 4 ? 20 : 40) + Udp.LENGTH);
    Ethernet.write(frame, 0, 1, 2, 0);
    Vlan.write(frame, 12, Vlan.C_TAG, 0, vlan);
    Wire.u16(frame, 16, version == 4 ? Ethernet.IPV4 : Ethernet.IPV6);
    if (version == 4) {
      Ipv4.write(frame, 18, 0, 28, 1, 64, Protocol.UDP, (int) source.low, (int) destination.low);
      Udp.write(frame, 38, source.port, destination.port, 8, 0);
    } else {
      Ipv6.write(frame, 18, 0, 0, 8, Protocol.UDP, 64, source.high, source.low, destination.high, destination.low);
      Udp.write(frame, 58, source.port, destination.port, 8, 0);
    }
    return Packet.of(frame);
  }

  private int take(Packet packet, long nowMillis) {
    assertEquals(0, Parser.parse(packet));
    return FlowKey.extract(packet, fragments, nowMillis);
  }

  private static long[] key(Packet packet) {
    return new long[]{packet.k0, packet.k1, packet.k2, packet.k3, packet.k4};
  }

  private static void same(Packet one, Packet other) {
    assertEquals(Arrays.toString(key(one)), Arrays.toString(key(other)));
    assertEquals(one.hash, other.hash);
  }

  // Few values, so that equal parts occur; with the sign bit, so that signed comparison would show.
  private End end(int version) {
    long[] words = {1, 2, 0x8000_0000L, 0xffff_ffffL};
    long[] wide = {1, Long.MIN_VALUE, -1};
    return version == 4
        ? new End(0, words[random.nextInt(4)], random.nextInt(3) * 0x7fff)
        : new End(wide[random.nextInt(3)], wide[random.nextInt(3)], random.nextInt(3) * 0x7fff);
  }

  @Test
  void shouldGiveBothDirectionsOneKey() {
    for (int i = 0; i < 20_000; i++) {
      int version = i % 2 == 0 ? 4 : 6;
      End source = end(version);
      End destination = end(version);
      Packet there = udp(version, i % 4096, source, destination);
      Packet back = udp(version, i % 4096, destination, source);
      assertEquals(0, take(there, 0));
      assertEquals(0, take(back, 0));
      same(there, back);
      assertEquals(!source.equals(destination), there.reversed != back.reversed);
      End a = there.reversed ? destination : source;
      End b = there.reversed ? source : destination;
      assertEquals(a, new End(there.k0, there.k1, FlowKey.portA(there.k4)));
      assertEquals(b, new End(there.k2, there.k3, FlowKey.portB(there.k4)));
      int order = Long.compareUnsigned(a.high, b.high);
      order = order != 0 ? order : Long.compareUnsigned(a.low, b.low);
      assertTrue(order < 0 || (order == 0 && a.port <= b.port));
      assertEquals(i % 4096, FlowKey.vlan(there.k4));
      assertEquals(Protocol.UDP, FlowKey.protocol(there.k4));
      assertEquals(version, FlowKey.ipVersion(there.k4));
      assertEquals(there.k4, FlowKey.word4(a.port, b.port, i % 4096, Protocol.UDP, version));
      assertEquals(there.hash, FlowKey.hash(there.k0, there.k1, there.k2, there.k3, there.k4));
    }
  }

  @Test
  void shouldSpreadNeighbouringFlows() {
    // Consecutive addresses and ports, as scanners make them: no bucket of 4096 may be much fuller than by chance.
    int[] low = new int[4096];
    int[] high = new int[4096];
    for (int i = 0; i < 1 << 18; i++) {
      int hash = FlowKey.hash(0, 0x0a000001 + (i >>> 9), 0, 0xc0000207L,
          FlowKey.word4(40_000 + (i & 511), 80, 0, Protocol.TCP, 4));
      low[hash & 4095]++;
      high[hash >>> 20]++;
    }
    assertTrue(Arrays.stream(low).max().orElseThrow() < 64 + 60, "low bits");
    assertTrue(Arrays.stream(high).max().orElseThrow() < 64 + 60, "high bits");
  }

  private static Packet fragment4(int id, int protocol, int offset, boolean more, int octets) {
    MemorySegment frame = Arena.ofAuto().allocate(34 + octets);
    Ethernet.write(frame, 0, 1, 2, Ethernet.IPV4);
    Ipv4.write(frame, 14, 0, 20 + octets, id, 64, protocol, 1, 2);
    new Ipv4(frame, 14).flagsAndFragment(offset / 8 | (more ? Ipv4.MORE_FRAGMENTS : 0));
    if (offset == 0 && protocol == Protocol.UDP) {
      Udp.write(frame, 34, 53, 5353, 1000, 0);
    } else if (offset == 0 && protocol == Protocol.ICMP) {
      Icmp.write(frame, 34, Icmp.ECHO, 0, 77 << 16);
    }
    return Packet.of(frame);
  }

  private static Packet fragment6(int id, int next, int offset, boolean more, int octets) {
    MemorySegment frame = Arena.ofAuto().allocate(62 + octets);
    Ethernet.write(frame, 0, 1, 2, Ethernet.IPV6);
    Ipv6.write(frame, 14, 0, 0, 8 + octets, Protocol.FRAGMENT, 64, 1, 2, 3, 4);
    Ipv6Fragment.write(frame, 54, next, offset, more, id);
    if (offset == 0) {
      Wire.u16(frame, 62, Protocol.UDP << 8);
      Udp.write(frame, 70, 53, 5353, 1000, 0);
    }
    return Packet.of(frame);
  }

  @Test
  void shouldClassifyFragmentsLikeTheirFirst() {
    Packet first = fragment4(9, Protocol.UDP, 0, true, 64);
    Packet later = fragment4(9, Protocol.UDP, 64, true, 64);
    assertEquals(FRAGMENT, take(later, 0));
    assertEquals(0, take(first, 0));
    assertEquals(0, take(later, 29_999));
    same(first, later);
    assertEquals(FRAGMENT, take(later, 30_000));
    assertEquals(0, take(first, 40_000));
    assertEquals(FRAGMENT, take(fragment4(10, Protocol.UDP, 64, false, 5), 40_000));
    assertEquals(MALFORMED, take(fragment4(9, Protocol.UDP, 56, false, 5), 40_000));
    Packet echo = fragment4(9, Protocol.ICMP, 0, true, 64);
    Packet rest = fragment4(9, Protocol.ICMP, 64, false, 64);
    assertEquals(0, take(echo, 40_000));
    assertEquals(0, take(rest, 40_000));
    same(echo, rest);
    assertEquals(77, FlowKey.portA(rest.k4));
    // Without ports there is nothing to remember.
    assertEquals(0, take(fragment4(9, Protocol.ESP, 64, false, 64), 40_000));
    assertEquals(2, fragments.size(40_001));
    assertEquals(0, fragments.size(80_000));
  }

  @Test
  void shouldClassifyIpv6FragmentsBehindExtensionHeaders() {
    Packet first = fragment6(9, Protocol.DESTINATION_OPTIONS, 0, true, 64);
    Packet later = fragment6(9, Protocol.DESTINATION_OPTIONS, 64, false, 63);
    Packet disguised = fragment6(9, Protocol.GRE, 64, false, 63);
    assertEquals(FRAGMENT, take(later, 0));
    assertEquals(0, take(first, 0));
    assertEquals(0, take(later, 0));
    same(first, later);
    assertEquals(0, take(disguised, 0));
    same(first, disguised);
    assertEquals(Protocol.UDP, disguised.protocol());
    assertEquals(MALFORMED, take(fragment6(9, Protocol.UDP, 8, false, 63), 0));
  }

  @Test
  void shouldBoundTheFragmentTable() {
    for (int id = 0; id < 1000; id++) {
      assertEquals(0, take(fragment4(id, Protocol.UDP, 0, true, 64), id));
    }
    assertEquals(64, fragments.size(1000));
    assertEquals(1000 - 64, fragments.evicted());
    assertEquals(0, take(fragment4(999, Protocol.UDP, 64, true, 64), 1000));
  }

  @Test
  void shouldFindTheFlowOfAnError() {
    Packet packet = udp(4, 7, new End(0, 5, 53), new End(0, 3, 9));
    assertEquals(0, take(packet, 0));
    MemorySegment frame = Arena.ofAuto().allocate(18 + 20 + 8 + 28);
    MemorySegment.copy(packet.memory(), 0, frame, 0, 18);
    Ipv4.write(frame, 18, 0, 56, 1, 64, Protocol.ICMP, 99, 5);
    Icmp.write(frame, 38, Icmp.UNREACHABLE, 3, 0);
    MemorySegment.copy(packet.memory(), 18, frame, 46, 28);
    Packet error = Packet.of(frame);
    assertEquals(0, take(error, 0));
    Packet inner = Packet.of(MemorySegment.NULL);
    assertEquals(0, FlowKey.related(error, inner));
    same(packet, inner);
    assertEquals(packet.reversed, inner.reversed);
    assertNotEquals(error.k4, inner.k4);
    assertNotEquals(0, FlowKey.related(packet, inner));
  }

  @Test
  void shouldGiveOtherFramesNoFlow() {
    MemorySegment frame = Arena.ofAuto().allocate(60);
    Ethernet.write(frame, 0, 1, 2, Ethernet.ARP);
    Packet packet = Packet.of(frame);
    packet.k4 = 5;
    assertEquals(0, take(packet, 0));
    assertEquals("[0, 0, 0, 0, 0]", Arrays.toString(key(packet)));
  }
}
