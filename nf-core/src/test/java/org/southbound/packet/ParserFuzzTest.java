// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;

/** Any octets at all; with JAZZER_FUZZ=1 coverage guides them, otherwise only the empty packet runs. Not in the
 * normal run: Jazzer takes seconds to start, and other tests of this module's JVM count allocations. */
class ParserFuzzTest {
  private final Walk walk = new Walk();

  @Tag("soak")
  @FuzzTest(maxDuration = "10m")
  void shouldTakeAnyOctets(byte[] octets) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(octets.length);
      MemorySegment.copy(MemorySegment.ofArray(octets), 0, frame, 0, octets.length);
      walk.take(Packet.of(frame), 0);
      if (Parser.nsh(frame, 0, frame.byteSize()) == 0) {
        walk.seen += new Nsh(frame, 0).metadata(0xfff6, 1);
      }
    }
  }
}
