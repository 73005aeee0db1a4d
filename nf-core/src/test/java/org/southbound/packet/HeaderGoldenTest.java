// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;

/** Packets that scapy built, read and rebuilt; see src/test/golden/headers. */
class HeaderGoldenTest {
  private static final Path SCRIPT = Path.of("src/test/golden/headers/packets.py");
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final long SECONDS = 60;

  private record Golden(String name, MemorySegment octets, Map<String, String> facts) {
  }

  private static final List<Golden> GOLDENS = new ArrayList<>();

  @BeforeAll
  static void build() throws Exception {
    assumeTrue(Files.isExecutable(PYTHON), "no " + PYTHON);
    var scapy = new ProcessBuilder(PYTHON.toString(), "-c", "import scapy.contrib.nsh").redirectErrorStream(true)
        .start();
    scapy.getInputStream().readAllBytes();
    assumeTrue(scapy.waitFor() == 0, "no python3-scapy");
    Path errors = Files.createTempFile("scapy", ".err");
    var script = new ProcessBuilder(PYTHON.toString(), SCRIPT.toString()).redirectError(errors.toFile()).start();
    String text = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(script.waitFor(SECONDS, TimeUnit.SECONDS), "the script hangs");
    assertEquals(0, script.exitValue(), Files.readString(errors));
    Files.delete(errors);
    for (String line : text.lines().toList()) {
      String[] cells = line.split("\t", -1);
      var facts = new LinkedHashMap<String, String>();
      for (int i = 2; i < cells.length; i++) {
        int equals = cells[i].indexOf('=');
        facts.put(cells[i].substring(0, equals), cells[i].substring(equals + 1));
      }
      GOLDENS.add(new Golden(cells[0], exact(HexFormat.of().parseHex(cells[1])), facts));
    }
  }

  private static MemorySegment exact(byte[] octets) {
    MemorySegment memory = Arena.ofAuto().allocate(octets.length);
    MemorySegment.copy(MemorySegment.ofArray(octets), 0, memory, 0, octets.length);
    return memory;
  }

  private static List<Golden> goldens(String kind) {
    List<Golden> goldens = GOLDENS.stream().filter(golden -> golden.name.startsWith(kind)).toList();
    assertTrue(!goldens.isEmpty(), "no golden of kind " + kind);
    return goldens;
  }

  @Test
  void shouldReadWhatScapyWrote() {
    var fragments = new FragmentTable();
    var inner = Packet.of(MemorySegment.NULL);
    for (Golden golden : goldens("ip:")) {
      var packet = Packet.of(golden.octets);
      assertEquals(0, Parser.parse(packet), golden.name);
      assertEquals(0, FlowKey.extract(packet, fragments, 0), golden.name);
      var found = found(packet);
      if (golden.facts.containsKey("related")) {
        assertEquals(0, FlowKey.related(packet, inner), golden.name);
        found.put("related", key(inner));
      }
      assertEquals(new TreeMap<>(golden.facts), new TreeMap<>(found), golden.name);
    }
  }

  @Test
  void shouldComputeTheChecksumsOfScapy() {
    for (Golden golden : goldens("ip:")) {
      var packet = Packet.of(golden.octets);
      assertEquals(0, Parser.parse(packet), golden.name);
      if (packet.ipVersion() == 4) {
        assertEquals(packet.ipv4().checksum(), Checksum.ipv4(packet.memory(), packet.l3()), golden.name);
      }
      String sum = golden.facts.get("sum");
      assertEquals(sum == null ? -1 : Integer.parseInt(sum), Checksum.transport(packet), golden.name);
    }
  }

  @Test
  void shouldFindNoIpInOtherFrames() {
    for (Golden golden : goldens("other:")) {
      var packet = Packet.of(golden.octets);
      assertEquals(0, Parser.parse(packet), golden.name);
      assertEquals(0, packet.ipVersion(), golden.name);
      assertEquals(golden.facts.get("type"), "" + packet.etherType(), golden.name);
    }
  }

  @Test
  void shouldReadAndRewriteNsh() {
    for (Golden golden : goldens("nsh:")) {
      MemorySegment memory = golden.octets;
      assertEquals(0, Parser.vxlan(memory, 0, memory.byteSize()), golden.name);
      var vxlan = new Vxlan(memory, 0);
      assertEquals(Vxlan.NSH, vxlan.nextProtocol());
      long at = Vxlan.LENGTH;
      assertEquals(0, Parser.nsh(memory, at, memory.byteSize() - at), golden.name);
      var nsh = new Nsh(memory, at);
      var found = new TreeMap<String, String>(Map.of("oam", nsh.oam() ? "1" : "0", "ttl", "" + nsh.ttl(), "spi",
          "" + nsh.spi(), "si", "" + nsh.si(), "md", "" + nsh.metadataType(), "length", "" + nsh.length(), "next",
          "" + nsh.nextProtocol(), "vni", "" + vxlan.vni()));
      MemorySegment again = Arena.ofAuto().allocate(Vxlan.LENGTH + nsh.length());
      Vxlan.write(again, 0, vxlan.vni(), Vxlan.NSH);
      if (nsh.metadataType() == 1) {
        found.put("context", "%x.%x.%x.%x".formatted(nsh.context(0), nsh.context(1), nsh.context(2), nsh.context(3)));
        Nsh.write(again, at, nsh.ttl(), nsh.nextProtocol(), nsh.spi(), nsh.si(), nsh.context(0), nsh.context(1),
            nsh.context(2), nsh.context(3));
      } else {
        Nsh.write(again, at, nsh.ttl(), nsh.nextProtocol(), nsh.spi(), nsh.si(), nsh.length());
        found.put("metadata", rewriteMetadata(nsh, again));
      }
      new Nsh(again, at).oam(nsh.oam());
      assertEquals(new TreeMap<>(golden.facts), found, golden.name);
      assertEquals(-1, again.mismatch(memory.asSlice(0, again.byteSize())), golden.name);
      var inner = Packet.of(memory.asSlice(at + nsh.length()));
      assertEquals(0, Parser.parse(inner));
      assertEquals(Protocol.UDP, inner.protocol());
    }
  }

  private static String rewriteMetadata(Nsh nsh, MemorySegment again) {
    var text = new ArrayList<String>();
    long end = nsh.offset() + nsh.length();
    for (long at = nsh.offset() + Nsh.LENGTH; at < end; at = nsh.nextMetadata(at)) {
      int length = nsh.metadataLength(at);
      byte[] value = new byte[length];
      MemorySegment.copy(nsh.segment(), at + Nsh.METADATA_HEADER, MemorySegment.ofArray(value), 0, length);
      text.add("%x.%x.%s".formatted(nsh.metadataClass(at), nsh.metadataType(at), HexFormat.of().formatHex(value)));
      assertEquals(at, nsh.metadata(nsh.metadataClass(at), nsh.metadataType(at)));
      long to = Nsh.writeMetadata(again, at, nsh.metadataClass(at), nsh.metadataType(at), length);
      MemorySegment.copy(MemorySegment.ofArray(value), 0, again, to, length);
    }
    return String.join(",", text);
  }

  @Test
  void shouldReadVxlan() {
    for (Golden golden : goldens("vxlan:")) {
      assertEquals(0, Parser.vxlan(golden.octets, 0, golden.octets.byteSize()));
      var vxlan = new Vxlan(golden.octets, 0);
      assertEquals(golden.facts, Map.of("vni", "" + vxlan.vni(), "next", "" + vxlan.nextProtocol(), "gpe",
          "" + vxlan.gpe()), golden.name);
    }
  }

  @Test
  void shouldStayInBoundsWhereverAPacketIsCut() {
    var walk = new Walk();
    for (Golden golden : goldens("ip:")) {
      for (long length = 0; length <= golden.octets.byteSize(); length++) {
        walk.take(Packet.of(golden.octets.asSlice(0, length)), 0);
      }
    }
    for (Golden golden : goldens("nsh:")) {
      for (long length = 0; length <= golden.octets.byteSize(); length++) {
        MemorySegment cut = golden.octets.asSlice(0, length);
        Parser.vxlan(cut, 0, length);
        if (length >= Vxlan.LENGTH && Parser.nsh(cut, Vxlan.LENGTH, length - Vxlan.LENGTH) == 0) {
          new Nsh(cut, Vxlan.LENGTH).metadata(1, 1);
        }
      }
    }
  }

  private static String key(Packet packet) {
    return "%x.%x.%x.%x.%x".formatted(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4);
  }

  private static Map<String, String> found(Packet packet) {
    var found = new LinkedHashMap<String, String>();
    found.put("dst", "%x".formatted(packet.ethernet().destination()));
    found.put("src", "%x".formatted(packet.ethernet().source()));
    found.put("vlan", "" + packet.vlan());
    found.put("version", "" + packet.ipVersion());
    found.put("protocol", "" + packet.protocol());
    found.put("l4", "%x".formatted(packet.l4()));
    found.put("key", key(packet));
    found.put("reversed", "" + packet.reversed);
    if (packet.ipVersion() == 4) {
      var ip = packet.ipv4();
      found.put("ttl", "" + ip.ttl());
      found.put("dscp", "" + ip.dscp());
      found.put("ecn", "" + ip.ecn());
      found.put("id", "" + ip.identification());
      found.put("total", "" + ip.totalLength());
      found.put("ipv4sum", "" + ip.checksum());
      found.put("header", "" + ip.headerLength());
    } else {
      var ip = packet.ipv6();
      found.put("ttl", "" + ip.hopLimit());
      found.put("dscp", "" + ip.dscp());
      found.put("ecn", "" + ip.ecn());
      found.put("label", "" + ip.flowLabel());
      found.put("total", "" + ip.payloadLength());
    }
    switch (packet.protocol()) {
      case Protocol.TCP -> tcp(packet.tcp(), found);
      case Protocol.UDP -> {
        found.put("length", "" + packet.udp().length());
        found.put("sum", "" + packet.udp().checksum());
      }
      case Protocol.SCTP -> {
        found.put("tag", "" + Integer.toUnsignedLong(packet.sctp().verificationTag()));
        found.put("crc", "" + Integer.toUnsignedLong(packet.sctp().checksum()));
      }
      case Protocol.ICMP, Protocol.ICMPV6 -> {
        found.put("type", "" + packet.icmp().type());
        found.put("code", "" + packet.icmp().code());
        found.put("sum", "" + packet.icmp().checksum());
      }
      default -> assertTrue(packet.protocol() == Protocol.GRE || packet.protocol() == Protocol.ESP);
    }
    return found;
  }

  private static void tcp(Tcp tcp, Map<String, String> found) {
    found.put("seq", "" + Integer.toUnsignedLong(tcp.sequence()));
    found.put("ack", "" + Integer.toUnsignedLong(tcp.acknowledgment()));
    found.put("flags", "" + tcp.flags());
    found.put("window", "" + tcp.window());
    found.put("sum", "" + tcp.checksum());
    found.put("doff", "" + tcp.headerLength());
    found.put("mss", "" + tcp.mss());
    found.put("wscale", "" + tcp.windowScale());
    found.put("sack", "" + tcp.sackPermitted());
    found.put("tsval", "" + (tcp.timestamps() < 0 ? -1 : Wire.u32(tcp.segment(), tcp.timestamps())));
  }
}
