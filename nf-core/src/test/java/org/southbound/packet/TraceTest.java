// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.southbound.flow.FragmentTable;

/** Captured traffic, where there is a folder of it beside the project or in {@code southbound.traces}. */
class TraceTest {
  private static final int PER_TRACE = 20_000;

  private static List<Path> traces() throws IOException {
    String given = System.getProperty("southbound.traces");
    Path folder = given != null ? Path.of(given)
        : Path.of(System.getProperty("southbound.root", ".."), "../shared/traces");
    assumeTrue(Files.isDirectory(folder), "no traces");
    try (var files = Files.list(folder)) {
      return files.filter(file -> file.toString().matches(".*\\.pcap(\\.gz)?")).sorted().toList();
    }
  }

  private static List<MemorySegment> frames(Path trace) throws IOException {
    byte[] octets;
    try (InputStream file = Files.newInputStream(trace);
        InputStream in = trace.toString().endsWith(".gz") ? new GZIPInputStream(file) : file) {
      octets = in.readAllBytes();
    }
    MemorySegment all = Arena.ofAuto().allocate(octets.length);
    MemorySegment.copy(MemorySegment.ofArray(octets), 0, all, 0, octets.length);
    var order = octets[0] == (byte) 0xa1 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    var u32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
    var frames = new ArrayList<MemorySegment>();
    // Only classic pcap of Ethernet; a port reads the others.
    if (all.get(u32, 0) >>> 16 != 0xa1b2 || all.get(u32, 20) != 1) {
      return frames;
    }
    for (long at = 24; at + 16 <= octets.length && frames.size() < PER_TRACE;) {
      int length = all.get(u32, at + 8);
      frames.add(all.asSlice(at + 16, length));
      at += 16 + length;
    }
    return frames;
  }

  @Test
  void shouldParseRealTraffic() throws IOException {
    for (Path trace : traces()) {
      var walk = new Walk(new FragmentTable());
      List<MemorySegment> frames = frames(trace);
      for (MemorySegment frame : frames) {
        walk.take(Packet.of(frame), 0);
      }
      String verdicts = trace.getFileName() + " " + Arrays.toString(walk.verdicts);
      assertEquals(frames.size(), Arrays.stream(walk.verdicts).sum(), verdicts);
      assertTrue(walk.verdicts[0] >= frames.size() * 0.99, verdicts);
    }
  }

  @Test
  void shouldStayInBoundsWhereverARealPacketIsCut() throws IOException {
    for (Path trace : traces()) {
      var walk = new Walk();
      for (MemorySegment frame : frames(trace).stream().limit(500).toList()) {
        for (long length = Math.min(frame.byteSize(), 120); length >= 0; length--) {
          walk.take(Packet.of(frame.asSlice(0, length)), 0);
        }
      }
    }
  }
}
