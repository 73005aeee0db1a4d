// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.Nacm;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.Startup;
import org.southbound.netconf.datastore.Store;
import org.southbound.netconf.schema.Schema;

/** Constraints over 10,000 entries: no work that grows with their square, and a change of one costs what depends on it. */
class ScaleTest {
  private static final int ROUNDS = 200;
  private static final int ENTRIES = 10_000;
  /** Generous, for busy machines: the square of the entries takes minutes. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private Unit unit;
  private Datastores datastores;

  @BeforeEach
  void fill() throws IOException {
    unit = Unit.load("scale", Schema.resources(ScaleTest.class.getClassLoader(), "META-INF/yang"));
    datastores = new Datastores(unit.schema(), new Nacm(unit.schema()), new Nowhere(),
        new Startup(null, unit.schema(), null), InstantSource.system(), null, session -> true,
        FileStore.empty(unit.schema()));
    assertTimeoutPreemptively(PATIENCE, () -> edit(everything()));
  }

  private static final class Nowhere implements Store {
    @Override
    public void save(ContainerNode tree) {
      // a disk without memory
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  private static String everything() {
    var all = new StringBuilder();
    for (int i = 0; i < ENTRIES; i++) {
      all.append("<item><name>").append(i).append("</name><number>").append(i).append("</number><twice>").append(2 * i)
          .append("</twice><next>").append((i + 1) % ENTRIES).append("</next><peer>0</peer></item>");
    }
    return all.toString();
  }

  private void edit(String content) throws NetconfException {
    String text = "<config xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'><top xmlns='urn:d:scale'>" + content
        + "</top></config>";
    datastores.edit(Datastores.Writer.SYSTEM, Datastores.Name.RUNNING,
        DataReader.config(Judge.open(text), unit.schema().root()), Edit.Operation.MERGE, false, false);
  }

  @Test
  void shouldLookAgainAtWhatDependsOnAChange() throws NetconfException {
    edit("<other>x</other>");
    edit("<item><name>5</name><mode>b</mode><extra>x</extra><peer>1</peer></item>");
    refused("must-violation", "<item><name>7</name><peer>5</peer></item>");
    refused("must-violation", "<item><name>1</name><mode>b</mode></item>");
    refused("must-violation", "<limit>100</limit>");
    refused("data-not-unique", "<item><name>7</name><number>8</number><twice>16</twice></item>");
    refused("instance-required", "<item nc:operation='delete'><name>9</name></item>");
    refused("instance-required", "<item><name>9</name><next>none</next></item>");
    edit("<item><name>5</name><mode>a</mode></item>");
    edit("<item><name>7</name><peer>5</peer></item>");
  }

  private void refused(String appTag, String content) {
    NetconfException e = assertThrows(NetconfException.class, () -> edit(content));
    assertEquals(appTag, e.appTag(), e.getMessage());
  }

  @Test
  void shouldNotCheckAllForAChangeOfOne() throws NetconfException {
    edit("<item><name>1</name><mode>b</mode></item>");
    assertTimeoutPreemptively(PATIENCE, () -> {
      for (int i = 0; i < ROUNDS; i++) {
        edit("<other>" + i + "</other><item><name>1</name><extra>" + i + "</extra></item>");
      }
    });
  }
}
