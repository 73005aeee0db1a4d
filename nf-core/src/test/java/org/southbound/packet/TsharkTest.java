// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What our views write, as tshark reads it; and what real traces have, as tshark and our parser read it. */
class TsharkTest {
  private static final Path TSHARK = Path.of("/usr/bin/tshark");
  private static final long SECONDS = 60;
  private static final int SPI = 0x123456;

  @TempDir
  Path folder;

  private static MemorySegment tunnel(int metadataType) {
    MemorySegment inner = Frames.samples().get("tcp options");
    int length = metadataType == 1 ? Nsh.LENGTH_TYPE_1 : Nsh.LENGTH + 2 * Nsh.METADATA_HEADER + 4 + 8;
    int udp = Udp.LENGTH + Vxlan.LENGTH + length + (int) inner.byteSize();
    MemorySegment frame = Arena.ofAuto().allocate(34 + udp);
    Ethernet.write(frame, 0, 0x020000000002L, 0x020000000001L, Ethernet.IPV4);
    Ipv4.write(frame, 14, 0, 20 + udp, 7, 64, Protocol.UDP, 0x7f000001, 0x7f000002);
    Udp.write(frame, 34, 50_000, Vxlan.GPE_PORT, udp, 0);
    Vxlan.write(frame, 42, 0xabcdef, Vxlan.NSH);
    if (metadataType == 1) {
      Nsh.write(frame, 50, 62, Nsh.ETHERNET, SPI, 254, 0x11111111, 0x22222222, 0x33333333, 0x44444444);
    } else {
      Nsh.write(frame, 50, 62, Nsh.ETHERNET, SPI, 254, length);
      long value = Nsh.writeMetadata(frame, 58, 0xfff6, 1, 4);
      Wire.u32(frame, value, 0x01020304);
      value = Nsh.writeMetadata(frame, 66, 0xfff7, 2, 5);
      Wire.u32(frame, value, 0x0a0b0c0d);
      Wire.u8(frame, value + 4, 0x0e);
    }
    MemorySegment.copy(inner, 0, frame, 50 + length, inner.byteSize());
    var packet = Packet.of(frame);
    assertEquals(0, Parser.parse(packet));
    Checksum.setTransport(packet);
    return frame;
  }

  private Path pcap(List<MemorySegment> frames) throws IOException {
    var octets = new ByteArrayOutputStream();
    var out = new DataOutputStream(octets);
    for (int word : new int[]{0xa1b2c3d4, 2 << 16 | 4, 0, 0, 65_535, 1}) {
      out.writeInt(word);
    }
    for (MemorySegment frame : frames) {
      int length = (int) frame.byteSize();
      for (int word : new int[]{0, 0, length, length}) {
        out.writeInt(word);
      }
      out.write(frame.toArray(ValueLayout.JAVA_BYTE));
    }
    return Files.write(folder.resolve("packets.pcap"), octets.toByteArray());
  }

  private List<String> tshark(Path pcap, String... fields) throws Exception {
    assumeTrue(Files.isExecutable(TSHARK), "no " + TSHARK);
    var command = new ArrayList<>(
        List.of(TSHARK.toString(), "-r", pcap.toString(), "-o", "ip.check_checksum:TRUE", "-o",
            "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.defragment:FALSE", "-o",
            "ipv6.defragment:FALSE", "-T", "fields", "-E", "separator=|"));
    for (String field : fields) {
      command.addAll(List.of("-e", field));
    }
    Path errors = folder.resolve("errors");
    var process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "tshark hangs");
    assertEquals(0, process.exitValue(), Files.readString(errors));
    return text.lines().toList();
  }

  @Test
  void shouldWriteTunnelsThatTsharkReads() throws Exception {
    Path pcap = pcap(List.of(tunnel(1), tunnel(2)));
    List<String> lines = tshark(pcap, "frame.protocols", "_ws.malformed", "vxlan.vni", "nsh.spi", "nsh.si", "nsh.ttl",
        "nsh.mdtype", "nsh.nextproto", "nsh.contextheader", "nsh.metadataclass", "nsh.metadata", "tcp.dstport",
        "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status");
    assertEquals(2, lines.size());
    for (String line : lines) {
      String[] cells = line.split("\\|", -1);
      // VXLAN-GPE is not in the list of protocols but has its fields.
      assertTrue(cells[0].endsWith("nsh:eth:ethertype:ip:tcp"), line);
      assertEquals("", cells[1], line);
      assertEquals(0xabcdef, Integer.decode(cells[2]), line);
      assertEquals(SPI, Integer.decode(cells[3]), line);
      assertEquals(254, Integer.decode(cells[4]), line);
      assertEquals(62, Integer.decode(cells[5]), line);
      assertEquals(3, Integer.decode(cells[7]), line);
      assertEquals("80", cells[11], line);
      assertEquals("1,1|1|1", cells[12] + "|" + cells[13] + "|" + cells[14], line);
    }
    assertTrue(lines.get(0).contains("11111111,22222222,33333333,44444444"), lines.get(0));
    String[] cells = lines.get(1).split("\\|", -1);
    assertEquals(0xfff6, Integer.decode(cells[9].split(",", -1)[0]), lines.get(1));
    assertEquals("01020304", cells[10].split(",", -1)[0].replace("0x", ""), lines.get(1));
  }

  @Test
  void shouldAgreeWithTsharkOnEverySample() throws Exception {
    List<MemorySegment> frames = List.copyOf(Frames.samples().values());
    List<String> lines = tshark(pcap(frames), "_ws.malformed", "tcp.srcport", "udp.srcport", "tcp.checksum.status",
        "udp.checksum.status", "ip.checksum.status");
    assertEquals(frames.size(), lines.size());
    for (int i = 0; i < frames.size(); i++) {
      var packet = Packet.of(frames.get(i));
      assertEquals(0, Parser.parse(packet));
      String[] cells = lines.get(i).split("\\|", -1);
      String name = List.copyOf(Frames.samples().keySet()).get(i) + ": " + lines.get(i);
      if (packet.fragment() != 2 && packet.protocol() == Protocol.TCP) {
        assertEquals("" + packet.tcp().sourcePort(), cells[1], name);
      }
      if (packet.fragment() == 0 && packet.protocol() == Protocol.TCP) {
        assertEquals("1", cells[3], name);
      }
      if (packet.fragment() == 0 && packet.protocol() == Protocol.UDP) {
        assertEquals("" + packet.udp().sourcePort(), cells[2], name);
        assertEquals("1", cells[4], name);
      }
      if (packet.ipVersion() == 4) {
        assertEquals("1", cells[5].split(",", -1)[0], name);
      }
    }
  }
}
