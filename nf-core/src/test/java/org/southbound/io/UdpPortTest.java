// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;

/** Both implementations over real sockets on loopback. */
@Timeout(60)
class UdpPortTest {
  private static final ValueLayout.OfInt NUMBER = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final long DEADLINE_NANOS = 5_000_000_000L;

  private final PacketPool pool = new PacketPool(2048);
  private final Batch batch = new Batch(pool);

  @AfterEach
  void close() {
    pool.close();
  }

  private static InetSocketAddress address(String host, int port) throws Exception {
    return new InetSocketAddress(InetAddress.getByName(host), port);
  }

  private static Port open(String kind, String host) throws Exception {
    var address = address(host, 0);
    var options = Ports.Options.of(Ports.Direction.BOTH, "--data-port");
    return kind.equals("nio")
        ? NioUdpPort.open("nio", address, options)
        : UdpPort.open("udp", address, options);
  }

  /** A packet of {@code length} octets that carries its number in front and a pattern behind. */
  private Packet packet(int number, int length, int hash) {
    var packet = pool.take();
    packet.length(length);
    packet.memory().set(NUMBER, packet.start(), number);
    for (int i = 4; i < length; i++) {
      packet.memory().set(ValueLayout.JAVA_BYTE, packet.start() + i, (byte) (number + i));
    }
    packet.hash = hash;
    return packet;
  }

  private static int number(Packet packet) {
    return packet.memory().get(NUMBER, packet.start());
  }

  private static void assertPattern(Packet packet, int length) {
    int number = number(packet);
    assertEquals(length, packet.length(), "length of " + number);
    for (int i = 4; i < length; i++) {
      assertEquals((byte) (number + i), packet.memory().get(ValueLayout.JAVA_BYTE, packet.start() + i));
    }
  }

  @ParameterizedTest
  @CsvSource({"udp,127.0.0.1", "udp,::1", "nio,127.0.0.1", "nio,::1"})
  void shouldKeepEveryPacketAndTheOrderOfEachFlow(String kind, String host) throws Exception {
    int total = kind.equals("nio") ? 20_000 : 100_000;
    int[] sizes = {64, 64, 64, 64, 64, 64, 64, 576, 576, 576, 576, 1400};
    int flows = 50;
    var random = new Random(7);
    try (var in = open(kind, host); var out = open(kind, host)) {
      var to = out.destination(in.address());
      int[] length = new int[total];
      int[] newest = new int[flows];
      Arrays.fill(newest, -1);
      int got = 0;
      for (int number = 0; number < total;) {
        int chunk = Math.min(1 + random.nextInt(600), total - number);
        var packets = new Packet[chunk];
        for (int i = 0; i < chunk; i++, number++) {
          length[number] = random.nextInt(4) == 0 ? 8 + random.nextInt(1500) : sizes[random.nextInt(sizes.length)];
          packets[i] = packet(number, length[number], number % flows * 0x9E3779B9);
          out.send(packets[i], to);
        }
        assertEquals(0, out.flush());
        for (var packet : packets) {
          pool.give(packet);
        }
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        while (got < number) {
          assertTrue(System.nanoTime() < deadline, "lost after " + got);
          int n = in.receive(batch);
          for (int i = 0; i < n; i++) {
            int seen = number(batch.get(i));
            assertPattern(batch.get(i), length[seen]);
            assertTrue(seen > newest[seen % flows], "order of the flow");
            newest[seen % flows] = seen;
          }
          got += n;
          batch.clear();
        }
      }
      assertEquals(total, got);
      assertEquals(2048, pool.available() + batch.spare());
    }
  }

  @Test
  void shouldMakePacketsOfSegmentsInPlace() throws Exception {
    try (var in = open("udp", "127.0.0.1"); var out = open("udp", "127.0.0.1")) {
      var to = out.destination(in.address());
      int[] lengths = {200, 200, 200, 200, 120};
      for (int i = 0; i < lengths.length; i++) {
        out.send(packet(i, lengths[i], 1), to);
      }
      assertEquals(0, out.flush());
      receive(in, lengths.length);
      for (int i = 0; i < lengths.length; i++) {
        assertEquals(i, number(batch.get(i)));
        assertPattern(batch.get(i), lengths[i]);
      }
      var second = batch.get(1);
      long before = second.start();
      second.pull(32);
      assertEquals(before, second.push(32), "a header of equal size goes where the old one was");
      second.push(8);
      assertTrue(second.start() != before - 8, "a greater one must not overwrite the packet in front");
      assertPattern(batch.get(0), 200);
    }
  }

  @Test
  void shouldNotReuseSlabsOfPacketsThatWait() throws Exception {
    try (var in = open("udp", "127.0.0.1");
        var out = open("udp", "127.0.0.1");
        var few = new PacketPool(7)) {
      var to = out.destination(in.address());
      for (int i = 0; i < 64; i++) {
        out.send(packet(i, 300, 1), to);
      }
      out.flush();
      for (int i = 64; i < 90; i++) {
        out.send(packet(i, 400, 1), to);
      }
      out.flush();
      var small = new Batch(few);
      int got = 0;
      long deadline = System.nanoTime() + DEADLINE_NANOS;
      while (got < 90 && System.nanoTime() < deadline) {
        int n = in.receive(small);
        assertTrue(n <= 7);
        for (int i = 0; i < n; i++) {
          assertEquals(got++, number(small.get(i)));
          assertPattern(small.get(i), got <= 64 ? 300 : 400);
        }
        small.clear();
      }
      assertEquals(90, got);
    }
  }

  @Test
  void shouldGroupByDestinationAndSize() throws Exception {
    try (var first = open("udp", "127.0.0.1");
        var second = open("udp", "127.0.0.1");
        var out = open("udp", "127.0.0.1")) {
      var toFirst = out.destination(first.address());
      var toSecond = out.destination(second.address());
      assertEquals(toFirst, out.destination(first.address()));
      for (int i = 0; i < 200; i++) {
        out.send(packet(i, i % 3 == 0 ? 100 : 60, i), i % 2 == 0 ? toFirst : toSecond);
      }
      assertEquals(0, out.flush());
      receive(first, 100);
      for (int i = 0; i < 100; i++) {
        assertEquals(0, number(batch.get(i)) % 2);
      }
      batch.clear();
      receive(second, 100);
      for (int i = 0; i < 100; i++) {
        assertEquals(1, number(batch.get(i)) % 2);
      }
    }
  }

  @Test
  void shouldLetNothingPassAMark() throws Exception {
    try (var in = open("udp", "127.0.0.1"); var out = open("udp", "127.0.0.1")) {
      var to = out.destination(in.address());
      int[] lengths = {60, 100, 60, 100, 100, 60};
      for (int i = 0; i < lengths.length; i++) {
        var packet = packet(i, lengths[i], i);
        packet.flags = i == 3 ? Packet.CONTROL : 0;
        out.send(packet, to);
      }
      out.flush();
      receive(in, lengths.length);
      int[] order = new int[lengths.length];
      for (int i = 0; i < order.length; i++) {
        order[i] = number(batch.get(i));
      }
      assertArrayEquals(new int[]{0, 2, 1, 3, 4, 5}, order);
    }
  }

  @Test
  void shouldReceiveFromOrdinarySocketsAndCountTheOversize() throws Exception {
    try (var in = open("udp", "127.0.0.1"); var socket = new DatagramSocket()) {
      socket.setSendBufferSize(1 << 20);
      socket.send(new DatagramPacket(new byte[0], 0, in.address()));
      socket.send(new DatagramPacket(new byte[20_000], 20_000, in.address()));
      socket.send(new DatagramPacket(ByteBuffer.allocate(Packet.LONGEST).putInt(5).array(), Packet.LONGEST,
          in.address()));
      receive(in, 2);
      assertEquals(0, batch.get(0).length());
      assertEquals(5, number(batch.get(1)));
      batch.get(1).push(200);
      assertEquals(1, in.discarded(Drop.OVERSIZE));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"udp", "nio"})
  void shouldSurviveADestinationThatIsClosed(String kind) throws Exception {
    try (var out = open(kind, "127.0.0.1"); var in = open(kind, "127.0.0.1")) {
      InetSocketAddress nobody;
      try (var gone = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
        nobody = (InetSocketAddress) gone.getLocalSocketAddress();
      }
      for (int round = 0; round < 20; round++) {
        out.send(packet(0, 80, 0), out.destination(nobody));
        out.send(packet(round, 80, 0), out.destination(in.address()));
        assertEquals(0, out.flush());
        assertEquals(0, out.receive(batch));
        receive(in, 1);
        assertEquals(round, number(batch.get(0)));
        batch.clear();
      }
    }
  }

  @Test
  void shouldCountWhatTheKernelRefuses() throws Exception {
    try (var out = open("udp", "127.0.0.1")) {
      // A broadcast without SO_BROADCAST is refused with EACCES, whatever the network looks like.
      var to = out.destination(address("255.255.255.255", 9));
      var in = out.destination(out.address());
      out.send(packet(1, 60, 0), to);
      out.send(packet(2, 60, 0), to);
      out.send(packet(3, 60, 0), in);
      assertEquals(2, out.flush());
      receive(out, 1);
      assertEquals(3, number(batch.get(0)));
    }
  }

  @Test
  void shouldSendInManyPartsWhatIsMoreThanTheQueue() throws Exception {
    try (var in = open("udp", "127.0.0.1"); var out = open("udp", "127.0.0.1")) {
      var to = out.destination(in.address());
      for (int i = 0; i < 1500; i++) {
        out.send(packet(i, 50 + i % 40, 0), to);
      }
      assertEquals(0, out.flush());
      int got = 0;
      long deadline = System.nanoTime() + DEADLINE_NANOS;
      while (got < 1500 && System.nanoTime() < deadline) {
        int n = in.receive(batch);
        for (int i = 0; i < n; i++) {
          assertEquals(got++, number(batch.get(i)));
        }
        batch.clear();
      }
      assertEquals(1500, got);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"udp", "nio"})
  void shouldSayWhatToDoWhenThePortIsInUse(String kind) throws Exception {
    try (var taken = open(kind, "127.0.0.1")) {
      var options = Ports.Options.of(Ports.Direction.BOTH, "--data-port");
      var failure = assertThrows(PortException.class, () -> {
        if (kind.equals("nio")) {
          NioUdpPort.open("x", taken.address(), options);
        } else {
          UdpPort.open("x", taken.address(), options);
        }
      });
      assertEquals("port " + taken.address().getPort() + " on 127.0.0.1 is in use; choose another by --data-port",
          failure.getMessage());
      assertFalse(failure.usage());
    }
  }

  @Test
  void shouldShareAnAddressBetweenWorkers() throws Exception {
    var options = new Ports.Options(Ports.Direction.BOTH, "--data-port", true);
    var any = address("127.0.0.1", 0);
    try (var first = UdpPort.open("w0", any, options);
        var second = UdpPort.open("w1", first.address(), options)) {
      assertEquals(first.address(), second.address());
    }
  }

  @Test
  void shouldRefuseAnAddressOfTheOtherFamily() throws Exception {
    try (var out = open("udp", "127.0.0.1"); var both = open("udp", "::"); var in = open("udp", "127.0.0.1")) {
      var six = address("::1", 9);
      assertThrows(IllegalArgumentException.class, () -> out.destination(six));
      both.send(packet(9, 60, 0), both.destination(in.address()));
      assertEquals(0, both.flush());
      receive(in, 1);
    }
  }

  @Test
  void shouldAllocateNothingPerPacket() throws Exception {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var port = open("udp", "127.0.0.1")) {
      var to = port.destination(port.address());
      var packets = new Packet[128];
      for (int i = 0; i < packets.length; i++) {
        packets[i] = packet(i, 60 + i % 3 * 40, i);
      }
      // The compiler needs some rounds until the native calls are inlined; from then on nothing is allocated.
      long octets = Long.MAX_VALUE;
      for (int attempt = 0; attempt < 50 && octets > 0; attempt++) {
        round(port, packets, to, 1000);
        long before = threads.getCurrentThreadAllocatedBytes();
        round(port, packets, to, 200);
        octets = threads.getCurrentThreadAllocatedBytes() - before;
      }
      // Under load it may leave an object per system call; per packet there is none.
      assertTrue(octets <= 2 * 200 * 64, octets + " octets allocated");
    }
  }

  private void round(Port port, Packet[] packets, Port.Destination to, int rounds) {
    for (int round = 0; round < rounds; round++) {
      for (var packet : packets) {
        port.send(packet, to);
      }
      port.flush();
      for (int got = 0; got < packets.length;) {
        got += port.receive(batch);
        batch.clear();
      }
    }
  }

  /** Receives exactly {@code count} packets into the batch. */
  private void receive(Port port, int count) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (batch.count() < count && System.nanoTime() < deadline) {
      port.receive(batch);
    }
    assertEquals(count, batch.count());
  }
}
