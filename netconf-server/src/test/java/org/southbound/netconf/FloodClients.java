// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.session.ClientSession;

/**
 * The clients of {@link FloodTest}, a process of their own. Arguments: port, seconds, connections that never authenticate,
 * sessions that ask, subscribers, how many of these never read. Prints "ready", reads a line, prints the account.
 */
final class FloodClients {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long BETWEEN_MILLIS = 100;
  private static final long AGAIN_MILLIS = 5_000;
  private static final int LOGINS = 10;
  private static final String ASK = "<get-config><source><running/></source><filter type=\"subtree\"><nacm "
      + "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\"><enable-nacm/></nacm></filter></get-config>";

  private final InetSocketAddress address;
  private final SshClient ssh = SshClient.setUpDefaultClient();
  private final ConcurrentHistogram micros = new ConcurrentHistogram(60_000_000, 3);
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong drops = new AtomicLong();
  private final CountDownLatch begin = new CountDownLatch(1);
  private volatile boolean over;

  private FloodClients(int port) {
    address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    ssh.setServerKeyVerifier((session, from, key) -> true);
    ssh.start();
  }

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    var clients = new FloodClients(Integer.parseInt(arguments[0]));
    int seconds = Integer.parseInt(arguments[1]);
    var sessions = new ArrayList<TestClient>();
    int asking = Integer.parseInt(arguments[3]);
    int subscribers = Integer.parseInt(arguments[4]);
    int deaf = Integer.parseInt(arguments[5]);
    for (int i = 0; i < asking + subscribers; i++) {
      sessions.add(clients.session(i >= asking));
    }
    for (int i = 0; i < asking; i++) {
      TestClient each = sessions.get(i);
      Thread.ofVirtual().start(() -> clients.ask(each));
    }
    for (int i = asking; i < asking + subscribers; i++) {
      TestClient each = sessions.get(i);
      if (i < asking + deaf) {
        each.stopReading();
      } else {
        Thread.ofVirtual().start(() -> clients.hear(each));
      }
    }
    System.out.println("ready");
    System.in.read();
    clients.begin.countDown();
    for (int i = Integer.parseInt(arguments[2]); i > 0; i--) {
      boolean speaks = i % 2 == 0;
      Thread.ofVirtual().start(() -> clients.stranger(speaks));
    }
    clients.logIn();
    TimeUnit.SECONDS.sleep(seconds);
    clients.logIn();
    clients.over = true;
    System.out.printf("requests=%d p50=%d p99=%d max=%d failures=%d events=%d drops=%d%n",
        clients.micros.getTotalCount(), clients.micros.getValueAtPercentile(50),
        clients.micros.getValueAtPercentile(99),
        clients.micros.getMaxValue(), clients.failures.get(), clients.events.get(), clients.drops.get());
    Runtime.getRuntime().halt(0);
  }

  private TestClient session(boolean subscriber) throws IOException {
    ClientSession session = ssh.connect("admin", address).verify(PATIENCE).getSession();
    session.addPasswordIdentity(TestServer.ADMIN_PASSWORD);
    TestClient client = TestClient.over(ssh, session);
    if (subscriber && !client.call("<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"/>")
        .contains("<ok/>")) {
      throw new IOException("no subscription");
    }
    return client;
  }

  /** Who knows the password gets in all the same; in the first rush perhaps not at once. */
  private void logIn() throws IOException {
    for (int attempt = 1;; attempt++) {
      try {
        session(false);
        return;
      } catch (IOException dropped) {
        if (attempt == LOGINS) {
          throw dropped;
        }
      }
    }
  }

  /** Connects, says at most what SSH begins with, and connects again when it is dropped. */
  private void stranger(boolean speaks) {
    while (!over) {
      try (var socket = new Socket(address.getAddress(), address.getPort())) {
        if (speaks) {
          socket.getOutputStream().write("SSH-2.0-flood\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      } catch (IOException e) {
        // Dropped; it was to be expected.
      }
      drops.incrementAndGet();
      pause(ThreadLocalRandom.current().nextLong(2 * AGAIN_MILLIS)); // no waves
    }
  }

  private void ask(TestClient client) {
    try {
      begin.await();
      while (!over) {
        long before = System.nanoTime();
        if (!client.call(ASK).contains("<data") && !over) {
          failures.incrementAndGet();
        }
        micros.recordValue((System.nanoTime() - before) / 1_000);
        pause(BETWEEN_MILLIS);
      }
    } catch (IOException | InterruptedException e) {
      failures.incrementAndGet();
    }
  }

  private void hear(TestClient client) {
    try {
      while (!over) {
        client.read();
        events.incrementAndGet();
      }
    } catch (IOException e) {
      failures.incrementAndGet();
    }
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
