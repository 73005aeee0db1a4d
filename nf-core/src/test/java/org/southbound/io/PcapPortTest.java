// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;

/** Capture files, read and written, ours against those of other tools. */
@Timeout(60)
class PcapPortTest {
  private static final int MICROS = 0xa1b2c3d4;
  private static final int NANOS = 0xa1b23c4d;

  @TempDir
  Path folder;

  private final PacketPool pool = new PacketPool(300);
  private final Batch batch = new Batch(pool);

  @AfterEach
  void close() {
    pool.close();
  }

  private static Port read(Path file) throws PortException {
    return Ports.open("pcap:" + file, Ports.Options.of(Ports.Direction.INGRESS, "--ingress"));
  }

  private static Port write(Path file) throws PortException {
    return Ports.open("pcap:" + file, Ports.Options.of(Ports.Direction.EGRESS, "--egress"));
  }

  private List<byte[]> drain(Port port) {
    var frames = new ArrayList<byte[]>();
    while (!port.ended()) {
      int n = port.receive(batch);
      for (int i = 0; i < n; i++) {
        var packet = batch.get(i);
        frames.add(packet.memory().asSlice(packet.start(), packet.length()).toArray(ValueLayout.JAVA_BYTE));
        assertTrue(packet.push(32) > 0, "there is headroom");
      }
      batch.clear();
    }
    assertEquals(0, port.receive(batch));
    return frames;
  }

  /** Valid Ethernet, IPv4 and UDP, so that other tools find nothing to complain about. */
  private static byte[] frame(int payload, int fill) {
    var frame = ByteBuffer.allocate(14 + 20 + 8 + payload);
    frame.putLong(0x0200_0000_0001_0200L).putInt(2).putShort((short) 0x0800);
    frame.put((byte) 0x45).put((byte) 0).putShort((short) (28 + payload)).putInt(0).put((byte) 64).put((byte) 17)
        .putShort((short) 0).putInt(0x0a000001).putInt(0x0a000002);
    frame.putShort((short) 1000).putShort((short) 2000).putShort((short) (8 + payload)).putShort((short) 0);
    while (frame.hasRemaining()) {
      frame.put((byte) fill);
    }
    return frame.array();
  }

  private static List<byte[]> frames(int count) {
    var random = new Random(3);
    var frames = new ArrayList<byte[]>();
    for (int i = 0; i < count; i++) {
      frames.add(frame(random.nextInt(1400), i));
    }
    return frames;
  }

  private static void assertFrames(List<byte[]> expected, List<byte[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "frame " + i);
    }
  }

  private static byte[] pcap(int magic, ByteOrder order, int linkType, List<byte[]> frames) {
    var file = ByteBuffer.allocate(24 + frames.stream().mapToInt(frame -> 16 + frame.length).sum()).order(order);
    file.putInt(magic).putShort((short) 2).putShort((short) 4).putLong(0).putInt(65_535).putInt(linkType);
    int time = 0;
    for (var frame : frames) {
      file.putInt(1000).putInt(time++).putInt(frame.length).putInt(frame.length).put(frame);
    }
    return file.array();
  }

  private static byte[] block(ByteOrder order, int type, byte[] body) {
    int padded = body.length + 3 & ~3;
    return ByteBuffer.allocate(12 + padded).order(order).putInt(type).putInt(12 + padded).put(body)
        .putInt(8 + padded, 12 + padded).array();
  }

  private static byte[] pcapng(ByteOrder order, List<byte[]> frames) throws IOException {
    var file = new ByteArrayOutputStream();
    var section = ByteBuffer.allocate(16).order(order).putInt(0x1a2b3c4d).putShort((short) 1).putShort((short) 0);
    file.write(block(order, 0x0a0d0d0a, section.putLong(-1).array()));
    var ethernet = ByteBuffer.allocate(20).order(order).putShort((short) 1).putShort((short) 0).putInt(0);
    ethernet.putShort((short) 9).putShort((short) 1).put((byte) 9).put(new byte[3]).putInt(0);
    file.write(block(order, 1, ethernet.array()));
    file.write(block(order, 5, new byte[12]));
    for (var frame : frames) {
      var packet = ByteBuffer.allocate(20 + frame.length).order(order);
      packet.putInt(0).putLong(0).putInt(frame.length).putInt(frame.length).put(frame);
      file.write(block(order, 6, packet.array()));
    }
    return file.toByteArray();
  }

  @Test
  void shouldReadWhatItWrote() throws Exception {
    var frames = frames(1000);
    var file = folder.resolve("out.pcap");
    try (var port = write(file)) {
      assertFalse(port.tunnel());
      for (var frame : frames) {
        var packet = pool.take();
        packet.length(frame.length);
        packet.memory().asSlice(packet.start()).copyFrom(java.lang.foreign.MemorySegment.ofArray(frame));
        port.send(packet, port.destination(null));
        pool.give(packet);
      }
      assertEquals(0, port.flush());
      assertTrue(port.ended());
    }
    try (var port = read(file)) {
      assertFrames(frames, drain(port));
      assertNull(port.failure());
    }
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/capinfos")), "capinfos is not installed");
    var report = run("capinfos", "-M", "-c", "-t", "-E", file.toString());
    assertTrue(report.contains("Number of packets:   1000"), report);
    assertTrue(report.contains("ether"), report);
    var malformed = run("tshark", "-r", file.toString(), "-Y", "_ws.malformed || !udp");
    assertEquals("", malformed.lines().filter(line -> !line.contains("Running as user")).reduce("", String::concat));
  }

  @ParameterizedTest
  @CsvSource({"micros,BIG_ENDIAN", "micros,LITTLE_ENDIAN", "nanos,BIG_ENDIAN", "nanos,LITTLE_ENDIAN"})
  void shouldReadBothOrdersAndResolutions(String resolution, String order) throws Exception {
    var frames = frames(300);
    boolean nanos = resolution.equals("nanos");
    var bytes = order.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    var file = Files.write(folder.resolve("a.pcap"), pcap(nanos ? NANOS : MICROS, bytes, 1, frames));
    try (var port = read(file)) {
      assertFrames(frames, drain(port));
    }
    try (var reader = PcapReader.open(file)) {
      assertTrue(reader.next());
      assertTrue(reader.next());
      assertEquals(1_000_000_000_000L + (nanos ? 1 : 1000), reader.timeNanos());
    }
    try (var port = read(Files.write(folder.resolve("a.pcapng"), pcapng(bytes, frames)))) {
      assertFrames(frames, drain(port));
      assertNull(port.failure());
    }
  }

  @Test
  void shouldReadGzip() throws Exception {
    var frames = frames(50);
    var file = folder.resolve("a.pcap.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames));
    }
    try (var port = read(file)) {
      assertFrames(frames, drain(port));
    }
  }

  @Test
  void shouldReadWhatScapyWrites() throws Exception {
    assumeTrue(run("/usr/bin/python3", "-c", "import scapy, sys; sys.stdout.write('yes')").equals("yes"),
        "scapy is not installed");
    var classic = folder.resolve("s.pcap");
    var next = folder.resolve("s.pcapng");
    var raw = folder.resolve("raw.pcap");
    run("/usr/bin/python3", "-c", """
        import sys
        from scapy.all import Ether, IP, IPv6, TCP, UDP, wrpcap, wrpcapng
        p = [Ether()/IP(dst='10.0.0.1')/UDP(dport=i)/(b'x'*i) for i in range(1, 101)]
        wrpcap(sys.argv[1], p, nano=True)
        wrpcapng(sys.argv[2], p)
        wrpcap(sys.argv[3], [IP(dst='10.0.0.1')/TCP(), IPv6(dst='::1')/TCP()])
        """, classic.toString(), next.toString(), raw.toString());
    try (var first = read(classic); var second = read(next); var third = read(raw)) {
      var frames = drain(first);
      assertEquals(100, frames.size());
      assertEquals(14 + 20 + 8 + 100, frames.get(99).length);
      assertFrames(frames, drain(second));
      var converted = drain(third);
      assertEquals(2, converted.size());
      assertEquals(0x0800, ByteBuffer.wrap(converted.get(0)).getShort(12));
      assertEquals(0x86dd, ByteBuffer.wrap(converted.get(1)).getShort(12) & 0xffff);
      assertEquals(14 + 60, converted.get(1).length);
    }
  }

  @Test
  void shouldConvertCookedCaptures() throws Exception {
    var ethernet = frame(10, 1);
    var cooked = ByteBuffer.allocate(16 + ethernet.length - 14).put(new byte[14]).putShort((short) 0x0800)
        .put(ethernet, 14, ethernet.length - 14).array();
    var file = Files.write(folder.resolve("c.pcap"), pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 113, List.of(cooked)));
    Arrays.fill(ethernet, 0, 12, (byte) 0);
    try (var port = read(file)) {
      assertFrames(List.of(ethernet), drain(port));
      assertEquals(0, port.discarded(Drop.TRUNCATED));
    }
  }

  @Test
  void shouldCountFramesThatAreCutShortOrTooLong() throws Exception {
    var frames = List.of(frame(100, 1), frame(Packet.LONGEST, 2), frame(50, 3));
    byte[] bytes = pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(24 + 12, 5000);
    try (var port = read(Files.write(folder.resolve("cut.pcap"), bytes))) {
      assertFrames(List.of(frame(50, 3)), drain(port));
      assertEquals(1, port.discarded(Drop.TRUNCATED));
      assertEquals(1, port.discarded(Drop.OVERSIZE));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldEndAtAnyTruncation(boolean next) throws Exception {
    var frames = frames(3);
    byte[] whole = next ? pcapng(ByteOrder.BIG_ENDIAN, frames) : pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames);
    for (int length = 0; length < whole.length; length += length < 200 ? 1 : 37) {
      var file = Files.write(folder.resolve("t.pcap"), Arrays.copyOf(whole, length));
      Port port;
      try {
        port = read(file);
      } catch (PortException failure) {
        assertTrue(length < 32, failure.getMessage());
        continue;
      }
      try (port) {
        var got = drain(port);
        assertTrue(got.size() < 3);
        assertFrames(frames.subList(0, got.size()), got);
        assertTrue(port.discarded(Drop.TRUNCATED) <= 1);
      }
    }
  }

  @Test
  void shouldNeverThrowOnMutatedFiles() throws Exception {
    var random = new Random(11);
    byte[][] whole = {pcapng(ByteOrder.BIG_ENDIAN, frames(4)), pcapng(ByteOrder.LITTLE_ENDIAN, frames(4)),
        pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames(4))};
    var file = folder.resolve("m.pcap");
    for (int round = 0; round < 3000; round++) {
      byte[] bytes = whole[round % whole.length].clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        bytes[random.nextInt(random.nextBoolean() ? 120 : bytes.length)] = (byte) random.nextInt();
      }
      Files.write(file, bytes);
      try (var port = read(file)) {
        drain(port);
      } catch (PortException failure) {
        assertFalse(failure.getMessage().contains("\n"));
      }
    }
  }

  @Test
  void shouldSayWhatIsWrongAndWhere() throws Exception {
    byte[] bytes = pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames(3));
    int second = 24 + 16 + frames(3).get(0).length;
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(second + 8, -5);
    var file = Files.write(folder.resolve("bad.pcap"), bytes);
    try (var port = read(file)) {
      assertEquals(1, drain(port).size());
      assertNotNull(port.failure());
      assertEquals(file + " is corrupt: a packet of 4294967291 octets (record 2)", port.failure().getMessage());
    }
    assertFailure("cannot read " + folder.resolve("none") + ": no such file", false, "pcap:" + folder.resolve("none"));
    var text = Files.writeString(folder.resolve("text"), "this is no capture", StandardCharsets.UTF_8);
    assertFailure(text + " is neither pcap nor pcapng; convert it with editcap", false, "pcap:" + text);
    var strange = Files.write(folder.resolve("l"), pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 105, List.of()));
    assertFailure(strange + " has link type 105, which is not supported; capture on an Ethernet interface", false,
        "pcap:" + strange);
    assertFailure("cannot read " + folder + ": Is a directory", false, "pcap:" + folder);
    assertFailure("unknown port 'tape:x'; --ingress takes KIND:WHERE with KIND one of if, pcap, tun, udp", true,
        "tape:x");
    assertFailure("'nowhere' is not HOST:PORT (IPv6: [HOST]:PORT); correct --ingress", true, "udp:nowhere");
    assertFailure("'127.0.0.1:66000' is not HOST:PORT (IPv6: [HOST]:PORT); correct --ingress", true,
        "udp:127.0.0.1:66000");
    assertFailure("this host has no address 192.0.2.1; correct --ingress", false, "udp:192.0.2.1:0");
    assertFailure("speed 'x' is not a number greater than 0; correct --ingress", true, "pcap:a?speed=x");
  }

  private static void assertFailure(String message, boolean usage, String spec) {
    var failure = assertThrows(PortException.class,
        () -> Ports.open(spec, Ports.Options.of(Ports.Direction.INGRESS, "--ingress")));
    assertEquals(message, failure.getMessage());
    assertEquals(usage, failure.usage());
  }

  @Test
  void shouldReplayWithTiming() throws Exception {
    var file = Files.write(folder.resolve("p.pcap"), pcap(MICROS, ByteOrder.LITTLE_ENDIAN, 1, frames(20)));
    // The frames are one microsecond apart; a ten-thousandth of that speed makes it 10 ms.
    try (var port = read(Path.of(file + "?speed=0.0001"))) {
      long begin = System.nanoTime();
      assertEquals(20, drain(port).size());
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
      assertTrue(millis >= 180 && millis < 5000, millis + " ms");
    }
  }

  private static String run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return output;
  }
}
