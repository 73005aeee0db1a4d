// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Translations;
import org.southbound.flow.FlowSpace;
import org.southbound.io.Ports;
import org.southbound.metrics.Counter;
import org.southbound.nf.Monitor;
import org.southbound.packet.Drop;

/** What a worker sends, read by tshark; what scapy builds, taken by a worker. */
@Timeout(60)
final class TunnelDecodeTest {
  private static final int SPI = 0x123456;
  private static final int LABEL = 21;
  private static final String PYTHON = "/usr/bin/python3";

  @TempDir
  private Path folder;

  private interface Step {
    void run(Worker worker, DatagramSocket source, DatagramSocket next) throws Exception;
  }

  /** A monitor on a path from {@code SPI}, {@code si} to the next hop, which labels DNS. */
  private void withWorker(Step step) throws Exception {
    var loopback = InetAddress.getLoopbackAddress();
    try (var next = new DatagramSocket(0, loopback);
        var source = new DatagramSocket(0, loopback);
        var worker = new Worker("w", new Monitor(), new Worker.Sizes(1024, 1000, false))) {
      next.setSoTimeout(10_000);
      worker.data(Ports.udp("data", new InetSocketAddress(loopback, 0),
          Ports.Options.of(Ports.Direction.BOTH, "--data-port")));
      worker.start();
      var dataplane = new Dataplane(List.of(worker));
      var hop = new NextHop(0, "next", new InetSocketAddress(loopback, next.getLocalPort()), null);
      var begin = path(0, 255, hop);
      var arrive = path(1, 254, hop);
      var contexts = worker.nf().specification().contexts();
      int context = 0;
      while (!contexts.get(context).type().equals("traffic-class")) {
        context++;
      }
      int kind = context;
      int dns = contexts.get(kind).values().stream().map(value -> value.value()).toList().indexOf("dns");
      dataplane.translations(each -> new Translations(
          List.of(new Translations.Rule("dns", kind, dns, LABEL, true, null, new Counter()))));
      dataplane.each(each -> {
        each.classifier(new Classifier(1, List.of(begin), List.of(arrive), List.of(), Classifier.Unclassified.DROP));
        return null;
      });
      step.run(worker, source, next);
    }
  }

  private static org.southbound.classifier.Path path(int number, int si, NextHop hop) {
    return new org.southbound.classifier.Path(number, "web", "w", 1, SPI, si, new NshVxlanGpe(), FlowSpace.EVERYTHING,
        hop, SPI, si - 1, List.of());
  }

  private static void send(DatagramSocket source, Worker worker, byte[] bytes) throws IOException {
    source.send(new DatagramPacket(bytes, bytes.length, worker.dataPort().address()));
  }

  private static byte[] receive(DatagramSocket next) throws IOException {
    var packet = new DatagramPacket(new byte[2048], 2048);
    next.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  @Test
  void shouldSendWhatTsharkDecodes() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/tshark")));
    withWorker((worker, source, next) -> {
      send(source, worker, Testbed.udp(7, 1));
      var pcap = Files.write(folder.resolve("tunnel.pcap"), pcap(receive(next)));
      var fields = output("tshark", "-r", pcap.toString(), "--disable-protocol", "dns", "-T", "fields", "-e",
          "frame.protocols", "-e", "nsh.spi", "-e",
          "nsh.si", "-e", "nsh.mdtype", "-e", "nsh.ttl", "-e", "nsh.contextheader", "-e", "ip.dst", "-e",
          "vxlan.next_proto", "-e", "_ws.malformed");
      var found = fields.strip().split("\t", -1);
      assertEquals("eth:ethertype:ip:udp:nsh:eth:ethertype:ip:udp", found[0].replaceAll(":vxlan|:data", ""), fields);
      assertEquals(SPI, Integer.decode(found[1]), fields);
      assertEquals(254, Integer.decode(found[2]), fields);
      assertEquals(1, Integer.decode(found[3]), fields);
      assertEquals(63, Integer.decode(found[4]), fields);
      assertTrue(found[5].replace(":", "").startsWith("00000015"), fields);
      assertTrue(found[6].endsWith("192.0.2.1"), fields);
      assertEquals(4, Integer.decode(found[7]), fields);
      assertTrue(found.length < 9 || found[8].isEmpty(), fields);
    });
  }

  @Test
  void shouldTakeWhatScapyBuilds() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/lib/python3/dist-packages/scapy")));
    var script = """
        from scapy.all import Ether, IP, UDP, Raw
        from scapy.contrib.nsh import NSH, NSHTLV
        from scapy.layers.vxlan import VXLAN
        inner = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="192.0.2.1") / UDP(sport=1024, dport=9) / Raw(b"x" * 20)
        gpe = VXLAN(flags=0x0C, NextProtocol=4)
        def nsh(**fields):
          return bytes(gpe) + bytes(NSH(spi=0x123456, si=254, nextproto=3, ttl=63, **fields)) + bytes(inner)
        print(nsh(mdtype=1, length=6, context_header=b"\\x00\\x00\\x00\\x15" + bytes(12)).hex())
        print(nsh(mdtype=2, length=4, vlch=[NSHTLV(class_=0x0100, type=5, length=4, metadata=b"abcd")]).hex())
        print((bytes(gpe) + bytes(NSH(spi=1, si=254, nextproto=3, mdtype=1, length=6, context_header=bytes(16))) + bytes(inner)).hex())
        """;
    var lines = output(PYTHON, "-W", "ignore", "-c", script).lines().toList();
    withWorker((worker, source, next) -> {
      for (int i = 0; i < 2; i++) {
        byte[] sent = java.util.HexFormat.of().parseHex(lines.get(i));
        send(source, worker, sent);
        byte[] got = receive(next);
        assertEquals(sent.length, got.length);
        assertEquals(SPI << 8 | 253, ByteBuffer.wrap(got).getInt(12));
        assertEquals(62, ByteBuffer.wrap(got).getInt(8) >>> 22 & 0x3F);
        assertEquals(-1,
            Arrays.mismatch(Arrays.copyOfRange(sent, 16, sent.length), Arrays.copyOfRange(got, 16, got.length)),
            "metadata and frame pass on untouched");
      }
      send(source, worker, java.util.HexFormat.of().parseHex(lines.get(2)));
      assertTrue(Testbed.eventually(java.time.Duration.ofSeconds(10),
          () -> worker.counters().drops(Drop.UNKNOWN_PATH) == 1));
      assertEquals(3, worker.counters().received.get());
      assertEquals(2, worker.counters().sent.get());
    });
  }

  private String output(String... command) throws Exception {
    var errors = folder.resolve("errors").toFile();
    var process = new ProcessBuilder(command).redirectError(errors).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> text + errors);
    return text;
  }

  /** A capture with the payload in UDP to port 4790, IP and Ethernet. */
  private static byte[] pcap(byte[] payload) {
    var out = ByteBuffer.allocate(24 + 16 + 42 + payload.length);
    out.putInt(0xA1B2C3D4).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0).putInt(65_535).putInt(1);
    out.putInt(1).putInt(0).putInt(42 + payload.length).putInt(42 + payload.length);
    out.put(new byte[]{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0});
    out.putInt(0x4500_0000 | 28 + payload.length).putInt(0).putInt(0x4011_0000).putInt(0x7F00_0001).putInt(0x7F00_0001);
    out.putShort((short) 4790).putShort((short) 4790).putShort((short) (8 + payload.length)).putShort((short) 0);
    return out.put(payload).array();
  }
}
