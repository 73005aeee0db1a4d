// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.session.Session;

/**
 * Connections that the server opens to its clients (RFC 8071), each client's on a virtual thread of its own. Only what is
 * configured is ever called. A client that is changed or removed keeps the session it has; what is new holds for the next call.
 */
final class CallHome {
  private static final Logger LOG = LoggerFactory.getLogger(CallHome.class);
  /** A client that hangs up at once is not called more often. */
  private static final Duration LEAST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LOGIN = Duration.ofHours(1);

  private final Function<Terms, Transport> transports;
  private final Map<String, Caller> callers = new HashMap<>();

  CallHome(Function<Terms, Transport> transports) {
    this.transports = transports;
  }

  /** Calls these, and no others any more. */
  synchronized void configure(List<NetconfClient> clients) {
    var gone = new HashMap<>(callers);
    for (NetconfClient each : clients) {
      Caller caller = gone.remove(each.name());
      if (caller == null) {
        callers.put(each.name(), new Caller(each));
      } else {
        caller.change(each);
      }
    }
    gone.forEach((name, caller) -> {
      callers.remove(name);
      caller.change(null);
    });
  }

  /** One client. */
  private final class Caller {
    private NetconfClient client; // null: none any more
    private String lastConnected = "";
    private final Random random = new Random();

    Caller(NetconfClient client) {
      this.client = client;
      Thread.ofVirtual().name("call-home-" + client.name()).start(this::run);
    }

    synchronized void change(NetconfClient now) {
      if (now == null || !now.equals(client)) {
        client = now;
        notifyAll();
      }
    }

    private synchronized NetconfClient client() {
      return client;
    }

    /** Waits; false if meanwhile the client is no longer the same. */
    private synchronized boolean pause(NetconfClient same, Duration time) throws InterruptedException {
      long end = System.nanoTime() + time.toNanos();
      for (long left; client == same && (left = end - System.nanoTime()) > 0;) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
      return client == same;
    }

    private void run() {
      try {
        boolean due = false;
        for (NetconfClient now; (now = client()) != null;) {
          if (!due && now.period() != null && !pause(now, now.untilNext(Instant.now()))) {
            continue;
          }
          Session session = session(now);
          // Who did not close in order is called back at once (ietf-netconf-server, periodic).
          due = session != null && !session.endedInOrder();
          due &= pause(now, LEAST_PAUSE);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Calls until a session was there and ended; null if the client changed before. */
    private Session session(NetconfClient now) throws InterruptedException {
      int at = now.first(lastConnected, random);
      while (true) {
        NetconfClient.Target target = now.targets().get(at);
        for (int attempt = 0; attempt < now.maxAttempts(); attempt++) {
          long begun = System.nanoTime();
          Session session = attempt(now, target);
          if (session != null) {
            lastConnected = target.name();
            return session;
          }
          if (!pause(now, now.maxWait().minusNanos(System.nanoTime() - begun))) {
            return null;
          }
        }
        at = (at + 1) % now.targets().size();
      }
    }

    /** One call to each address of the target; returns when the session has ended, or null if there was none. */
    private Session attempt(NetconfClient now, NetconfClient.Target target) throws InterruptedException {
      InetAddress[] addresses;
      try {
        addresses = InetAddress.getAllByName(target.host());
      } catch (UnknownHostException e) {
        LOG.info("call home to {}: {} is unknown", now.name(), target.host());
        return null;
      }
      for (InetAddress each : addresses) {
        try {
          Transport.Call call = transports.apply(target.terms())
              .call(new InetSocketAddress(each, target.port()), target.from(), target::terms, now.maxWait())
              .get(LOGIN.toSeconds(), TimeUnit.SECONDS);
          var ended = new CountDownLatch(1);
          call.whenEnded().accept(ended::countDown);
          ended.await();
          return call.session();
        } catch (ExecutionException | TimeoutException e) {
          LOG.debug("call home to {} at {} failed", now.name(), each, e);
        }
      }
      return null;
    }
  }
}
