// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.session.Limits;

/** Many who never log in, many who do, some who subscribe and never read: the others do not notice, and memory is bounded. */
class FloodTest {
  private static final long MEMORY = 192L << 20;
  private static final int STRANGERS = 64;

  @TempDir
  Path home;

  private record Load(int seconds, int strangers, int asking, int subscribers, int deaf, int keptEvents,
      int eventBytes) {
  }

  private Map<String, Long> run(Load load) throws Exception {
    var limits = new Limits(1000, 1000, STRANGERS, Duration.ofSeconds(60), Duration.ZERO, 6, 1 << 20);
    try (var server = new NetconfServer(new NetconfConfig(home, TestServer.loopback(), TestServer.schema(),
        TestServer.users(), Durability.BATCHED,
        new NetconfConfig.Limits(limits, load.keptEvents, 8 << 20), java.time.InstantSource.system()))) {
      server.start();
      var deaf = new CountDownLatch(load.deaf);
      server.sessions().onClose(each -> deaf.countDown());
      var clients = clients(server.address().getPort(), load);
      try (var output = clients.inputReader(); var publisher = Executors.newSingleThreadScheduledExecutor()) {
        assertEquals("ready", line(output));
        clients.getOutputStream().write('\n');
        clients.getOutputStream().flush();
        var node = server.notifications().node("southbound-chain", "chain-changed");
        ContainerNode event = new TreeBuilder(node).leaf("name", "web").leaf("change", "updated")
            .leaf("error-app-tag", "x".repeat(load.eventBytes)).build();
        var publishing = publisher.scheduleAtFixedRate(() -> server.notifications().publish(event), 0, 50,
            TimeUnit.MILLISECONDS);
        String account = line(output);
        publishing.cancel(false);
        System.out.println("flood: " + account + " strangers=" + server.transports().strangers() + " memory="
            + memory() / 1024 + " KiB");
        assertTrue(server.transports().strangers() <= STRANGERS);
        assertTrue(memory() < MEMORY, "memory: " + memory());
        assertTrue(deaf.await(30, TimeUnit.SECONDS), "who never reads is still there");
        return numbers(account);
      } finally {
        clients.destroyForcibly();
      }
    }
  }

  private static String line(BufferedReader output) throws Exception {
    for (String line; (line = output.readLine()) != null;) {
      if (line.equals("ready") || line.startsWith("requests=")) {
        return line;
      }
    }
    return "the clients are gone";
  }

  /** What is in use on the heap once the garbage is gone. */
  private static long memory() {
    var beans = ManagementFactory.getMemoryMXBean();
    beans.gc();
    return beans.getHeapMemoryUsage().getUsed();
  }

  private static Process clients(int port, Load load) throws Exception {
    var command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx512m",
        "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-cp",
        System.getProperty("java.class.path"), FloodClients.class.getName()));
    for (int each : new int[]{port, load.seconds, load.strangers, load.asking, load.subscribers, load.deaf}) {
      command.add(Integer.toString(each));
    }
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static Map<String, Long> numbers(String account) {
    var found = new HashMap<String, Long>();
    for (String each : account.split(" ", -1)) {
      int equals = each.indexOf('=');
      found.put(each.substring(0, equals), Long.parseLong(each.substring(equals + 1)));
    }
    return found;
  }

  /** Small, for each build: what must not happen at all. */
  @Test
  @Timeout(120)
  void shouldServeOthersDuringAShortFlood() throws Exception {
    var numbers = run(new Load(5, 200, 10, 5, 2, 64, 20_000));
    assertEquals(0, numbers.get("failures"), numbers.toString());
    assertTrue(numbers.get("requests") > 0 && numbers.get("events") > 0, numbers.toString());
  }

  /** 1,000 connections that never authenticate, 200 sessions, 50 subscribers of which 5 never read, for 5 minutes. */
  @Test
  @Tag("soak")
  @Timeout(900)
  void shouldServeOthersDuringAFlood() throws Exception {
    int seconds = Integer.getInteger("southbound.flood.seconds", 300);
    var numbers = run(new Load(seconds, 1000, 200, 50, 5, 512, 2_000));
    assertEquals(0, numbers.get("failures"), numbers.toString());
    assertTrue(numbers.get("requests") >= 200L * seconds, numbers.toString());
    assertTrue(numbers.get("p99") < 50_000, numbers.toString());
  }
}
