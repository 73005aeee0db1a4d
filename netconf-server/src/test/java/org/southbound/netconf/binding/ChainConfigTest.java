// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.flow.FlowSpace;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.FileStore.Durability;

@Timeout(60)
class ChainConfigTest {
  private static final Duration WAIT = Duration.ofSeconds(30);

  @TempDir
  private Path home;

  private final List<ChainState> inForce = new CopyOnWriteArrayList<>();
  private final List<String> removed = new CopyOnWriteArrayList<>();
  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private volatile CountDownLatch rounds = new CountDownLatch(0);

  /** Chains are in force at once; the answer about the one called slow comes late. */
  private Object answer(String method, Object[] arguments) throws InterruptedException {
    switch (method) {
      case "serviceChain" -> {
        var chain = (Chain) arguments[0];
        var state = new ChainState(chain, "up", 1, "nsh-vxlan-gpe", 1, 255, 0, 0, List.of(), "");
        inForce.add(state);
        if (chain.name().equals("slow")) {
          entered.countDown();
          release.await();
        }
        return state;
      }
      case "chains" -> {
        rounds.countDown();
        return List.copyOf(inForce);
      }
      case "removeChain" -> removed.add((String) arguments[0]);
      default -> {
        // listen, translations, refreshChain: nothing
      }
    }
    return null;
  }

  private static Chain chain(String name) {
    return new Chain(name, name.length(), "", FlowSpace.EVERYTHING, List.of(new Endpoint("b", "127.0.0.1", 4790, 4791)),
        false);
  }

  @Test
  void shouldNotTakeDownAChainThatAnotherCallIsStillSettingUp() throws Exception {
    var vnf = (VnfApi) Proxy.newProxyInstance(VnfApi.class.getClassLoader(), new Class<?>[]{VnfApi.class},
        (proxy, method, arguments) -> answer(method.getName(), arguments));
    try (var server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
        var unit = new ChainConfig(server, vnf)) {
      var slow = new FutureTask<>(() -> unit.setUp(Writer.SYSTEM, chain("slow"), WAIT));
      Thread.ofVirtual().start(slow);
      assertTrue(entered.await(30, TimeUnit.SECONDS));
      unit.setUp(Writer.SYSTEM, chain("quick"), WAIT);
      rounds = new CountDownLatch(3);
      assertTrue(rounds.await(30, TimeUnit.SECONDS), "the chains are not looked at");
      release.countDown();
      slow.get(30, TimeUnit.SECONDS);
      assertEquals(List.of(), removed);
    }
  }
}
