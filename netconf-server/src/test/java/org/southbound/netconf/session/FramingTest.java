// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.southbound.netconf.xml.XmlOut;

/** Framing, with bytes that arrive in pieces of any size. */
class FramingTest {
  private static final int LIMIT = 1 << 16;

  private static List<String> feed(Framing framing, byte[] bytes, Random random) throws IOException {
    var found = new ArrayList<String>();
    for (int at = 0; at < bytes.length;) {
      int n = Math.min(bytes.length - at, 1 + random.nextInt(40));
      framing.append(bytes, at, n);
      at += n;
      while (framing.next()) {
        found.add(new String(framing.array(), framing.offset(), framing.length(), StandardCharsets.UTF_8));
      }
      framing.idle();
    }
    return found;
  }

  private static String message(Random random) {
    var out = new StringBuilder("<a>");
    for (int i = random.nextInt(200); i > 0; i--) {
      out.append("]>#\nx1\u00e9".charAt(random.nextInt(7)));
    }
    return out.append("</a>").toString().replace("]]>]]>", "");
  }

  @Test
  void shouldGiveBackWhatWasWritten() throws IOException {
    for (int seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      boolean chunked = random.nextBoolean();
      var writer = new Framing(LIMIT);
      var reader = new Framing(LIMIT);
      if (chunked) {
        writer.chunked();
        reader.chunked();
      }
      var sent = new ArrayList<String>();
      var out = new XmlOut(16);
      for (int i = 0; i < 20; i++) {
        String message = message(random);
        sent.add(message);
        int mark = writer.begin(out);
        out.raw(message.getBytes(StandardCharsets.UTF_8));
        writer.finish(out, mark);
      }
      assertEquals(sent, feed(reader, out.toBytes(), random), "seed " + seed);
    }
  }

  @Test
  void shouldJoinChunksAndSurviveGarbage() throws IOException {
    var framing = new Framing(LIMIT);
    framing.chunked();
    assertEquals(List.of("<rpc/>", "x"),
        feed(framing, "\n#2\n<r\n#4\npc/>\n##\n\n#1\nx\n##\n".getBytes(StandardCharsets.UTF_8), new Random(1)));
    for (int seed = 0; seed < 20_000; seed++) {
      var random = new Random(seed);
      var one = new Framing(64);
      if (random.nextBoolean()) {
        one.chunked();
      }
      byte[] bytes = new byte[random.nextInt(200)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) "\n#019]>a".charAt(random.nextInt(8));
      }
      try {
        feed(one, bytes, random);
      } catch (IOException e) {
        assertEquals(true, e.getMessage() != null); // a malformed frame or too much: the one way out
      }
    }
  }
}
