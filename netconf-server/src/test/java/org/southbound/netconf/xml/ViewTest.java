// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;

/** Defaults (RFC 6243, the examples of its appendix A replayed) and the datastores of NMDA (RFC 8342, 8526). */
final class ViewTest {
  private static final String INTERFACES = "http://example.com/ns/interfaces";
  private static final String OPEN = "<interfaces xmlns=\"" + INTERFACES + "\">";
  private static final String WD = " xmlns:wd=\"urn:ietf:params:xml:ns:netconf:default:1.0\"";
  private static final String NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda";
  private static final String ETH = entry("eth0", "8192", "ok") + entry("eth1", null, "ok")
      + entry("eth2", "9000", "not-feeling-so-good") + entry("eth3", "1500", "waking-up");

  @TempDir
  private static Path home;
  private static NetconfServer server;
  private static TestClient client;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    var top = server.schema().node("/example-interfaces:interfaces");
    server.operational().add(top, reader -> {
      var tree = new TreeBuilder(top);
      tree.entry("interface", e -> e.leaf("name", "eth0").leaf("status", "ok"));
      tree.entry("interface", e -> e.leaf("name", "eth2").leaf("status", "not-feeling-so-good"));
      tree.entry("interface", e -> e.leaf("name", "eth3").leaf("status", "waking-up"));
      return tree.entry("interface", e -> e.leaf("name", "lo").leaf("mtu", 65535).leaf("status", "ok")).build();
    });
    server.start();
    client = TestClient.admin(server);
  }

  @AfterAll
  static void stop() throws IOException {
    client.close();
    server.close();
  }

  @BeforeEach
  void configure() throws IOException {
    ok(edit("running",
        "<interfaces xmlns=\"" + INTERFACES + "\" nc:operation=\"replace\">" + entry("eth0", "8192", null)
            + entry("eth1", null, null) + entry("eth2", "9000", null) + entry("eth3", "1500", null) + "</interfaces>"));
    ok(client.call("<discard-changes/>"));
  }

  private static String entry(String name, String mtu, String status) {
    return "<interface><name>" + name + "</name>" + (mtu == null ? "" : "<mtu>" + mtu + "</mtu>")
        + (status == null ? "" : "<status>" + status + "</status>") + "</interface>";
  }

  private static String edit(String target, String content) throws IOException {
    return client.call("<edit-config><target><" + target + "/></target>"
        + "<config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"" + WD + ">" + content
        + "</config></edit-config>");
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static String data(String reply) {
    int from = reply.indexOf("<data");
    assertTrue(from > 0, reply);
    return reply.substring(reply.indexOf('>', from) + 1, reply.indexOf("</data>")).replace(OPEN, "<interfaces>");
  }

  private static String get(String operation, String mode, String below) throws IOException {
    return data(client.call("<" + operation + ">"
        + (operation.equals("get") ? "" : "<source><running/></source>") + "<filter>" + OPEN + below
        + "</interfaces></filter>"
        + (mode == null ? "" : "<with-defaults xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">" + mode
            + "</with-defaults>")
        + "</" + operation + ">"));
  }

  private static String getData(String datastore, String more) throws IOException {
    return client.call("<get-data xmlns=\"" + NMDA
        + "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\" xmlns:or=\"urn:ietf:params:xml:ns:yang:ietf-origin\">"
        + "<datastore>ds:" + datastore + "</datastore>" + more + "</get-data>");
  }

  private static String subtree(String below) {
    return "<subtree-filter>" + OPEN + below + "</interfaces></subtree-filter>";
  }

  @Test
  void shouldAdvertise() {
    assertTrue(client.hello.contains("urn:ietf:params:netconf:capability:with-defaults:1.0?basic-mode=explicit"
        + "&amp;also-supported=report-all,report-all-tagged,trim</capability>"), client.hello);
    assertTrue(client.hello.contains("capability:with-operational-defaults:1.0"), client.hello);
    assertTrue(client.hello.contains("ietf-netconf-nmda?") || client.hello.contains("module=ietf-netconf-nmda"));
  }

  @Test
  void shouldReportExplicit() throws IOException {
    String some = "<interface/>";
    String config = "<interfaces>" + ETH.replaceAll("<status>[^<]*</status>", "") + "</interfaces>";
    assertEquals(config, get("get-config", "explicit", some));
    assertEquals(config, get("get-config", null, some));
    assertEquals("<interfaces>" + entry("eth0", "8192", "ok") + entry("eth1", null, null)
        + entry("eth2", "9000", "not-feeling-so-good") + entry("eth3", "1500", "waking-up") + entry("lo", "65535", "ok")
        + "</interfaces>", get("get", "explicit", some));
  }

  @Test
  void shouldReportAll() throws IOException {
    String all = "<interfaces>" + entry("eth0", "8192", "ok") + entry("eth1", "1500", "ok")
        + entry("eth2", "9000", "not-feeling-so-good") + entry("eth3", "1500", "waking-up") + entry("lo", "65535", "ok")
        + "</interfaces>";
    assertEquals(all, get("get", "report-all", "<interface/>"));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + "</interfaces>",
        get("get-config", "report-all", "<interface><name>eth1</name></interface>"));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + entry("eth3", "1500", null) + "</interfaces>",
        get("get-config", "report-all", "<interface><mtu>1500</mtu></interface>"));
  }

  @Test
  void shouldTagDefaults() throws IOException {
    assertEquals("<interfaces>" + entry("eth1", null, null).replace("</interface>",
        "<mtu wd:default=\"true\">1500</mtu><status wd:default=\"true\">ok</status></interface>")
        + entry("eth3", "1500", "waking-up")
        + "</interfaces>",
        get("get", "report-all-tagged",
            "<interface><name>eth1</name></interface><interface><name>eth3</name></interface>"));
    assertTrue(client.call("<get><filter>" + OPEN + "<mode/></interfaces></filter>"
        + "<with-defaults xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">report-all-tagged"
        + "</with-defaults></get>").contains("<data" + WD + ">" + OPEN
            + "<mode wd:default=\"true\">a</mode><mode wd:default=\"true\">b</mode></interfaces></data>"));
  }

  @Test
  void shouldTrim() throws IOException {
    assertEquals("<interfaces>" + entry("eth0", "8192", null) + entry("eth1", null, null)
        + entry("eth2", "9000", "not-feeling-so-good") + entry("eth3", null, "waking-up") + entry("lo", "65535", null)
        + "</interfaces>", get("get", "trim", "<interface/>"));
    ok(edit("running", OPEN + "<mode>b</mode><mode>a</mode><inner><depth>3</depth></inner><there/></interfaces>"));
    assertEquals("<interfaces><there/></interfaces>", get("get-config", "trim", "<mode/><inner/><there/>"));
    assertEquals("<interfaces><mode>a</mode><mode>b</mode><inner><depth>3</depth></inner><there/></interfaces>",
        get("get-config", null, "<mode/><inner/><there/>"));
  }

  @Test
  void shouldReportDefaultsInUseOnly() throws IOException {
    String some = "<speed/><jumbo/><mode/><one/><two/><inner/><there/>";
    assertEquals("<interfaces><mode>a</mode><mode>b</mode><one>1</one><inner><depth>3</depth></inner></interfaces>",
        get("get-config", "report-all", some));
    ok(edit("running", OPEN + "<speed>fast</speed><mode>c</mode><two>2</two><there/></interfaces>"));
    assertEquals("<interfaces><speed>fast</speed><jumbo>true</jumbo><mode>c</mode><two>2</two>"
        + "<inner><depth>3</depth></inner><there><depth>4</depth></there></interfaces>",
        get("get-config", "report-all", some));
    String reply = client.call("<get-config><source><running/></source><filter type=\"xpath\" xmlns:e=\"" + INTERFACES
        + "\" select=\"//e:depth\"/><with-defaults xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">"
        + "report-all</with-defaults></get-config>");
    assertEquals(
        "<interfaces><inner><depth>3</depth></inner><there><depth>4</depth></there></interfaces>", data(reply));
    assertEquals("", data(client.call("<get-config><source><running/></source><filter type=\"xpath\" xmlns:e=\""
        + INTERFACES + "\" select=\"//e:depth\"/></get-config>")));
  }

  @Test
  void shouldCopyWithDefaults() throws IOException {
    for (String[] each : new String[][]{
        {"report-all", entry("eth1", "1500", null) + entry("eth3", "1500", null) + "<mode>a</mode>"},
        {"trim", entry("eth1", null, null) + entry("eth3", null, null)},
        {"explicit", entry("eth1", null, null) + entry("eth3", "1500", null)}}) {
      ok(client.call("<copy-config><target><candidate/></target><source><running/></source>"
          + "<with-defaults xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">" + each[0]
          + "</with-defaults></copy-config>"));
      String found = client.call("<get-config><source><candidate/></source><filter>" + OPEN
          + "<interface><name>eth1</name></interface><interface><name>eth3</name></interface><mode>a</mode></interfaces>"
          + "</filter></get-config>");
      if (each[0].equals("report-all")) { // a content match selects entries together with what it matches
        assertTrue(found.contains(each[1]), found);
      }
    }
    ok(client.call("<discard-changes/>"));
  }

  @Test
  void shouldReturnToDefault() throws IOException {
    ok(edit("running",
        OPEN + "<interface><name>eth3</name><mtu wd:default=\"true\">1500</mtu></interface></interfaces>"));
    assertEquals("<interfaces>" + entry("eth3", null, null) + "</interfaces>",
        get("get-config", null, "<interface><name>eth3</name></interface>"));
    ok(edit("running", OPEN + "<interface><name>eth3</name><mtu wd:default=\"1\" nc:operation=\"create\">1500</mtu>"
        + "</interface></interfaces>"));
    for (String[] bad : new String[][]{{"<mtu wd:default=\"true\">1400</mtu>", "invalid-value"},
        {"<mtu wd:default=\"perhaps\">1500</mtu>", "bad-attribute"},
        {"<mtu wd:default=\"true\" nc:operation=\"delete\">1500</mtu>", "invalid-value"},
        {"<mtu wd:other=\"true\">1500</mtu>", "unknown-attribute"}}) {
      String reply = edit("running", OPEN + "<interface><name>eth0</name>" + bad[0] + "</interface></interfaces>");
      assertTrue(reply.contains("<error-tag>" + bad[1] + "</error-tag>"), reply);
    }
    String exists = edit("running", OPEN + "<interface><name>eth0</name>"
        + "<mtu wd:default=\"true\" nc:operation=\"create\">1500</mtu></interface></interfaces>");
    assertTrue(exists.contains("data-exists"), exists);
  }

  /** RFC 6243 section 2.3.3: what a client set to the default exists, a default in use does not. */
  @Test
  void shouldEditDefaultsInExplicitMode() throws IOException {
    for (String[] each : new String[][]{{"eth3", "create", "3000", "data-exists"}, {"eth1", "create", "3000", "<ok/>"},
        {"eth3", "delete", "", "<ok/>"}, {"eth3", "delete", "1500", "data-missing"}}) {
      String reply = edit("running", OPEN + "<interface><name>" + each[0] + "</name><mtu nc:operation=\"" + each[1]
          + "\">" + each[2] + "</mtu></interface></interfaces>");
      assertTrue(reply.contains(each[3]), reply);
    }
  }

  @Test
  void shouldGetConventionalDatastores() throws IOException {
    ok(edit("candidate", OPEN + entry("eth9", "42", null) + "</interfaces>"));
    String nine = subtree("<interface><name>eth9</name></interface>");
    assertEquals("<interfaces>" + entry("eth9", "42", null) + "</interfaces>", data(getData("candidate", nine)));
    assertEquals("", data(getData("running", nine)));
    assertEquals("", data(getData("intended", nine)));
    assertTrue(getData("intended", "").contains("<data xmlns=\"" + NMDA + "\"><"));
    assertEquals(data(getData("running", "")), data(getData("intended", "")));
    String xpath = "<xpath-filter xmlns:e=\"" + INTERFACES + "\">/e:interfaces/e:interface[e:name='eth9']/e:mtu"
        + "</xpath-filter>";
    assertEquals("<interfaces>" + entry("eth9", "42", null) + "</interfaces>", data(getData("candidate", xpath)));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + "</interfaces>", data(getData("running",
        subtree("<interface><name>eth1</name></interface>") + "<with-defaults>report-all</with-defaults>")));
    assertEquals("", data(getData("running", subtree("<interface/>") + "<config-filter>false</config-filter>")));
    ok(client.call("<discard-changes/>"));
  }

  @Test
  void shouldGetOperational() throws IOException {
    String some = subtree("<interface/><mode/>");
    assertEquals("<interfaces>" + entry("eth0", "8192", "ok") + entry("eth1", "1500", "ok")
        + entry("eth2", "9000", "not-feeling-so-good") + entry("eth3", "1500", "waking-up") + entry("lo", "65535", "ok")
        + "<mode>a</mode><mode>b</mode></interfaces>", data(getData("operational", some)));
    assertEquals("<interfaces>" + entry("eth0", null, "ok") + entry("eth1", null, "ok")
        + entry("eth2", null, "not-feeling-so-good") + entry("eth3", null, "waking-up") + entry("lo", null, "ok")
        + "</interfaces>", data(getData("operational", some + "<config-filter>false</config-filter>")));
    assertEquals("<interfaces>" + entry("eth1", null, null) + "</interfaces>",
        data(getData("operational", subtree("<interface><name>eth1</name></interface>")
            + "<with-defaults>explicit</with-defaults><config-filter>true</config-filter>")));
  }

  @Test
  void shouldShowOrigins() throws IOException {
    String reply = getData("operational", subtree("<interface/><mode/>") + "<with-origin/>");
    String or = " or:origin=\"or:";
    assertTrue(reply.contains("<data xmlns=\"" + NMDA + "\" xmlns:or=\"urn:ietf:params:xml:ns:yang:ietf-origin\">"),
        reply);
    assertTrue(
        reply.contains("<interface" + or + "intended\"><name>eth0</name><mtu>8192</mtu><status>ok</status></interface>"
            + "<interface" + or + "intended\"><name>eth1</name><mtu" + or
            + "default\">1500</mtu><status>ok</status></interface>"),
        reply);
    assertTrue(
        reply.contains("<interface" + or + "system\"><name>lo</name><mtu>65535</mtu><status>ok</status></interface>"
            + "<mode" + or + "default\">a</mode><mode" + or + "default\">b</mode></interfaces>"),
        reply);
  }

  @Test
  void shouldFilterByOrigin() throws IOException {
    String all = subtree("<interface/><mode/>") + "<config-filter>true</config-filter>";
    assertEquals("<interfaces>" + entry("lo", "65535", null) + "</interfaces>",
        data(getData("operational", all + "<origin-filter>or:system</origin-filter>")));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + "<mode>a</mode><mode>b</mode></interfaces>",
        data(getData("operational", all + "<origin-filter>or:default</origin-filter>")));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + entry("lo", "65535", null)
        + "<mode>a</mode><mode>b</mode></interfaces>",
        data(getData("operational", all
            + "<origin-filter>or:default</origin-filter><origin-filter>or:system</origin-filter>")));
    assertEquals("<interfaces>" + entry("eth1", "1500", null) + entry("lo", "65535", null)
        + "<mode>a</mode><mode>b</mode></interfaces>",
        data(getData("operational", all + "<negated-origin-filter>or:intended</negated-origin-filter>")));
    // System state is not affected.
    assertTrue(data(getData("operational", subtree("<interface/>") + "<origin-filter>or:learned</origin-filter>"))
        .contains(entry("eth2", null, "not-feeling-so-good")));
  }

  @Test
  void shouldLimitDepth() throws IOException {
    String whole = "<subtree-filter><interfaces xmlns=\"" + INTERFACES + "\"/></subtree-filter>";
    assertEquals("<interfaces/>",
        data(getData("running", whole + "<max-depth>1</max-depth>")).replace(OPEN.replace(">", "/>"), "<interfaces/>"));
    assertEquals("<interfaces>" + entry("eth0", null, null) + entry("eth1", null, null) + entry("eth2", null, null)
        + entry("eth3", null, null) + "</interfaces>", data(getData("running", whole + "<max-depth>2</max-depth>")));
    assertEquals(data(getData("running", whole)), data(getData("running", whole + "<max-depth>3</max-depth>")));
    assertEquals(data(getData("running", whole)), data(getData("running", whole + "<max-depth>unbounded</max-depth>")));
    assertEquals("<interfaces>" + entry("eth0", null, null) + "</interfaces>",
        data(getData("running", subtree("<interface><name>eth0</name></interface>") + "<max-depth>1</max-depth>")));
  }

  @Test
  void shouldRefuseBadGetData() throws IOException {
    String filter = subtree("<interface/>");
    for (String[] bad : new String[][]{{"elsewhere", "", "invalid-value", "datastore"},
        {"dynamic", "", "invalid-value", "datastore"}, {"running", "<with-origin/>", "invalid-value", "with-origin"},
        {"running", "<origin-filter>or:system</origin-filter>", "unknown-element", "origin-filter"},
        {"operational", "<origin-filter>or:nowhere</origin-filter>", "invalid-value", "origin-filter"},
        {"operational",
            "<origin-filter>or:system</origin-filter><negated-origin-filter>or:system</negated-origin-filter>",
            "bad-element", "negated-origin-filter"},
        {"running", "<max-depth>0</max-depth>", "invalid-value", "max-depth"},
        {"running", "<max-depth>65536</max-depth>", "invalid-value", "max-depth"},
        {"running", "<with-defaults>some</with-defaults>", "invalid-value", "with-defaults"},
        {"running", "<config-filter>maybe</config-filter>", "invalid-value", "config-filter"},
        {"running", "<xpath-filter>][</xpath-filter>", "invalid-value", "xpath-filter"},
        {"running", filter + "<xpath-filter>/</xpath-filter>", "bad-element", "xpath-filter"},
        {"running", "<what/>", "unknown-element", "what"}}) {
      String reply = getData(bad[0], bad[1]);
      assertTrue(reply.contains("<error-tag>" + bad[2] + "</error-tag>")
          && reply.contains("<bad-element>" + bad[3] + "</bad-element>"), reply);
    }
    assertTrue(client.call("<get-data xmlns=\"" + NMDA + "\"/>").contains("missing-element"));
  }

  @Test
  void shouldEditData() throws IOException {
    String head = "<edit-data xmlns=\"" + NMDA
        + "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\"><datastore>ds:";
    ok(client.call(head + "running</datastore><config>" + OPEN + entry("eth7", "7", null)
        + "</interfaces></config></edit-data>"));
    assertEquals("<interfaces>" + entry("eth7", "7", null) + "</interfaces>",
        get("get-config", null, "<interface><name>eth7</name></interface>"));
    ok(client.call(head + "candidate</datastore><default-operation>replace</default-operation><config>" + OPEN
        + entry("eth8", "8", null) + "</interfaces></config></edit-data>"));
    assertEquals("<interfaces>" + entry("eth8", "8", null) + "</interfaces>", data(getData("candidate", "")));
    ok(client.call("<discard-changes/>"));
    for (String each : new String[]{"operational", "intended", "startup"}) {
      String reply = client.call(head + each + "</datastore><config/></edit-data>");
      assertTrue(reply.contains("invalid-value"), reply);
    }
    assertTrue(client.call(head + "running</datastore></edit-data>").contains("missing-element"));
  }

  @Test
  void shouldLockAndValidateByIdentity() throws IOException {
    String of = "<datastore xmlns=\"" + NMDA + "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">ds:";
    ok(client.call("<lock><target>" + of + "running</datastore></target></lock>"));
    assertTrue(client.call("<lock><target><running/></target></lock>").contains("lock-denied"));
    ok(client.call("<unlock><target>" + of + "running</datastore></target></unlock>"));
    ok(client.call("<validate><source>" + of + "candidate</datastore></source></validate>"));
    String reply = client.call("<lock><target>" + of + "operational</datastore></target></lock>");
    assertTrue(reply.contains("invalid-value") && reply.contains("<bad-element>datastore"), reply);
  }

  @Test
  void shouldHideWithDefaultsToo() throws IOException {
    try (var guest = TestClient.guest(server)) {
      String reply = guest.call("<get-data xmlns=\"" + NMDA
          + "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\"><datastore>ds:operational</datastore></get-data>");
      assertTrue(reply.contains("<data"), reply);
      assertFalse(reply.contains("password"), reply);
    }
  }
}
