// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Job;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Monitor;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.state.StateLayout.Kind;

/** Transfers that meet with a peer that dies, a cancel, other traffic, or another transfer. */
final class TransfersTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final FlowSpace UDP = FlowSpace.parse("udp");
  private static final Map<String, Long> NONE = Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L);

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
    b2 = bed.node("b2", Monitor::new);
    chain(a, "web", b);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private static void chain(Testbed.Node from, String name, Testbed.Node... hops) throws ApiException {
    var endpoints = Arrays.stream(hops).map(hop -> hop.endpoint).toList();
    from.vnf.serviceChain(new Chain(name, -1, "", FlowSpace.EVERYTHING, endpoints, false), SOON);
  }

  private static UUID transfer(Testbed.Node from, Testbed.Node to, FlowSpace scope) throws ApiException {
    return from.vnf.transfer(new StateRequest("", to.endpoint, scope, "loss-free",
        EnumSet.of(Kind.PER_FLOW, Kind.MULTI_FLOW), false, Map.of()));
  }

  private static Job job(Testbed.Node node, UUID id) {
    return node.vnf.jobs().stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow();
  }

  private static Job ended(Testbed.Node node, UUID id) {
    assertTrue(Testbed.eventually(Duration.ofSeconds(20), () -> job(node, id).ended().isPresent()),
        () -> job(node, id).toString());
    return job(node, id);
  }

  private void move(Testbed.Node from, Testbed.Node to, FlowSpace scope) throws ApiException {
    var job = ended(from, transfer(from, to, scope));
    assertEquals("complete", job.state(), job.message());
    assertEquals("", job.appTag(), job.message());
  }

  private String accounts() {
    return bed.received() + " " + bed.nodes.stream().map(Testbed.Node::account).toList();
  }

  private void assertReceived(long packets) {
    assertTrue(Testbed.eventually(SOON, () -> bed.received() >= packets), this::accounts);
    assertTrue(Testbed.eventually(SOON, () -> bed.nodes.stream().allMatch(Testbed.Node::balanced)), this::accounts);
    assertEquals(0, bed.nodes.stream().mapToLong(node -> node.sum(each -> each.held.get())).sum(), this::accounts);
  }

  /** Everything is as before a transfer. */
  private void assertAtSource() {
    assertEquals(100, b.vnf.instance().flows());
    assertTrue(b.vnf.ownerships().stream().allMatch(each -> each.role().equals("active")));
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.paths().isEmpty()), () -> b2.vnf.paths().toString());
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.instance().flows() == 0));
    assertTrue(b2.vnf.ownerships().isEmpty());
    for (var node : bed.nodes) {
      assertEquals(16_384, Dataplane.on(node.workers.getFirst(), node.workers.getFirst()::free), node.name);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(15, TimeUnit.SECONDS));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"transfer", "got PREPARE", "send PREPARED", "got CHUNK", "got END", "send IMPORTED",
      "got OWN"})
  void shouldLeaveTheSourceInChargeWhenTheDestinationDies(String where) throws Exception {
    b2.step = step -> {
      if (step.equals(where)) {
        throw new IllegalStateException("dies at " + where);
      }
    };
    try (var traffic = new Traffic(bed, a, 100, 60)) {
      traffic.until(2000);
      var job = ended(b, transfer(b, b2, UDP));
      assertEquals("failed", job.state());
      assertTrue(job.message().contains("the source keeps the scope"), job.message());
      traffic.finish();
    }
    assertReceived(6000);
    assertEquals(NONE, bed.faults(100, 60));
    assertAtSource();
    b2.step = step -> {
    };
    move(b, b2, UDP);
  }

  @Test
  void shouldCompleteWhenTheAnswerToOwnIsLost() throws Exception {
    b2.step = step -> {
      if (step.equals("send OWNED")) {
        throw Steps.dead();
      }
    };
    try (var traffic = new Traffic(bed, a, 100, 60)) {
      traffic.until(2000);
      assertEquals("complete", ended(b, transfer(b, b2, UDP)).state());
      traffic.finish();
    }
    assertReceived(6000);
    assertEquals(NONE, bed.faults(100, 60));
    assertEquals(100, b2.vnf.instance().flows());
    b2.step = step -> {
    };
    assertTrue(Testbed.eventually(SOON, () -> b2.vnf.previewScope(UDP, EnumSet.of(Kind.PER_FLOW)).owned()));
    move(b2, b, UDP);
  }

  @Test
  void shouldNotSayThatAJobIsUnknownWhileItBecomesTheOwner() throws Exception {
    var asked = new CountDownLatch(1);
    var id = new AtomicReference<String>();
    var answer = new CompletableFuture<OutcomeReply.State>();
    b2.step = step -> {
      if (step.equals("got OWN")) {
        // The worker is busy while the records become the NF's own, and the source asks.
        b2.workers.getFirst().execute(() -> await(asked));
        var owning = Thread.currentThread();
        Thread.ofVirtual().start(() -> {
          try {
            assertTrue(Testbed.eventually(SOON, () -> owning.getState() == Thread.State.TIMED_WAITING));
            answer.complete(b2.vnf.outcome("b", id.get()).getState());
          } catch (Exception failure) {
            answer.completeExceptionally(failure);
          }
        });
        Thread.ofVirtual().start(() -> {
          Testbed.eventually(Duration.ofMillis(100), answer::isDone);
          asked.countDown();
        });
      }
      if (step.equals("got PREPARE")) {
        id.set(b.vnf.jobs().getLast().id().toString());
      }
    };
    assertEquals("complete", ended(b, transfer(b, b2, UDP)).state());
    var state = answer.get(10, TimeUnit.SECONDS);
    assertEquals(OutcomeReply.State.OWNED, state);
  }

  @Test
  void shouldWaitForTheOutcomeUntilSomebodyKnowsThatTheDestinationIsGone() throws Exception {
    for (int i = 0; i < 1000; i++) {
      bed.send(a, i % 100, i / 100);
    }
    assertReceived(1000);
    var dead = new CountDownLatch(1);
    b2.step = step -> {
      if (step.equals("got OWN")) {
        var gone = Thread.ofPlatform().start(b2::cutOff);
        assertTrue(Testbed.eventually(SOON, () -> !gone.isAlive()));
        dead.countDown();
        throw new IllegalStateException("it is gone");
      }
    };
    var id = transfer(b, b2, UDP);
    await(dead);
    for (int i = 1000; i < 2000; i++) {
      bed.send(a, i % 100, i / 100);
    }
    assertTrue(Testbed.eventually(SOON, () -> b.sum(each -> each.held.get()) == 1000), this::accounts);
    assertTrue(Testbed.eventually(SOON, () -> {
      try {
        b.vnf.cancelOperation(id);
        return true;
      } catch (ApiException notInDoubtYet) {
        return false;
      }
    }));
    assertEquals("cancelled", ended(b, id).state());
    assertReceived(2000);
    assertEquals(NONE, bed.faults(100, 20));
    assertEquals(100, b.vnf.instance().flows());
  }

  @ParameterizedTest
  @ValueSource(strings = {"got PREPARE", "got CHUNK", "got END", "got OWN"})
  void shouldEndCleanlyWhenCancelled(String where) throws Exception {
    var refused = new AtomicReference<String>("");
    b2.step = step -> {
      if (step.equals(where)) {
        try {
          b.vnf.cancelOperation(b.vnf.jobs().getLast().id());
        } catch (ApiException tooLate) {
          refused.set(tooLate.appTag());
        }
      }
    };
    try (var traffic = new Traffic(bed, a, 100, 60)) {
      traffic.until(2000);
      var job = ended(b, transfer(b, b2, UDP));
      traffic.finish();
      assertReceived(6000);
      if (where.equals("got OWN")) {
        assertEquals("southbound:too-late", refused.get());
        assertEquals("complete", job.state(), job.message());
      } else {
        assertEquals("cancelled", job.state(), job.message());
        assertAtSource();
      }
    }
    assertEquals(NONE, bed.faults(100, 60));
  }

  @Test
  void shouldProcessItsOwnPacketsWhenATransferToItFails() throws Exception {
    var other = bed.node("other", Monitor::new);
    chain(other, "mail", b2);
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 0);
    }
    assertReceived(100);
    b2.step = step -> {
      if (step.equals("send IMPORTED")) {
        try {
          for (int i = 0; i < 100; i++) {
            bed.send(other, 1000 + i, 0);
          }
        } catch (Exception failure) {
          throw new IllegalStateException(failure);
        }
        assertTrue(Testbed.eventually(SOON, () -> b2.sum(each -> each.held.get()) == 100));
        throw new IllegalStateException("it fails");
      }
    };
    assertEquals("failed", ended(b, transfer(b, b2, UDP)).state());
    assertReceived(200);
    assertEquals(0, b.sum(WorkerCounters::dropped), this::accounts);
  }

  @Test
  void shouldKeepTheSourceInChargeWhenTheDestinationHasNoUsableAddress() throws Exception {
    b2.vnf.neighbours().self(new Endpoint("b2", "[::1", b2.endpoint.dataPort(), b2.endpoint.peerPort()));
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 0);
    }
    assertReceived(100);
    assertEquals("failed", ended(b, transfer(b, b2, UDP)).state());
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 1);
    }
    assertReceived(200);
    assertAtSource();
  }

  @Test
  void shouldSteerAlthoughTheNeighbourMovedStateOfItsOwn() throws Exception {
    var x = bed.node("x", Monitor::new);
    move(a, x, UDP);
    move(x, a, UDP);
    assertTrue(a.vnf.ownerships().getFirst().epoch() > 1);
    move(b, b2, UDP);
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 0);
    }
    assertReceived(100);
    assertEquals(0, b.sum(each -> each.received.get()), this::accounts);
    assertEquals(100, b2.sum(each -> each.received.get()), this::accounts);
  }

  @Test
  void shouldNotSteerByAnEpochThatIsPast() throws Exception {
    move(b, b2, UDP);
    move(b2, b, UDP);
    var late = org.southbound.peer.v1.SteerRequest.newBuilder().setJob(UUID.randomUUID().toString())
        .setScope(Messages.scope(UDP)).setFrom("b").setTo(Messages.endpoint(b2.endpoint)).setEpoch(1).build();
    assertEquals("southbound:not-owner",
        assertThrows(org.southbound.peer.PeerException.class, () -> a.vnf.steer("b2", late)).appTag());
  }

  @Test
  void shouldRefuseToGiveAwayWhatIsOnItsWayHere() throws Exception {
    var refused = new AtomicReference<String>();
    b2.step = step -> {
      if (step.equals("got END")) {
        refused.set(assertThrows(ApiException.class, () -> transfer(b2, a, FlowSpace.EVERYTHING)).appTag());
      }
    };
    move(b, b2, UDP);
    assertEquals("southbound:scope-in-use", refused.get());
  }

  @Test
  void shouldRefuseATransferThatOverlapsAnotherToTheSameNf() throws Exception {
    var c = bed.node("c", Monitor::new);
    b2.step = step -> {
      if (step.equals("got END")) {
        b2.step = each -> {
        };
        try {
          var job = ended(c, transfer(c, b2, FlowSpace.parse("udp any:1024 -> any")));
          assertEquals("southbound:scope-in-use", job.appTag());
        } catch (ApiException failure) {
          throw new IllegalStateException(failure);
        }
      }
    };
    move(b, b2, UDP);
  }

  @Test
  void shouldNotLoseWhatOtherFlowsChangeInSharedState() throws Exception {
    // Flow 0 moves; flow 1 is of the same hosts, and goes on while their records are on the way.
    for (int i = 0; i < 50; i++) {
      bed.send(a, i % 2, i / 2);
    }
    assertReceived(50);
    b2.step = step -> {
      if (step.equals("send IMPORTED")) {
        try {
          for (int i = 25; i < 50; i++) {
            bed.send(a, 1, i);
          }
        } catch (Exception failure) {
          throw new IllegalStateException(failure);
        }
        assertTrue(Testbed.eventually(SOON, () -> b.sum(each -> each.received.get()) == 75));
      }
    };
    move(b, b2, FlowSpace.parse("udp any:1024 -> any"));
    assertReceived(75);
    assertEquals(75, sent(b) + sent(b2));
  }

  private static long sent(Testbed.Node node) {
    return node.vnf.readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.MULTI_FLOW), 1000).stream()
        .filter(record -> record.schema().equals("host"))
        .mapToLong(record -> Long.parseLong(record.fields().get("packets-sent"))).sum();
  }

  @Test
  void shouldTakeIcmpErrorsAlongWithTheirFlows() throws Exception {
    bed.send(a, 0, 0);
    assertReceived(1);
    move(b, b2, UDP);
    bed.send(a, Testbed.unreachable(0));
    assertReceived(2);
    assertEquals(1, b.sum(each -> each.received.get()), this::accounts);
    assertEquals(1, b2.sum(each -> each.received.get()), this::accounts);
    // One that comes by way of the former owner goes on as well.
    var through = bed.node("through", Monitor::new);
    chain(through, "late", b);
    bed.send(through, Testbed.unreachable(0));
    assertReceived(3);
    assertEquals(2, b2.sum(each -> each.received.get()), this::accounts);
  }

  @Test
  void shouldKnowTheFlowOfFragmentsWhoseFirstWentToTheFormerOwner() throws Exception {
    bed.send(a, Testbed.fragment(0, 77, true));
    assertReceived(1);
    move(b, b2, UDP);
    bed.send(a, Testbed.fragment(0, 77, false));
    assertReceived(2);
    assertEquals(1, b2.sum(each -> each.sent.get()), this::accounts);
  }

  @Test
  void shouldRefuseAnNfWithoutRoomAndItself() throws Exception {
    var small = bed.small("small", Monitor::new, 50);
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 0);
    }
    assertReceived(100);
    assertEquals("southbound:resource", ended(b, transfer(b, small, UDP)).appTag());
    assertEquals("southbound:unknown-peer", assertThrows(ApiException.class, () -> transfer(b, b, UDP)).appTag());
    assertTrue(small.vnf.paths().isEmpty());
    assertEquals(List.of(), small.vnf.ownerships());
  }

  @Test
  void shouldFailWhenOneOfSeveralWorkersHasNoRoom() throws Exception {
    var small = bed.small("small", Monitor::new, 2, 50);
    // There is room for all, but not at the second worker.
    var flows = java.util.stream.Stream.concat(flowsOf(0).limit(20), flowsOf(1).limit(60)).toList();
    for (int flow : flows) {
      bed.send(a, flow, 0);
    }
    assertReceived(80);
    var job = ended(b, transfer(b, small, UDP));
    assertEquals("southbound:resource", job.appTag(), job.message());
    assertEquals(0, small.vnf.instance().flows());
    assertEquals(80, b.vnf.instance().flows());
  }

  /** Flows of {@link Testbed#udp} that come to one of two workers. */
  private static java.util.stream.Stream<Integer> flowsOf(int worker) {
    return java.util.stream.IntStream.range(0, 1000).filter(flow -> Worker.owner(FlowKey.hash(0, 0x0A00_0001L, 0,
        0xC000_0201L, (1024L + flow) << 48 | 53L << 32 | 17 << 8 | 4), 2) == worker).boxed();
  }

  @Test
  void shouldFindWhoHasTheScopeForALaterChain() throws Exception {
    // Trusted by its certificate; where it is, only the transfer says.
    b.vnf.neighbours().configured(Map.of("b2", new Endpoint("b2", "", 4790, 4791)));
    move(b, b2, UDP);
    a.vnf.removeChain("web");
    chain(a, "again", b);
    for (int i = 0; i < 100; i++) {
      bed.send(a, i, 0);
    }
    assertReceived(100);
    assertEquals(100, b2.sum(each -> each.received.get()), this::accounts);
  }
}
