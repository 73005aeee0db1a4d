// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.southbound.netconf.Corpus;
import org.southbound.netconf.NetconfException;

/** Any octets as a message: they are refused with an rpc-error, or read to the end. */
class XmlFuzzTest {
  @Test
  void shouldTakeTheCorpus() throws IOException {
    Corpus.replay(getClass(), "shouldReadOrRefuse", this::shouldReadOrRefuse);
  }

  /** What was read as a fragment is written as XML that reads the same. */
  @Tag("soak")
  @FuzzTest(maxDuration = "10m")
  void shouldReadOrRefuse(byte[] octets) {
    String fragment;
    try {
      XmlIn in = XmlIn.open(octets, 0, octets.length);
      in.copyAttributes(new XmlOut(16));
      fragment = in.fragment();
      in.end();
    } catch (NetconfException refused) {
      return;
    }
    byte[] again = ("<a>" + fragment + "</a>").getBytes(StandardCharsets.UTF_8);
    try {
      XmlIn in = XmlIn.open(again, 0, again.length);
      assertEquals(fragment, in.fragment());
      in.end();
    } catch (NetconfException e) {
      throw new AssertionError(fragment, e);
    }
  }
}
