// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.datastore.Validator;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlOut;

/** What only state data may hold, as an application gives it and a client gets it. */
class StateValuesTest {
  private final Unit unit;

  StateValuesTest() throws IOException {
    unit = Unit.load("positions", Schema.resources(StateValuesTest.class.getClassLoader(), "META-INF/yang"));
  }

  @Test
  void shouldShowEqualValuesAndPositions() throws NetconfException {
    var root = new TreeBuilder(unit.schema().root()).container("tree",
        tree -> tree.entry("row", row -> row.leaf("cell", 1)).entry("row", row -> row.leaf("cell", 1))
            .leaf("pointer", "/positions:tree/positions:row[2]/positions:cell")
            .leaves("pointers", List.of("/positions:tree/positions:row[2]", "/positions:tree/positions:row[2]")))
        .build();
    Validator.operational(unit.schema().root(), root);
    var out = new XmlOut(256);
    new DataWriter(unit.schema(), out, null).children(unit.schema().root(), root, "", null);
    String pointers = "<pointers xmlns:p=\"urn:d:positions\">/p:tree/p:row[2]</pointers>";
    assertEquals("<tree xmlns=\"urn:d:positions\"><row><cell>1</cell></row><row><cell>1</cell></row>"
        + "<pointer xmlns:p=\"urn:d:positions\">/p:tree/p:row[2]/p:cell</pointer>" + pointers + pointers + "</tree>",
        new String(out.toBytes(), StandardCharsets.UTF_8));
  }
}
