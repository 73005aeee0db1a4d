// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.southbound.nf.Configs.firewall;
import static org.southbound.nf.Configs.port;
import static org.southbound.nf.Configs.rule;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.flow.FlowKey;
import org.southbound.packet.Checksum;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;

class FirewallTest {
  private static final Drop PASS = Drop.FORWARD;
  /** What lets the clients of the captured traffic open flows, and nobody else. */
  private static final List<Config> CLIENTS = List.of(rule("v4", "accept", Configs.from("192.0.2.0/24")),
      rule("v6", "accept", Configs.from("2001:db8:1::/64")), rule("v6-link", "accept", Configs.from("fe80::/10")));

  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(new Firewall());
  }

  @AfterEach
  void close() {
    rig.close();
  }

  // ---- real traffic

  @Test
  void shouldDropNothingOfCapturedTraffic() throws IOException {
    rig.configure(firewall(CLIENTS));
    for (var file : List.of(Rig.MIXED, Rig.EDGE)) {
      int number = 0;
      for (var frame : Rig.read(file)) {
        rig.now = frame.micros() / 1000;
        number++;
        assertEquals(PASS, rig.send(frame.octets()), file.getFileName() + " frame " + number);
      }
    }
    assertEquals(0, rig.count("flows-picked-up"));
    assertEquals(58, rig.count("icmp-errors-related"));
  }

  @Test
  void shouldGoOnElsewhereAfterEveryPacketOfAConnection() throws IOException {
    var connection = longest(Rig.read(Rig.MIXED));
    assertTrue(connection.size() > 50, "a connection worth the name");
    rig.configure(firewall(CLIENTS));
    for (int i = 1; i < connection.size(); i++) {
      rig.now += 1;
      assertEquals(PASS, rig.send(connection.get(i - 1)));
      // The second instance has no rule that would accept the flow: it lives by the record alone.
      try (var other = new Rig(new Firewall(), 10); var arena = Arena.ofConfined()) {
        other.now = 1_000_000;
        var record = arena.allocate(rig.flows.recordBytes());
        int id = rig.flows.next(0);
        rig.flows.exportRecord(id, record, 0, rig.now);
        int hash = FlowKey.hash(rig.flows.key(id, 0), rig.flows.key(id, 1), rig.flows.key(id, 2), rig.flows.key(id, 3),
            rig.flows.key(id, 4));
        other.flows.importRecord(record, 0, hash, other.now);
        for (int j = i; j < connection.size(); j++) {
          assertEquals(PASS, other.send(connection.get(j)), "packet " + j + " after a transfer at " + i);
        }
      }
    }
  }

  /** The IPv4 TCP connection with the most packets, but for very long ones. */
  private static List<byte[]> longest(List<Rig.Frame> frames) {
    var connections = new java.util.HashMap<Long, List<byte[]>>();
    for (var frame : frames) {
      var packet = Packet.of(MemorySegment.ofArray(frame.octets()));
      if (Parser.parse(packet) == 0 && packet.protocol() == Protocol.TCP && packet.ipVersion() == 4) {
        long ports = (long) packet.tcp().sourcePort() * packet.tcp().destinationPort();
        long hosts = (packet.ipv4().source() & 0xffffffffL) + (packet.ipv4().destination() & 0xffffffffL);
        connections.computeIfAbsent(hosts << 32 ^ ports, key -> new ArrayList<>()).add(frame.octets());
      }
    }
    return connections.values().stream().filter(each -> each.size() < 300)
        .max(java.util.Comparator.comparingInt(List::size)).orElseThrow();
  }

  @Test
  void shouldAllocateNothingPerPacket() throws IOException {
    rig.configure(firewall(CLIENTS));
    var frames = Rig.read(Rig.MIXED);
    try (var arena = Arena.ofConfined()) {
      var memory = frames.stream().map(frame -> Rig.offHeap(arena, frame)).toArray(MemorySegment[]::new);
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      // Until the compiler has seen enough of rare packets too.
      for (int round = 0; round < 500 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (var frame : memory) {
          rig.send(frame, (int) frame.byteSize());
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least, "octets allocated for " + memory.length + " packets");
    }
  }

  // ---- flows other than TCP

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void shouldLetUdpAnswersPassUntilIdle(int version) {
    rig.configure(firewall(List.of(rule("dns", "accept", port(17, 53)))));
    assertEquals(Drop.DENIED, rig.send(Frames.udp(version, 2, 1, 53, 4000)));
    assertEquals(PASS, rig.send(Frames.udp(version, 1, 2, 4000, 53)));
    assertEquals(PASS, rig.send(Frames.udp(version, 2, 1, 53, 4000)));
    rig.pass(299_000);
    assertEquals(PASS, rig.send(Frames.udp(version, 2, 1, 53, 4000)));
    rig.pass(300_000);
    assertEquals(Drop.DENIED, rig.send(Frames.udp(version, 2, 1, 53, 4000)));
    assertEquals(2, rig.count("packets-denied"));
  }

  @ParameterizedTest
  @CsvSource({"4, 8, 0, 1", "6, 128, 129, 58", "4, 13, 14, 1"})
  void shouldLetOnlyTheAskedSideReply(int version, int request, int reply, int protocol) {
    rig.configure(firewall(List.of(rule("ping", "accept",
        new Config(Configs.leaves("protocol", "" + protocol), Map.of(),
            Map.of(version == 4 ? "ipv4" : "ipv6",
                Configs.of("source", version == 4 ? "10.0.0.1/32" : "2001:db8::1/128")),
            Map.of())))));
    int id = 77 << 16;
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(version, 2, 1, reply, 0, id, 64)), "nobody asked");
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(version, 2, 1, request, 0, id, 64)), "may not ask");
    assertEquals(PASS, rig.send(Frames.icmp(version, 1, 2, request, 0, id, 64)));
    assertEquals(PASS, rig.send(Frames.icmp(version, 2, 1, reply, 0, id + 1, 64)));
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(version, 1, 2, reply, 0, id, 64)), "was not asked");
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(version, 2, 1, request, 0, id, 64)), "still may not ask");
    rig.pass(61_000);
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(version, 2, 1, reply, 0, id, 64)));
  }

  @ParameterizedTest
  @CsvSource({"4, 3, 3", "4, 11, 0", "4, 3, 4", "6, 1, 4", "6, 2, 0", "6, 3, 0"})
  void shouldLetErrorsAboutKnownFlowsPass(int version, int type, int code) {
    rig.configure(firewall(List.of(rule("dns", "accept", port(17, 53)))));
    var query = Frames.udp(version, 1, 2, 4000, 53);
    assertEquals(Drop.DENIED, rig.send(Frames.error(version, 9, 1, type, code, query)), "not sent yet");
    assertEquals(PASS, rig.send(query));
    assertEquals(PASS, rig.send(Frames.error(version, 9, 1, type, code, query)), "from a router");
    assertEquals(Drop.DENIED, rig.send(Frames.error(version, 9, 3, type, code, query)), "to somebody else");
    assertEquals(Drop.DENIED, rig.send(Frames.error(version, 9, 2, type, code, query)), "to who did not send it");
    assertEquals(PASS, rig.send(Frames.error(version, 1, 2, type, code, Frames.udp(version, 2, 1, 53, 4000))));
    rig.configure(firewall(List.of(), "related", ""));
    assertEquals(Drop.DENIED, rig.send(Frames.error(version, 9, 1, type, code, query)));
    assertEquals(2, rig.count("icmp-errors-related"));
  }

  @Test
  void shouldKeepTheLinkWorking() {
    rig.configure(firewall(List.of()));
    assertEquals(PASS, rig.send(Frames.arp()));
    for (int type : new int[]{133, 134, 135, 136}) {
      assertEquals(PASS, rig.send(Frames.icmp(6, 1, 2, type, 0, 0, 255, new byte[16])));
      assertEquals(Drop.DENIED, rig.send(Frames.icmp(6, 1, 2, type, 0, 0, 254, new byte[16])), "was forwarded");
    }
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(6, 1, 2, 137, 0, 0, 255, new byte[32])), "redirect");
    assertEquals(PASS, rig.send(Frames.icmp(6, 1, 2, 143, 0, 0, 1, new byte[20])));
    assertEquals(PASS, rig.send(Frames.ip(4, 1, 2, 2, 1, new byte[8])), "IGMP");
    assertEquals(Drop.DENIED, rig.send(Frames.ip(4, 1, 2, 2, 9, new byte[8])));
    rig.configure(firewall(List.of(), "link-control", "drop"));
    assertEquals(Drop.NOT_IP, rig.send(Frames.arp()));
    assertEquals(Drop.DENIED, rig.send(Frames.icmp(6, 1, 2, 135, 0, 0, 255, new byte[16])));
  }

  @Test
  void shouldTrackOtherProtocolsByTheirHosts() {
    rig.configure(firewall(List.of(rule("gre", "accept", Configs.of("protocol", "47")))));
    assertEquals(PASS, rig.send(Frames.ip(4, 1, 2, 47, 64, new byte[8])));
    assertEquals(PASS, rig.send(Frames.ip(4, 2, 1, 47, 64, new byte[8])));
    assertEquals(Drop.DENIED, rig.send(Frames.ip(4, 1, 2, 50, 64, new byte[8])));
    assertEquals(1, rig.flows.size());
  }

  @Test
  void shouldSayWhenTheTableIsFull() {
    rig.close();
    rig = new Rig(new Firewall(), 1);
    rig.configure(firewall(List.of(), "default-action", "accept"));
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 2)));
    assertEquals(Drop.TABLE_FULL, rig.send(Frames.udp(4, 1, 2, 1, 3)));
    assertEquals(1, rig.count("flows-refused-table-full"));
  }

  // ---- rules

  @Test
  void shouldTakeTheFirstRuleThatMatches() {
    rig.configure(
        firewall(List.of(rule("no", "drop", Configs.from("10.0.0.1/32")),
            rule("off", "drop", port(17, 5), "enabled", "false"),
            rule("yes", "accept", Configs.from("10.0.0.0/24")), rule("never", "drop", Configs.from("10.0.0.0/24")))));
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 9, 1, 5)));
    assertEquals(PASS, rig.send(Frames.udp(4, 2, 9, 1, 5)));
    assertEquals(Drop.DENIED, rig.send(Frames.udp(6, 2, 9, 1, 5)));
    assertEquals("[no 1, yes 1, never 0]", counts());
  }

  private String counts() {
    return ((Firewall) rig.nf).ruleCounts().stream().map(rule -> rule.name() + " " + rule.packets()).toList()
        .toString();
  }

  @Test
  void shouldLookAtLabelsOfEachPacket() {
    var labelled = Configs.match(Config.EMPTY, List.of("22", "23"), List.of(), List.of());
    rig.configure(firewall(List.of(rule("safe", "accept", port(17, 53)), rule("miss", "drop", labelled, Map.of()),
        rule("rest", "accept", Config.EMPTY))));
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 5)));
    rig.labels = new int[]{7, 23};
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 1, 5)), "accepted flow, labelled packet");
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 2, 1, 5, 1)), "and its answers");
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 1, 6)), "new flow");
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 53)), "an earlier rule protects");
    assertEquals(PASS, rig.send(Frames.udp(4, 2, 1, 53, 1)), "also the answers");
    rig.labels = new int[0];
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 5)));
    assertEquals("[safe 1, miss 3, rest 1]", counts());
    assertEquals(2, rig.count("packets-denied-by-label"));
  }

  @Test
  void shouldMatchContextsAndPorts() {
    var suspect = Configs.match(Config.EMPTY, List.of(), List.of(Configs.context("host-class", "suspect")), List.of());
    var inside = Configs.match(Config.EMPTY, List.of(),
        List.of(Configs.context("traffic-class", "web", "dns"), Configs.context("status", "hit")), List.of("inside"));
    rig.ports.put("inside", 3);
    rig.configure(
        firewall(List.of(rule("suspect", "drop", suspect, Map.of()), rule("inside", "accept", inside, Map.of()))));
    rig.ingress = 3;
    rig.consumed.put(0, 0);
    rig.consumed.put(1, 1);
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 53)));
    rig.consumed.put(2, 1);
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 1, 53)), "became suspect");
    rig.consumed.remove(2);
    rig.consumed.put(1, 2);
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 2, 53)), "ssh");
    rig.consumed.put(1, 0);
    rig.ingress = 4;
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 2, 53)), "from another port");
  }

  @Test
  void shouldRecheckKnownFlowsIfConfigured() {
    rig.configure(firewall(List.of(rule("a", "accept", port(17, 53)))));
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 53)));
    rig.configure(firewall(List.of()));
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 53)), "no recheck");
    rig.configure(firewall(List.of(rule("b", "accept", port(17, 53))), "recheck", "true"));
    assertEquals(PASS, rig.send(Frames.udp(4, 2, 1, 53, 1)), "still accepted, as the opener would be");
    rig.configure(firewall(List.of(), "recheck", "true"));
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 2, 1, 53, 1)));
    assertEquals(0, rig.flows.size());
    assertEquals(1, rig.count("flows-rechecked-out"));
  }

  @Test
  void shouldEndRulesWithTheirLifetime() {
    var config = firewall(
        List.of(rule("hole", "accept", port(17, 53), "lifetime", "600"), rule("rest", "drop", Config.EMPTY)));
    rig.configure(config);
    rig.pass(599_000);
    rig.configure(config);
    assertEquals(PASS, rig.send(Frames.udp(4, 1, 2, 1, 53)), "an edit that says the same changes nothing");
    assertEquals(1000, ((Firewall) rig.nf).ruleCounts().getFirst().expiresInMillis());
    rig.pass(1000);
    assertEquals(Drop.DENIED, rig.send(Frames.udp(4, 1, 2, 2, 53)));
    assertEquals("[rest 1]", counts());
  }

  @Test
  void shouldCountOnOverEdits() {
    rig.configure(firewall(List.of(rule("a", "accept", port(17, 53)))));
    rig.send(Frames.udp(4, 1, 2, 1, 53));
    rig.configure(firewall(List.of(rule("b", "drop", port(17, 54)), rule("a", "accept", port(17, 53)))));
    assertEquals("[b 0, a 1]", counts());
  }

  // ---- rejects

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void shouldRejectByResetAndUnreachable(int version) {
    rig.configure(firewall(List.of(rule("no", "reject", Config.EMPTY))));
    assertEquals(Drop.DENIED, rig.send(Frames.tcp(version, 1, 2, 4000, 80, Tcp.SYN, 100, 0, 1000, 0)));
    var reset = parsed(0);
    assertEquals(Tcp.RST | Tcp.ACK, reset.tcp().flags());
    assertEquals(101, reset.tcp().acknowledgment());
    assertEquals(4000, reset.tcp().destinationPort());
    assertEquals(Checksum.transport(reset), reset.tcp().checksum());
    assertArrayEquals(new byte[]{2, 0, 0, 0, 0, 1}, Arrays.copyOf(rig.emitted.get(0), 6), "back to the sender");
    assertEquals(Drop.DENIED, rig.send(Frames.udp(version, 1, 2, 4000, 53)));
    var unreachable = parsed(1);
    assertEquals(version == 4 ? 3 : 1, unreachable.icmp().type());
    assertEquals(version == 4 ? 13 : 1, unreachable.icmp().code());
    assertEquals(Checksum.transport(unreachable), unreachable.icmp().checksum());
    assertTrue(Parser.isIcmpError(unreachable));
    assertEquals(Drop.DENIED, rig.send(rig.emitted.get(1)), "no error about an error");
    assertEquals(2, rig.emitted.size());
    for (int i = 0; i < 500; i++) {
      rig.send(Frames.udp(version, 1, 2, 4000, 53));
    }
    assertEquals(Rejection.PER_SECOND, rig.emitted.size());
    rig.now += 500;
    for (int i = 0; i < 500; i++) {
      rig.send(Frames.udp(version, 1, 2, 4000, 53));
    }
    assertEquals(Rejection.PER_SECOND * 3 / 2, rig.emitted.size());
    assertEquals(rig.emitted.size(), rig.count("packets-rejected"));
  }

  private Packet parsed(int i) {
    var packet = Packet.of(MemorySegment.ofArray(rig.emitted.get(i)));
    assertEquals(0, Parser.parse(packet));
    return packet;
  }

  // ---- floods

  @Test
  void shouldRaiseAndClearFloodAlarms() {
    rig.configure(firewall(List.of(), "denied-flood-threshold", "50", "denied-flood-window", "10"));
    for (int i = 0; i < 60; i++) {
      rig.send(Frames.udp(4, 1, 2, 1000 + i, 53));
      rig.send(Frames.udp(4, i + 10, 2, 1000, 53));
    }
    assertEquals(1, rig.alarms.size());
    var raised = rig.alarms.getFirst();
    assertEquals("denied-flood", raised.kind());
    assertEquals("10.0.0.1", raised.resource());
    assertEquals(50, raised.count());
    assertFalse(raised.cleared());
    rig.pass(9_000);
    assertEquals(1, rig.count("denied-floods"));
    rig.pass(1_000);
    rig.send(Frames.udp(4, 1, 2, 1, 53));
    assertEquals(1, rig.alarms.size(), "the flood's own window does not clear");
    rig.pass(10_000);
    assertEquals(2, rig.alarms.size());
    assertTrue(rig.alarms.get(1).cleared());
    assertEquals(0, rig.count("denied-floods"));
    rig.pass(30_000);
    assertEquals(0, rig.tables.get(DeniedFlood.LAYOUT).size());
  }

  // ---- configuration

  @Test
  void shouldRefuseWrongConfiguration() {
    refuse("southbound:bad-value", "denied-flood-window", Configs.of("denied-flood-window", "0"));
    refuse("southbound:bad-value", "timeouts/udp",
        new Config(Map.of(), Map.of(), Map.of("timeouts", Configs.of("udp", "soon")), Map.of()));
    refuse("southbound:bad-value", "mid-stream", Configs.of("mid-stream", "perhaps"));
    refuse("southbound:bad-value", "link-control", Configs.of("link-control", "maybe"));
    refuse("southbound:bad-rule", "default-action", Configs.of("default-action", "reject"));
    refuse("southbound:bad-rule", "rule[name='a']/action", firewall(List.of(rule("a", "explode", Config.EMPTY))));
    refuse("southbound:bad-rule", "rule[name='a']/name",
        firewall(List.of(rule("a", "drop", Config.EMPTY), rule("a", "drop", Config.EMPTY))));
    refuse("southbound:bad-value", "rule[name='a']/lifetime",
        firewall(List.of(rule("a", "drop", Config.EMPTY, "lifetime", "0"))));
    refuse("southbound:scope-port-without-transport", "rule[name='a']/match/scope/destination-port",
        firewall(List.of(rule("a", "drop", port(47, 80)))));
    refuse("southbound:bad-scope", "rule[name='a']/match/scope/ipv4/source",
        firewall(List.of(rule("a", "drop", Configs.from("10.0.0/8")))));
    refuse("southbound:bad-scope", "rule[name='a']/match/scope/protocol",
        firewall(List.of(rule("a", "drop", Configs.of("protocol", "256")))));
    refuse("southbound:bad-value", "rule[name='a']/match/label", firewall(
        List.of(rule("a", "drop", Configs.match(Config.EMPTY, List.of("0"), List.of(), List.of()), Map.of()))));
    refuse("southbound:unknown-context", "rule[name='a']/match/context[type='mood']", firewall(List.of(rule("a", "drop",
        Configs.match(Config.EMPTY, List.of(), List.of(Configs.context("mood", "bad")), List.of()), Map.of()))));
    refuse("southbound:unknown-context", "rule[name='a']/match/context[type='status']/value", firewall(List.of(rule("a",
        "drop", Configs.match(Config.EMPTY, List.of(), List.of(Configs.context("status", "bad")), List.of()),
        Map.of()))));
  }

  private void refuse(String appTag, String path, Config config) {
    var refused = assertThrows(ConfigException.class, () -> rig.nf.configure(config));
    assertEquals(appTag, refused.appTag());
    assertEquals(path, refused.path());
    assertFalse(refused.getMessage().isEmpty());
  }
}
