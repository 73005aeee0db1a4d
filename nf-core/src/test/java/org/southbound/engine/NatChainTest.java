// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.HopState;
import org.southbound.api.VnfApi.PathState;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Config;
import org.southbound.nf.Monitor;
import org.southbound.nf.Nat;

/** A chain monitor, NAT, monitor, and one for the answers: each NF knows the scope as its packets look there. */
final class NatChainTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int FLOWS = 50;
  private static final int SERVER = 0xC000_0201;

  @TempDir
  private Path home;

  private Testbed bed;
  private Testbed.Node inner;
  private Testbed.Node nat;
  private Testbed.Node outer;

  @BeforeEach
  void open() throws Exception {
    bed = new Testbed(home);
    inner = bed.node("inner", Monitor::new);
    nat = bed.node("nat", Nat::new);
    outer = bed.node("outer", Monitor::new);
    configure("203.0.113.0/28");
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private void configure(String prefix) throws ApiException {
    var pool = new Config(Map.of("name", "p"), Map.of("prefix", List.of(prefix)), Map.of(), Map.of());
    var source = new Config(Map.of("source", "10.0.0.0/8"), Map.of(), Map.of(), Map.of());
    var scope = new Config(Map.of(), Map.of(), Map.of("ipv4", source), Map.of());
    var rule = new Config(Map.of("name", "r", "pool", "p"), Map.of(), Map.of("scope", scope), Map.of());
    nat.vnf.configure(new Config(Map.of("filtering", "address-and-port-dependent"), Map.of(), Map.of(),
        Map.of("pool", List.of(pool), "rule", List.of(rule)))).run();
  }

  private static List<String> chain(Testbed.Node first, String name, String scope, Testbed.Node... hops)
      throws ApiException {
    var wanted = new Chain(name, -1, "", FlowSpace.parse(scope), Arrays.stream(hops).map(hop -> hop.endpoint).toList(),
        false);
    return first.vnf.serviceChain(wanted, SOON).hops().stream().map(HopState::scope).map(FlowSpace::toString).toList();
  }

  private static List<String> scopes(Testbed.Node node, String chain) {
    return node.vnf.paths().stream().filter(path -> path.chain().equals(chain)).map(PathState::scope)
        .map(FlowSpace::toString).toList();
  }

  @Test
  void shouldCarryConnectionsThereAndBack() throws Exception {
    assertEquals(List.of("10.0.0.0/8 -> any", "10.0.0.0/8 -> any", "203.0.113.0/28 -> any"),
        chain(inner, "out", "10.0.0.0/8 -> any", nat, outer));
    assertEquals(List.of("any -> 203.0.113.0/28", "any -> 203.0.113.0/28", "any -> 10.0.0.0/8"),
        chain(outer, "back", "any -> 203.0.113.0/28", nat, inner));
    assertEquals(List.of("203.0.113.0/28 -> any"), scopes(outer, "out"));
    assertEquals(List.of("any -> 10.0.0.0/8"), scopes(inner, "back"));

    var sources = new ConcurrentHashMap<Integer, Long>();
    var destinations = new ConcurrentHashMap<Integer, Long>();
    bed.tap = frame -> {
      var octets = ByteBuffer.wrap(frame);
      boolean leaves = octets.getInt(30) == SERVER;
      (leaves ? sources : destinations).put(octets.getInt(42), leaves
          ? (long) octets.getInt(26) << 16 | octets.getShort(34) & 0xffff
          : (long) octets.getInt(30) << 16 | octets.getShort(36) & 0xffff);
    };
    for (int flow = 0; flow < FLOWS; flow++) {
      bed.send(inner, flow, 0);
    }
    assertTrue(Testbed.eventually(SOON, () -> sources.size() == FLOWS), this::accounts);
    assertEquals(FLOWS, sources.values().stream().distinct().count(), "an external endpoint each");
    for (var each : sources.entrySet()) {
      assertEquals(0xCB007100L, each.getValue() >>> 16 & 0xffff_fff0L);
      bed.send(outer, Testbed.udp(SERVER, 53, (int) (each.getValue() >>> 16), each.getValue().intValue() & 0xffff,
          each.getKey(), 1));
    }
    assertTrue(Testbed.eventually(SOON, () -> destinations.size() == FLOWS), this::accounts);
    for (int flow = 0; flow < FLOWS; flow++) {
      assertEquals(0x0A00_0001L << 16 | 1024 + flow, destinations.get(flow));
    }
    // A stranger's packet to a mapping, which the filter does not admit.
    bed.send(outer,
        Testbed.udp(SERVER + 1, 53, (int) (sources.get(0) >>> 16), sources.get(0).intValue() & 0xffff, 0, 2));
    assertTrue(Testbed.eventually(SOON, () -> nat.sum(WorkerCounters::dropped) == 1), this::accounts);
    assertTrue(Testbed.eventually(SOON, () -> bed.nodes.stream().allMatch(Testbed.Node::balanced)), this::accounts);
    assertEquals(FLOWS, nat.workers.getFirst().flowsSeen());
    assertEquals(FLOWS, nat.workers.getFirst().flows().size());
    assertEquals(1, nat.sum(counters -> counters.drops(org.southbound.packet.Drop.NO_MAPPING)));
  }

  private String accounts() {
    return bed.nodes.stream().map(Testbed.Node::account).toList().toString();
  }

  @Test
  void shouldTellTheHopsBehindWhenThePoolChanges() throws Exception {
    chain(inner, "out", "10.0.0.0/8 -> any", nat, outer);
    chain(nat, "own", "tcp 10.0.0.0/8 -> any", outer);
    assertEquals(List.of("tcp 203.0.113.0/28:1024-65535 -> any"), scopes(outer, "own"));
    configure("198.18.0.0/30");
    inner.vnf.refreshChain("out");
    nat.vnf.refreshChain("own");
    assertEquals(List.of("198.18.0.0/30 -> any"), scopes(outer, "out"));
    assertEquals(List.of("tcp 198.18.0.0/30:1024-65535 -> any"), scopes(outer, "own"));
    assertEquals("up", inner.vnf.chains().getFirst().operStatus());
    assertEquals("up", nat.vnf.chains().getFirst().operStatus());
  }

  @Test
  void shouldRefuseAScopeOfWhichNothingPasses() {
    var scope = "sctp 10.0.0.0/8 -> 192.0.2.0/24 forward";
    var refusal = assertThrows(ApiException.class, () -> chain(inner, "out", scope, nat, outer));
    assertEquals("southbound:hop-failed", refusal.appTag());
    assertEquals("southbound:scope-untranslatable", refusal.info().get("reason"));
    assertEquals("next-hop[1]", refusal.path());
    assertEquals("southbound:scope-untranslatable",
        assertThrows(ApiException.class, () -> chain(nat, "own", scope, outer)).appTag());
    assertTrue(bed.nodes.stream().allMatch(node -> node.vnf.paths().isEmpty()));
  }
}
