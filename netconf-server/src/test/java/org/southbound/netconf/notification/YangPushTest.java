// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/**
 * YANG push (RFC 8641), with the published ietf-yang-push and ietf-yang-patch if the environment variable SOUTHBOUND_YANG_PATH
 * names a folder with them, else with a stand-in that has the same names.
 */
@Timeout(120)
class YangPushTest {
  private static final String SN = Rfc8639Test.SN;
  private static final String YP = "urn:ietf:params:xml:ns:yang:ietf-yang-push";
  private static final String DS = "urn:ietf:params:xml:ns:yang:ietf-datastores";
  private static final String BENCH = "urn:ncload:bench";
  private static final AtomicInteger COUNTER = new AtomicInteger();
  @TempDir
  static Path home;
  private static NetconfServer server;

  @BeforeAll
  static void start() throws IOException {
    String path = System.getenv("SOUTHBOUND_YANG_PATH");
    Path folder = path != null && Files.exists(Path.of(path, "ietf-yang-push@2019-09-09.yang"))
        ? Path.of(path)
        : Path.of("src/test/push");
    server = TestServer.create(home, schema(folder));
    YangNode bench = server.schema().node("/bench:bench");
    server.operational().add(bench,
        reader -> COUNTER.get() == 0 ? null : new TreeBuilder(bench).leaf("counter", COUNTER.get()).build());
    server.start();
  }

  private static Schema schema(Path folder) throws IOException {
    var library = new ArrayList<>(Schema.resources(YangPushTest.class.getClassLoader(), "META-INF/yang"));
    library.addAll(Schema.directory(Path.of("src/test/yang")));
    library.addAll(Schema.directory(folder));
    return Schema.load(
        Schema.closure(library, List.of("ietf-netconf", "ietf-netconf-acm", "ietf-subscribed-notifications",
            "ietf-yang-push", "notifications", "bench", "trial")),
        NetconfServer.ABSENT_FEATURES);
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  void empty() throws IOException {
    COUNTER.set(0);
    try (var client = TestClient.admin(server)) {
      has(client.call("<edit-config><target><running/></target><default-operation>none</default-operation>"
          + "<config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><bench xmlns=\"" + BENCH
          + "\" nc:operation=\"remove\"/><trial xmlns=\"urn:southbound:test:trial\" nc:operation=\"remove\"/></config>"
          + "</edit-config>"), "<ok/>");
    }
  }

  private static String edit(String content) {
    return "<edit-config><target><running/></target><config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\""
        + " xmlns:yang=\"urn:ietf:params:xml:ns:yang:1\">" + content + "</config></edit-config>";
  }

  private static String entry(String name, String value, String attributes) {
    return edit("<bench xmlns=\"" + BENCH + "\"><entry" + attributes + "><name>" + name + "</name>"
        + (value.isEmpty() ? "" : "<value>" + value + "</value>") + "</entry></bench>");
  }

  private static String establish(String datastore, String filter, String trigger) {
    return "<establish-subscription xmlns=\"" + SN + "\" xmlns:yp=\"" + YP + "\"><yp:datastore xmlns:ds=\"" + DS
        + "\">ds:" + datastore + "</yp:datastore>" + filter + trigger + "</establish-subscription>";
  }

  private static String subtree(String content) {
    return "<yp:datastore-subtree-filter><bench xmlns=\"" + BENCH + "\">" + content
        + "</bench></yp:datastore-subtree-filter>";
  }

  private static String onChange(String content) {
    return "<yp:on-change>" + content + "</yp:on-change>";
  }

  private static void has(String reply, String... parts) {
    Rfc5277Test.wellFormed(reply);
    for (String each : parts) {
      assertTrue(reply.contains(each), () -> each + " in " + reply);
    }
  }

  /** RFC 8641 section 4.4.1: periodic, every five seconds; here every tenth. */
  @Test
  void shouldPushPeriodically() throws IOException {
    try (var client = TestClient.admin(server)) {
      has(client.call(entry("a", "1", "")), "<ok/>");
      String id = Rfc8639Test.id(client.call(
          establish("operational", subtree(""), "<yp:periodic><yp:period>10</yp:period></yp:periodic>")));
      for (int i = 0; i < 3; i++) {
        String update = client.read();
        has(update, "<push-update xmlns=\"" + YP + "\"><id>" + id + "</id><datastore-contents><bench xmlns=\"" + BENCH
            + "\"><entry><name>a</name><value>1</value></entry></bench></datastore-contents></push-update>");
      }
      COUNTER.set(7);
      String update = client.read();
      for (int i = 0; i < 20 && !update.contains("<counter>7</counter>"); i++) {
        update = client.read();
      }
      has(update, "<counter>7</counter>");
    }
  }

  @Test
  void shouldRefuseWhatItCannotDo() throws IOException {
    try (var client = TestClient.admin(server)) {
      has(client.call(establish("operational", "", "<yp:periodic><yp:period>1</yp:period></yp:periodic>")),
          "<error-tag>invalid-value</error-tag>",
          "<error-app-tag>ietf-yang-push:period-unsupported</error-app-tag>",
          "<establish-subscription-datastore-error-info xmlns=\"" + YP
              + "\"><reason>period-unsupported</reason><period-hint>10</period-hint>");
      has(client.call(establish("conventional", "", onChange(""))),
          "<error-app-tag>ietf-yang-push:datastore-not-subscribable</error-app-tag>");
      has(client.call(establish("running", "", "")), "missing-element");
      has(client.call("<resync-subscription xmlns=\"" + YP + "\"><id>99</id></resync-subscription>"),
          "<error-app-tag>ietf-yang-push:no-such-subscription-resync</error-app-tag>", "<resync-subscription-error");
      String id = Rfc8639Test.id(client.call(
          establish("running", subtree(""), "<yp:periodic><yp:period>100000</yp:period></yp:periodic>")));
      has(client.read(), "<push-update");
      has(client.call("<resync-subscription xmlns=\"" + YP + "\"><id>" + id + "</id></resync-subscription>"),
          "<error-app-tag>ietf-yang-push:on-change-sync-unsupported</error-app-tag>");
      has(client.call("<modify-subscription xmlns=\"" + SN + "\" xmlns:yp=\"" + YP + "\"><id>" + id
          + "</id><yp:datastore xmlns:ds=\"" + DS + "\">ds:running</yp:datastore>" + subtree("<counter/>")
          + "<yp:periodic><yp:period>10</yp:period></yp:periodic></modify-subscription>"), "<ok/>");
      has(client.read(), "<subscription-modified", "<period>10</period>");
      has(client.read(), "<push-update xmlns=\"" + YP + "\"><id>" + id + "</id><datastore-contents></");
    }
  }

  /** RFC 8641 section 3.7: a first full update, then patches. */
  @Test
  void shouldPushChangesOfRunning() throws IOException {
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      admin.call(entry("a", "1", ""));
      String id = Rfc8639Test.id(client.call(establish("running", subtree(""), onChange(""))));
      has(client.read(), "<push-update xmlns=\"" + YP + "\"><id>" + id + "</id><datastore-contents><bench",
          "<name>a</name><value>1</value>");
      has(admin.call(entry("a", "2", "")), "<ok/>");
      has(client.read(),
          "<push-change-update xmlns=\"" + YP + "\"><id>" + id
              + "</id><datastore-changes><yang-patch><patch-id>0</patch-id>"
              + "<edit><edit-id>edit1</edit-id><operation>replace</operation>"
              + "<target>/bench:bench/entry=a/value</target><value><value xmlns=\"" + BENCH
              + "\">2</value></value></edit></yang-patch>");
      has(admin.call(entry("b/c, d", "3", "")), "<ok/>");
      has(client.read(), "<patch-id>1</patch-id>",
          "<operation>create</operation><target>/bench:bench/entry=b%2Fc%2C%20d</target><value><entry xmlns=\"" + BENCH
              + "\"><name>b/c, d</name><value>3</value></entry></value>");
      has(admin.call(entry("a", "", " nc:operation=\"delete\"")), "<ok/>");
      String deleted = client.read();
      has(deleted, "<operation>delete</operation><target>/bench:bench/entry=a</target></edit>");
      has(client.call("<resync-subscription xmlns=\"" + YP + "\"><id>" + id + "</id></resync-subscription>"), "<ok/>");
      has(client.read(), "<push-update", "<name>b/c, d</name>");
      String state = admin.call("<get><filter><subscriptions xmlns=\"" + SN + "\"/></filter></get>");
      has(state, ":running</datastore>", "<on-change xmlns=\"" + YP + "\"/>", "<state>active</state>",
          "<datastore-subtree-filter");
    }
  }

  @Test
  void shouldFilterAndExcludeChanges() throws IOException {
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      Rfc8639Test.id(client.call(establish("running", subtree("<entry><value>5</value></entry>"),
          onChange("<yp:sync-on-start>false</yp:sync-on-start><yp:excluded-change>replace</yp:excluded-change>"))));
      admin.call(entry("a", "1", ""));
      admin.call(
          edit("<bench xmlns=\"" + BENCH + "\"><entry><name>a</name><value>5</value><descr>d</descr></entry></bench>"));
      has(client.read(), "<patch-id>0</patch-id>", "<operation>create</operation>", "<descr>d</descr>");
      admin.call(edit("<bench xmlns=\"" + BENCH + "\"><entry><name>a</name><descr>e</descr></entry></bench>"));
      admin.call(entry("a", "6", ""));
      String gone = client.read();
      has(gone, "<operation>delete</operation>", "entry=a</target>");
    }
  }

  @Test
  void shouldDampen() throws IOException {
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      Rfc8639Test.id(client.call(establish("running", subtree(""),
          onChange("<yp:dampening-period>50</yp:dampening-period>"))));
      has(client.read(), "<push-update");
      for (int i = 0; i < 20; i++) {
        has(admin.call(entry("a", Integer.toString(i), "")), "<ok/>");
      }
      int patches = 0;
      String last = "";
      while (!last.contains("<value>19</value>") && !last.contains("\">19</value>")) {
        last = client.read();
        patches++;
      }
      assertTrue(patches < 10, patches + " patches");
    }
  }

  @Test
  void shouldTellOrderAndMoves() throws IOException {
    String trial = "urn:southbound:test:trial";
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      Rfc8639Test.id(client.call(establish("running", "", onChange("<yp:sync-on-start>false</yp:sync-on-start>"))));
      admin.call(edit("<trial xmlns=\"" + trial + "\"><step>a</step><step>b</step></trial>"));
      has(client.read(), "<operation>insert</operation><target>/trial:trial/step=a</target><where>first</where>",
          "<target>/trial:trial/step=b</target><point>/trial:trial/step=a</point><where>after</where>");
      admin.call(edit("<trial xmlns=\"" + trial + "\"><step yang:insert=\"first\">c</step></trial>"));
      has(client.read(),
          "<operation>insert</operation><target>/trial:trial/step=c</target><where>first</where><value>");
      admin.call(edit("<trial xmlns=\"" + trial + "\"><step yang:insert=\"last\">c</step></trial>"));
      String moved = client.read();
      assertEquals(2, moved.split("<operation>move</operation>", -1).length - 1, moved);
      has(moved, "<target>/trial:trial/step=a</target><where>first</where>",
          "<target>/trial:trial/step=b</target><point>/trial:trial/step=a</point><where>after</where>");
    }
  }

  @Test
  void shouldPushChangesOfStateData() throws IOException {
    try (var client = TestClient.admin(server)) {
      Rfc8639Test.id(client.call(establish("operational", subtree(""), onChange(""))));
      has(client.read(), "<push-update");
      COUNTER.set(3);
      has(client.read(), "<push-change-update", "/bench:bench", "<counter", "3</counter>");
      COUNTER.set(4);
      String change = client.read();
      has(change, "<operation>replace</operation><target>/bench:bench/counter</target>");
      assertFalse(change.contains("entry"), change);
    }
  }

  @Test
  void shouldSelectByXPath() throws IOException {
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      Rfc8639Test.id(client
          .call(establish("running", "<yp:datastore-xpath-filter>/bench:bench/bench:entry[bench:name='x']/bench:value"
              + "</yp:datastore-xpath-filter>", onChange(""))));
      has(client.read(), "<push-update");
      admin.call(entry("y", "1", ""));
      admin.call(entry("x", "2", ""));
      String change = client.read();
      has(change, "<name>x</name>", "<value>2</value>");
      assertFalse(change.contains("<name>y</name>"), change);
    }
  }
}
