// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.flow.FlowSpace.Direction;
import org.southbound.flow.FlowSpace.Ports;
import org.southbound.flow.FlowSpace.Prefix;
import org.southbound.packet.Packet;
import org.southbound.packet.Parsed;

class FlowSpaceTest {
  private static final List<Direction> DIRECTIONS = List.of(Direction.values());

  /** One packet, as it is on the wire. */
  private record Sample(int ipVersion, long source, long destination, int protocol, int sourcePort, int port, int vlan,
      int dscp, int label, int flowLabel) {
    /** The packet with its key in canonical order, endpoints compared as (address, port). */
    Packet packet() {
      boolean reversed = source == destination ? sourcePort > port : source > destination;
      long ports = reversed ? (long) port << 48 | (long) sourcePort << 32 : (long) sourcePort << 48 | (long) port << 32;
      long high = ipVersion == 6 ? 0x20010db8L << 32 : 0;
      var key = new long[]{high, reversed ? destination : source, high, reversed ? source : destination,
          ports | (long) vlan << 16 | protocol << 8 | ipVersion};
      var packet = Parsed.packet(ipVersion, dscp, flowLabel, key, reversed, 1);
      if (label != 0) {
        packet.add(label);
      }
      return packet;
    }

    Sample swapped() {
      return new Sample(ipVersion, destination, source, protocol, port, sourcePort, vlan, dscp, label, flowLabel);
    }

    /** Membership as the definition says it, field by field. */
    boolean in(FlowSpace scope) {
      return switch (scope.direction()) {
        case FORWARD -> inBox(scope);
        case REVERSE -> swapped().inBox(scope);
        case BOTH -> inBox(scope) || swapped().inBox(scope);
      };
    }

    private boolean inBox(FlowSpace scope) {
      return (scope.ipVersion() == 0 || scope.ipVersion() == ipVersion)
          && (scope.protocol() < 0 || scope.protocol() == protocol) && in(scope.source(), source)
          && in(scope.destination(), destination) && scope.sourcePorts().lower() <= sourcePort
          && sourcePort <= scope.sourcePorts().upper() && scope.destinationPorts().lower() <= port
          && port <= scope.destinationPorts().upper() && (scope.vlan() < 0 || scope.vlan() == vlan)
          && (scope.dscp() < 0 || scope.dscp() == dscp) && (scope.label() == 0 || scope.label() == label)
          && (scope.flowLabel() < 0 || scope.flowLabel() == flowLabel);
    }

    private static boolean in(Prefix prefix, long address) {
      int hostBits = (prefix.ipVersion() == 6 ? 128 : 32) - prefix.length();
      return prefix.ipVersion() == 0 || address >>> hostBits == prefix.low() >>> hostBits;
    }
  }

  /** Addresses 0 to 3 are what scopes name; 4 stands for all others. */
  private static List<Sample> universe() {
    var all = new ArrayList<Sample>();
    for (int i = 0; i < 2 * 25; i++) {
      int version = i % 2 == 0 ? 4 : 6;
      int source = i / 2 % 5;
      int destination = i / 10;
      for (int j = 0; j < 16; j++) {
        int sourcePort = j % 4 == 3 ? 65535 : j % 4;
        int port = j / 4 == 3 ? 65535 : j / 4;
        for (int rest = 0; rest < (version == 6 ? 16 : 8); rest++) {
          int vlan = (rest & 1) == 0 ? 0 : 5;
          int dscp = (rest & 2) == 0 ? 0 : 46;
          int label = (rest & 4) == 0 ? 0 : 21;
          int flowLabel = rest < 8 ? 0 : 9;
          all.add(new Sample(version, source, destination, 6, sourcePort, port, vlan, dscp, label, flowLabel));
          all.add(new Sample(version, source, destination, 17, sourcePort, port, vlan, dscp, label, flowLabel));
          if (j == 0) {
            all.add(new Sample(version, source, destination, 1, 0, 0, vlan, dscp, label, flowLabel));
          }
        }
      }
    }
    return all;
  }

  private static FlowSpace random(Random random) {
    int protocol = new int[]{6, 6, 6, 17, 17, FlowSpace.ANY, 1}[random.nextInt(7)];
    int version = new int[]{0, 4, 4, 6}[random.nextInt(4)];
    boolean ported = protocol == 6 || protocol == 17;
    return new FlowSpace(DIRECTIONS.get(random.nextInt(3)), protocol, version, prefix(random, version),
        prefix(random, version), ports(random, ported), ports(random, ported),
        random.nextInt(6) == 0 ? 5 : FlowSpace.ANY,
        random.nextInt(6) == 0 ? 46 : FlowSpace.ANY, random.nextInt(6) == 0 ? 21 : 0,
        version == 6 && random.nextInt(3) == 0 ? 9 : FlowSpace.ANY);
  }

  private static Prefix prefix(Random random, int version) {
    if (version == 0 || random.nextInt(3) == 0) {
      return Prefix.ANY;
    }
    long high = version == 6 ? 0x20010db8L << 32 : 0;
    return new Prefix(version, high, random.nextInt(4), (version == 6 ? 128 : 32) - random.nextInt(3));
  }

  private static Ports ports(Random random, boolean ported) {
    if (!ported || random.nextInt(3) == 0) {
      return Ports.ANY;
    }
    int lower = random.nextInt(3);
    int upper = lower + random.nextInt(4 - lower);
    return new Ports(lower, upper == 3 ? 65535 : upper);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void shouldAgreeWithTheDefinitionOnEveryPacketOfASmallUniverse(long seed) {
    var random = new Random(seed);
    var universe = universe();
    var packets = universe.stream().map(Sample::packet).toList();
    for (int round = 0; round < 250; round++) {
      var a = random(random);
      var b = round % 5 == 0 ? a.swapped().direction(DIRECTIONS.get(random.nextInt(3))) : random(random);
      var both = a.intersection(b);
      assertTrue(both.size() <= 2, both::toString);
      boolean overlaps = false;
      boolean aHasB = true;
      boolean bHasA = true;
      for (int i = 0; i < universe.size(); i++) {
        var sample = universe.get(i);
        var packet = packets.get(i);
        boolean inA = sample.in(a);
        boolean inB = sample.in(b);
        if (inA != a.matches(packet)) {
          assertEquals(inA, a.matches(packet), () -> a + " and " + sample);
        }
        boolean inBoth = false;
        for (var part : both) {
          inBoth |= sample.in(part);
        }
        if ((inA && inB) != inBoth) {
          assertEquals(inA && inB, inBoth, () -> a + " with " + b + " is not " + both + " at " + sample);
        }
        if (a.dscp() < 0 && a.label() == 0 && a.flowLabel() < 0) {
          assertEquals(inA || sample.swapped().in(a),
              KeyScope.FLOW.belongs(a, packet.k0, packet.k1, packet.k2, packet.k3, packet.k4));
        }
        overlaps |= inA && inB;
        aHasB &= inA || !inB;
        bHasA &= inB || !inA;
      }
      assertEquals(overlaps, a.overlaps(b) && !both.isEmpty(), () -> a + " overlaps " + b);
      assertEquals(aHasB, a.contains(b), () -> a + " contains " + b);
      assertEquals(bHasA, b.contains(a), () -> b + " contains " + a);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12})
  void shouldReadWhatItPrints(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 5000; i++) {
      var scope = random(random);
      assertEquals(scope, FlowSpace.parse(scope.toString()), scope::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"any", "forward", "tcp", "ipv4", "ipv6", "tcp ipv4 any:80 -> any", "icmpv6",
      "protocol 47 ipv6",
      "tcp 10.0.0.0/8:1024-65535 -> 192.0.2.1/32:80 vlan 5 dscp 46 label 21 forward",
      "udp [2001:db8::/32]:53 -> any reverse", "2001:db8::/32 -> any flow-label 7", "flow-label 0", "any -> ::1/128",
      "sctp any -> any:5000", "dccp 10.1.2.0/23 -> any"})
  void shouldPrintCanonicalTextAsItIs(String text) {
    assertEquals(text, FlowSpace.parse(text).toString());
  }

  @ParameterizedTest
  @CsvSource({"10.1.2.3/8 -> any, 10.0.0.0/8 -> any", "any vlan 7, vlan 7", "protocol 6, tcp",
      "0.0.0.0/0 -> any, ipv4", "10.1.2.3 -> any, 10.1.2.3/32 -> any", "tcp any:0-65535 -> any, tcp",
      "2001:DB8:0:0:1:0:0:1/128 -> any, 2001:db8::1:0:0:1/128 -> any",
      "::ffff:192.0.2.1/128 -> any, ::ffff:192.0.2.1/128 -> any",
      "tcp any:80-80 -> any, tcp any:80 -> any", "ipv4 10.0.0.0/8 -> any, 10.0.0.0/8 -> any"})
  void shouldBringIntoCanonicalForm(String text, String canonical) {
    assertEquals(canonical, FlowSpace.parse(text).toString());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"''", "tpc", "10.0.0.0/33 -> any", "10.0.0 -> any", "10.0.0.256 -> any",
      "any ->",
      "1.2.3.4 -> ::1", "vlan 0", "vlan 4095", "dscp 64", "label 16777216", "flow-label 1048576", "ipv4 flow-label 1",
      "protocol 256", "protocol", "tcp any:70000 -> any", "tcp any:80- -> any", "1:2:3:4:5:6:7:8:9 -> any",
      "1::2::3 -> any", "::12345 -> any", "2001:db8::/129 -> any", "tcp tcp", "forward tcp", "any any",
      "1:2:3:4:5:6:7::8 -> any forward x", "99999999999 -> any", "[::1 -> any"})
  void shouldRefuse(String text) {
    assertThrows(ScopeException.class, () -> FlowSpace.parse(text));
  }

  @Test
  void shouldNameTheNodeAtFault() {
    var inverted = assertThrows(ScopeException.class, () -> new Ports(80, 79));
    assertEquals("southbound:scope-port-inverted", inverted.appTag());
    var without = assertThrows(ScopeException.class, () -> FlowSpace.parse("icmp any -> any:80"));
    assertEquals("southbound:scope-port-without-transport", without.appTag());
    assertEquals("destination-port", without.path());
    assertEquals("southbound:scope-port-without-transport",
        assertThrows(ScopeException.class, () -> FlowSpace.parse("any:1 -> any")).appTag());
  }

  @Test
  void shouldIntersectBothWithBothAsTwoBoxes() {
    var ports = FlowSpace.parse("tcp any:1000 -> any:80");
    var site = FlowSpace.parse("192.0.2.0/24 -> any");
    assertEquals(List.of(FlowSpace.parse("tcp 192.0.2.0/24:1000 -> any:80"),
        FlowSpace.parse("tcp any:1000 -> 192.0.2.0/24:80")), ports.intersection(site));
    // Of two parts one may contain the other, exchanged.
    assertEquals(List.of(FlowSpace.parse("tcp 10.0.0.0/8 -> 10.1.0.0/16:80")),
        FlowSpace.parse("tcp 10.0.0.0/8 -> any:80").intersection(FlowSpace.parse("tcp 10.1.0.0/16:80 -> 10.0.0.0/8")));
  }

  @Test
  void shouldContainAUnionOfItsTwoDirections() {
    assertTrue(FlowSpace.parse("tcp any:0-9 -> any:5-20").contains(FlowSpace.parse("tcp any:0-20 -> any:5-9 forward")));
    assertFalse(
        FlowSpace.parse("tcp any:0-9 -> any:5-20").contains(FlowSpace.parse("tcp any:0-20 -> any:4-9 forward")));
  }

  @Test
  void shouldMatchFramesWithoutIpByVlanAndLabelOnly() {
    var frame = Parsed.other(5);
    frame.add(21);
    assertTrue(FlowSpace.EVERYTHING.matches(frame));
    assertTrue(FlowSpace.parse("vlan 5 label 21").matches(frame));
    assertFalse(FlowSpace.parse("vlan 6").matches(frame));
    for (var text : List.of("ipv4", "tcp", "dscp 0", "label 22", "flow-label 0", "10.0.0.0/8 -> any")) {
      assertFalse(FlowSpace.parse(text).matches(frame), text);
    }
  }

  @Test
  void shouldNotKeepScopesApartByLabels() {
    assertTrue(FlowSpace.parse("label 21").overlaps(FlowSpace.parse("label 22")));
    assertFalse(FlowSpace.parse("tcp label 21").overlaps(FlowSpace.parse("udp label 21")));
  }

  @Test
  void shouldCoverHostsByDirection() {
    var scope = FlowSpace.parse("10.0.0.0/8 -> 192.0.2.0/24");
    long source = 0x0a010203L;
    long destination = 0xc0000201L;
    assertTrue(scope.coversHost(0, source, 4) && scope.coversHost(0, destination, 4));
    assertFalse(scope.coversHost(0, 0x0b000000L, 4) || scope.coversHost(0, source, 6));
    var forward = scope.direction(Direction.FORWARD);
    assertTrue(forward.coversHost(0, source, 4) && !forward.coversHost(0, destination, 4));
    var reverse = scope.direction(Direction.REVERSE);
    assertTrue(!reverse.coversHost(0, source, 4) && reverse.coversHost(0, destination, 4));
    assertTrue(KeyScope.HOST.belongs(scope, 0, source, 0, 0, 4));
  }
}
