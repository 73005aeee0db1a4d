// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.Validator;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** What validation leaves out because it knows the tree before makes no difference to what it says. */
class IncrementalTest {
  private static final long SEED = 341;
  private static final int BASES = 4;
  private static final int EDITS = 40;

  private int refused;
  private int accepted;

  @Test
  void shouldSayTheSameWithAndWithoutTheTreeBefore() throws IOException {
    List<Schema.Source> standard = Schema.resources(IncrementalTest.class.getClassLoader(), "META-INF/yang");
    for (String name : Unit.names()) {
      Unit unit = Unit.load(name, standard);
      var random = new Random(SEED);
      var generator = new Generator(unit, random, false);
      var mutator = new Mutator(unit, random, generator);
      for (int i = 0; i < BASES; i++) {
        Xml base = YanglintTest.valid(unit, generator, false);
        ContainerNode before = tree(unit, base);
        for (int n = 0; before != null && n < EDITS; n++) {
          Xml edit = random.nextInt(3) == 0 ? removal(base, random) : mutator.bend(base);
          compare(unit, before, edit.content(unit.prefixes()));
        }
      }
    }
    assertTrue(refused > 500 && accepted > 1_000, refused + " refused, " + accepted + " accepted");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      <here><on>true</on></here><there><inner><b>1</b></inner></there> | <here><on>false</on></here>
      <there><inner><a>1</a></inner></there>                          | <here><on>true</on></here>
      <there><other><c>1</c></other></there>                          | <here><slow/></here>
      <here><slow/></here><there><other><d>1</d></other></there>      | <here><slow nc:operation='remove'/></here>
      <here><item><k>1</k><v>1</v></item></here><there><entry><k>1</k><w>1</w></entry></there> | <here><item><k>1</k><v>2</v></item></here>
      <here><item><k>1</k></item></here><there><entry><k>1</k></entry></there> | <here><item nc:operation='remove'><k>1</k></item></here>
      <there><user><n>1</n></user><user><n>2</n><deep><x/></deep></user></there> | <there><user yang:insert='first'><n>2</n></user></there>
      """)
  void shouldNoticeWhatIsFarAway(String base, String edit) throws IOException, NetconfException {
    Unit unit = Unit.load("distances", Schema.resources(IncrementalTest.class.getClassLoader(), "META-INF/yang"));
    YangNode root = unit.schema().root();
    ContainerNode before = Judge.config(unit, far(base));
    ContainerNode after = Editor.apply(root, before,
        DataReader.config(Judge.open("<config>" + far(edit) + "</config>"), root), Edit.Operation.MERGE);
    assertFalse(valid(root, before, after));
  }

  private static String far(String content) {
    return content.replaceAll("<(here|there)>", "<$1 xmlns='urn:d:distances' xmlns:nc='" + Schema.NETCONF
        + "' xmlns:yang='urn:ietf:params:xml:ns:yang:1'>");
  }

  private static ContainerNode tree(Unit unit, Xml document) {
    try {
      return Judge.config(unit, document.content(unit.prefixes()));
    } catch (NetconfException e) {
      return null;
    }
  }

  private void compare(Unit unit, ContainerNode before, String edit) {
    YangNode root = unit.schema().root();
    ContainerNode after;
    try {
      after = Editor.apply(root, before, DataReader.config(Judge.open("<config>" + edit + "</config>"), root),
          Edit.Operation.MERGE);
    } catch (NetconfException e) {
      return; // no edit at all
    }
    boolean whole = valid(root, null, after);
    assertEquals(whole, valid(root, before, after), () -> unit.name() + ": " + edit);
    refused += whole ? 0 : 1;
    accepted += whole ? 1 : 0;
  }

  private static boolean valid(YangNode root, ContainerNode before, ContainerNode after) {
    try {
      Validator.config(root, before, after);
      return true;
    } catch (NetconfException e) {
      return false;
    }
  }

  /** An edit that removes one element, with the keys of what it is in. */
  private static Xml removal(Xml base, Random random) {
    Xml edit = base.copy();
    Xml at = edit;
    while (true) {
      List<Xml> inner = at.children.stream().filter(each -> each.node != null && !each.node.isKey()).toList();
      if (inner.isEmpty()) {
        break;
      }
      Xml chosen = inner.get(random.nextInt(inner.size()));
      at.children.removeIf(each -> each != chosen && (each.node == null || !each.node.isKey()));
      at = chosen;
      if (random.nextInt(3) == 0) {
        break;
      }
    }
    at.removed = at.node != null;
    return edit;
  }
}
