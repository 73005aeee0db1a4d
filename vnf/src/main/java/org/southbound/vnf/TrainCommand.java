// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.netconf.binding.Binding;
import org.southbound.netconf.schema.ParsedModels;
import org.southbound.netconf.transport.SshKeys;
import org.southbound.traffic.TrafficRun;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code train}, for the launcher's build: what {@code run} and {@code traffic} do and what managers ask of them, once
 * through, so that the JVM can keep in its AOT cache which classes that takes and what the compiler learned of them; and the
 * models, so that they need not be parsed again. Takes what {@code run} takes, and a capture; makes the file of authorized
 * keys.
 */
final class TrainCommand implements Command {
  private static final int PACKETS_PER_SECOND = 8_000;
  private static final int BETWEEN_MILLIS = 100;

  private final Management.Starter management;

  /** The command, with the management endpoints that its instance has. */
  TrainCommand(Management.Starter management) {
    this.management = management;
  }

  @Override
  public CommandSpec spec() {
    var spec = new RunCommand(management).spec().name("train")
        .addOption(Command.option("--pcap", "FILE", "Capture file to send."));
    spec.usageMessage().hidden(true);
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err) throws Exception {
    Binding.parse(Path.of(System.getProperty(ParsedModels.PROPERTY)));
    for (var function : Catalog.FUNCTIONS.keySet()) {
      rehearse(function, Path.of(Command.required(arguments, "--pcap")));
    }
    var keys = Path.of(Command.required(arguments, "--authorized-keys"));
    var key = SshKeys.hostKey(keys.resolveSibling("key"));
    Files.writeString(keys, PublicKeyEntry.toString(key.getPublic()) + "\n");
    return new RunCommand(settings -> managed(management.prepare(settings), settings, key)).run(arguments, out, err);
  }

  /** Endpoints that have been used once when the instance gets them. */
  private static Management.Prepared managed(Management.Prepared prepared, Settings settings, KeyPair key) {
    return (instance, given) -> {
      var endpoints = prepared.start(instance, given);
      try (var page = URI.create(endpoints.addresses().get("metrics")).toURL().openStream()) {
        page.readAllBytes();
        var server = URI.create("ssh://" + endpoints.addresses().get("netconf"));
        TrainClient.run(new InetSocketAddress(server.getHost(), server.getPort()), settings.user(), key);
      } catch (IOException unusual) {
        System.err.println("less is learned: " + unusual);
      }
      return endpoints;
    };
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
