// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Forwarding between two interfaces by AF_PACKET, whole processes, as {@link ForwardBench} does over tunnels: the figure is
 * the CPU time that the process took for a frame, beside the C reference {@code forward-if.c} in the same run. Each has two
 * veth pairs of its own between two network namespaces, so it needs root.
 */
final class InterfaceBench {
  private static final int ROUNDS = 5;
  private static final int FLOWS = 1000;
  /** Until the compiler is done. */
  private static final double WARM_SECONDS = 6;
  private static final String HOSTS = "sb-bench-hosts";
  private static final String MIDDLE = "sb-bench-middle";

  /** A load: length of the frames, frames a second (0: as many as the forwarder takes without loss). */
  private record LoadCase(int frame, int framesPerSecond) {
    Map<String, String> params(String function) {
      return new TreeMap<>(Map.of("nf", function, "frame", Integer.toString(frame), "load",
          framesPerSecond == 0 ? "saturated" : framesPerSecond + "/s"));
    }
  }

  private static final List<LoadCase> CASES = List.of(new LoadCase(64, 0), new LoadCase(64, 500_000),
      new LoadCase(1400, 0), new LoadCase(1400, 200_000));

  private InterfaceBench() {
  }

  /** Measures all cases, each load lasting {@code seconds}. Throws IOException if a program fails. */
  static List<Bench.Figure> run(double seconds) throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("southbound-interfaces");
    try {
      ip("netns", "add", HOSTS);
      ip("netns", "add", MIDDLE);
      return measure(ForwardBench.build(folder, "forward-if"), ForwardBench.build(folder, "generate-if"), seconds);
    } finally {
      for (var namespace : List.of(HOSTS, MIDDLE)) {
        new ProcessBuilder("ip", "netns", "del", namespace).start().waitFor();
      }
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private static void ip(String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IOException("interfaces for the benchmark (needs root): " + String.join(" ", command) + ": " + output);
    }
  }

  private static List<Bench.Figure> measure(String forward, String generate, double seconds)
      throws IOException, InterruptedException {
    double life = CASES.size() * (3 * WARM_SECONDS + ROUNDS * 3 * (seconds + 1)) + 60;
    var figures = new ArrayList<Bench.Figure>();
    try (var reference = new Forwarder("c", List.of(forward, "--from", "fc", "--to", "tc", "--seconds",
        Double.toString(life)));
        var counting = new Forwarder("n", java("n", "counting"));
        var firewall = new Forwarder("w", java("w", "firewall"))) {
      for (var load : CASES) {
        reference.load(generate, load, 0.5);
        counting.load(generate, load, WARM_SECONDS);
        firewall.load(generate, load, WARM_SECONDS);
        double[] theirs = new double[ROUNDS];
        double[] counted = new double[ROUNDS];
        double[] filtered = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
          theirs[round] = reference.load(generate, load, seconds);
          counted[round] = counting.load(generate, load, seconds);
          filtered[round] = firewall.load(generate, load, seconds);
        }
        figures.add(figure(load, "counting", counted, theirs));
        figures.add(figure(load, "firewall", filtered, theirs));
      }
    }
    return figures;
  }

  private static Bench.Figure figure(LoadCase load, String function, double[] ours, double[] theirs) {
    return new Bench.Figure("InterfaceBench.cpu", load.params(function), Programs.median(ours), "ns/packet",
        Programs.median(theirs));
  }

  private static List<String> java(String line, String function) {
    return List.of(ProcessHandle.current().info().command().orElse("java"), "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
        System.getProperty("java.class.path"), ForwardProcess.class.getName(), "if:f" + line, "if:t" + line, function);
  }

  /**
   * A forwarder's process, on the first CPU, the generator on the last:
   *
   * <pre>
   *   hosts gX ---- fX middle tX ---- sX hosts
   * </pre>
   */
  private static final class Forwarder implements AutoCloseable {
    private static final Pattern NOTHING = Pattern.compile("received=0 ");
    private final String line;
    private final Process process;

    Forwarder(String line, List<String> command) throws IOException, InterruptedException {
      this.line = line;
      for (var pair : List.of(List.of("g", "f"), List.of("s", "t"))) {
        var outer = pair.get(0) + line;
        var inner = pair.get(1) + line;
        ip("link", "add", outer, "netns", HOSTS, "type", "veth", "peer", "name", inner, "netns", MIDDLE);
        ip("-n", HOSTS, "link", "set", outer, "up");
        ip("-n", MIDDLE, "link", "set", inner, "up");
      }
      var inside = new ArrayList<>(List.of("ip", "netns", "exec", MIDDLE, "taskset", "-c", "0"));
      inside.addAll(command);
      process = new ProcessBuilder(inside).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader output = process.inputReader();
      for (String each = output.readLine(); !"ready".equals(each); each = output.readLine()) {
        if (each == null) {
          throw new IOException("a forwarder ended: " + String.join(" ", command));
        }
      }
    }

    /** Runs the generator; returns the CPU time per frame that came back, ns. */
    double load(String generate, LoadCase load, double seconds) throws IOException, InterruptedException {
      long before = Programs.cpuNanos(process);
      var generator = new ProcessBuilder("ip", "netns", "exec", HOSTS, generate, "--to", "g" + line, "--sink",
          "s" + line, "--frame", Integer.toString(load.frame), "--pps", Integer.toString(load.framesPerSecond),
          "--flows", Integer.toString(FLOWS), "--seconds", Double.toString(seconds), "--cpu",
          Integer.toString(Runtime.getRuntime().availableProcessors() - 1))
          .redirectError(ProcessBuilder.Redirect.INHERIT).start();
      var output = new String(generator.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      generator.waitFor();
      var numbers = ForwardBench.GENERATED.matcher(output);
      if (!numbers.find() || NOTHING.matcher(output).find()) {
        throw new IOException("nothing was forwarded: " + output.strip());
      }
      return (Programs.cpuNanos(process) - before) / Double.parseDouble(numbers.group(2));
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      Programs.stop(process);
    }
  }
}
