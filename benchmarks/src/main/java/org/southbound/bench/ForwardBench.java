// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Forwarding over UDP tunnels, whole processes: a worker of ours with an NF that counts as the C reference does, one with
 * the firewall, and the reference get the same load in turn, and the figure is the CPU time, user and system, that the
 * process took for a packet. All on loopback.
 *
 * <p>The load is {@code paced}, so many packets a second, or {@code saturated}: as many as the forwarder takes without
 * loss, in trains of 64 packets, which is the least I/O per packet there can be.
 */
final class ForwardBench {
  private static final Path NATIVE = Path.of(System.getProperty("southbound.root", ""), "benchmarks", "native");
  static final Pattern GENERATED = Pattern.compile("sent=(\\d+) received=(\\d+) seconds=([0-9.]+)");
  private static final int ROUNDS = 5;
  private static final int FLOWS = 1000;
  private static final int SPI = 1;
  private static final int SI = 255;
  private static final int BUILD_SECONDS = 60;
  /** Until the compiler is done: the fewer packets a second, the longer it takes. */
  private static final int WARM_SECONDS = 4;
  private static final int WARM_SECONDS_PACED = 15;

  /** A load: length of the inner frames, packets a second (0: saturated). */
  private record LoadCase(int frame, int packetsPerSecond) {
    Map<String, String> params(String function) {
      return new TreeMap<>(Map.of("nf", function, "frame", Integer.toString(frame), "load",
          packetsPerSecond == 0 ? "saturated" : packetsPerSecond + "/s"));
    }
  }

  private static final List<LoadCase> CASES = List.of(new LoadCase(64, 0), new LoadCase(64, 1_000_000),
      new LoadCase(1400, 0), new LoadCase(1400, 200_000));

  private final double seconds;

  private ForwardBench(double seconds) {
    this.seconds = seconds;
  }

  /** Measures all cases, each load lasting {@code seconds}. Throws IOException if a program fails. */
  static List<Bench.Figure> run(double seconds) throws IOException, InterruptedException {
    var bench = new ForwardBench(seconds);
    var folder = Files.createTempDirectory("southbound-forward");
    try {
      return bench.measure(build(folder, "forward"), build(folder, "generate"));
    } finally {
      for (var name : List.of("forward", "generate")) {
        Files.deleteIfExists(folder.resolve(name));
      }
      Files.delete(folder);
    }
  }

  static String build(Path folder, String name) throws IOException, InterruptedException {
    var program = folder.resolve(name).toString();
    var compiler = new ProcessBuilder("gcc", "-O2", "-march=native", "-Wall", "-o", program,
        NATIVE.resolve(name + ".c").toString())
        .inheritIO().start();
    if (!compiler.waitFor(BUILD_SECONDS, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
      throw new IOException("gcc cannot build " + NATIVE.resolve(name + ".c"));
    }
    return program;
  }

  private List<Bench.Figure> measure(String forward, String generate) throws IOException, InterruptedException {
    int[] ports = freePorts(6);
    double life = CASES.size() * (2 * WARM_SECONDS_PACED + ROUNDS * 3 * (seconds + 1)) + BUILD_SECONDS;
    var figures = new ArrayList<Bench.Figure>();
    try (var counting = new Forwarder(ports[0], ports[1], java(ports[0], ports[1], "counting"));
        var firewall = new Forwarder(ports[4], ports[5], java(ports[4], ports[5], "firewall"));
        var reference = new Forwarder(ports[2], ports[3], List.of(forward, "--listen", "127.0.0.1:" + ports[2], "--to",
            "127.0.0.1:" + ports[3], "--spi", Integer.toString(SPI + 1), "--seconds", Double.toString(life)))) {
      for (var load : CASES) {
        // The compiler must have seen this load before it is measured.
        int warm = load.packetsPerSecond == 0 ? WARM_SECONDS : WARM_SECONDS_PACED;
        load(generate, counting, load, warm);
        load(generate, firewall, load, warm);
        load(generate, reference, load, 0.5);
        double[] counted = new double[ROUNDS];
        double[] filtered = new double[ROUNDS];
        double[] theirs = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
          theirs[round] = load(generate, reference, load, seconds);
          counted[round] = load(generate, counting, load, seconds);
          filtered[round] = load(generate, firewall, load, seconds);
        }
        figures.add(figure(load, "counting", counted, theirs));
        figures.add(figure(load, "firewall", filtered, theirs));
      }
    }
    return figures;
  }

  private static Bench.Figure figure(LoadCase load, String function, double[] ours, double[] theirs) {
    return new Bench.Figure("ForwardBench.cpu", load.params(function), Programs.median(ours), "ns/packet",
        Programs.median(theirs));
  }

  private static List<String> java(int from, int to, String function) {
    return List.of(ProcessHandle.current().info().command().orElse("java"), "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
        System.getProperty("java.class.path"),
        ForwardProcess.class.getName(), Integer.toString(from), Integer.toString(to), Integer.toString(SPI),
        Integer.toString(SI), function);
  }

  /** Runs the generator against a forwarder; returns the forwarder's CPU time per packet that came back, ns. */
  private static double load(String generate, Forwarder forwarder, LoadCase load, double seconds)
      throws IOException, InterruptedException {
    long before = forwarder.cpuNanos();
    var generator = new ProcessBuilder(generate, "--to", "127.0.0.1:" + forwarder.from, "--sink",
        "127.0.0.1:" + forwarder.to, "--frame", Integer.toString(load.frame), "--pps",
        Integer.toString(load.packetsPerSecond), "--flows", Integer.toString(FLOWS), "--spi", Integer.toString(SPI),
        "--si",
        Integer.toString(SI), "--seconds", Double.toString(seconds), "--cpu",
        Integer.toString(Runtime.getRuntime().availableProcessors() - 1))
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(generator.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    generator.waitFor();
    var numbers = GENERATED.matcher(output);
    if (!numbers.find() || numbers.group(2).equals("0")) {
      throw new IOException("nothing was forwarded: " + output.strip());
    }
    return (forwarder.cpuNanos() - before) / Double.parseDouble(numbers.group(2));
  }

  private static int[] freePorts(int count) throws IOException {
    var sockets = new ArrayList<java.net.DatagramSocket>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new java.net.DatagramSocket(0, java.net.InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().mapToInt(java.net.DatagramSocket::getLocalPort).toArray();
    } finally {
      sockets.forEach(java.net.DatagramSocket::close);
    }
  }

  /** A forwarder's process, on the first CPU; the generator has the last. */
  private static final class Forwarder implements AutoCloseable {
    final int from;
    final int to;
    private final Process process;

    Forwarder(int from, int to, List<String> command) throws IOException {
      this.from = from;
      this.to = to;
      var pinned = new ArrayList<>(List.of("taskset", "-c", "0"));
      pinned.addAll(command);
      process = new ProcessBuilder(pinned).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader output = process.inputReader();
      for (String line = output.readLine(); !"ready".equals(line); line = output.readLine()) {
        if (line == null) {
          throw new IOException("a forwarder ended: " + String.join(" ", command));
        }
      }
    }

    long cpuNanos() {
      return Programs.cpuNanos(process);
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      Programs.stop(process);
    }
  }
}
