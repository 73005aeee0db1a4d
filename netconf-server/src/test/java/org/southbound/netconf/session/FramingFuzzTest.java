// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.southbound.netconf.Corpus;

/** Any octets as frames: what is found in them does not depend on how they arrive. The first octet chooses the framing. */
class FramingFuzzTest {
  private static final int LIMIT = 4096;

  @Test
  void shouldTakeTheCorpus() throws IOException {
    Corpus.replay(getClass(), "shouldFindTheSameHoweverItArrives", this::shouldFindTheSameHoweverItArrives);
  }

  @Tag("soak")
  @FuzzTest(maxDuration = "10m")
  void shouldFindTheSameHoweverItArrives(byte[] octets) {
    if (octets.length > 0) {
      boolean chunked = octets[0] % 2 != 0;
      int step = 1 + (octets[0] & 0x7f) / 2;
      byte[] frames = Arrays.copyOfRange(octets, 1, octets.length);
      assertEquals(messages(frames, frames.length, chunked), messages(frames, step, chunked));
    }
  }

  /** The messages in order, and how it ended. */
  private static List<String> messages(byte[] frames, int step, boolean chunked) {
    var framing = new Framing(LIMIT);
    if (chunked) {
      framing.chunked();
    }
    var found = new ArrayList<String>();
    try {
      for (int at = 0; at < frames.length; at += step) {
        framing.append(frames, at, Math.min(step, frames.length - at));
        while (framing.next()) {
          found.add(new String(framing.array(), framing.offset(), framing.length(), StandardCharsets.ISO_8859_1));
        }
        framing.idle();
      }
    } catch (IOException malformed) {
      found.add(malformed.getMessage());
    }
    return found;
  }
}
