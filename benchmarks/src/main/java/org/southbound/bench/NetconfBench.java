// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * An instance as {@code ./southbound run} starts it, and a load client in C on the same machine: how soon it answers, what it
 * takes of memory, what it serves. Validation, access control and storage are on, as always.
 */
final class NetconfBench {
  private static final Path ROOT = Path.of(System.getProperty("southbound.root", ""));
  private static final Path NATIVE = ROOT.resolve("benchmarks/native");
  private static final Pattern PORT = Pattern.compile("\"netconf\":\"[^\"]*:(\\d+)\"");
  private static final Pattern RESULT = Pattern.compile("(\\w+)=([0-9.]+)");
  private static final int ROUNDS = 3;
  private static final int WARM_SECONDS = 8;
  private static final int IDLE_SESSIONS = 100;
  private static final int KIBI = 1024;

  private final double seconds;
  private final Path folder;
  private final List<Bench.Figure> figures = new ArrayList<>();

  private NetconfBench(double seconds, Path folder) {
    this.seconds = seconds;
    this.folder = folder;
  }

  /** Measures all; each load lasts {@code seconds}. Throws IOException if a program fails. */
  static List<Bench.Figure> run(double seconds) throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("southbound-netconf");
    try {
      var bench = new NetconfBench(seconds, folder);
      bench.measure();
      return bench.figures;
    } finally {
      try (var files = Files.walk(folder)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void measure() throws IOException, InterruptedException {
    finish(new ProcessBuilder("gcc", "-O2", "-Wall", "-o", client(), NATIVE.resolve("netconf.c").toString(), "-lssh",
        "-lpthread").inheritIO().start());
    finish(new ProcessBuilder("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key()).inheritIO().start());
    var starts = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      try (var server = new Server("start" + i, "batched")) {
        starts[i] = server.helloSeconds;
      }
    }
    add("start", Map.of(), Programs.median(starts), "s to the first hello");
    try (var server = new Server("batched", "batched")) {
      add("memory", Map.of("when", "fresh"), server.residentKib() / (double) KIBI, "MiB");
      idle(server);
      add("setup", Map.of("sessions", "4", "warm", "no"), rate(server, "setup", 4, 1, 1), "sessions/s");
      rate(server, "get", 4, 1, WARM_SECONDS);
      rate(server, "commit", 1, 1, WARM_SECONDS);
      rate(server, "setup", 4, 1, WARM_SECONDS);
      rates(server, "get", 1, 1);
      rates(server, "get", 50, 1);
      rates(server, "get", 1, 16);
      rates(server, "setup", 4, 1);
      rates(server, "commit", 1, 1);
      bulk(server);
      add("memory", Map.of("when", "after the load"), server.residentKib() / (double) KIBI, "MiB");
    }
    try (var server = new Server("sync", "sync")) {
      rate(server, "commit", 1, 1, WARM_SECONDS);
      var commits = new double[ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        commits[i] = rate(server, "commit", 1, 1, seconds);
      }
      add("commit", Map.of("durability", "sync", "sessions", "1"), Programs.median(commits), "edits and commits/s");
    }
  }

  private void rates(Server server, String mode, int sessions, int outstanding)
      throws IOException, InterruptedException {
    var values = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      values[i] = rate(server, mode, sessions, outstanding, seconds);
    }
    var params = new TreeMap<>(Map.of("sessions", Integer.toString(sessions)));
    String unit = "sessions/s";
    if (mode.equals("get")) {
      params.put("outstanding", Integer.toString(outstanding));
      unit = "get-config/s";
    } else if (mode.equals("commit")) {
      params.put("durability", "batched");
      unit = "edits and commits/s";
    }
    add(mode, params, Programs.median(values), unit);
  }

  private double rate(Server server, String mode, int sessions, int outstanding, double period)
      throws IOException, InterruptedException {
    return client(server.port, "--sessions", Integer.toString(sessions), "--outstanding",
        Integer.toString(outstanding), "--seconds", Double.toString(period), mode).get("rate").getFirst();
  }

  private void bulk(Server server) throws IOException, InterruptedException {
    client(server.port, "bulk");
    var all = client(server.port, "bulk");
    var entries = Map.of("entries", "10000");
    add("bulk.make", entries, median(all.get("make")), "s");
    add("bulk.read", entries, median(all.get("read")), "s");
    add("bulk.change", entries, median(all.get("change")), "s");
  }

  /** What a session costs that does nothing. */
  private void idle(Server server) throws IOException, InterruptedException {
    var holder = command(server.port, "--sessions", Integer.toString(IDLE_SESSIONS), "hold").start();
    BufferedReader output = holder.inputReader();
    output.readLine();
    holder.getOutputStream().write('\n');
    holder.getOutputStream().flush();
    finish(holder); // once through, so that what is grown by then is not counted
    long before = server.residentKib();
    holder = command(server.port, "--sessions", Integer.toString(IDLE_SESSIONS), "hold").start();
    holder.inputReader().readLine();
    add("memory", Map.of("when", "idle session"), (server.residentKib() - before) / (double) IDLE_SESSIONS, "KiB");
    holder.getOutputStream().write('\n');
    holder.getOutputStream().flush();
    finish(holder);
  }

  private void add(String name, Map<String, String> params, double value, String unit) {
    figures.add(new Bench.Figure("NetconfBench." + name, params, value, unit, 0));
  }

  private static double median(List<Double> values) {
    return Programs.median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private String client() {
    return folder.resolve("client").toString();
  }

  private String key() {
    return folder.resolve("key").toString();
  }

  private ProcessBuilder command(int port, String... arguments) {
    var command = new ArrayList<>(List.of(client(), "--port", Integer.toString(port), "--key", key()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  private Map<String, List<Double>> client(int port, String... arguments) throws IOException, InterruptedException {
    var process = command(port, arguments).start();
    var result = new HashMap<String, List<Double>>();
    var numbers = RESULT.matcher(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    finish(process);
    while (numbers.find()) {
      result.computeIfAbsent(numbers.group(1), name -> new ArrayList<>()).add(Double.valueOf(numbers.group(2)));
    }
    return result;
  }

  private static void finish(Process process) throws IOException, InterruptedException {
    if (process.waitFor() != 0) {
      throw new IOException("failed: " + process.info().commandLine().orElse("a program of the benchmark"));
    }
  }

  /** An instance of its own home; ready once made. */
  private final class Server implements AutoCloseable {
    final int port;
    final double helloSeconds;
    private final Process process;

    Server(String name, String durability) throws IOException, InterruptedException {
      int free;
      try (var socket = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
        free = socket.getLocalPort();
      }
      long begun = System.nanoTime();
      var hello = command(free, "hello").start();
      process = new ProcessBuilder(ROOT.resolve("southbound").toString(), "run", "--name", name, "--home",
          folder.resolve(name).toString(), "--netconf-port", Integer.toString(free), "--snmp-port", "0", "--data-port",
          "0",
          "--peer-port", "0", "--metrics-port", "0", "--authorized-keys", key() + ".pub", "--durability", durability,
          "--yang-path", NATIVE.resolve("yang").toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      hello.inputReader().readLine();
      helloSeconds = (System.nanoTime() - begun) * 1e-9;
      finish(hello);
      var ready = PORT.matcher(String.valueOf(process.inputReader().readLine()));
      if (!ready.find()) {
        throw new IOException("an instance did not start");
      }
      port = Integer.parseInt(ready.group(1));
    }

    long residentKib() throws IOException {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      throw new IOException("no VmRSS");
    }

    @Override
    public void close() {
      Programs.stop(process);
    }
  }
}
