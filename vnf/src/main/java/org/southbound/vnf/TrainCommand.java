// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.traffic.TrafficRun;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code train}, for the launcher's build: what {@code run} and {@code traffic} do, once through, so that the JVM can keep
 * in its AOT cache which classes that takes and what the compiler learned of them. Takes what {@code run} takes, and a capture.
 */
final class TrainCommand implements Command {
  private static final int PACKETS_PER_SECOND = 8_000;
  private static final int BETWEEN_MILLIS = 100;

  private final RunCommand run;

  TrainCommand(RunCommand run) {
    this.run = run;
  }

  @Override
  public CommandSpec spec() {
    var spec = run.spec().name("train").addOption(Command.option("--pcap", "FILE", "Capture file to send."));
    spec.usageMessage().hidden(true);
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err) throws Exception {
    for (var function : Catalog.FUNCTIONS.keySet()) {
      rehearse(function, Path.of(Command.required(arguments, "--pcap")));
    }
    return run.run(arguments, out, err);
  }

  private static void rehearse(String function, Path capture) throws Exception {
    var local = InetAddress.getLoopbackAddress();
    InetSocketAddress sink;
    try (var free = Ports.udp("sink", new InetSocketAddress(local, 0),
        Ports.Options.of(Ports.Direction.BOTH, "--sink"))) {
      sink = free.address();
    }
    try (var rehearsal = new Rehearsal(function, sink)) {
      var plan = new TrafficRun.Plan(capture, rehearsal.entry(), sink, PACKETS_PER_SECOND, 1, 0);
      var traffic = new TrafficRun(plan, line -> {
      });
      var sender = Thread.ofPlatform().daemon().start(() -> {
        try {
          traffic.run();
        } catch (PortException | InterruptedException unusual) {
          // Less is learned.
        }
      });
      var variants = Catalog.TRANSFERS;
      for (int i = 0; sender.isAlive(); i++) {
        rehearsal.transfer(variants.get(i % variants.size()).name());
        while (!rehearsal.ended(BETWEEN_MILLIS) && sender.isAlive()) {
          // One transfer at a time.
        }
        sender.join(BETWEEN_MILLIS);
      }
    }
  }
}
