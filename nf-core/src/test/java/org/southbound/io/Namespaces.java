// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/**
 * Three hosts as network namespaces, made for one test and gone after it: a client, the one in the middle, where ports are
 * opened, and a server. Needs root; without it the test is skipped.
 *
 * <pre>
 *   client c0 ---- f0 middle f1 ---- s0 server
 *   10.77.0.1                        10.77.0.2
 * </pre>
 */
public final class Namespaces implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final int SECONDS = 60;
  private static final int CLONE_NEWNET = 0x4000_0000;

  /** Names of the namespaces. */
  public final String client;
  public final String middle;
  public final String server;
  private final List<Process> running = new ArrayList<>();

  /** Makes the hosts, without the lines between them. */
  public Namespaces() {
    var prefix = "sb" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    client = prefix + "c";
    middle = prefix + "m";
    server = prefix + "s";
    boolean may;
    try {
      may = start("ip", "netns", "add", client).waitFor() == 0;
    } catch (IOException missing) {
      may = false;
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
    Assumptions.assumeTrue(may, "network namespaces need root and iproute2");
    run("ip", "netns", "add", middle);
    run("ip", "netns", "add", server);
    for (var each : List.of(client, middle, server)) {
      run("ip", "netns", "exec", each, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
          "net.ipv6.conf.default.disable_ipv6=1");
      run("ip", "-n", each, "link", "set", "lo", "up");
    }
  }

  /** Lays the lines, as veth pairs, and gives the hosts their addresses. */
  public Namespaces wired(int mtu) {
    line(client, "c0", "f0", mtu);
    line(server, "s0", "f1", mtu);
    run("ip", "-n", client, "addr", "add", "10.77.0.1/24", "dev", "c0");
    run("ip", "-n", server, "addr", "add", "10.77.0.2/24", "dev", "s0");
    return this;
  }

  private void line(String host, String outer, String inner, int mtu) {
    run("ip", "link", "add", outer, "netns", host, "type", "veth", "peer", "name", inner, "netns", middle);
    run("ip", "-n", host, "link", "set", outer, "mtu", Integer.toString(mtu), "up");
    run("ip", "-n", middle, "link", "set", inner, "mtu", Integer.toString(mtu), "up");
  }

  /** Skips the test where there is no TUN. */
  public static void assumeTun() {
    Assumptions.assumeTrue(new java.io.File("/dev/net/tun").exists(), "there is no /dev/net/tun");
  }

  /** Skips the test where a program is missing. */
  public static void assumeProgram(String program) {
    Assumptions.assumeTrue(List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(folder -> new java.io.File(folder, program).canExecute()), "there is no " + program);
  }

  /** Runs a program; returns what it printed. Throws AssertionError if it fails or takes too long. */
  public static String run(String... command) {
    try {
      var process = start(command);
      var output = new FutureTask<>(() -> new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      Thread.ofPlatform().daemon().start(output);
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " does not end");
      }
      if (process.exitValue() != 0) {
        throw new AssertionError(String.join(" ", command) + ": " + output.get());
      }
      return output.get();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException | java.util.concurrent.ExecutionException failure) {
      throw new AssertionError(failure);
    }
  }

  private static Process start(String... command) throws IOException {
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Runs a program in a namespace. */
  public static String in(String namespace, String... command) {
    return run(inside(namespace, command));
  }

  /** Starts a program in a namespace; it is ended with the namespaces. */
  public Process background(String namespace, String... command) throws IOException {
    var process = start(inside(namespace, command));
    running.add(process);
    return process;
  }

  private static String[] inside(String namespace, String... command) {
    var all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all.toArray(String[]::new);
  }

  /** Calls something on a thread that is in a namespace: sockets that it makes are of that namespace. */
  public static <T> T enter(String namespace, Callable<T> call) throws Exception {
    var task = new FutureTask<>(() -> {
      var kernel = new Native();
      int file = kernel.open("/run/netns/" + namespace, Native.O_CLOEXEC);
      var linker = Linker.nativeLinker();
      var setns = linker.downcallHandle(linker.defaultLookup().findOrThrow("setns"),
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
      try {
        if ((int) setns.invokeExact(file, CLONE_NEWNET) != 0) {
          throw new IllegalStateException("cannot enter " + namespace);
        }
      } catch (RuntimeException refused) {
        throw refused;
      } catch (Throwable failure) {
        throw new AssertionError(failure);
      }
      kernel.close(file);
      return call.call();
    });
    Thread.ofPlatform().start(task);
    return task.get();
  }

  @Override
  public void close() {
    for (var process : running) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    for (var each : List.of(client, middle, server)) {
      run("ip", "netns", "del", each);
    }
  }
}
