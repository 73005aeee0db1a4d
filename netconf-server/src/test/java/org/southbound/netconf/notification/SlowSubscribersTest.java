// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;

/** Subscribers that do not read cost neither memory nor others' events. */
@Timeout(120)
class SlowSubscribersTest {
  private static final String CREATE = "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">"
      + "%s</create-subscription>";
  private static final String ESTABLISH = "<establish-subscription xmlns=\"" + Rfc8639Test.SN
      + "\"><stream>NETCONF</stream>%s</establish-subscription>";
  private static final String TICK = "<chain-changed xmlns=\"urn:southbound:yang:southbound-chain\"><name>tick</name>"
      + "</chain-changed>";

  @TempDir
  Path home;

  /** Of 50 subscribers 5 never read: 3 by establish-subscription, which are suspended, 2 by create-subscription, cut off. */
  @Test
  void shouldSuspendOrDropTheSlowAndServeTheOthers() throws Exception {
    var limits = new NetconfConfig.Limits(1 << 20, 256, 500, 1 << 20);
    try (var server = TestServer.create(home, Durability.BATCHED, limits)) {
      server.start();
      var dropped = new CountDownLatch(2);
      List<TestClient> slow = new ArrayList<>();
      List<TestClient> quick = new ArrayList<>();
      TestClient first = TestClient.admin(server);
      for (int i = 0; i < 45; i++) {
        TestClient client = i == 0 ? first : i % 8 == 0 ? TestClient.admin(server) : quick.getLast().beside();
        client.call(String.format(i % 2 == 0 ? CREATE : ESTABLISH,
            i % 2 == 0 ? "<filter>" + TICK + "</filter>"
                : "<stream-subtree-filter>" + TICK + "</stream-subtree-filter>"));
        quick.add(client);
      }
      for (int i = 0; i < 5; i++) {
        TestClient client = TestClient.guest(server);
        client.call(String.format(i < 3 ? ESTABLISH : CREATE, ""));
        client.stopReading();
        slow.add(client);
      }
      server.sessions().onClose(session -> dropped.countDown());
      long before = used();
      int ticks = publishUntil(server, dropped);
      for (TestClient each : quick) {
        for (int i = 0; i < ticks; i++) {
          assertTrue(each.read().contains("<name>tick</name>"));
        }
      }
      assertTrue(used() - before < 100L << 20, "memory grew by " + (used() - before));
      // All slow ones had the same share of events, so those that may be suspended are.
      String state = first.call("<get><filter><subscriptions xmlns=\"" + Rfc8639Test.SN + "\"/></filter></get>");
      assertEquals(3, state.split("<state>suspended</state>", -1).length - 1, state);
      assertEquals(22, state.split("<state>active</state>", -1).length - 1, state);
      slow.getFirst().readAgain();
      String next = slow.getFirst().read();
      while (!next.contains("<subscription-suspended")) {
        next = slow.getFirst().read();
      }
      assertTrue(next.contains("<reason>unsupportable-volume</reason>"), next);
      assertTrue(slow.getFirst().read().contains("<subscription-resumed"));
      Rfc5277Test.publish(server, "again", "created");
      next = slow.getFirst().read();
      while (next.contains("<netconf-session-end")) { // of those that were cut off
        next = slow.getFirst().read();
      }
      assertTrue(next.contains("<name>again</name>"), next);
      for (TestClient each : slow) {
        each.close();
      }
      first.close();
    }
  }

  private static int publishUntil(NetconfServer server, CountDownLatch dropped) throws InterruptedException {
    ContainerNode large = new TreeBuilder(server.notifications().node("southbound-chain", "chain-changed"))
        .leaf("name", "large").leaf("generation", 1).leaf("change", "status")
        .leaf("error-app-tag", "x".repeat(20_000)).build();
    int ticks = 0;
    for (int round = 0; round < 400 && !dropped.await(5, TimeUnit.MILLISECONDS); round++) {
      for (int i = 0; i < 10; i++) {
        server.notifications().publish(large);
      }
      if (round % 10 == 0) {
        Rfc5277Test.publish(server, "tick", "updated");
        ticks++;
      }
    }
    assertTrue(dropped.await(30, TimeUnit.SECONDS), "slow subscribers are still there");
    for (int i = 0; i < 200; i++) { // whoever is a little behind them
      server.notifications().publish(large);
    }
    return ticks;
  }

  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
