// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.namespace.NamespaceContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.Corpus;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.schema.Schema;

/** Any filter over examples of configuration: it is refused with an rpc-error, or selects well-formed XML, before long. */
class FilterFuzzTest {
  private static final long LIMIT_NANOS = 20_000_000_000L;
  private static final Map<String, String> PREFIXES = Map.of("c", "urn:southbound:yang:southbound-chain", "n",
      "urn:southbound:yang:southbound-nf", "m", "urn:southbound:yang:southbound-metrics");
  private static ContainerNode sample;

  private static synchronized ContainerNode sample() throws IOException, NetconfException {
    if (sample == null) {
      Schema schema = TestServer.schema();
      sample = FileStore.empty(schema);
      for (String each : List.of("chain-group", "firewall", "metrics-replication")) {
        byte[] example = ("<config>" + Files.readString(Path.of("../yang/examples/ok-" + each + ".xml")) + "</config>")
            .getBytes(StandardCharsets.UTF_8);
        List<Edit> edits = DataReader.config(XmlIn.open(example, 0, example.length), schema.root());
        sample = Editor.apply(schema.root(), sample, edits, Edit.Operation.MERGE);
      }
    }
    return sample;
  }

  @Test
  void shouldTakeTheCorpus() throws IOException {
    Corpus.replay(getClass(), "shouldSelectBySubtree", this::shouldSelectBySubtree);
    Corpus.replay(getClass(), "shouldSelectByXPath", this::shouldSelectByXPath);
  }

  /** The octets are a filter element. */
  @Tag("soak")
  @FuzzTest(maxDuration = "10m")
  void shouldSelectBySubtree(byte[] octets) {
    try {
      XmlIn in = XmlIn.open(octets, 0, octets.length);
      SubtreeFilter filter = SubtreeFilter.read(in);
      in.end();
      select(filter);
    } catch (NetconfException refused) {
      // as it should be
    }
  }

  /** The octets are the expression. */
  @Tag("soak")
  @FuzzTest(maxDuration = "10m")
  void shouldSelectByXPath(byte[] octets) {
    try {
      select(XPathFilter.of(new String(octets, StandardCharsets.UTF_8), new Prefixes(), "filter"));
    } catch (NetconfException refused) {
      // as it should be
    }
  }

  private static void select(Filter filter) throws NetconfException {
    Schema schema;
    ContainerNode data;
    try {
      schema = TestServer.schema();
      data = sample();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    long start = System.nanoTime();
    var out = new XmlOut(1024);
    out.raw("<data xmlns=\"").raw(Schema.NETCONF).raw("\">");
    filter.write(new DataWriter(schema, out, null), schema.root(), data);
    out.raw("</data>");
    long taken = System.nanoTime() - start;
    assertTrue(taken < LIMIT_NANOS, () -> taken / 1_000_000 + " ms");
    try {
      XmlIn in = XmlIn.open(out.array(), 0, out.length());
      in.skip();
      in.end();
    } catch (NetconfException e) {
      throw new AssertionError(new String(out.toBytes(), StandardCharsets.UTF_8), e);
    }
  }

  private static final class Prefixes implements NamespaceContext {
    @Override
    public String getNamespaceURI(String prefix) {
      return PREFIXES.getOrDefault(prefix, XMLConstants.NULL_NS_URI);
    }

    @Override
    public String getPrefix(String namespace) {
      return null;
    }

    @Override
    public Iterator<String> getPrefixes(String namespace) {
      return List.<String>of().iterator();
    }
  }
}
