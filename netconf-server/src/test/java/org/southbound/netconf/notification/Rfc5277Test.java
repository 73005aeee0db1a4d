// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.XmlIn;

/** create-subscription and the server's own events (RFC 5277, RFC 6470). */
@Timeout(120)
class Rfc5277Test {
  private static final String CHAIN = "urn:southbound:yang:southbound-chain";
  @TempDir
  static Path home;
  private static NetconfServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    server.start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  static void publish(NetconfServer server, String chain, String change) {
    server.notifications().publish(new TreeBuilder(server.notifications().node("southbound-chain", "chain-changed"))
        .leaf("name", chain).leaf("generation", 1).leaf("change", change).leaf("oper-status", "up").build());
  }

  private static String subscribe(String content) {
    return "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">" + content
        + "</create-subscription>";
  }

  private static String chains(String content) {
    return "<filter type=\"subtree\"><chain-changed xmlns=\"" + CHAIN + "\">" + content + "</chain-changed></filter>";
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  /** Each message of some that may have been joined. */
  static void wellFormed(String messages) {
    for (String each : messages.split("(?<=</notification>|</rpc-reply>)", 0)) {
      byte[] bytes = each.getBytes(StandardCharsets.UTF_8);
      assertDoesNotThrow(() -> {
        XmlIn in = XmlIn.open(bytes, 0, bytes.length);
        in.skip();
        in.end();
      }, each);
    }
  }

  private static void error(String reply, String... parts) {
    wellFormed(reply);
    for (String each : parts) {
      assertTrue(reply.contains(each), () -> each + " in " + reply);
    }
  }

  /** RFC 5277 section 5.2: the filter with alternatives, and with content to match. */
  @Test
  void shouldFilterAsTheExamplesDo() throws IOException {
    String either = "<filter type=\"subtree\"><chain-changed xmlns=\"" + CHAIN
        + "\"><change>created</change></chain-changed>"
        + "<chain-changed xmlns=\"" + CHAIN + "\"><name>b</name></chain-changed></filter>";
    try (var client = TestClient.admin(server)) {
      ok(client.call(subscribe(either)));
      publish(server, "a", "updated");
      publish(server, "a", "created");
      publish(server, "b", "updated");
      publish(server, "c", "removed");
      publish(server, "c", "created");
      String first = client.read();
      assertTrue(
          first.startsWith("<notification xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><eventTime>"),
          first);
      assertTrue(first.contains("<name>a</name>") && first.contains("created"), first);
      assertTrue(client.read().contains("<name>b</name>"));
      assertTrue(client.read().contains("<name>c</name>"));
    }
  }

  @Test
  void shouldRefuseWhatTheRfcRefuses() throws IOException {
    try (var client = TestClient.admin(server)) {
      error(client.call(subscribe("<stopTime>2026-01-01T00:00:00Z</stopTime>")), "missing-element",
          "<bad-element>startTime</bad-element>");
      error(client.call(subscribe("<startTime>2999-01-01T00:00:00Z</startTime>")), "bad-element",
          "<bad-element>startTime</bad-element>");
      error(
          client.call(subscribe(
              "<startTime>2026-01-01T00:00:00Z</startTime><stopTime>2025-01-01T00:00:00Z</stopTime>")),
          "bad-element", "<bad-element>stopTime</bad-element>");
      error(client.call(subscribe("<stream>SYSLOG</stream>")), "invalid-value", "<bad-element>stream</bad-element>");
      error(client.call(subscribe("<colour/>")), "unknown-element");
      ok(client.call(subscribe("<stream>NETCONF</stream>" + chains(""))));
      error(client.call(subscribe("")), "operation-failed");
    }
  }

  @Test
  void shouldAnswerWhileSubscribedAndAfterTheEnd() throws IOException {
    publish(server, "past", "created");
    String start = Instant.now().minusSeconds(3600).toString();
    try (var client = TestClient.admin(server)) {
      ok(client.call(subscribe("<startTime>" + start + "</startTime><stopTime>" + Instant.now().minusSeconds(1800)
          + "</stopTime>")));
      assertTrue(client.read().contains("<replayComplete xmlns=\"urn:ietf:params:xml:ns:netmod:notification\"/>"));
      assertTrue(
          client.read().contains("<notificationComplete xmlns=\"urn:ietf:params:xml:ns:netmod:notification\"/>"));
      ok(client.call(subscribe(chains("<name>interleave</name>"))));
      assertTrue(client.call("<get-config><source><running/></source><filter/></get-config>").contains("<data"));
      publish(server, "interleave", "created");
      assertTrue(client.read().contains("<name>interleave</name>"));
    }
  }

  @Test
  void shouldEndAtTheStopTime() throws IOException {
    try (var client = TestClient.admin(server)) {
      ok(client.call(subscribe("<startTime>" + Instant.now() + "</startTime><stopTime>"
          + Instant.now().plusMillis(700) + "</stopTime>" + chains("<name>none</name>"))));
      assertTrue(client.read().contains("replayComplete"));
      assertTrue(client.read().contains("notificationComplete"));
    }
  }

  @Test
  void shouldReplayWhatHappenedBeforeARestart(@TempDir Path other) throws IOException {
    String before = Instant.now().toString();
    try (var first = TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      for (int i = 0; i < 3000; i++) {
        publish(first, "old" + i, "created");
      }
    }
    try (var second = TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      second.start();
      publish(second, "new", "created");
      try (var client = TestClient.admin(second)) {
        ok(client.call(subscribe("<startTime>" + before + "</startTime>" + chains(""))));
        for (int i = 0; i < 3000; i++) {
          String next = client.read();
          assertTrue(next.contains("<name>old" + i + "</name>"), next);
        }
        assertTrue(client.read().contains("<name>new</name>"));
        assertTrue(client.read().contains("replayComplete"));
        publish(second, "live", "created");
        assertTrue(client.read().contains("<name>live</name>"));
        String streams = client.call("<get><filter><netconf xmlns=\"urn:ietf:params:xml:ns:netmod:notification\"/>"
            + "<streams xmlns=\"urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications\"/></filter></get>");
        error(streams, "<name>NETCONF</name>", "<replaySupport>true</replaySupport>", "<replayLogCreationTime>",
            "<replay-support/>", "<replay-log-creation-time>");
      }
    }
  }

  // ---- notifications of nodes in the data tree, RFC 7950 section 7.16

  private static void enabled(NetconfServer server, String interfaceName, String user) throws IOException {
    YangNode list = TestServer.schema().node("/example-interface-module:interfaces/interface");
    var holder = new DataPath(DataPath.of(null, list.parent), list,
        NodeIdentifierWithPredicates.of(list.name, list.keys()[0].name, interfaceName));
    server.notifications().publish(holder,
        new TreeBuilder(list.notification("interface-enabled")).leaf("by-user", user).build());
  }

  /** The example of section 7.16.3, live and replayed. */
  @ParameterizedTest
  @ValueSource(strings = {
      "<filter><interfaces xmlns=\"urn:example:interface-module\"><interface><name>eth1</name></interface></interfaces></filter>",
      "<filter><interfaces xmlns=\"\"><interface><interface-enabled><by-user>fred</by-user></interface-enabled></interface></interfaces></filter>",
      "<filter type=\"xpath\" xmlns:if=\"urn:example:interface-module\""
          + " select=\"/if:interfaces/if:interface[if:name='eth1']/if:interface-enabled\"/>"})
  void shouldNotifyWithTheNodesAround(String filter, @TempDir Path other) throws IOException {
    String before = Instant.now().toString();
    try (var first = TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      enabled(first, "eth0", "wilma");
      enabled(first, "eth1", "fred");
    }
    String event = "</eventTime><interfaces xmlns=\"urn:example:interface-module\"><interface><name>eth1</name>"
        + "<interface-enabled><by-user>fred</by-user></interface-enabled></interface></interfaces></notification>";
    try (var second = TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      second.start();
      try (var client = TestClient.admin(second)) {
        ok(client.call(subscribe("<startTime>" + before + "</startTime>" + filter)));
        error(client.read(), event);
        error(client.read(), "replayComplete");
        enabled(second, "eth0", "wilma");
        enabled(second, "eth1", "fred");
        error(client.read(), event);
      }
    }
  }

  // ---- RFC 6470

  private static String events(String name) {
    return "<filter><" + name + " xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\"/></filter>";
  }

  private static String edit(String operation, String entry, String value) {
    return "<edit-config><target><running/></target><config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
        + "<bench xmlns=\"urn:ncload:bench\"><entry nc:operation=\"" + operation + "\"><name>" + entry
        + "</name><value>"
        + value + "</value></entry></bench></config></edit-config>";
  }

  @Test
  void shouldTellChangesOfTheConfiguration() throws IOException {
    try (var client = TestClient.admin(server); var other = TestClient.admin(server)) {
      ok(client.call(subscribe(events("netconf-config-change"))));
      ok(other.call(edit("create", "it's one", "1")));
      String created = client.read();
      error(created, "<changed-by><username>admin</username><session-id>", "<source-host>127.0.0.1</source-host>",
          "<datastore>running</datastore>", "<operation>create</operation>", "entry[b:name=\"it's one\"]</target>");
      ok(other.call(edit("merge", "it's one", "2")));
      error(client.read(), "]/b:value</target><operation>replace</operation>");
      ok(other.call(edit("delete", "it's one", "2")));
      error(client.read(), "<operation>delete</operation>");
    }
  }

  private static String candidate(String value) {
    return edit("merge", "confirmed", value).replace("<running/>", "<candidate/>");
  }

  @Test
  void shouldTellWhatBecomesOfConfirmedCommits() throws IOException {
    String start = "<commit><confirmed/><confirm-timeout>%d</confirm-timeout></commit>";
    try (var client = TestClient.admin(server); var other = TestClient.admin(server)) {
      ok(client.call(subscribe(events("netconf-confirmed-commit"))));
      ok(other.call(candidate("1")));
      ok(other.call(String.format(start, 600)));
      error(client.read(), "<username>admin</username>", "<confirm-event>start</confirm-event><timeout>600</timeout>");
      ok(other.call(candidate("2")));
      ok(other.call(String.format(start, 700)));
      error(client.read(), "<confirm-event>extend</confirm-event><timeout>700</timeout>");
      ok(other.call("<commit/>"));
      error(client.read(), "<session-id>", "<confirm-event>complete</confirm-event></netconf-confirmed-commit>");
      ok(other.call(candidate("3")));
      ok(other.call(String.format(start, 600)));
      error(client.read(), "<confirm-event>start</confirm-event>");
      ok(other.call("<cancel-commit/>"));
      error(client.read(), "<username>admin</username>", "<confirm-event>cancel</confirm-event>");
      ok(other.call(candidate("4")));
      ok(other.call(String.format(start, 1)));
      error(client.read(), "<confirm-event>start</confirm-event><timeout>1</timeout>");
      String timeout = client.read();
      error(timeout, "<confirm-event>timeout</confirm-event>");
      assertFalse(timeout.contains("username"), timeout);
    }
  }

  @Test
  void shouldTellChangesOfStartup() throws IOException {
    try (var client = TestClient.admin(server); var other = TestClient.admin(server)) {
      ok(other.call(edit("merge", "stored", "1")));
      ok(client.call(subscribe("<filter><netconf-config-change"
          + " xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\"><datastore>startup</datastore>"
          + "</netconf-config-change></filter>")));
      ok(other.call("<copy-config><target><startup/></target><source><running/></source></copy-config>"));
      error(client.read(), "<datastore>startup</datastore>", "<operation>create</operation>");
      ok(other.call("<delete-config><target><startup/></target></delete-config>"));
      error(client.read(), "<datastore>startup</datastore>", "<operation>delete</operation>");
    }
  }

  @Test
  void shouldTellSessionsAndWhyTheyEnd() throws IOException {
    try (var client = TestClient.admin(server)) {
      ok(client.call(subscribe("<filter><netconf-session-start"
          + " xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\"><username>guest</username>"
          + "</netconf-session-start><netconf-session-end"
          + " xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\"><username>guest</username>"
          + "</netconf-session-end></filter>")));
      try (var closed = TestClient.guest(server)) {
        error(client.read(), "netconf-session-start", "<username>guest</username>", "<source-host>127.0.0.1");
        ok(closed.call("<close-session/>"));
      }
      error(client.read(), "<termination-reason>closed</termination-reason>");
      try (var killed = TestClient.guest(server)) {
        String id = client.read().replaceAll("(?s).*<session-id>(\\d+)<.*", "$1");
        String mine = client.hello.replaceAll("(?s).*<session-id>(\\d+)<.*", "$1");
        client.request("<kill-session><session-id>" + id + "</session-id></kill-session>");
        String one = client.read();
        String two = client.read();
        error(one + two, "<ok/>", "<killed-by>" + mine + "</killed-by>", "<termination-reason>killed<");
        assertThrows(IOException.class, killed::read);
      }
      var dropped = TestClient.guest(server);
      error(client.read(), "netconf-session-start");
      dropped.cut();
      error(client.read(), "<termination-reason>dropped</termination-reason>");
      try (var bad = TestClient.silent(server, "guest", TestServer.GUEST_PASSWORD)) {
        bad.raw("<rubbish/>]]>]]>");
        error(client.read(), "<termination-reason>bad-hello</termination-reason>");
      }
    }
  }

  @Test
  void shouldTellThatCapabilitiesHaveChangedSinceTheLastRun(@TempDir Path other) throws IOException {
    TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT).close();
    Path file = other.resolve("capabilities");
    String text = java.nio.file.Files.readString(file);
    java.nio.file.Files.writeString(file,
        text.replaceFirst("module=bench&revision=[0-9-]*", "module=bench&revision=2020-01-01")
            .replaceFirst("(?m)^urn:southbound:test:trial.*\n", "") + "urn:gone\n");
    String before = Instant.now().toString();
    try (var again = TestServer.create(other, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      again.start();
      try (var client = TestClient.admin(again)) {
        ok(client.call(
            subscribe("<startTime>" + before + "</startTime>" + events("netconf-capability-change"))));
        error(client.read(), "<changed-by><server/></changed-by>", "<added-capability>urn:southbound:test:trial",
            "<deleted-capability>urn:gone</deleted-capability>", "<modified-capability>urn:ncload:bench?module=bench");
      }
    }
  }

  @Test
  void shouldNotServeImportedModules() {
    assertFalse(server.schema().root().child("urn:ietf:params:xml:ns:yang:ietf-interfaces", "interfaces") != null);
    assertEquals(1, server.schema().modules().stream().filter(each -> each.name().equals("ietf-interfaces"))
        .filter(each -> each.imported()).count());
  }
}
