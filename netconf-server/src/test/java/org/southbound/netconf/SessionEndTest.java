// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.session.SessionTimes;
import org.southbound.netconf.schema.YangNode;

/** How sessions end, and what becomes of their locks and of what they had under way. */
@Timeout(120)
class SessionEndTest {
  private static final String LOCK = "<lock><target><running/></target></lock>";

  @TempDir
  Path home;
  private NetconfServer server;
  private final BlockingQueue<Session> ended = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    server.sessions().onClose(ended::add); // called after the locks are given back
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static String edit(int counter) {
    return "<edit-config><target><running/></target><config><bench xmlns=\"urn:ncload:bench\"><counter>" + counter
        + "</counter></bench></config></edit-config>";
  }

  private void endsWithoutLock() throws InterruptedException {
    assertTrue(ended.poll(30, TimeUnit.SECONDS) != null, "the session lingers");
    assertNull(server.datastores().holder(Name.RUNNING));
  }

  private long running() {
    return new Tree(server.schema().root(), server.datastores().running()).child("bench").number("counter", 0);
  }

  @Test
  void shouldEndWhenTheClientSendsNothingMore() throws Exception {
    try (var client = TestClient.admin(server)) {
      client.request(LOCK);
      client.request(edit(1));
      client.request(edit(2));
      client.endInput();
      for (int i = 0; i < 3; i++) {
        ok(client.read()); // all that was asked is answered
      }
      assertThrows(IOException.class, client::read);
      endsWithoutLock();
      assertEquals(1, server.sessions().dropped());
    }
  }

  @Test
  void shouldEndWhenTheConnectionIsCut() throws Exception {
    try (var client = TestClient.admin(server)) {
      ok(client.call(LOCK));
      client.cut();
      endsWithoutLock();
    }
  }

  @Test
  void shouldEndAfterTheMaximumTime() throws Exception {
    try (var client = TestClient.admin(server)) {
      ok(client.call(LOCK));
      server.sessions().times(new SessionTimes(Duration.ofSeconds(1), Duration.ZERO));
      while (true) { // busy or not
        try {
          client.call("<discard-changes/>");
        } catch (IOException e) {
          break;
        }
      }
      endsWithoutLock();
    }
  }

  @Test
  void shouldEndOnlyWhoHoldsALockForTooLong() throws Exception {
    try (var holder = TestClient.admin(server); var other = TestClient.admin(server)) {
      ok(holder.call(LOCK));
      server.sessions().times(new SessionTimes(Duration.ZERO, Duration.ofSeconds(1)));
      assertThrows(IOException.class, holder::read);
      endsWithoutLock();
      ok(other.call(LOCK));
    }
  }

  /** What has reached the datastore is done as a whole; what has not is refused, although its session had the lock. */
  @Test
  void shouldFinishOrRefuseWhatAKilledSessionHasUnderWay() throws Exception {
    var preparing = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    YangNode rpc = server.schema().rpc("urn:southbound:yang:southbound-chain", "get-chaining-protocols");
    var called = new CountDownLatch(1);
    var refused = new LinkedBlockingQueue<NetconfException>();
    server.rpcs().handle(rpc, (session, input) -> {
      called.countDown();
      try {
        go.await();
        server.datastores().editRunning(
            new org.southbound.netconf.datastore.Datastores.Writer(session.id(), session.user()),
            before -> new TreeBuilder(server.schema().root()).build());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (NetconfException e) {
        refused.add(e);
      }
      return null;
    });
    server.datastores().subscribe(new Slow(preparing, go));
    try (var calling = TestClient.admin(server);
        var editing = TestClient.admin(server);
        var killer = TestClient.admin(server)) {
      calling.request("<get-chaining-protocols xmlns=\"urn:southbound:yang:southbound-chain\"/>");
      assertTrue(called.await(30, TimeUnit.SECONDS));
      editing.request(edit(7));
      assertTrue(preparing.await(30, TimeUnit.SECONDS));
      killer.request("<kill-session><session-id>1</session-id></kill-session>");
      killer.request("<kill-session><session-id>2</session-id></kill-session>");
      assertThrows(IOException.class, calling::read);
      go.countDown();
      ok(killer.read());
      ok(killer.read());
      assertEquals(7, running(), "had been prepared when the session was killed");
      assertEquals("The session has ended.", refused.poll(30, TimeUnit.SECONDS).getMessage());
      assertEquals(7, running());
    }
  }

  private record Slow(CountDownLatch preparing, CountDownLatch go) implements ConfigSubscriber {
    @Override
    public void prepare(ContainerNode before, ContainerNode after) {
      if (after.isEmpty()) {
        return; // the state at subscription
      }
      preparing.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void apply() {
      // nothing to do
    }

    @Override
    public void rollback() {
      // nothing to do
    }
  }
}
