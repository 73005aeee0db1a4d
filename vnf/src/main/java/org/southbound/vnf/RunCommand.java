// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.southbound.packet.Drop;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code run}: one VNF instance in the foreground, until SIGTERM or, with {@code --until-end}, the files' end. */
final class RunCommand implements Command {
  /** SIGTERM to exit: 5 s, less what the JVM needs. */
  private static final long STOP_MILLIS = 4_500;
  private static final long DRAIN_MILLIS = 1_000;
  /** How long packets that are held for a transfer may delay the end of {@code --until-end}. */
  private static final long HELD_MILLIS = 5_000;
  private static final long GLANCE_MILLIS = 2;

  private final Management.Starter management;

  /** The command, with the management endpoints that its instances have. */
  RunCommand(Management.Starter management) {
    this.management = management;
  }

  @Override
  public CommandSpec spec() {
    var spec = CommandSpec.create().name("run");
    for (var flag : Bootstrap.FLAGS) {
      spec.addOption(flag.name().equals("ingress")
          ? OptionSpec.builder(flag.option()).paramLabel(flag.value()).type(java.util.List.class)
              .auxiliaryTypes(String.class).arity("1").description(flag.description()).build()
          : Command.option(flag.option(), flag.value(), flag.description()));
    }
    spec.addOption(
        Command.flag("--evict-idle", "A full flow table evicts the idlest flow instead of refusing new ones."));
    spec.addOption(
        Command.flag("--until-end", "Ends when every pcap ingress has been read, with an account of all packets."));
    spec.usageMessage().description("Runs one VNF instance in the foreground.").footer("",
        "When it is warm and all is listening it prints one line of JSON with the addresses.", "SIGTERM ends it.",
        "SOUTHBOUND_ADMIN_PASSWORD sets the user's password.");
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err)
      throws UsageException, StartException, InterruptedException {
    var notices = new ArrayList<String>();
    var given = Bootstrap.given(arguments);
    var settings = Bootstrap.settings(given, Command.given(arguments, "--until-end"),
        Command.given(arguments, "--evict-idle"), notices);
    checkAddress(settings);
    notices.forEach(notice -> err.println("southbound: " + notice));
    var end = new End(err);
    var prepared = management.prepare(settings);
    try (var warmup = new Warmup(settings.function());
        var instance = new Instance(settings);
        var endpoints = prepared.start(instance, given)) {
      warmup.begin(); // after what others wait for: whoever manages the instance may begin
      do {
        if (end.await(0)) {
          return 0;
        }
      } while (!warmup.await(GLANCE_MILLIS));
      instance.start();
      out.println(Json.of(ready(settings, instance, endpoints)));
      out.flush();
      int code = settings.untilEnd() ? untilEnd(instance, end, out, err) : untilStopped(end);
      instance.drain(DRAIN_MILLIS);
      return code;
    } finally {
      end.reached();
    }
  }

  /** That the address is no host's of ours is said before anything else: every port would fail for it. */
  private static void checkAddress(Settings settings) throws StartException {
    try {
      new DatagramSocket(new InetSocketAddress(settings.address(), 0)).close();
    } catch (BindException elsewhere) {
      throw new StartException("this host has no address " + settings.address() + "; correct --address", false,
          elsewhere);
    } catch (SocketException failure) {
      throw new StartException("cannot use address " + settings.address() + " (" + failure.getMessage()
          + "); correct --address", false, failure);
    }
  }

  private static Map<String, Object> ready(Settings settings, Instance instance, Management endpoints) {
    var addresses = endpoints.addresses();
    var line = new LinkedHashMap<String, Object>();
    line.put("ready", true);
    line.put("name", settings.name());
    put(line, "netconf", addresses.get("netconf"));
    put(line, "tls", addresses.get("tls"));
    put(line, "snmp", addresses.get("snmp"));
    put(line, "data", text(instance.data().getAddress(), instance.data().getPort()));
    put(line, "peer", text(instance.data().getAddress(), instance.peerPort()));
    put(line, "metrics", addresses.get("metrics"));
    return line;
  }

  private static void put(Map<String, Object> line, String name, String address) {
    if (address != null) {
      line.put(name, address);
    }
  }

  /** {@code HOST:PORT}, an IPv6 address in brackets. */
  static String text(InetAddress address, int port) {
    var host = address.getHostAddress();
    return (address instanceof Inet6Address ? "[" + host + "]" : host) + ":" + port;
  }

  private static int untilStopped(End end) throws InterruptedException {
    end.await(Long.MAX_VALUE);
    return 0;
  }

  private static int untilEnd(Instance instance, End end, PrintStream out, PrintStream err)
      throws InterruptedException {
    while (!instance.inputEnded()) {
      if (end.await(GLANCE_MILLIS)) {
        return 0;
      }
    }
    instance.settle(HELD_MILLIS);
    out.println(Json.of(done(instance.account())));
    out.flush();
    var failure = instance.inputFailure();
    failure.ifPresent(why -> err.println("southbound: " + why));
    return failure.isPresent() ? 1 : 0;
  }

  private static Map<String, Object> done(Instance.Account account) {
    var dropped = new LinkedHashMap<String, Object>();
    account.dropped().forEach((Drop reason, Long count) -> dropped.put(reason.text(), count));
    var line = new LinkedHashMap<String, Object>();
    line.put("done", true);
    line.put("received", account.received());
    line.put("sent", account.sent());
    line.put("generated", account.generated());
    line.put("dropped", dropped);
    line.put("held", account.held());
    line.put("flows", account.flows());
    return line;
  }

  /** SIGTERM and SIGINT: the JVM runs its hooks, which would end it with 143, so the hook says 0 itself. */
  private static final class End {
    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch reached = new CountDownLatch(1);
    private final Thread hook;

    End(PrintStream err) {
      hook = new Thread(() -> {
        wanted.countDown();
        boolean inTime = false;
        try {
          inTime = reached.await(STOP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
        }
        if (!inTime) {
          err.println("southbound: could not stop in time; what was not saved is lost");
        }
        System.out.flush();
        Runtime.getRuntime().halt(inTime ? 0 : 1);
      });
      Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Waits until the end is wanted; false if the time is up before. */
    boolean await(long millis) throws InterruptedException {
      return wanted.await(millis, TimeUnit.MILLISECONDS);
    }

    /** All is closed. */
    void reached() {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException running) {
        // It waits for this.
      }
      reached.countDown();
    }
  }
}
