// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.net.InetAddress;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what it hears. */
final class RecordingListener implements PeerListener {
  private final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();

  @Override
  public void connected(String peer) {
    events.add("connected " + peer);
  }

  @Override
  public void disconnected(String peer) {
    events.add("disconnected " + peer);
  }

  @Override
  public void refused(InetAddress address, String appTag, String message) {
    events.add("refused " + address.getHostAddress() + " " + appTag + " " + message);
  }

  /** The next event that begins with {@code begin}; fails after 5 s. */
  String await(String begin) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    String event;
    do {
      event = events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (event == null) {
        throw new AssertionError("no event '" + begin + "'");
      }
    } while (!event.startsWith(begin));
    return event;
  }
}
