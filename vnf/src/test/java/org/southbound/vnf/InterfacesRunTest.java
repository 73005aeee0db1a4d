// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code run} as an operator starts it, between two interfaces, in network namespaces that are made for the test; needs
 * root.
 */
@Timeout(120)
class InterfacesRunTest {
  private static final String PREFIX = "sbrun" + ProcessHandle.current().pid();
  private static final String CLIENT = PREFIX + "c";
  private static final String MIDDLE = PREFIX + "m";
  private static final String SERVER = PREFIX + "s";
  private static final int FILE_OCTETS = 10 << 20;

  @TempDir
  private Path folder;
  private final List<Process> running = new ArrayList<>();

  private static String sh(String command) throws IOException, InterruptedException {
    var process = new ProcessBuilder("sh", "-ec", command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), command + ": " + output);
    return output.strip();
  }

  private Process background(String namespace, String... command) throws IOException {
    var all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    var process = new ProcessBuilder(all).redirectErrorStream(true).start();
    running.add(process);
    return process;
  }

  @BeforeEach
  void lay() throws Exception {
    boolean may = new ProcessBuilder("sh", "-c", "which ip curl python3 && ip netns add " + CLIENT).start()
        .waitFor() == 0;
    Assumptions.assumeTrue(may, "needs root, iproute2, curl and python3");
    sh("ip netns add " + MIDDLE + "; ip netns add " + SERVER + "; ip -n " + MIDDLE + " link set lo up");
    for (var line : List.of("c0 " + CLIENT + " f0 10.78.0.1", "s0 " + SERVER + " f1 10.78.0.2")) {
      sh("set -- " + line + "; ip link add $1 netns $2 type veth peer name $3 netns " + MIDDLE + "; ip -n $2 addr add "
          + "$4/24 dev $1; ip -n $2 link set $1 up; ip -n " + MIDDLE + " link set $3 up");
    }
  }

  @AfterEach
  void remove() throws Exception {
    for (var process : running) {
      process.destroy();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
    for (var each : List.of(CLIENT, MIDDLE, SERVER)) {
      new ProcessBuilder("ip", "netns", "del", each).start().waitFor();
    }
  }

  @Test
  void shouldCarryADownloadBetweenInterfaces() throws Exception {
    var file = folder.resolve("served/file");
    Files.createDirectory(file.getParent());
    sh("head -c " + FILE_OCTETS + " /dev/urandom > " + file);
    background(SERVER, "python3", "-m", "http.server", "--directory", file.getParent().toString(), "8080");
    var instance = background(MIDDLE, ProcessHandle.current().info().command().orElse("java"),
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "run",
        "--home", folder.resolve("home").toString(), "--ingress", "if:f0", "--egress", "if:f1", "--nf", "monitor");
    var output = instance.inputReader();
    var line = output.readLine();
    while (line != null && !line.startsWith("{\"ready\":true")) {
      line = output.readLine();
    }
    assertTrue(line != null, "the instance ended");
    var sum = sh("ip netns exec " + CLIENT + " curl -sf --retry 5 --retry-all-errors --max-time 60 "
        + "http://10.78.0.2:8080/file | sha256sum");
    assertEquals(sh("sha256sum < " + file), sum);
    assertTrue(Files.readString(folder.resolve("home/bootstrap.properties")).contains("egress=if:f1"),
        "kept for the next start");
    instance.destroy();
    assertTrue(instance.waitFor(20, TimeUnit.SECONDS), "SIGTERM ends it");
    assertEquals(0, instance.exitValue());
  }
}
