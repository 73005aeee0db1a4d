// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;

class ParserTest {
  private static final int OK = 0;

  private static int parse(MemorySegment frame) {
    return Parser.parse(Packet.of(frame));
  }

  private static void verdict(Drop expected, MemorySegment frame) {
    assertEquals(expected, Drop.of(parse(frame)));
  }

  private static MemorySegment change(String sample, long offset, int value) {
    MemorySegment frame = Frames.samples().get(sample);
    Wire.u8(frame, offset, value);
    return frame;
  }

  @Test
  void shouldAcceptEverySample() {
    Frames.samples().forEach((name, frame) -> {
      var packet = Packet.of(frame);
      assertEquals(OK, Parser.parse(packet), name);
      int sum = Checksum.transport(packet);
      if (packet.protocol() == Protocol.TCP && packet.fragment() == 0) {
        assertEquals(packet.tcp().checksum(), sum, name);
      }
    });
  }

  @Test
  void shouldNoteWhereHeadersAre() {
    var packet = Packet.of(Frames.samples().get("extensions"));
    Parser.parse(packet);
    assertEquals(Protocol.TCP, packet.protocol());
    assertEquals(14 + 40 + 16 + 24 + 24 + 8, packet.l4());
    assertEquals(5, packet.payloadLength());
    packet = Packet.of(Frames.samples().get("padding"));
    Parser.parse(packet);
    assertEquals(0, packet.payloadLength());
    assertEquals(40, packet.ipLength());
    packet = Packet.of(Frames.samples().get("qinq"));
    Parser.parse(packet);
    assertEquals(9, packet.vlan());
    assertEquals(Ethernet.IPV6, packet.etherType());
  }

  @Test
  void shouldParseIpWithoutEthernet() {
    var walk = new Walk();
    for (String name : new String[]{"tcp options", "extensions", "icmp error"}) {
      MemorySegment frame = Frames.samples().get(name);
      var whole = Packet.of(frame);
      assertEquals(OK, walk.take(whole, 0));
      for (long length = frame.byteSize() - Ethernet.LENGTH; length >= 0; length--) {
        var bare = Packet.of(frame.asSlice(Ethernet.LENGTH, length));
        bare.inner = whole.ipVersion() == 4 ? Packet.IPV4 : Packet.IPV6;
        boolean all = length == frame.byteSize() - Ethernet.LENGTH;
        assertEquals(all ? OK : Drop.TRUNCATED.verdict(), walk.take(bare, 0));
        assertEquals(all, bare.hash == whole.hash);
      }
    }
  }

  @Test
  void shouldTellFragmentsApart() {
    var kinds = new HashMap<String, Integer>();
    Frames.samples().forEach((name, frame) -> {
      var packet = Packet.of(frame);
      Parser.parse(packet);
      kinds.put(name, packet.fragment());
      if (packet.fragment() != 0) {
        assertEquals(packet.ipVersion() == 4 ? 0x1234 : 0xdeadbeef, packet.fragmentId());
      }
    });
    assertEquals(1, kinds.get("first fragment"));
    assertEquals(2, kinds.get("later fragment"));
    assertEquals(1, kinds.get("first fragment 6"));
    assertEquals(2, kinds.get("later fragment 6"));
    assertEquals(0, kinds.get("atomic fragment"));
  }

  @Test
  void shouldRefuseWhatContradictsItself() {
    verdict(Drop.MALFORMED, change("tcp", 14, 0x55)); // version
    verdict(Drop.MALFORMED, change("tcp", 14, 0x44)); // header length below 20
    verdict(Drop.MALFORMED, change("tcp", 17, 19)); // total length below the header's
    verdict(Drop.TRUNCATED, change("tcp", 16, 9)); // total length behind the frame's end
    verdict(Drop.TRUNCATED, change("tcp", 17, 39)); // TCP header behind the packet's end
    verdict(Drop.MALFORMED, change("tcp", 46, 0x40)); // data offset below 20
    verdict(Drop.TRUNCATED, change("tcp", 46, 0xf0)); // data offset behind the packet's end
    verdict(Drop.MALFORMED, change("udp", 39, 7)); // UDP length below 8
    verdict(Drop.TRUNCATED, change("udp", 38, 1)); // UDP length behind the packet's end
    verdict(Drop.MALFORMED, change("tcp6", 14, 0x40));
    verdict(Drop.TRUNCATED, change("tcp6", 18, 1));
    verdict(Drop.MALFORMED, Frames.ethernet(Ethernet.IPV4).tag(Vlan.C_TAG, 1).tag(Vlan.C_TAG, 1).tag(Vlan.C_TAG, 1)
        .tag(Vlan.C_TAG, 1).tag(Vlan.C_TAG, 1).v4(Protocol.GRE).done());
  }

  @Test
  void shouldRefuseJumbogramsAndBadChains() {
    MemorySegment jumbo = Frames.ipv6(Protocol.HOP_BY_HOP).extension(Protocol.NO_NEXT_HEADER, 8).done();
    new Ipv6(jumbo, 14).payloadLength(0);
    verdict(Drop.MALFORMED, jumbo);
    verdict(Drop.MALFORMED, Frames.ipv6(Protocol.ROUTING).extension(Protocol.HOP_BY_HOP, 8)
        .extension(Protocol.NO_NEXT_HEADER, 8).done());
    var chain = Frames.ipv6(Protocol.DESTINATION_OPTIONS);
    for (int i = 0; i < Parser.EXTENSION_HEADERS; i++) {
      chain.extension(Protocol.DESTINATION_OPTIONS, 8);
    }
    verdict(Drop.MALFORMED, chain.extension(Protocol.NO_NEXT_HEADER, 8).done());
    verdict(Drop.TRUNCATED, Frames.ipv6(Protocol.ROUTING).bytes(Protocol.TCP, 9, 0, 0, 0, 0, 0, 0).done());
    verdict(Drop.MALFORMED, Frames.ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.FRAGMENT, 0, false)
        .v6Fragment(Protocol.UDP, 0, false).udp(1, 2).done());
  }

  @Test
  void shouldRefuseHostileFragments() {
    // The transport header in two fragments, or overwritten by a later one: RFC 1858.
    verdict(Drop.MALFORMED, Frames.ipv4(Protocol.TCP).fragment(0, true).data(16).done());
    verdict(Drop.MALFORMED, Frames.ipv4(Protocol.TCP).fragment(8, false).data(16).done());
    verdict(Drop.MALFORMED, Frames.ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.TCP, 0, true).data(16).done());
    verdict(Drop.MALFORMED, Frames.ipv6(Protocol.FRAGMENT).v6Fragment(Protocol.ROUTING, 0, true)
        .bytes(Protocol.TCP, 9, 0, 0, 0, 0, 0, 0).done());
    // No multiple of 8, empty, and past 65,535.
    verdict(Drop.MALFORMED, Frames.ipv4(Protocol.UDP).fragment(64, true).data(15).done());
    verdict(Drop.MALFORMED, Frames.ipv4(Protocol.UDP).fragment(64, true).done());
    verdict(Drop.MALFORMED, Frames.ipv4(Protocol.UDP).fragment(65_528, false).data(8).done());
    verdict(Drop.FORWARD, Frames.ipv4(Protocol.UDP).fragment(65_520, false).data(8).done());
  }

  @Test
  void shouldCheckNshHeaders() {
    MemorySegment memory = Arena.ofAuto().allocate(64);
    Nsh.write(memory, 0, Nsh.TTL, Nsh.ETHERNET, 5, 255, 1, 2, 3, 4);
    assertEquals(OK, Parser.nsh(memory, 0, 24));
    assertEquals(Drop.TRUNCATED.verdict(), Parser.nsh(memory, 0, 23));
    Wire.u8(memory, 1, Wire.u8(memory, 1) + 1);
    assertEquals(Drop.MALFORMED.verdict(), Parser.nsh(memory, 0, 64));
    Wire.u8(memory, 2, 3);
    assertEquals(Drop.UNKNOWN_TUNNEL.verdict(), Parser.nsh(memory, 0, 64));
    Wire.u8(memory, 0, 0x4f);
    assertEquals(Drop.UNKNOWN_TUNNEL.verdict(), Parser.nsh(memory, 0, 64));
    Nsh.write(memory, 0, Nsh.TTL, Nsh.ETHERNET, 5, 255, 16);
    Nsh.writeMetadata(memory, 8, 1, 1, 4);
    assertEquals(OK, Parser.nsh(memory, 0, 16));
    Nsh.writeMetadata(memory, 8, 1, 1, 5);
    assertEquals(Drop.MALFORMED.verdict(), Parser.nsh(memory, 0, 64));
    assertEquals(Drop.MALFORMED.verdict(), Parser.vxlan(memory, 40, 8));
    Vxlan.write(memory, 40, 7);
    assertEquals(OK, Parser.vxlan(memory, 40, 8));
    assertEquals(Drop.TRUNCATED.verdict(), Parser.vxlan(memory, 40, 7));
  }

  @Test
  void shouldStayInBoundsWhereverAPacketIsCut() {
    var walk = new Walk();
    Frames.samples().forEach((name, frame) -> {
      for (long length = 0; length <= frame.byteSize(); length++) {
        MemorySegment cut = Arena.ofAuto().allocate(length);
        MemorySegment.copy(frame, 0, cut, 0, length);
        walk.take(Packet.of(cut), 0);
      }
    });
    assertTrue(walk.verdicts[Drop.TRUNCATED.verdict()] > 100);
  }

  @Test
  void shouldSurviveMutatedPackets() {
    mutate(Long.getLong("southbound.mutations", 300_000), 1);
  }

  @Tag("soak")
  @Test
  void shouldSurviveTenMillionMutatedPackets() {
    mutate(10_000_000, System.nanoTime());
  }

  private static void mutate(long packets, long seed) {
    var mutator = new Mutator(new SplittableRandom(seed));
    var walk = new Walk();
    for (long i = 0; i < packets; i++) {
      MemorySegment frame = mutator.next();
      try {
        walk.take(Packet.of(frame), i >> 4);
        Parser.vxlan(frame, 0, frame.byteSize());
        if (Parser.nsh(frame, 0, frame.byteSize()) == OK) {
          walk.seen += new Nsh(frame, 0).metadata(0xfff6, 1);
        }
      } catch (RuntimeException | Error failure) {
        throw new AssertionError("seed " + seed + ", packet " + i + ": " + mutator.hex(), failure);
      }
    }
    // Every packet has a verdict, and the mutator reaches all that the parser can give.
    assertEquals(packets, Arrays.stream(walk.verdicts).sum());
    for (Drop drop : new Drop[]{Drop.FORWARD, Drop.TRUNCATED, Drop.MALFORMED, Drop.FRAGMENT}) {
      assertTrue(walk.verdicts[drop.verdict()] > packets / 10_000, drop + " of " + Arrays.toString(walk.verdicts));
    }
    assertTrue(walk.related > packets / 10_000);
  }

  @Test
  void shouldReadThePacketInsideAnError() {
    var inner = Packet.of(MemorySegment.NULL);
    var outer = Packet.of(Frames.samples().get("icmp error"));
    Parser.parse(outer);
    assertTrue(Parser.isIcmpError(outer));
    assertEquals(OK, Parser.embedded(outer, inner));
    assertEquals(40_000, inner.tcp().sourcePort());
    assertEquals(1000, inner.tcp().sequence());
    assertEquals(Frames.SERVER, inner.ipv4().destination());
    outer = Packet.of(Frames.samples().get("error, extensions"));
    Parser.parse(outer);
    assertEquals(OK, Parser.embedded(outer, inner));
    assertEquals(6, inner.tcp().destinationPort());
  }

  @Test
  void shouldRefuseOtherPacketsInsideErrors() {
    var inner = Packet.of(MemorySegment.NULL);
    for (String name : new String[]{"icmp error", "later fragment"}) {
      var outer = Packet
          .of(Frames.ipv4(Protocol.ICMP).icmp(Icmp.UNREACHABLE, 0, 0).inside(Frames.samples().get(name), 99)
              .done());
      assertEquals(OK, Parser.parse(outer));
      assertNotEquals(OK, Parser.embedded(outer, inner));
      assertEquals(0, inner.ipVersion());
    }
    var echo = Packet.of(Frames.samples().get("icmp echo"));
    Parser.parse(echo);
    assertEquals(Drop.MALFORMED.verdict(), Parser.embedded(echo, inner));
    var cut = Packet.of(Frames.ipv4(Protocol.ICMP).icmp(Icmp.UNREACHABLE, 0, 0).inside(Frames.samples().get("tcp"), 27)
        .done());
    assertEquals(OK, Parser.parse(cut));
    assertEquals(Drop.TRUNCATED.verdict(), Parser.embedded(cut, inner));
  }

  /** In a JVM of its own: what other tests did to the compiler's profiles, and the checks of tests, are not the product's. */
  @Test
  void shouldAllocateNothing() throws Exception {
    var command = java.nio.file.Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var child = new ProcessBuilder(command, "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp",
        System.getProperty("java.class.path"), ParserTest.class.getName()).redirectErrorStream(true).start();
    var said = new String(child.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, child.waitFor(), said);
    assertEquals("allocated 0", said.lines().filter(line -> line.startsWith("allocated")).findFirst().orElse(said));
  }

  /** Prints the octets that a million packets cost once the compiler has seen enough of them. */
  public static void main(String[] args) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Packet[] packets = Frames.samples().values().stream()
        .map(frame -> Packet.of(java.lang.foreign.Arena.global().allocate(frame.byteSize()).copyFrom(frame)))
        .toArray(Packet[]::new);
    var fragments = new FragmentTable();
    var inner = Packet.of(MemorySegment.NULL);
    // The compiler removes boxes of the JDK once it comes to it, which on a busy machine takes a while.
    long deadline = System.nanoTime() + 60_000_000_000L;
    long allocated = Long.MAX_VALUE;
    long seen = 0;
    while (allocated != 0 && System.nanoTime() < deadline) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1_000_000 / packets.length; i++) {
        for (Packet packet : packets) {
          seen += process(packet, inner, fragments, i);
        }
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    System.out.println("allocated " + allocated);
    System.out.println("seen " + (seen != 0));
  }

  private static long process(Packet packet, Packet inner, FragmentTable fragments, long nowMillis) {
    int verdict = Parser.parse(packet);
    if (verdict == OK) {
      verdict = FlowKey.extract(packet, fragments, nowMillis);
    }
    if (verdict != OK) {
      return verdict;
    }
    if (Parser.isIcmpError(packet)) {
      return (long) FlowKey.related(packet, inner) + inner.hash;
    }
    if (packet.protocol() == Protocol.TCP && packet.fragment() != 2) {
      return (long) packet.hash + Tcp.flags(packet.memory(), packet.l4())
          + Tcp.windowScale(packet.memory(), packet.l4());
    }
    return packet.hash;
  }
}
