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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Monitor;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.ChainReference;
import org.southbound.state.StateLayout.Kind;

/** Hops of a chain that die, come back, or are asked for two things at once. */
final class ChainsTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir
  private Path home;

  private Testbed bed;
  private Testbed.Node a;
  private Testbed.Node b;
  private Testbed.Node c;

  @BeforeEach
  void open() throws Exception {
    bed = new Testbed(home);
    a = bed.node("a", Monitor::new);
    b = bed.node("b", Monitor::new);
    c = bed.node("c", Monitor::new);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private static Chain chain(Testbed.Node... hops) {
    return new Chain("web", -1, "", FlowSpace.EVERYTHING, endpoints(hops), false);
  }

  private static ChainUpdate update(Testbed.Node... hops) {
    return new ChainUpdate("web", -1, "", FlowSpace.EVERYTHING, endpoints(hops), -1);
  }

  private static List<Endpoint> endpoints(Testbed.Node... hops) {
    return Arrays.stream(hops).map(hop -> hop.endpoint).toList();
  }

  private static boolean drained(Testbed.Node node) {
    return node.events.stream()
        .anyMatch(event -> event instanceof Event.ChainChanged changed && changed.change().equals("drained"));
  }

  /** Sends packets and sees that all come out. */
  private void assertFlows(int packets) throws Exception {
    long before = bed.received();
    for (int i = 0; i < packets; i++) {
      bed.send(a, i % 10, i);
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == before + packets),
        () -> bed.nodes.stream().map(Testbed.Node::account).toList().toString());
    assertTrue(bed.nodes.stream().allMatch(Testbed.Node::balanced));
  }

  @Test
  void shouldRollBackEveryHopWhenOneDiesAtConfirm() {
    // The last hop has confirmed, then the one before it dies and cannot pass on that all is off.
    b.step = step -> {
      if (step.equals("confirmChain done") || step.equals("abortChain")) {
        throw Steps.dead();
      }
    };
    var refusal = assertThrows(ApiException.class, () -> a.vnf.serviceChain(chain(b, c), SOON));
    assertEquals("southbound:hop-failed", refusal.appTag());
    assertTrue(c.vnf.paths().isEmpty(), () -> c.vnf.paths().toString());
    assertTrue(a.vnf.paths().isEmpty());
  }

  @Test
  void shouldNameTheHopThatDoesNotAnswer() {
    var never = new CountDownLatch(1);
    c.step = step -> {
      try {
        assertTrue(never.await(30, TimeUnit.SECONDS));
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    };
    try {
      var refusal = assertThrows(ApiException.class, () -> a.vnf.serviceChain(chain(b, c), Duration.ofSeconds(4)));
      assertEquals("southbound:hop-failed", refusal.appTag());
      assertEquals("next-hop[2]", refusal.path(), refusal.getMessage());
    } finally {
      never.countDown();
    }
  }

  @Test
  void shouldNotForgetANewGenerationWhenTheOldOneIsRefreshed() throws Exception {
    a.vnf.serviceChain(chain(b), SOON);
    b.step = step -> {
      if (step.equals("confirmChain done")) {
        b.step = each -> {
        };
        // The second generation is confirmed, but not yet in force: the first one is what is refreshed.
        a.vnf.refreshChain("web");
      }
    };
    a.vnf.serviceChainUpdate(update(b, c), SOON);
    assertFlows(100);
    assertEquals(100, c.sum(each -> each.received.get()));
  }

  @Test
  void shouldNotBringBackAGenerationThatWasReplacedWhileItWasRefreshed() throws Exception {
    a.vnf.serviceChain(chain(b), SOON);
    var asked = new CountDownLatch(1);
    var changed = new CountDownLatch(1);
    var first = new AtomicBoolean(true);
    b.step = step -> {
      if (step.equals("prepareChain") && first.getAndSet(false)) {
        asked.countDown();
        try {
          assertTrue(changed.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    };
    var refresh = Thread.ofVirtual().start(() -> a.vnf.refreshChain("web"));
    assertTrue(asked.await(10, TimeUnit.SECONDS));
    a.vnf.serviceChainUpdate(update(c), SOON);
    assertTrue(Testbed.eventually(SOON, () -> drained(a)));
    changed.countDown();
    assertTrue(refresh.join(SOON));
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.paths().isEmpty()), () -> b.vnf.paths().toString());
    assertEquals("up", a.vnf.chains().getFirst().operStatus());
    assertFlows(100);
  }

  @Test
  void shouldSetUpAChainAnewWhileTheFormerOneOfThatNameDrains() throws Exception {
    a.vnf.serviceChain(chain(b), SOON);
    var again = new CountDownLatch(1);
    b.step = step -> {
      if (step.equals("removeChain")) {
        try {
          assertTrue(again.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    };
    a.vnf.removeChain("web");
    a.vnf.serviceChain(chain(b), SOON);
    again.countDown();
    assertTrue(Testbed.eventually(SOON, () -> drained(a)));
    assertFlows(100);
  }

  @Test
  void shouldKeepAChangeInTheMiddleWhenTheHopIsRestarted() throws Exception {
    var d = bed.node("d", Monitor::new);
    a.vnf.serviceChain(chain(b, c), SOON);
    b.vnf.serviceChainUpdate(update(d), SOON);
    a.vnf.refreshChain("web");
    assertEquals("up", a.vnf.chains().getFirst().operStatus());
    assertFlows(100);
    assertEquals(100, d.sum(each -> each.received.get()));
    // As a restart: the hop knows nothing of the chain any more.
    b.vnf.removeChain("a", reference(1));
    assertTrue(b.vnf.paths().isEmpty());
    a.vnf.refreshChain("web");
    assertEquals("up", a.vnf.chains().getFirst().operStatus());
    assertFlows(100);
    assertEquals(200, d.sum(each -> each.received.get()));
    assertEquals(List.of("b", "d"), a.vnf.chains().getFirst().chain().hops().stream().map(Endpoint::nf).toList());
  }

  @Test
  void shouldTellTheFirstOfAChangeBehindAChange() throws Exception {
    var d = bed.node("d", Monitor::new);
    var e = bed.node("e", Monitor::new);
    a.vnf.serviceChain(chain(b, c), SOON);
    b.vnf.serviceChainUpdate(update(d), SOON);
    d.vnf.serviceChainUpdate(new ChainUpdate("a.web", -1, "", FlowSpace.EVERYTHING, endpoints(e), -1), SOON);
    assertEquals(List.of("b", "d", "e"),
        a.vnf.chains().getFirst().chain().hops().stream().map(Endpoint::nf).toList());
    a.vnf.refreshChain("web");
    assertEquals("up", a.vnf.chains().getFirst().operStatus());
    // As a restart.
    b.vnf.removeChain("a", reference(1));
    a.vnf.refreshChain("web");
    assertEquals("up", a.vnf.chains().getFirst().operStatus());
    assertFlows(100);
    assertEquals(100, e.sum(each -> each.received.get()));
  }

  @Test
  void shouldNotTakeAChangeOfAnOldGenerationForOneOfTheNew() throws Exception {
    a.vnf.serviceChain(chain(b, c), SOON);
    a.vnf.serviceChainUpdate(update(b), SOON);
    var late = org.southbound.peer.v1.ChainChange.newBuilder().setChain(reference(1)).setChangedBy("b")
        .addHops(ChainCalls.hop(c.endpoint, 2)).build();
    assertEquals("southbound:unknown-chain",
        assertThrows(PeerException.class, () -> a.vnf.chainChanged("b", late)).appTag());
    assertEquals(List.of("b"), a.vnf.chains().getFirst().chain().hops().stream().map(Endpoint::nf).toList());
  }

  @Test
  void shouldStayUpWhenAHopGaveItsScopeToAnother() throws Exception {
    var b2 = bed.node("b2", Monitor::new);
    a.vnf.serviceChain(chain(b, c), SOON);
    b.vnf
        .transfer(new StateRequest("", b2.endpoint, FlowSpace.EVERYTHING, "loss-free", EnumSet.of(Kind.PER_FLOW), false,
            Map.of()));
    assertTrue(Testbed.eventually(SOON, () -> b.events.stream().anyMatch(Event.JobEnded.class::isInstance)));
    for (int i = 0; i < 2; i++) {
      a.vnf.refreshChain("web");
      assertEquals("up", a.vnf.chains().getFirst().operStatus(), a.vnf.chains().getFirst().toString());
    }
    assertFlows(100);
    // Who stands in would go on to the old next hop, so such a chain is changed where it begins.
    for (var node : List.of(b, b2)) {
      assertEquals("southbound:not-owner",
          assertThrows(ApiException.class, () -> node.vnf.serviceChainUpdate(update(), SOON)).appTag());
    }
    a.vnf.serviceChainUpdate(update(b), SOON);
    assertFlows(100);
    assertEquals(200, b2.sum(each -> each.received.get()));
    assertEquals(100, c.sum(each -> each.received.get()));
    a.vnf.removeChain("web");
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.paths().isEmpty() && b2.vnf.paths().isEmpty()),
        () -> b2.vnf.paths().toString());
  }

  private static ChainReference reference(long generation) {
    return ChainCalls.reference("a", "web", generation);
  }

  @Test
  void shouldMakeTheMiddleTheLastAndTellTheFirst() throws Exception {
    a.vnf.serviceChain(chain(b, c), SOON);
    b.vnf.serviceChainUpdate(update(), SOON);
    assertEquals(List.of("b"), a.vnf.chains().getFirst().chain().hops().stream().map(Endpoint::nf).toList());
    assertTrue(Testbed.eventually(SOON, () -> c.vnf.paths().isEmpty()));
    a.vnf.refreshChain("web");
    assertFlows(100);
    assertEquals(0, c.sum(each -> each.received.get()));
    assertEquals("southbound:generation-mismatch", assertThrows(ApiException.class, () -> b.vnf
        .serviceChainUpdate(new ChainUpdate("web", -1, "", FlowSpace.EVERYTHING, endpoints(c), 7), SOON)).appTag());
    a.vnf.serviceChainUpdate(update(), SOON);
    assertTrue(a.vnf.chains().isEmpty());
    assertTrue(Testbed.eventually(SOON, () -> b.vnf.paths().isEmpty()));
  }
}
