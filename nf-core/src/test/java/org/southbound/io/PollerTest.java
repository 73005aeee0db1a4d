// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.southbound.packet.PacketPool;

@Timeout(30)
class PollerTest {
  private static Port port() throws PortException {
    return Ports.open("udp:127.0.0.1:0", Ports.Options.of(Ports.Direction.BOTH, "--data-port"));
  }

  private static long millis(Runnable work) {
    long begin = System.nanoTime();
    work.run();
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }

  @Test
  void shouldWaitAsLongAsNothingComes() throws Exception {
    try (var port = port(); var poller = Poller.open(List.of(port))) {
      long waited = millis(() -> poller.await(50));
      assertTrue(waited >= 45 && waited < 5000, waited + " ms");
    }
  }

  @Test
  void shouldEndWhenAPacketIsThere() throws Exception {
    try (var port = port();
        var pool = new PacketPool(4);
        var poller = Poller.open(List.of(port));
        var socket = new DatagramSocket()) {
      socket.send(new DatagramPacket(new byte[10], 10, port.address()));
      assertTrue(millis(() -> poller.await(20_000)) < 5000);
      assertEquals(1, port.receive(new Batch(pool)));
    }
  }

  @Test
  void shouldNotLoseAWakeUpNorRepeatIt() throws Exception {
    try (var port = port(); var poller = Poller.open(List.of(port))) {
      poller.wake();
      poller.wake();
      assertTrue(millis(() -> poller.await(20_000)) < 5000, "one that came before");
      assertTrue(millis(() -> poller.await(30)) >= 25, "used up");
      for (int i = 0; i < 200; i++) {
        var started = new CountDownLatch(1);
        var waker = Thread.ofPlatform().start(() -> {
          started.countDown();
          poller.wake();
        });
        started.await();
        assertTrue(millis(() -> poller.await(20_000)) < 5000);
        waker.join();
      }
      // A late write of the last wake-up may end one more.
      poller.await(1);
      assertTrue(millis(() -> poller.await(30)) >= 25, "nothing is left behind");
    }
  }

  @Test
  void shouldGlanceAtPortsWithoutADescriptor() throws Exception {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var port = NioUdpPort.open("nio", any, Ports.Options.of(Ports.Direction.BOTH, "--data-port"));
        var poller = Poller.open(List.of(port))) {
      assertTrue(millis(() -> poller.await(20_000)) < 5000);
    }
  }
}
