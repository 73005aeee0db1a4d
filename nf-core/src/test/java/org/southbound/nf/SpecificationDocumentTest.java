// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.southbound.metrics.Metric;
import org.southbound.nf.SpecificationDocument.Operation;
import org.southbound.nf.SpecificationDocument.Variant;

class SpecificationDocumentTest {
  static Stream<NetworkFunction> functions() {
    return Stream.of(new Monitor(), new Firewall());
  }

  private static SpecificationDocument document(Specification specification) {
    return new SpecificationDocument(specification,
        List.of(Metric.counter(1, "packets-received", "packets", "Packets & \"more\" <taken>\n| from ports.")),
        List.of(new Operation("transfer", "flows/s.", "lost packets.", "octets.",
            List.of(new Variant("loss-free", "Nothing is lost.", 5, 9, 3)))),
        List.of("nsh-vxlan-gpe"));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void shouldWriteValidXml(NetworkFunction nf) throws Exception {
    var xml = document(nf.specification()).xml();
    var schema = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(SpecificationDocument.class.getResource("specification.xsd"));
    schema.newValidator().validate(new StreamSource(new StringReader(xml)));
    for (var metric : nf.specification().metrics()) {
      assertTrue(xml.contains("<name>" + metric.name() + "</name>"), metric.name());
    }
  }

  @ParameterizedTest
  @MethodSource("functions")
  void shouldSayTheSameInEveryForm(NetworkFunction nf) {
    var document = document(nf.specification());
    var words = new HashSet<String>(List.of("loss-free", "nsh-vxlan-gpe", "packets-received"));
    nf.specification().contexts().forEach(context -> words.add(context.type()));
    nf.specification().states().forEach(state -> {
      words.add(state.schema());
      words.addAll(state.names());
    });
    nf.specification().alarms().forEach(alarm -> words.add(alarm.kind()));
    for (var word : words) {
      assertTrue(document.json().contains(word), "JSON lacks " + word);
      assertTrue(document.html().contains(word), "HTML lacks " + word);
      assertTrue(document.markdown().contains(word), "Markdown lacks " + word);
    }
    assertFalse(document.html().contains("<taken>"));
    assertTrue(document.json().contains("Packets & \\\"more\\\" <taken>\\n| from ports."));
  }

  @Test
  void shouldIndentJson() {
    var specification = new Specification("t", "v", "p", "1", "d", List.of(), List.of(), List.of(), true);
    var json = new SpecificationDocument(specification, List.of(), List.of(), List.of("a", "b")).json();
    assertEquals("""
        {
          "southbound-spec:specification": {
            "vendor": "v",
            "product": "p",
            "software-version": "1",
            "nf-type": "t",
            "document": "d",
            "chaining-protocol": [
              "a",
              "b"
            ],
            "context": [],
            "metric": [],
            "operation": [],
            "alarm": [],
            "state": []
          }
        }
        """, json);
  }

  @ParameterizedTest
  @MethodSource("functions")
  void shouldNumberMetricsApart(NetworkFunction nf) {
    int from = nf instanceof Monitor ? 1000 : 2000;
    var indexes = new HashSet<Integer>();
    for (var metric : nf.specification().metrics()) {
      assertTrue(metric.index() >= from && metric.index() < from + 1000 && indexes.add(metric.index()), metric.name());
    }
  }
}
