// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.traffic.TrafficRun;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code traffic}: packet source and sink that checks a chain; exit code 0 only if nothing is lost, doubled or disordered. */
final class TrafficCommand implements Command {
  private static final int STOP_SECONDS = 4;
  private static final String DEFAULT_PPS = "10000";

  @Override
  public CommandSpec spec() {
    var spec = CommandSpec.create().name("traffic")
        .addOption(Command.option("--pcap", "FILE", "Capture file to send; pcap or pcapng, also gzipped."))
        .addOption(Command.option("--to", "HOST:PORT", "Data port of the chain's first NF."))
        .addOption(Command.option("--sink", "HOST:PORT", "Where to receive: the last NF's --egress udp:HOST:PORT."))
        .addOption(Command.option("--pps", "N", "Packets a second, default " + DEFAULT_PPS
            + "; 0: as fast as they come back."))
        .addOption(Command.option("--loop", "N", "How often to send the file, each time from other client addresses;"
            + " default 1, with --seconds until the time is up."))
        .addOption(Command.option("--seconds", "N", "How long to send at most."))
        .addOption(Command.option("--json", "FILE", "Writes the account there, with rates and delays every 100 ms."))
        .addOption(Command.flag("--follow", "Prints a line of JSON every second, and the account as JSON at the end."));
    spec.usageMessage().description("Sends packets through a chain in VXLAN-GPE and checks what comes out.");
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err)
      throws UsageException, StartException, PortException, InterruptedException {
    var plan = plan(arguments);
    var json = path("--json", Command.value(arguments, "--json", null));
    boolean follow = Command.given(arguments, "--follow");
    if (json != null) {
      // Whoever waits for the result need not learn at the end that it cannot be written.
      write(json, "");
    }
    var run = new TrafficRun(plan, line -> {
      if (follow) {
        out.println(Json.of(line));
        out.flush();
      }
    });
    var ended = new CountDownLatch(1);
    var hook = new Thread(() -> {
      run.stop();
      try {
        ended.await(STOP_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      var account = run.run();
      if (json != null) {
        write(json, Json.of(account) + "\n");
      }
      if (follow) {
        out.println(Json.of(account));
      } else {
        print(account, out);
      }
      out.flush();
      return judge(account, err);
    } finally {
      ended.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException endsAnyway) {
        // The hook runs already.
      }
    }
  }

  private static TrafficRun.Plan plan(ParseResult arguments) throws UsageException, PortException {
    var file = path("--pcap", Command.required(arguments, "--pcap"));
    var to = address(arguments, "--to");
    var sink = address(arguments, "--sink");
    int pps = Command.number("--pps", Command.value(arguments, "--pps", DEFAULT_PPS), 0, 10_000_000);
    boolean timed = Command.given(arguments, "--seconds");
    double seconds = 0;
    if (timed) {
      seconds = seconds(Command.value(arguments, "--seconds", null));
    }
    int loops = Command.number("--loop", Command.value(arguments, "--loop", timed ? "0" : "1"), timed ? 0 : 1,
        Integer.MAX_VALUE);
    return new TrafficRun.Plan(file, to, sink, pps, loops, seconds);
  }

  private static Path path(String option, String text) throws UsageException {
    try {
      return text == null ? null : Path.of(text);
    } catch (InvalidPathException malformed) {
      throw new UsageException(option + " takes a file name, not '" + text + "'");
    }
  }

  private static double seconds(String text) throws UsageException {
    try {
      double seconds = Double.parseDouble(text);
      if (seconds > 0 && seconds <= 86_400) {
        return seconds;
      }
    } catch (NumberFormatException malformed) {
      // Reported below.
    }
    throw new UsageException("--seconds takes a number greater than 0, up to a day, not '" + text + "'");
  }

  private static InetSocketAddress address(ParseResult arguments, String option) throws UsageException, PortException {
    var text = Command.required(arguments, option);
    return Ports.udpAddress(text.startsWith("udp:") ? text : "udp:" + text, option);
  }

  private static void write(Path file, String text) throws StartException {
    try {
      Files.writeString(file, text);
    } catch (IOException failure) {
      throw new StartException("cannot write " + file + " (" + Reason.of(failure) + "); name another file by --json",
          false, failure);
    }
  }

  private static void print(Map<String, Object> account, PrintStream out) {
    account.forEach((name, value) -> {
      switch (value) {
        case Map<?, ?> delays when name.equals("latency_us") -> delays
            .forEach((percentile, micros) -> out.printf("%-16s %14s us%n", "latency " + percentile, micros));
        case Number number -> out.printf("%-16s %14s%n", name.replace('_', ' '), number);
        default -> {
          // Lists are for programs.
        }
      }
    });
  }

  private static int judge(Map<String, Object> account, PrintStream err) {
    var wrong = new ArrayList<String>();
    for (var name : new String[]{"lost", "duplicated", "reordered", "refused"}) {
      long count = (Long) account.get(name);
      if (count > 0) {
        wrong.add(count + " " + name);
      }
    }
    long dropped = (Long) account.get("sink_dropped");
    if (dropped > 0) {
      wrong.add(dropped + " dropped by the sink itself (lower --pps or raise net.core.rmem_max)");
    }
    if (wrong.isEmpty()) {
      return 0;
    }
    err.println("southbound: traffic: of " + account.get("sent") + " packets " + String.join(", ", wrong)
        + "; see the NFs' drop counters (ctl query-metrics)");
    return 1;
  }
}
