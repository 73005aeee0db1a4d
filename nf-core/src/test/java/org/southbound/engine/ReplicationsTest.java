// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Monitor;
import org.southbound.state.StateLayout.Kind;

/** Replication and take-over when connections are cut, one side dies, or the standby has no room. */
final class ReplicationsTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EnumSet<Kind> FLOWS = EnumSet.of(Kind.PER_FLOW);

  @TempDir
  private Path home;

  private Testbed bed;
  private Testbed.Node a;
  private Testbed.Node b;
  private Testbed.Node b2;

  @BeforeEach
  void open() throws Exception {
    bed = new Testbed(home);
    a = bed.node("a", Monitor::new);
    b = bed.node("b", Monitor::new);
    b2 = bed.small("b2", Monitor::new, 100);
    a.vnf.serviceChain(new Chain("web", -1, "", FlowSpace.EVERYTHING, List.of(b.endpoint), false), SOON);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private UUID replicate(String intervalMicros) throws ApiException {
    return b.vnf.replicate(new StateRequest("", b2.endpoint, FlowSpace.EVERYTHING, "interval", FLOWS, false,
        Map.of("interval", intervalMicros)));
  }

  private void send(Testbed.Node to, int flows, int perFlow) throws Exception {
    long before = bed.received();
    int packets = flows * perFlow;
    for (int i = 0; i < packets; i++) {
      bed.send(to, i % flows, i / flows);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == before + packets),
        () -> bed.nodes.stream().map(Testbed.Node::account).toList().toString());
  }

  private static List<String> flows(Testbed.Node node) {
    return node.vnf.readState(FlowSpace.EVERYTHING, FLOWS, 1000).stream()
        .map(record -> record.key() + " " + record.fields().get("initiator-packets")).sorted().toList();
  }

  private static boolean has(Testbed.Node node, String status) {
    return node.vnf.relationships().stream().anyMatch(each -> each.status().equals(status));
  }

  private static long changes(Testbed.Node node, String status) {
    return node.events.stream().filter(
        event -> event instanceof Event.ReplicationChanged changed && changed.status().equals(status)).count();
  }

  @Test
  void shouldStayInStepBetweenRareUpdates() throws Exception {
    var heard = new AtomicLong(System.nanoTime());
    var silence = new AtomicLong();
    b2.step = step -> {
      if (step.startsWith("got ")) {
        long now = System.nanoTime();
        silence.accumulateAndGet(now - heard.getAndSet(now), Math::max);
      }
    };
    replicate("1500000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    send(a, 20, 5);
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.relationships().getFirst().updates() >= 20));
    // Where nothing ran for that long, the standby is right to suspect the source.
    assumeTrue(silence.get() < Standbys.SILENCE.toNanos(), "the machine stood still");
    assertEquals(0, changes(b2, "disconnected"));
    assertEquals(0, b.vnf.relationships().getFirst().resyncs());
  }

  @Test
  void shouldTakeOverWithTheLastChangesOfASourceThatLives() throws Exception {
    var id = replicate("60000000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    send(a, 20, 5);
    var before = flows(b);
    assertEquals(20, before.size());
    var taken = b2.vnf.takeOver(id, false, Optional.of("once"));
    assertEquals(taken, b2.vnf.takeOver(id, false, Optional.of("once")));
    assertEquals("southbound:unknown-replication",
        assertThrows(ApiException.class, () -> b2.vnf.takeOver(id, false, Optional.empty())).appTag());
    assertEquals(before, flows(b2));
    assertEquals(List.of(), flows(b));
    send(a, 20, 5);
    assertEquals(100, b2.sum(each -> each.received.get()));
  }

  @Test
  void shouldFenceAnOldOwnerThatCouldNotBeTold() throws Exception {
    b.step = step -> {
      if (step.equals("fence")) {
        throw Steps.dead();
      }
    };
    var id = replicate("1000000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    b2.vnf.takeOver(id, false, Optional.empty());
    assertTrue(Testbed.eventually(SOON,
        () -> b.vnf.ownerships().stream().anyMatch(each -> each.role().equals("fenced") && each.owner().equals("b2"))));
    // Who does not know it yet, and sends to the old owner, reaches the new one.
    var late = bed.node("late", Monitor::new);
    late.vnf.serviceChain(new Chain("late", -1, "", FlowSpace.EVERYTHING, List.of(b.endpoint), false), SOON);
    send(late, 20, 1);
    assertEquals(20, b2.sum(each -> each.received.get()));
    assertEquals(20, flows(b2).size());
  }

  @Test
  void shouldKeepTheFormerSnapshotUntilANewOneIsWhole() throws Exception {
    var id = replicate("1000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    send(a, 20, 5);
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.relationships().getFirst().updates() >= 20
        && b.vnf.relationships().getFirst().lagPackets() == 0));
    var before = flows(b);
    // The connection is cut, and the source dies while it sends its next snapshot.
    var begun = new AtomicInteger();
    var chunks = new AtomicInteger();
    b2.step = step -> {
      boolean chunk = step.equals("got CHUNK");
      chunks.addAndGet(chunk ? 1 : 0);
      if (step.equals("got HEARTBEAT") || chunk || step.equals("replicate") && begun.get() > 0) {
        throw Steps.dead();
      }
      begun.addAndGet(step.equals("got BEGIN") ? 1 : 0);
    };
    assertTrue(Testbed.eventually(SOON, () -> chunks.get() > 0 && has(b2, "disconnected")));
    b.step = step -> {
      throw Steps.dead();
    };
    b2.vnf.takeOver(id, false, Optional.empty());
    assertEquals(before, flows(b2));
  }

  @Test
  void shouldRefuseToTakeOverWithoutRoomBeforeAnybodyIsTold() throws Exception {
    var id = replicate("1000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    send(a, 80, 1);
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.relationships().getFirst().updates() >= 80));
    var own = bed.node("own", Monitor::new);
    own.vnf.serviceChain(new Chain("own", -1, "", FlowSpace.EVERYTHING, List.of(b2.endpoint), false), SOON);
    for (int i = 0; i < 30; i++) {
      bed.send(own, 2000 + i, 0);
    }
    assertTrue(Testbed.eventually(SOON, () -> flows(b2).size() == 30));
    assertEquals("southbound:resource",
        assertThrows(ApiException.class, () -> b2.vnf.takeOver(id, false, Optional.empty())).appTag());
    assertTrue(b.vnf.ownerships().isEmpty());
    assertEquals(80, flows(b).size());
    assertEquals(30, flows(b2).size());
    assertTrue(has(b2, "in-step"));
  }

  @Test
  void shouldEndOnBothSidesWhenCancelled() throws Exception {
    var id = replicate("60000000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    b.vnf.cancelOperation(id);
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.relationships().isEmpty() && b2.vnf.relationships().isEmpty()));
    assertEquals("cancelled", b.vnf.jobs().getLast().state());
  }

  @Test
  void shouldEndWhenTheStandbyStops() throws Exception {
    var id = replicate("60000000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    b2.vnf.stopReplication(id);
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.relationships().isEmpty()));
    assertEquals("complete", b.vnf.jobs().getLast().state());
    assertTrue(b.vnf.ownerships().isEmpty());
    assertTrue(b2.vnf.relationships().isEmpty());
  }

  @Test
  void shouldEndWhenTheScopeIsGivenAway() throws Exception {
    var c = bed.node("c", Monitor::new);
    var id = replicate("10000");
    assertTrue(Testbed.eventually(SOON, () -> has(b2, "in-step")));
    send(a, 20, 1);
    b.vnf.transfer(new StateRequest("", c.endpoint, FlowSpace.EVERYTHING, "loss-free", FLOWS, false, Map.of()));
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.relationships().isEmpty() && b2.vnf.relationships().isEmpty()));
    assertFalse(b.vnf.jobs().stream().filter(job -> job.id().equals(id)).findFirst().orElseThrow().message().isEmpty());
    send(a, 20, 1);
    assertEquals(20, flows(c).size());
  }
}
