// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Job;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Monitor;
import org.southbound.state.StateLayout.Kind;

/** Chains and state operations between instances on loopback, with real packets and real TLS. */
final class VnfTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir
  private Path home;

  private Testbed bed;

  @BeforeEach
  void open() throws Exception {
    bed = new Testbed(home);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private static Chain chain(FlowSpace scope, Testbed.Node... hops) {
    return new Chain("web", -1, "", scope, java.util.Arrays.stream(hops).map(hop -> hop.endpoint).toList(), false);
  }

  private static StateRequest request(Testbed.Node to, FlowSpace scope, String variant, Map<String, String> options) {
    return new StateRequest("", to.endpoint, scope, variant, EnumSet.of(Kind.PER_FLOW, Kind.MULTI_FLOW), false,
        options);
  }

  private static Job ended(Testbed.Node node) {
    assertTrue(Testbed.eventually(SOON, () -> node.events.stream().anyMatch(Event.JobEnded.class::isInstance)));
    return node.events.stream().filter(Event.JobEnded.class::isInstance).map(event -> ((Event.JobEnded) event).job())
        .findFirst().orElseThrow();
  }

  @Test
  void shouldSetUpAChainAndTakeItDown() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var c = bed.node("c", Monitor::new);
    var state = a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b, c), SOON);
    assertEquals("nsh-vxlan-gpe", state.protocol());
    assertEquals(List.of("a", "b", "c"), state.hops().stream().map(hop -> hop.nf()).toList());
    for (int i = 0; i < 1000; i++) {
      bed.send(a, i % 10, i / 10);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == 1000),
        bed.nodes.stream().map(Testbed.Node::account).toList().toString());
    assertEquals(1000, b.sum(each -> each.received.get()));
    assertEquals(1000, c.sum(each -> each.sent.get()));
    var trace = a.vnf.traceChain("web", 3, Duration.ofSeconds(1));
    assertTrue(trace.complete());
    assertEquals(List.of("a", "b", "c"), trace.hops().stream().map(hop -> hop.nf()).toList());
    a.vnf.removeChain("web");
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.paths().isEmpty() && c.vnf.paths().isEmpty()));
    assertEquals(Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L), bed.faults(10, 100));
  }

  @Test
  void shouldSetUpChainsAtTheSameTime() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var calls = new ArrayList<FutureTask<ChainState>>();
    for (int i = 0; i < 8; i++) {
      var wanted = new Chain("", -1, "", FlowSpace.parse("udp any -> any:" + (1000 + i)), List.of(b.endpoint), false);
      calls.add(new FutureTask<>(() -> a.vnf.serviceChain(wanted, SOON)));
      Thread.ofVirtual().start(calls.getLast());
    }
    for (var each : calls) {
      each.get();
    }
    assertEquals(8, a.vnf.chains().stream().map(each -> each.chain().precedence()).distinct().count());
    assertEquals("southbound:unknown-metric", assertThrows(ApiException.class,
        () -> a.vnf.queryMetrics(List.of("none"))).appTag());
    assertEquals("name", assertThrows(ApiException.class, () -> a.vnf.queryMetrics(List.of("none"))).path());
  }

  @Test
  void shouldRollBackWhenAHopIsMissing() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var gone = new Endpoint("gone", "127.0.0.1", 9, 9);
    var wanted = new Chain("web", -1, "", FlowSpace.EVERYTHING, List.of(b.endpoint, gone), false);
    var refusal = assertThrows(ApiException.class, () -> a.vnf.serviceChain(wanted, SOON));
    assertEquals("southbound:hop-failed", refusal.appTag());
    assertEquals("next-hop[2]", refusal.path());
    assertTrue(a.vnf.paths().isEmpty());
    assertTrue(b.vnf.paths().isEmpty());
  }

  @Test
  void shouldChangeAChainWithoutLosingAPacket() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var c = bed.node("c", Monitor::new);
    a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b), SOON);
    try (var traffic = new Traffic(bed, a, 50, 200)) {
      traffic.until(2000);
      a.vnf.serviceChainUpdate(new ChainUpdate("web", -1, "", FlowSpace.EVERYTHING, List.of(b.endpoint, c.endpoint), 1),
          SOON);
      traffic.until(4000);
      b.vnf.serviceChainUpdate(new ChainUpdate("web", -1, "", FlowSpace.EVERYTHING, List.of(), -1), SOON);
      traffic.until(6000);
      a.vnf.serviceChainUpdate(new ChainUpdate("web", -1, "", FlowSpace.EVERYTHING, List.of(c.endpoint), -1), SOON);
      traffic.finish();
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= 10_000),
        () -> bed.nodes.stream().map(Testbed.Node::account).toList().toString());
    // A shorter path may overtake a longer one; the call promises that no packet is lost or takes half of each.
    var faults = bed.faults(50, 200);
    assertEquals(0, faults.get("lost"));
    assertEquals(0, faults.get("duplicated"));
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.paths().isEmpty()), () -> b.vnf.paths().toString());
    assertTrue(bed.nodes.stream().allMatch(Testbed.Node::balanced));
  }

  @Test
  void shouldMoveLiveFlowsWithoutLossOrReordering() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var c = bed.node("c", Monitor::new);
    var b2 = bed.node("b2", Monitor::new);
    a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b, c), SOON);
    try (var traffic = new Traffic(bed, a, 600, 100)) {
      traffic.until(6000);
      b.vnf.transfer(request(b2, FlowSpace.parse("udp"), "loss-free", Map.of()));
      var job = ended(b);
      assertEquals("complete", job.state(), job.message());
      assertEquals("", job.appTag());
      assertEquals(600, job.flowsDone());
      traffic.finish();
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= 60_000),
        () -> bed.received() + " " + bed.nodes.stream().map(Testbed.Node::account).toList());
    assertEquals(Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L), bed.faults(600, 100));
    assertTrue(bed.nodes.stream().allMatch(Testbed.Node::balanced));
    assertEquals(0, b.vnf.instance().flows());
    assertEquals(a.vnf.readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.PER_FLOW), 1000).stream()
        .map(record -> record.key() + record.fields().get("initiator-packets")).sorted().toList(),
        b2.vnf.readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.PER_FLOW), 1000).stream()
            .map(record -> record.key() + record.fields().get("initiator-packets")).sorted().toList());
    assertTrue(a.vnf.paths().getFirst().packets() > 0);
    assertTrue(b2.sum(each -> each.received.get()) > 0);
  }

  @Test
  void shouldSteerFlowsThatMoveBack() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var b2 = bed.node("b2", Monitor::new);
    a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b), SOON);
    try (var traffic = new Traffic(bed, a, 100, 200)) {
      traffic.until(2000);
      for (int i = 0; i < 4; i++) {
        var from = i % 2 == 0 ? b : b2;
        from.events.clear();
        from.vnf.transfer(request(i % 2 == 0 ? b2 : b, FlowSpace.parse("udp"), "loss-free", Map.of()));
        var job = ended(from);
        assertEquals("complete", job.state(), job.message());
      }
      traffic.finish();
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= 20_000),
        () -> bed.received() + " " + bed.nodes.stream().map(Testbed.Node::account).toList());
    assertEquals(Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L), bed.faults(100, 200));
    long before = b2.sum(each -> each.received.get());
    for (int flow = 0; flow < 100; flow++) {
      bed.send(a, flow, 200);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= 20_100));
    assertEquals(before, b2.sum(each -> each.received.get()), "no packet goes by way of the former owner");
  }

  @Test
  void shouldKeepTheSourceInChargeWhenTheDestinationRefuses() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", org.southbound.nf.Firewall::new);
    var refusal = assertThrows(ApiException.class,
        () -> a.vnf.transfer(request(b, FlowSpace.EVERYTHING, "loss-free", Map.of())));
    assertEquals("southbound:type-mismatch", refusal.appTag());
    assertEquals("southbound:unknown-variant",
        assertThrows(ApiException.class, () -> a.vnf.transfer(request(b, FlowSpace.EVERYTHING, "magic", Map.of())))
            .appTag());
  }

  @Test
  void shouldReplicateAndTakeOver() throws Exception {
    var a = bed.node("a", Monitor::new);
    var b = bed.node("b", Monitor::new);
    var b2 = bed.node("b2", Monitor::new);
    a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b), SOON);
    var id = b.vnf.replicate(request(b2, FlowSpace.EVERYTHING, "interval", Map.of("interval", "2000")));
    for (int i = 0; i < 2000; i++) {
      bed.send(a, i % 20, i / 20);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == 2000));
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.relationships().stream().anyMatch(each -> each.updates() >= 20)));
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.relationships().getFirst().lagPackets() == 0));
    var before = b.vnf.readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.PER_FLOW), 100);
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.relationships().stream()
        .allMatch(each -> each.lastSync().isPresent() && !each.status().equals("synchronizing"))));
    var taken = b2.vnf.takeOver(id, false, Optional.empty());
    assertTrue(taken.epoch() > 0);
    var after = b2.vnf.readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.PER_FLOW), 100);
    assertEquals(before.stream().map(Object::toString).sorted().toList(),
        after.stream().map(Object::toString).sorted().toList());
    for (int i = 2000; i < 4000; i++) {
      bed.send(a, i % 20, i / 20);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == 4000));
    assertTrue(b2.sum(each -> each.received.get()) >= 2000);
  }

  @Test
  void shouldShareFlowsAmongSeveralWorkers() throws Exception {
    var a = bed.node("a", Monitor::new, 2);
    var b = bed.node("b", Monitor::new, 2);
    var b2 = bed.node("b2", Monitor::new, 2);
    a.vnf.serviceChain(chain(FlowSpace.EVERYTHING, b), SOON);
    try (var traffic = new Traffic(bed, a, 200, 100)) {
      traffic.until(5000);
      b.vnf.transfer(request(b2, FlowSpace.EVERYTHING, "loss-free", Map.of()));
      assertEquals("complete", ended(b).state());
      traffic.finish();
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= 20_000),
        () -> bed.received() + " " + bed.nodes.stream().map(Testbed.Node::account).toList());
    assertEquals(Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L), bed.faults(200, 100));
    assertTrue(bed.nodes.stream().allMatch(Testbed.Node::balanced));
    assertTrue(a.workers.stream().allMatch(worker -> worker.flows().size() > 0));
  }
}
