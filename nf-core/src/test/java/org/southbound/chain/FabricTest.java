// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/** The frames of each protocol on the fabric: read by tshark, built by scapy, cut short and spoilt. */
@Timeout(60)
final class FabricTest {
  private static final String PYTHON = "/usr/bin/python3";
  private static final int LABEL = 21;
  private static final HexFormat HEX = HexFormat.of();
  /** Ethernet, IPv4 10.0.0.1 to 192.0.2.1, UDP 1024 to 9, "hello". */
  private static final byte[] FRAME = HEX
      .parseHex("020000000b02020000000b010800" + "45000021000000004011aeca0a000001c0000201"
          + "04000009000d000068656c6c6f");

  @TempDir
  private Path folder;
  private final Link self = new Link(0x0200_0000_0001L, address("192.0.2.11"));
  private final Link next = new Link(0x0200_0000_0002L, address("192.0.2.12"));
  private final Map<String, EthernetProtocol> protocols = byName(self);
  private final Fabric ours = new Fabric(self, List.copyOf(protocols.values()));
  private final Fabric theirs = new Fabric(next, List.copyOf(byName(next).values()));

  private static InetAddress address(String text) {
    return InetAddress.ofLiteral(text);
  }

  private static Map<String, EthernetProtocol> byName(Link link) {
    var result = new TreeMap<String, EthernetProtocol>();
    for (var each : List.of(new NshEthernet(link), new Gre(link), new Mpls(link), new VlanTag())) {
      result.put(each.name(), each);
    }
    return result;
  }

  private static Packet packet(byte[] frame) {
    var memory = Arena.ofAuto().allocate(frame.length + 512L);
    MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 256, frame.length);
    var packet = Packet.of(memory);
    packet.arrive(memory, 256, frame.length, 0);
    return packet;
  }

  private static byte[] bytes(Packet packet) {
    return packet.memory().asSlice(packet.start(), packet.length()).toArray(ValueLayout.JAVA_BYTE);
  }

  private static int spi(String protocol) {
    return switch (protocol) {
      case "vlan" -> 0xAB;
      case "mpls" -> 0xABCDE;
      default -> 0xABCDEF;
    };
  }

  private byte[] sent(String protocol, Packet packet) {
    int overhead = packet.length() + protocols.get(protocol).overhead();
    assertEquals(0, protocols.get(protocol).encapsulate(packet, spi(protocol), 250, next));
    assertEquals(overhead, packet.length());
    return bytes(packet);
  }

  @Test
  void shouldArriveAsSent() {
    for (var protocol : protocols.values()) {
      var packet = packet(FRAME);
      packet.add(LABEL);
      var arrived = packet(sent(protocol.name(), packet));
      assertEquals(0, theirs.decapsulate(arrived), protocol.name());
      assertEquals(spi(protocol.name()), arrived.spi);
      assertEquals(250, arrived.si);
      assertArrayEquals(FRAME, bytes(arrived));
      assertEquals(protocol.labelBits() > 0, arrived.has(LABEL));
      // and goes on, by this protocol and by any other
      for (var onwards : byName(next).values()) {
        var further = packet(sent(protocol.name(), packet(FRAME)));
        assertEquals(0, theirs.decapsulate(further));
        assertEquals(0, onwards.encapsulate(further, spi(onwards.name()), 249, self));
        var back = packet(bytes(further));
        assertEquals(0, ours.decapsulate(back), protocol.name() + " then " + onwards.name());
        assertEquals(249, back.si);
        assertArrayEquals(FRAME, bytes(back));
      }
    }
  }

  @Test
  void shouldTellMarksFromTraffic() {
    for (var protocol : protocols.values()) {
      var mark = packet(new byte[100]);
      ControlFrame.write(mark, ControlFrame.MARK, new UUID(1, 2), 3, "all");
      byte[] frame = bytes(mark);
      var arrived = packet(sent(protocol.name(), mark));
      assertEquals(0, theirs.decapsulate(arrived));
      assertEquals(ControlFrame.MARK, ControlFrame.type(arrived), protocol.name());
      assertNotEquals(0, arrived.flags & Packet.CONTROL);
      var forged = packet(frame);
      int verdict = protocol.encapsulate(forged, spi(protocol.name()), 250, next);
      if (verdict == 0) {
        var traffic = packet(bytes(forged));
        assertEquals(0, theirs.decapsulate(traffic));
        assertEquals(0, traffic.flags & Packet.CONTROL);
      } else {
        assertEquals(Drop.MALFORMED.verdict(), verdict);
      }
    }
  }

  @Test
  void shouldTakeNoFrameThatIsCutShortOrSpoilt() {
    var random = new Random(7);
    for (var protocol : protocols.values()) {
      byte[] whole = sent(protocol.name(), packet(FRAME));
      for (int length = 0; length < protocol.overhead() + 14; length++) {
        var cut = packet(Arrays.copyOf(whole, length));
        int verdict = theirs.decapsulate(cut);
        assertTrue(verdict != 0 || cut.length() >= 0, protocol.name() + " " + length);
      }
      for (int i = 0; i < 20_000; i++) {
        byte[] spoilt = whole.clone();
        for (int n = random.nextInt(4); n >= 0; n--) {
          spoilt[random.nextInt(spoilt.length)] = (byte) random.nextInt();
        }
        var packet = packet(Arrays.copyOf(spoilt, random.nextInt(spoilt.length + 1)));
        if (theirs.decapsulate(packet) == 0) {
          assertTrue(packet.length() >= 0 && packet.si != 0);
        }
      }
    }
    byte[] toAnother = sent("mpls", packet(FRAME));
    toAnother[5]++;
    assertEquals(Drop.UNKNOWN_TUNNEL.verdict(), theirs.decapsulate(packet(toAnother)));
    assertEquals(Drop.UNKNOWN_TUNNEL.verdict(), theirs.decapsulate(packet(FRAME)));
  }

  /** An IP packet of a tunnel, without Ethernet. */
  @Test
  void shouldCarryBareIp() {
    for (var protocol : protocols.values()) {
      var packet = packet(Arrays.copyOfRange(FRAME, 14, FRAME.length));
      packet.inner = Packet.IPV4;
      assertEquals(0, protocol.encapsulate(packet, spi(protocol.name()), 250, next));
      var arrived = packet(bytes(packet));
      assertEquals(0, theirs.decapsulate(arrived));
      byte[] got = bytes(arrived);
      int from = arrived.inner == Packet.ETHERNET ? 14 : 0;
      assertArrayEquals(Arrays.copyOfRange(FRAME, 14, FRAME.length), Arrays.copyOfRange(got, from, got.length),
          protocol.name());
    }
  }

  @Test
  void shouldSendWhatTsharkDecodes() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/tshark")));
    var names = List.copyOf(protocols.keySet());
    var frames = new ArrayList<byte[]>();
    for (var name : names) {
      var packet = packet(FRAME);
      packet.add(LABEL);
      frames.add(sent(name, packet));
    }
    var pcap = Files.write(folder.resolve("fabric.pcap"), pcap(frames));
    var lines = output("tshark", "-r", pcap.toString(), "-d", "mpls.label==250,pwethcw", "-T", "fields", "-E",
        "occurrence=a", "-e", "frame.protocols",
        "-e", "eth.dst", "-e", "ip.dst", "-e", "ip.checksum.status", "-e", "_ws.malformed", "-e", "nsh.spi", "-e",
        "nsh.si", "-e", "nsh.contextheader", "-e", "gre.key", "-e", "mpls.label", "-e", "mpls.bottom", "-e", "vlan.id",
        "-o", "ip.check_checksum:TRUE").lines().toList();
    for (int i = 0; i < names.size(); i++) {
      var found = lines.get(i).split("\t", -1);
      var line = names.get(i) + ": " + lines.get(i);
      assertTrue(found[0].endsWith("ip:udp:data"), line);
      assertTrue(found[2].endsWith("192.0.2.1"), line);
      assertTrue(!found[3].contains("0"), line); // 0: bad
      assertEquals("", found[4], line);
      if (!names.get(i).equals("vlan")) {
        assertTrue(found[1].startsWith("02:00:00:00:00:02"), line);
      }
      switch (names.get(i)) {
        case "nsh-ethernet" -> {
          assertTrue(found[0].startsWith("eth:ethertype:nsh:eth"), line);
          assertEquals(0xABCDEF, Integer.decode(found[5]), line);
          assertEquals("250", found[6], line);
          assertTrue(found[7].replace(":", "").startsWith("00000015"), line);
        }
        case "gre" -> {
          assertTrue(found[0].startsWith("eth:ethertype:ip:gre:eth"), line);
          assertEquals(0xABCDEFFAL, Long.decode(found[8]), line);
        }
        case "mpls" -> {
          assertTrue(found[0].startsWith("eth:ethertype:mpls:"), line);
          assertEquals(0xABCDE + ",250", found[9], line);
        }
        default -> assertEquals("2740", found[11], line); // 0xAB << 4 | 4
      }
    }
  }

  @Test
  void shouldTakeWhatScapyBuilds() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/lib/python3/dist-packages/scapy")));
    var script = """
        from scapy.all import Ether, IP, UDP, Raw, GRE, Dot1Q
        from scapy.contrib.nsh import NSH
        from scapy.contrib.mpls import MPLS
        inner = Ether(bytes.fromhex("%s"))
        out = Ether(src="02:00:00:00:00:09", dst="02:00:00:00:00:02")
        tagged = Ether(src=inner.src, dst=inner.dst) / Dot1Q(vlan=0xAB << 4 | 4) / inner.payload
        print("gre", bytes(out / IP(src="192.0.2.19", dst="192.0.2.12") / GRE(key_present=1, key=0xABCDEFFA, proto=0x6558) / inner).hex())
        print("mpls", bytes(out / MPLS(label=0xABCDE, s=0, ttl=9) / MPLS(label=250, s=1, ttl=9) / Raw(bytes(4) + bytes(inner))).hex())
        print("nsh-ethernet", bytes(out / NSH(spi=0xABCDEF, si=250, nextproto=3, mdtype=1, length=6, context_header=b"\\x00\\x00\\x00\\x15" + bytes(12)) / inner).hex())
        print("vlan", bytes(tagged).hex())
        """;
    var lines = output(PYTHON, "-W", "ignore", "-c", script.replace("%s", HEX.formatHex(FRAME))).lines().toList();
    assertEquals(protocols.size(), lines.size());
    for (var line : lines) {
      var words = line.split(" ", -1);
      var packet = packet(HEX.parseHex(words[1]));
      assertEquals(0, theirs.decapsulate(packet), line);
      assertEquals(spi(words[0]), packet.spi, line);
      assertEquals(250, packet.si, line);
      assertEquals(words[0].equals("nsh-ethernet"), packet.has(LABEL), line);
      assertArrayEquals(FRAME, bytes(packet), line);
    }
  }

  private String output(String... command) throws Exception {
    var errors = folder.resolve("errors").toFile();
    var process = new ProcessBuilder(command).redirectError(errors).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> text + errors);
    return text;
  }

  private static byte[] pcap(List<byte[]> frames) {
    var out = ByteBuffer.allocate(24 + frames.stream().mapToInt(each -> 16 + each.length).sum());
    out.putInt(0xA1B2C3D4).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0).putInt(65_535).putInt(1);
    for (var each : frames) {
      out.putInt(1).putInt(0).putInt(each.length).putInt(each.length).put(each);
    }
    return out.array();
  }
}
