// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.southbound.nf.NatNet.destination;
import static org.southbound.nf.NatNet.fixed;
import static org.southbound.nf.NatNet.inside;
import static org.southbound.nf.NatNet.nat;
import static org.southbound.nf.NatNet.outside;
import static org.southbound.nf.NatNet.packet;
import static org.southbound.nf.NatNet.pool;
import static org.southbound.nf.NatNet.rule;
import static org.southbound.nf.NatNet.source;
import static org.southbound.nf.NatNet.tcp;
import static org.southbound.nf.NatNet.through;
import static org.southbound.nf.NatNet.udp;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.ScopeException;
import org.southbound.nf.NatNet.End;
import org.southbound.packet.Drop;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.state.StateLayout.Kind;

class NatTest {
  private static final Drop PASS = Drop.FORWARD;
  private static final End CLIENT = inside(1, 5000);
  private static final End SERVER = outside(10, 443);

  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(new Nat());
    rig.configure(nat());
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private byte[] out(int protocol, End from, End to) {
    return through(rig, packet(protocol, from, to, Tcp.SYN));
  }

  private End mapped(int protocol, End from, End to) {
    return source(out(protocol, from, to));
  }

  /** A TCP connection that both sides have opened; returns its external endpoint. */
  private End connect(End client, End server) {
    var external = mapped(Protocol.TCP, client, server);
    through(rig, tcp(server, external, Tcp.SYN | Tcp.ACK));
    through(rig, tcp(client, server, Tcp.ACK));
    return external;
  }

  // ---- mapping

  @ParameterizedTest
  @ValueSource(ints = {Protocol.TCP, Protocol.UDP, Protocol.ICMP})
  void shouldTranslateOutAndBack(int protocol) {
    var sent = packet(protocol, CLIENT, SERVER, Tcp.SYN);
    var external = source(through(rig, sent));
    assertTrue(external.isExternal(), external.toString());
    assertEquals(SERVER.address(), destination(rig.left()).address());
    var back = through(rig, packet(protocol, SERVER, external, Tcp.SYN | Tcp.ACK));
    assertEquals(CLIENT, destination(back));
    assertEquals(SERVER.address(), source(back).address());
    // The second packet takes the same way, and nothing else of it has changed.
    var again = through(rig, sent);
    assertEquals(external, source(again));
    assertEquals(1, rig.flows.size());
    assertEquals(2, rig.count("packets-translated-out"));
    assertEquals(1, rig.count("packets-translated-in"));
  }

  @Test
  void shouldMapAnEndpointAlikeForAllDestinationsAndAHostToOneAddress() {
    var external = mapped(Protocol.UDP, CLIENT, SERVER);
    assertEquals(external, mapped(Protocol.UDP, CLIENT, outside(11, 53)));
    assertNotEquals(external, mapped(Protocol.UDP, inside(1, 5002), SERVER));
    for (int port = 6000; port < 7000; port++) {
      assertEquals(external.address(), mapped(Protocol.UDP, inside(1, port), SERVER).address());
    }
    var addresses = new HashSet<Integer>();
    for (int host = 2; host < 100; host++) {
      addresses.add(mapped(Protocol.UDP, inside(host, 5000), SERVER).address());
    }
    assertTrue(addresses.size() > 10, "hosts share the pool's addresses: " + addresses.size());
  }

  @Test
  void shouldKeepTheParityOfUdpPorts() {
    for (int port = 5000; port < 5400; port++) {
      assertEquals(port & 1, mapped(Protocol.UDP, inside(1, port), SERVER).port() & 1);
    }
  }

  @Test
  void shouldNeverGiveAPortTwiceAndTakeItBack() {
    rig.configure(
        nat(List.of(pool("p", "203.0.113.5/32", "first-port", "2001", "last-port", "2032", "block-size", "8")),
            List.of(rule("r", "10.0.0.0/8", "p")), List.of(), "port-parity", "false"));
    var given = new HashSet<End>();
    for (int port = 1; port <= 24; port++) {
      assertTrue(given.add(mapped(Protocol.UDP, inside(1, port), SERVER)));
    }
    // The last block goes to another host, whose ports may be the same in another protocol.
    for (int port = 1; port <= 8; port++) {
      assertTrue(given.add(mapped(Protocol.UDP, inside(2, port), SERVER)));
      mapped(Protocol.TCP, inside(2, port), SERVER);
    }
    assertEquals(Drop.NO_PORT, rig.send(udp(inside(2, 9), SERVER)));
    assertEquals(Drop.NO_PORT, rig.send(udp(inside(1, 25), SERVER)));
    assertEquals(Drop.NO_PORT, rig.send(udp(inside(3, 1), SERVER)));
    assertEquals(3, rig.count("packets-without-port"));
    assertEquals(40, rig.flows.size());
    rig.pass(1000);
    assertEquals(4, rig.count("port-blocks"));
    rig.pass(300_000);
    assertEquals(0, rig.flows.size());
    assertEquals(0, rig.count("mappings"));
    assertEquals(0, rig.count("port-blocks"));
    assertTrue(rig.tables.values().stream().allMatch(table -> table.size() == 0));
    mapped(Protocol.UDP, inside(3, 1), SERVER);
  }

  @Test
  void shouldKeepUdpWithoutChecksumWithoutIt() {
    var sent = udp(CLIENT, SERVER);
    sent[40] = 0;
    sent[41] = 0;
    var out = through(rig, sent);
    assertEquals(0, out[40] | out[41]);
  }

  // ---- filtering

  @ParameterizedTest
  @CsvSource({"endpoint-independent, true, true", "address-dependent, true, false",
      "address-and-port-dependent, false, false"})
  void shouldFilter(String filtering, boolean otherPort, boolean otherHost) {
    rig.configure(nat("filtering", filtering));
    for (int protocol : new int[]{Protocol.UDP, Protocol.TCP}) {
      var external = mapped(protocol, CLIENT, SERVER);
      assertEquals(PASS, rig.send(packet(protocol, SERVER, external, Tcp.SYN | Tcp.ACK)));
      assertEquals(otherPort ? PASS : Drop.NO_MAPPING, rig.send(packet(protocol, outside(10, 9), external, Tcp.SYN)));
      assertEquals(otherHost ? PASS : Drop.NO_MAPPING, rig.send(packet(protocol, outside(11, 443), external, Tcp.SYN)));
    }
    assertEquals(Drop.NO_MAPPING, rig.send(udp(SERVER, new End(NatNet.EXTERNAL, 1))));
  }

  @Test
  void shouldForgetAContactWithItsLastSession() {
    rig.configure(nat("filtering", "address-dependent"));
    var external = mapped(Protocol.UDP, CLIENT, SERVER);
    mapped(Protocol.UDP, CLIENT, outside(10, 444));
    rig.pass(200_000);
    mapped(Protocol.UDP, CLIENT, outside(10, 444));
    rig.pass(200_000);
    assertEquals(PASS, rig.send(udp(outside(10, 1), external)));
    mapped(Protocol.UDP, CLIENT, outside(11, 444));
    rig.pass(200_000);
    assertEquals(Drop.NO_MAPPING, rig.send(udp(outside(10, 1), external)));
    assertEquals(1, rig.tables.get(Nat.CONTACT).size());
  }

  @Test
  void shouldTrackAConnectionThatTheOutsideOpens() {
    var external = connect(CLIENT, SERVER);
    var peer = outside(20, 7000);
    assertEquals(CLIENT, destination(through(rig, tcp(peer, external, Tcp.SYN))));
    assertEquals(external, source(through(rig, tcp(CLIENT, peer, Tcp.SYN | Tcp.ACK))));
    through(rig, tcp(peer, external, Tcp.ACK));
    assertEquals(2, rig.flows.size());
    assertEquals(Drop.TCP_STATE, rig.send(tcp(outside(21, 7000), external, Tcp.ACK)));
  }

  // ---- what is not translated

  @Test
  void shouldTellInsideFromOutside() {
    assertArrayEquals(udp(outside(1, 1), outside(2, 2)), through(rig, udp(outside(1, 1), outside(2, 2))));
    assertArrayEquals(udp(inside(1, 1), inside(2, 2)), through(rig, udp(inside(1, 1), inside(2, 2))));
    var group = udp(CLIENT, new End(0xe0000001, 9));
    assertArrayEquals(group, through(rig, group));
    assertEquals(Drop.NO_MAPPING, rig.send(udp(SERVER, CLIENT)));
    mapped(Protocol.UDP, CLIENT, SERVER);
    assertEquals(Drop.NO_MAPPING, rig.send(udp(SERVER, CLIENT)), "past the mapping of a session");
    assertEquals(PASS, rig.send(Frames.udp(6, 1, 2, 3, 4)));
    assertEquals(PASS, rig.send(Frames.arp()));
    assertEquals(5, rig.count("packets-untranslated"));
    assertEquals(Drop.UNTRANSLATABLE, rig.send(Frames.ip(4, 1, SERVER.address() - NatNet.INSIDE, 47, 64, new byte[8])));
    assertEquals(Drop.UNTRANSLATABLE,
        rig.send(
            Frames.ip(4, SERVER.address() - NatNet.INSIDE, NatNet.EXTERNAL - NatNet.INSIDE, 132, 64, new byte[12])));
    assertEquals(Drop.TCP_STATE, rig.send(tcp(CLIENT, SERVER, Tcp.ACK)));
  }

  @Test
  void shouldPassEverythingWithoutRules() {
    rig.configure(Config.EMPTY);
    assertArrayEquals(udp(CLIENT, SERVER), through(rig, udp(CLIENT, SERVER)));
    assertEquals(0, rig.flows.size());
  }

  @Test
  void shouldNotLetAnOutsideHostAskByIcmp() {
    var external = mapped(Protocol.ICMP, CLIENT, SERVER);
    var ask = NatNet.checked(Frames.icmp(4, SERVER.address() - NatNet.INSIDE, external.address() - NatNet.INSIDE, 8, 0,
        external.port() << 16, 64));
    rig.pass(70_000);
    mapped(Protocol.ICMP, CLIENT, outside(11, 0));
    assertEquals(Drop.NO_MAPPING, rig.send(ask));
  }

  @Test
  void shouldFindASessionAcrossVlans() {
    var external = source(through(rig, NatNet.tagged(tcp(CLIENT, SERVER, Tcp.SYN), 7)));
    assertTrue(external.isExternal());
    assertEquals(CLIENT, destination(through(rig, NatNet.tagged(tcp(SERVER, external, Tcp.SYN | Tcp.ACK), 8))));
    assertEquals(external, source(through(rig, NatNet.tagged(tcp(CLIENT, SERVER, Tcp.ACK), 7))));
    assertEquals(1, rig.flows.size());
  }

  // ---- hairpinning

  @ParameterizedTest
  @ValueSource(ints = {Protocol.TCP, Protocol.UDP})
  void shouldTurnPacketsToItsOwnAddressesAround(int protocol) {
    var one = inside(1, 1000);
    var two = inside(2, 2000);
    var external = mapped(protocol, two, SERVER);
    var there = through(rig, packet(protocol, one, external, Tcp.SYN));
    assertEquals(two, destination(there));
    assertTrue(source(there).isExternal(), "by its external address");
    var back = through(rig, packet(protocol, two, source(there), Tcp.SYN | Tcp.ACK));
    assertEquals(one, destination(back));
    assertEquals(external, source(back));
    assertEquals(two, destination(through(rig, packet(protocol, one, external, Tcp.ACK))));
    assertEquals(3, rig.count("packets-hairpinned"));
    rig.configure(nat("hairpinning", "false"));
    assertEquals(Drop.NO_MAPPING, rig.send(packet(protocol, one, external, Tcp.ACK)));
    assertEquals(Drop.NO_MAPPING, rig.send(packet(protocol, inside(3, 3), external, Tcp.SYN)));
  }

  // ---- ICMP errors

  @ParameterizedTest
  @CsvSource({"6, 28", "6, 40", "6, 999", "17, 28", "17, 999", "1, 28", "1, 999"})
  void shouldTranslateErrorsWithWhatTheyQuote(int protocol, int octets) {
    var sent = packet(protocol, CLIENT, SERVER, Tcp.SYN);
    var left = through(rig, sent);
    var external = source(left);
    // From a router outside: the client sees its own packet.
    var error = through(rig, NatNet.error(NatNet.OUTSIDE + 99, external.address(), left, octets));
    assertEquals(CLIENT.address(), destination(error).address());
    assertEquals(NatNet.OUTSIDE + 99, source(error).address());
    assertArrayEquals(Arrays.copyOfRange(sent, 14, Math.min(sent.length, 14 + octets)), NatNet.quote(error));
    // From a router inside: the server sees what it sent.
    var answer = packet(protocol, SERVER, external, Tcp.SYN | Tcp.ACK);
    var came = through(rig, answer);
    error = through(rig, NatNet.error(NatNet.INSIDE + 254, SERVER.address(), came, octets));
    assertEquals(external.address(), source(error).address());
    assertArrayEquals(Arrays.copyOfRange(answer, 14, Math.min(answer.length, 14 + octets)), NatNet.quote(error));
    assertEquals(2, rig.count("icmp-errors-translated"));
    assertEquals(1, rig.flows.size());
  }

  @Test
  void shouldTurnErrorsAround() {
    var two = inside(2, 2000);
    var external = mapped(Protocol.UDP, two, SERVER);
    var sent = udp(CLIENT, external);
    var came = through(rig, sent);
    var error = through(rig, NatNet.error(two.address(), source(came).address(), came, 28));
    assertEquals(external.address(), source(error).address());
    assertEquals(CLIENT.address(), destination(error).address());
    assertArrayEquals(Arrays.copyOfRange(sent, 14, 42), NatNet.quote(error));
  }

  @Test
  void shouldDropErrorsAboutNothing() {
    var stranger = udp(new End(NatNet.EXTERNAL, 77), SERVER);
    assertEquals(Drop.NO_MAPPING, rig.send(NatNet.error(SERVER.address(), NatNet.EXTERNAL, stranger, 28)));
    assertEquals(Drop.NO_MAPPING, rig.send(NatNet.error(CLIENT.address(), SERVER.address(), udp(SERVER, CLIENT), 28)));
    assertEquals(Drop.NO_MAPPING, rig.send(NatNet.error(SERVER.address(), CLIENT.address(), udp(CLIENT, SERVER), 28)));
    var between = NatNet.error(NatNet.OUTSIDE, NatNet.OUTSIDE + 1, udp(outside(1, 1), outside(2, 2)), 28);
    assertArrayEquals(between, through(rig, between));
  }

  // ---- fragments

  @Test
  void shouldTranslateFragmentsWithTheirFirst() {
    var parts = NatNet.fragments(CLIENT, SERVER, 7);
    var external = source(through(rig, parts.get(0)));
    assertEquals(external.address(), source(through(rig, parts.get(1))).address());
    for (var part : NatNet.fragments(SERVER, external, 8)) {
      assertEquals(CLIENT.address(), destination(through(rig, part)).address());
    }
    assertEquals(Drop.FRAGMENT, rig.send(NatNet.fragments(CLIENT, SERVER, 9).get(1)), "before its first");
  }

  // ---- timers

  @Test
  void shouldLetOnlyTheInsideKeepAUdpSessionAlive() {
    var external = mapped(Protocol.UDP, CLIENT, SERVER);
    for (int i = 0; i < 3; i++) {
      rig.pass(90_000);
      assertEquals(PASS, rig.send(udp(SERVER, external)));
    }
    rig.pass(40_000);
    assertEquals(Drop.NO_MAPPING, rig.send(udp(SERVER, external)));
    external = mapped(Protocol.UDP, CLIENT, SERVER);
    for (int i = 0; i < 10; i++) {
      rig.pass(250_000);
      assertEquals(external, mapped(Protocol.UDP, CLIENT, SERVER));
    }
  }

  @Test
  void shouldTimeTcpByItsState() {
    mapped(Protocol.TCP, CLIENT, SERVER);
    rig.pass(239_000);
    assertEquals(1, rig.flows.size());
    rig.pass(2000);
    assertEquals(0, rig.flows.size(), "never answered");
    var external = connect(CLIENT, SERVER);
    rig.pass(7_400_000);
    assertEquals(CLIENT, destination(through(rig, tcp(SERVER, external, Tcp.ACK))));
    rig.pass(7_400_000);
    assertEquals(1, rig.flows.size());
    through(rig, tcp(CLIENT, SERVER, Tcp.RST | Tcp.ACK));
    rig.pass(239_000);
    assertEquals(1, rig.flows.size(), "RFC 7857 section 2.2: for what is on its way");
    rig.pass(2000);
    assertEquals(0, rig.flows.size());
  }

  @Test
  void shouldOpenAConnectionAgainFromEitherSide() {
    var external = connect(CLIENT, SERVER);
    through(rig, tcp(CLIENT, SERVER, Tcp.RST | Tcp.ACK));
    through(rig, tcp(SERVER, external, Tcp.SYN));
    through(rig, tcp(CLIENT, SERVER, Tcp.SYN | Tcp.ACK));
    through(rig, tcp(SERVER, external, Tcp.ACK));
    rig.pass(7_000_000);
    assertEquals(1, rig.flows.size());
  }

  // ---- configured mappings

  @Test
  void shouldMapByConfiguration() {
    var web = inside(80, 8080);
    var external = new End(NatNet.EXTERNAL + 1, 80);
    rig.configure(withWeb());
    assertEquals(web, destination(through(rig, tcp(SERVER, external, Tcp.SYN))));
    assertEquals(external, source(through(rig, tcp(web, SERVER, Tcp.SYN | Tcp.ACK))));
    assertEquals(external, mapped(Protocol.TCP, web, outside(11, 1)));
    rig.pass(10_000_000);
    assertEquals(PASS, rig.send(tcp(SERVER, external, Tcp.SYN)), "it does not end with its sessions");
    rig.configure(nat());
    assertEquals(PASS, rig.send(tcp(outside(12, 1), external, Tcp.SYN)), "it goes with its last session");
    rig.pass(10_000_000);
    assertEquals(Drop.NO_MAPPING, rig.send(tcp(SERVER, external, Tcp.SYN)));
    rig.configure(withWeb("lifetime", "100"));
    rig.pass(90_000);
    rig.configure(withWeb("lifetime", "100"));
    rig.configure(withWeb("lifetime", "100"));
    assertEquals(PASS, rig.send(tcp(SERVER, external, Tcp.SYN)));
    rig.pass(11_000);
    assertEquals(Drop.NO_MAPPING, rig.send(tcp(outside(13, 1), external, Tcp.SYN)));
  }

  private static Config withWeb(String... leaves) {
    return nat(List.of(pool("p", "203.0.113.0/28")), List.of(rule("r", "10.0.0.0/8", "p")),
        List.of(fixed("web", 6, "203.0.113.1", 80, "10.0.0.80", 8080, leaves)));
  }

  @Test
  void shouldTakeWhatAConfiguredMappingNeeds() {
    var external = mapped(Protocol.TCP, CLIENT, SERVER);
    var bytes = new int[]{external.address() >>> 24, external.address() >>> 16 & 0xff, external.address() >>> 8 & 0xff,
        external.address() & 0xff};
    var address = String.join(".", Arrays.stream(bytes).mapToObj(Integer::toString).toList());
    rig.configure(nat(List.of(pool("p", "203.0.113.0/28")), List.of(rule("r", "10.0.0.0/8", "p")),
        List.of(fixed("web", 6, address, external.port(), "10.0.0.80", 8080))));
    assertEquals(inside(80, 8080), destination(through(rig, tcp(SERVER, external, Tcp.SYN))));
    assertNotEquals(external, mapped(Protocol.TCP, CLIENT, SERVER));
    assertEquals(2, rig.flows.size());
  }

  // ---- a full table, another instance, no garbage

  @Test
  void shouldRefuseAndForgetWhenTheTableIsFull() {
    try (var small = new Rig(new Nat(), 3)) {
      small.configure(nat());
      for (int i = 0; i < 3; i++) {
        assertEquals(PASS, small.send(udp(CLIENT, outside(i, 1))));
      }
      assertEquals(Drop.TABLE_FULL, small.send(udp(inside(2, 2), SERVER)));
      small.flows.evictIdle(1000, id -> {
        small.flow.bind(small.flows, id);
        small.nf.flowEnded(small.flow);
      });
      small.now += 5000;
      // Its last session gives way to its own: the mapping must be there all the same.
      for (int i = 10; i < 20; i++) {
        small.now += 2000;
        var left = through(small, udp(CLIENT, outside(i, 1)));
        assertEquals(CLIENT, destination(through(small, udp(outside(i, 1), source(left)))));
      }
      small.pass(1_000_000);
      assertTrue(small.tables.values().stream().allMatch(table -> table.size() == 0));
    }
  }

  @Test
  void shouldGoOnElsewhere() {
    var external = connect(CLIENT, SERVER);
    var other = mapped(Protocol.UDP, inside(9, 99), SERVER);
    try (var destination = new Rig(new Nat()); var arena = Arena.ofConfined()) {
      destination.configure(nat());
      destination.now = 1_000_000;
      var scope = FlowSpace.parse("ipv4 10.0.0.1/32 -> any");
      rig.tables.forEach((layout, table) -> {
        for (int id = table.next(0); id >= 0; id = table.next(id + 1)) {
          boolean moves = layout.kind() == Kind.PER_FLOW ? scope.matchesFlow(table, id)
              : layout.keys().belongs(scope, table, id);
          if (moves) {
            var record = arena.allocate(table.recordBytes());
            table.exportRecord(id, record, 0, rig.now);
            int hash = FlowKey.hash(table.key(id, 0), table.key(id, 1), table.key(id, 2), table.key(id, 3),
                table.key(id, 4));
            destination.tables.get(layout).importRecord(record, 0, hash, destination.now);
          }
        }
      });
      assertEquals(CLIENT, destination(through(destination, tcp(SERVER, external, Tcp.ACK))));
      assertEquals(external, source(through(destination, tcp(CLIENT, SERVER, Tcp.ACK))));
      assertEquals(external.address(), source(through(destination, udp(inside(1, 1), SERVER))).address());
      assertEquals(Drop.NO_MAPPING, destination.send(udp(SERVER, other)));
      destination.pass(10_000_000);
      assertTrue(destination.tables.values().stream().allMatch(table -> table.size() == 0));
    }
  }

  @Test
  void shouldAllocateNothingPerPacket() {
    var external = connect(CLIENT, SERVER);
    var pinned = mapped(Protocol.UDP, inside(2, 2), SERVER);
    var frames = List.of(tcp(CLIENT, SERVER, Tcp.ACK), tcp(SERVER, external, Tcp.ACK), udp(inside(3, 3), pinned),
        udp(SERVER, pinned), udp(SERVER, CLIENT), packet(Protocol.ICMP, CLIENT, SERVER, 0),
        NatNet.error(SERVER.address(), external.address(), tcp(external, SERVER, Tcp.ACK), 28));
    try (var arena = Arena.ofConfined()) {
      var originals = frames.stream().map(frame -> Rig.offHeap(arena, new Rig.Frame(0, frame)))
          .toArray(MemorySegment[]::new);
      var buffer = arena.allocate(2000);
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 500 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100; i++) {
          for (int j = 0; j < originals.length; j++) {
            MemorySegment.copy(originals[j], 0, buffer, 0, originals[j].byteSize());
            rig.send(buffer, (int) originals[j].byteSize());
          }
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }

  // ---- bad configuration

  @Test
  void shouldRefuse() {
    var p = pool("p", "203.0.113.0/28");
    var r = rule("r", "10.0.0.0/8", "p");
    refused("rule[name='r']/pool", nat(List.of(), List.of(r), List.of()));
    refused("rule[name='x']/scope/ipv4/source",
        nat(List.of(p), List.of(new Config(Map.of("name", "x", "pool", "p"), Map.of(), Map.of(), Map.of())),
            List.of()));
    refused("rule[name='v6']/scope/ipv4/source", nat(List.of(p), List.of(rule("v6", "2001:db8::/32", "p")), List.of()));
    refused("pool[name='e']/prefix",
        nat(List.of(new Config(Map.of("name", "e"), Map.of(), Map.of(), Map.of())), List.of(), List.of()));
    refused("pool[name='v6']/prefix", nat(List.of(pool("v6", "2001:db8::/64")), List.of(), List.of()));
    refused("pool[name='t']/prefix", nat(List.of(pool("t", "203.0.113.0/28 203.0.113.1/32")), List.of(), List.of()));
    refused("pool[name='q']", nat(List.of(p, pool("q", "203.0.113.0/24")), List.of(), List.of()));
    refused("pool[name='i']/last-port",
        nat(List.of(pool("i", "203.0.113.0/28", "first-port", "9", "last-port", "8")), List.of(), List.of()));
    refused("", nat(List.of(pool("p", "10.1.0.0/24")), List.of(r), List.of()));
    refused("static[name='s']/protocol",
        nat(List.of(), List.of(), List.of(fixed("s", 1, "203.0.113.1", 1, "10.0.0.1", 1))));
    refused("static[name='s']/internal-address",
        nat(List.of(), List.of(), List.of(fixed("s", 6, "203.0.113.1", 1, "2001:db8::1", 1))));
    refused("static[name='t']", nat(List.of(), List.of(),
        List.of(fixed("s", 6, "203.0.113.1", 1, "10.0.0.1", 1), fixed("t", 6, "203.0.113.1", 1, "10.0.0.2", 1))));
    refused("filtering", nat("filtering", "none"));
    refused("hairpinning", nat("hairpinning", "maybe"));
    refused("nat64-prefix", nat("nat64-prefix", "64:ff9b::/96"));
    refused("ftp", nat("ftp", "true"));
    // Two pools may share an address but for its ports.
    rig.configure(nat(
        List.of(pool("a", "203.0.113.0/28", "last-port", "9999"), pool("b", "203.0.113.0/28", "first-port", "10000")),
        List.of(), List.of()));
  }

  private static void refused(String path, Config config) {
    assertEquals(path, assertThrows(ConfigException.class, () -> new Nat().configure(config)).path());
  }

  // ---- scopes

  @ParameterizedTest
  @CsvSource({"any, any", "ipv6, ipv6", "ipv4 192.0.2.0/24 -> any, ipv4 192.0.2.0/24 -> any",
      "ipv4 10.0.0.0/8 -> any, ipv4 203.0.113.0/28 -> any", "ipv4 10.1.2.3/32 -> any, ipv4 203.0.113.0/28 -> any",
      "tcp 10.0.0.0/8:5000 -> 192.0.2.0/24:80 dscp 46, tcp 203.0.113.0/28:1024-65535 -> 192.0.2.0/24:80 dscp 46",
      "icmp 10.0.0.0/8 -> any forward, icmp 203.0.113.0/28 -> any forward",
      "tcp 192.0.2.0/24:80 -> 10.0.0.0/8, tcp 192.0.2.0/24:80 -> 203.0.113.0/28:1024-65535",
      "udp any -> 203.0.113.0/28:7 forward, udp any -> 10.0.0.0/8 forward",
      "ipv4 any -> 203.0.113.0/30, ipv4 any -> 10.0.0.0/8",
      "ipv4 10.1.0.0/16 -> 10.2.0.0/16, ipv4 10.1.0.0/16 -> 10.2.0.0/16",
      "ipv4 10.0.0.0/8 -> 203.0.113.5/32 forward, ipv4 203.0.113.0/28 -> 10.0.0.0/8 forward",
      // Widened: a part is translated, the rest is not.
      "ipv4 10.0.0.0/7 -> 192.0.2.1/32 forward, ipv4 any -> 192.0.2.1/32 forward",
      "ipv4 192.0.2.1/32 -> 203.0.0.0/8 forward, ipv4 192.0.2.1/32 -> any forward"})
  void shouldTranslateScopes(String arriving, String leaving) throws ConfigException {
    assertEquals(FlowSpace.parse(leaving), NatRules.read(nat()).leaving(FlowSpace.parse(arriving)));
  }

  @Test
  void shouldSpanPoolsAndStaticMappings() throws ConfigException {
    var rules = NatRules
        .read(nat(List.of(pool("p", "203.0.113.0/28 203.0.113.32/28", "last-port", "2000"), pool("q", "192.0.2.0/24")),
            List.of(rule("r", "10.0.0.0/16", "p"), rule("s", "10.1.0.0/16", "q")),
            List.of(fixed("web", 6, "198.51.100.80", 80, "172.16.0.80", 8080))));
    assertEquals(FlowSpace.parse("tcp 203.0.113.0/26:1024-2000 -> any"),
        rules.leaving(FlowSpace.parse("tcp 10.0.0.0/16 -> any")));
    // Only together do the rules translate all of it.
    assertEquals(FlowSpace.parse("ipv4 any -> 198.18.0.0/24 forward"),
        rules.leaving(FlowSpace.parse("ipv4 10.0.0.0/15 -> 198.18.0.0/24 forward")));
    assertEquals(FlowSpace.parse("tcp any -> 172.16.0.80/32 forward"),
        rules.leaving(FlowSpace.parse("tcp any -> 198.51.100.80/32:80 forward")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sctp 10.0.0.0/8 -> 192.0.2.0/24 forward", "ipv4 192.0.2.0/24 -> 10.0.0.0/8 forward",
      "protocol 47 ipv4 10.0.0.0/8 -> any"})
  void shouldRefuseScopesOfWhichNothingPasses(String scope) throws ConfigException {
    var rules = NatRules.read(nat());
    assertEquals("southbound:scope-untranslatable",
        assertThrows(ScopeException.class, () -> rules.leaving(FlowSpace.parse(scope))).appTag());
  }

}
