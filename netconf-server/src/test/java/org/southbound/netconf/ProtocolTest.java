// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.transport.SshKeys;

/** The server over SSH, message by message. */
@Timeout(120)
class ProtocolTest {
  private static final String BENCH = "urn:ncload:bench";
  private static final String OPEN = "<config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><bench xmlns=\""
      + BENCH + "\">";
  private static final String CLOSE = "</bench></config>";

  @TempDir
  Path home;
  private NetconfServer server;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private static String edit(String target, String content) {
    return "<edit-config><target><" + target + "/></target>" + OPEN + content + CLOSE + "</edit-config>";
  }

  private static String get(String source) {
    return "<get-config><source><" + source + "/></source><filter><bench xmlns=\"" + BENCH
        + "\"/></filter></get-config>";
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static void error(String reply, String tag, String... parts) {
    assertTrue(reply.contains("<error-tag>" + tag + "</error-tag>"), reply);
    for (String each : parts) {
      assertTrue(reply.contains(each), () -> each + " in " + reply);
    }
    assertFalse(reply.contains("Exception") || reply.contains("opendaylight") || reply.contains("com.ctc"), reply);
  }

  @Test
  void shouldAdvertiseWhatItDoes() throws IOException {
    try (var client = TestClient.admin(server)) {
      for (String each : new String[]{"base:1.0", "base:1.1", "capability:candidate:1.0", "capability:validate:1.1",
          "capability:rollback-on-error:1.0", "capability:notification:1.0", "capability:interleave:1.0",
          "capability:writable-running:1.0", "capability:yang-library:1.1",
          "ietf-netconf&amp;revision=2011-06-01&amp;features=writable-running,candidate,confirmed-commit,rollback-on-error,validate,startup,url,xpath</capability>",
          "notifications&amp;revision=2008-07-14</capability>", "southbound-nf", "<session-id>1</session-id>"}) {
        assertTrue(client.hello.contains(each), each + " in " + client.hello);
      }
    }
  }

  @Test
  void shouldSpeakOldFraming() throws IOException {
    try (var client = TestClient.greeted(server, "admin", TestServer.ADMIN_PASSWORD, false)) {
      client.raw("\n");
      assertTrue(client.call(get("running")).contains("<data></data>"));
      ok(client.call("<close-session/>"));
      assertThrows(IOException.class, client::read);
    }
  }

  @Test
  void shouldReadChunksAtAnyBoundary() throws IOException {
    try (var client = TestClient.admin(server)) {
      String rpc = "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"7\">" + get("running")
          + "</rpc>";
      for (int i = 0; i < rpc.length(); i++) {
        client.raw("\n#1\n" + rpc.charAt(i));
      }
      client.raw("\n##\n");
      String reply = client.read();
      assertTrue(reply.contains("message-id=\"7\""), reply);
    }
  }

  @Test
  void shouldEndSessionOnMalformedFrame() throws IOException {
    for (String bad : new String[]{"\n#0\n", "\n#x\n", "garbage", "\n#99999999999\n", "\n##\n"}) {
      try (var client = TestClient.admin(server)) {
        client.raw(bad);
        assertThrows(IOException.class, client::read, bad);
      }
    }
  }

  @Test
  void shouldEndSessionOnBadHello() throws IOException {
    for (String bad : new String[]{"<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities/></hello>",
        "<rpc/>", "<"}) {
      try (var client = TestClient.silent(server, "admin", TestServer.ADMIN_PASSWORD)) {
        client.raw(bad + "]]>]]>");
        assertThrows(IOException.class, client::read, bad);
      }
    }
  }

  @Test
  void shouldAnswerEveryKindOfMistake() throws IOException {
    try (var client = TestClient.admin(server)) {
      client.send("<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><get/></rpc>");
      error(client.read(), "missing-attribute", "<error-type>rpc</error-type>",
          "<bad-attribute>message-id</bad-attribute>");
      client.send("<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\"><get></rpc>");
      error(client.read(), "malformed-message", "<error-type>rpc</error-type>");
      client.send(
          "<!DOCTYPE rpc [<!ENTITY a \"b\">]><rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\"/>");
      error(client.read(), "malformed-message");
      client.send("<foo/>");
      error(client.read(), "unknown-element", "<bad-element>foo</bad-element>");
      error(client.call("<fly xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"/>"), "operation-not-supported");
      error(client.call("<fly xmlns=\"urn:none\"/>"), "unknown-namespace", "<bad-namespace>urn:none</bad-namespace>");
      error(client.call("<get-config/>"), "missing-element", "<bad-element>source</bad-element>");
      error(client.call("<get-config><source><elsewhere/></source></get-config>"), "unknown-element");
      error(client.call("<get-config><source><running/></source><filter type=\"regex\"/></get-config>"),
          "bad-attribute", "<bad-attribute>type</bad-attribute>");
      error(client.call(edit("candidate", "<counter>x</counter>")), "invalid-value",
          "/bench:bench/bench:counter</error-path>");
      error(client.call(edit("candidate", "<foo/>")), "unknown-element", "<bad-element>foo</bad-element>");
      error(client.call(edit("candidate", "<foo xmlns=\"urn:none\"/>")), "unknown-namespace");
      error(client.call(edit("candidate", "<counter operation=\"delete\"/>")), "unknown-attribute");
      error(client.call(edit("candidate", "<counter nc:operation=\"destroy\"/>")), "bad-attribute");
      error(client.call(edit("candidate", "<counter>1</counter><counter>2</counter>")), "bad-element");
      error(client.call(edit("candidate", "<entry><value>1</value></entry>")), "missing-element",
          "<bad-element>name</bad-element>");
      error(client.call(edit("candidate", "<counter nc:operation=\"delete\"/>")), "data-missing",
          "xmlns:bench=\"urn:ncload:bench\">/bench:bench/bench:counter</error-path>");
      ok(client.call(edit("candidate", "<entry><name>a</name></entry>")));
      error(client.call(edit("candidate", "<entry nc:operation=\"create\"><name>a</name></entry>")), "data-exists",
          "[bench:name='a']");
      error(client.call("<unlock><target><running/></target></unlock>"), "operation-failed");
      error(client.call("<kill-session><session-id>77</session-id></kill-session>"), "invalid-value");
      error(client.call("<delete-config><target><running/></target></delete-config>"), "operation-not-supported");
      error(client.call("<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">"
          + "<identifier>nothing</identifier></get-schema>"), "invalid-value");
      ok(client.call("<discard-changes/>")); // and the session is alive after all that
    }
  }

  /** Nothing is done for a message that is wrong at its end, or asks for more than one thing. */
  @Test
  void shouldDoNothingForAMessageThatIsWrongInPart() throws IOException {
    String open = "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\">";
    String lock = "<lock><target><running/></target></lock>";
    try (var client = TestClient.admin(server)) {
      String[][] cases = {{lock + "</wrong>", "malformed-message"}, {lock + "</rpc>tail", "malformed-message"},
          {lock + "</rpc><rpc/>", "malformed-message"}, {lock + "<commit/></rpc>", "bad-element"},
          {lock.replace("</lock>", "<target><candidate/></target></lock></rpc>"), "bad-element"},
          {lock.replace("<target>", "<target xmlns=\"urn:none\">") + "</rpc>", "unknown-namespace"},
          {lock.replace("<running/>", "<running xmlns=\"urn:none\"/>") + "</rpc>", "unknown-namespace"}};
      for (String[] each : cases) {
        client.send(open + each[0]);
        error(client.read(), each[1], "message-id=\"1\"");
        error(client.call("<unlock><target><running/></target></unlock>"), "operation-failed");
      }
      String counters = client.call("<get><filter><netconf-state xmlns=\"urn:ietf:params:xml:ns:yang:"
          + "ietf-netconf-monitoring\"><statistics/></netconf-state></filter></get>");
      assertTrue(counters.contains("<in-rpcs>10</in-rpcs><in-bad-rpcs>4</in-bad-rpcs>"), counters);
    }
  }

  @Test
  void shouldCarryBackAttributesOfAnyName() throws IOException {
    try (var client = TestClient.admin(server)) {
      client.send("<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" xmlns:\u00e4=\"urn:a\" \u00e4:\u00f6"
          + "x=\"\u00df\" message-id=\"&lt;\u20ac\"><discard-changes/></rpc>");
      String reply = client.read();
      ok(reply);
      assertTrue(reply.contains(" xmlns:\u00e4=\"urn:a\" \u00e4:\u00f6x=\"\u00df\" message-id=\"&lt;\u20ac\""), reply);
    }
  }

  /** RFC 7317, crypt-hash: clear text is neither stored nor shown. */
  @Test
  void shouldHashPasswords() throws IOException {
    String nf = "urn:southbound:yang:southbound-nf";
    String read = "<get-config><source><%s/></source><filter><nf xmlns=\"" + nf + "\"/></filter></get-config>";
    try (var client = TestClient.admin(server)) {
      ok(client.call("<edit-config><target><candidate/></target><config><nf xmlns=\"" + nf + "\"><management><user>"
          + "<name>bob</name><password>$0$open sesame</password></user></management></nf></config></edit-config>"));
      String candidate = client.call(String.format(read, "candidate"));
      ok(client.call("<commit/>"));
      String running = client.call(String.format(read, "running"));
      for (String each : List.of(candidate, running, Files.readString(home.resolve("running.xml")))) {
        assertFalse(each.contains("sesame"), each);
        String hash = each.replaceAll("(?s).*<password>(.*)</password>.*", "$1");
        assertTrue(PasswordHash.parse(hash).matches("open sesame"), each);
      }
    }
  }

  @Test
  void shouldEndOnlyTheSessionThatIsKilled() throws IOException {
    try (var killer = TestClient.admin(server); var first = TestClient.admin(server); var second = first.beside()) {
      ok(second.call("<lock><target><running/></target></lock>"));
      ok(killer.call("<kill-session><session-id>3</session-id></kill-session>"));
      assertThrows(IOException.class, second::read);
      ok(first.call("<lock><target><running/></target></lock>"));
      ok(killer.call("<kill-session><session-id>2</session-id></kill-session>"));
      assertThrows(IOException.class, first::read);
    }
  }

  @Test
  void shouldEditWithAllOperations() throws IOException {
    try (var client = TestClient.admin(server)) {
      ok(client.call(edit("candidate", "<counter>5</counter><entry><name>a</name><value>1</value></entry>"
          + "<entry><name>b</name><value>2</value></entry>")));
      ok(client.call(edit("candidate",
          "<counter nc:operation=\"delete\"/><entry nc:operation=\"replace\"><name>a</name>"
              + "<descr>x &amp; y</descr></entry><entry nc:operation=\"remove\"><name>none</name></entry>"
              + "<entry nc:operation=\"create\"><name>c</name></entry><entry nc:operation=\"delete\"><name>b</name></entry>")));
      assertTrue(client.call(get("running")).contains("<data></data>"));
      ok(client.call("<validate><source><candidate/></source></validate>"));
      ok(client.call("<commit/>"));
      String reply = client.call(get("running"));
      assertTrue(reply.contains("<entry><name>a</name><descr>x &amp; y</descr></entry><entry><name>c</name></entry>")
          || reply.contains("<entry><name>c</name></entry><entry><name>a</name><descr>x &amp; y</descr></entry>"),
          reply);
      assertFalse(reply.contains("counter") || reply.contains(">b<"), reply);
      ok(client.call("<edit-config><target><running/></target><default-operation>replace</default-operation>" + OPEN
          + "<counter>9</counter>" + CLOSE + "</edit-config>"));
      assertTrue(
          client.call(get("running")).contains("<bench xmlns=\"urn:ncload:bench\"><counter>9</counter></bench>"));
      error(client.call("<edit-config><target><running/></target><default-operation>none</default-operation>" + OPEN
          + "<entry><name>q</name></entry>" + CLOSE + "</edit-config>"), "data-missing");
      ok(client.call("<edit-config><target><running/></target><test-option>test-only</test-option>" + OPEN
          + "<counter>10</counter>" + CLOSE + "</edit-config>"));
      assertTrue(client.call(get("running")).contains("<counter>9</counter>"));
    }
  }

  @Test
  void shouldFilterSubtrees() throws IOException {
    try (var client = TestClient.admin(server)) {
      ok(client.call(edit("running", "<counter>5</counter><entry><name>a</name><value>1</value><descr>x</descr></entry>"
          + "<entry><name>b</name><value>2</value></entry>")));
      String[][] cases = {{"<bench xmlns=\"B\"><entry><name>a</name><value/></entry></bench>",
          "<entry><name>a</name><value>1</value></entry>"},
          {"<bench xmlns=\"B\"><counter/></bench>",
              "<bench xmlns=\"urn:ncload:bench\"><counter>5</counter></bench>"},
          {"<bench xmlns=\"B\"><entry><value>2</value><name/></entry></bench>",
              "<bench xmlns=\"urn:ncload:bench\"><entry><name>b</name><value>2</value></entry></bench>"},
          {"<bench xmlns=\"B\"><counter>6</counter></bench>", "<data></data>"},
          {"<bench xmlns=\"urn:none\"/>", "<data></data>"},
          {"<bench xmlns=\"\"><counter/></bench>", "<counter>5</counter>"}, {"", "<data></data>"},
          {"<bench xmlns=\"B\"><entry><name>zz</name></entry></bench>", "<data></data>"}};
      for (String[] each : cases) {
        String reply = client.call("<get-config><source><running/></source><filter type=\"subtree\">"
            + each[0].replace("\"B\"", "\"" + BENCH + "\"") + "</filter></get-config>");
        assertTrue(reply.contains(each[1]), each[0] + ": " + reply);
      }
      assertTrue(
          client.call("<get><filter><netconf-state xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">"
              + "<sessions/></netconf-state></filter></get>").contains("<username>admin</username>"));
      assertTrue(client.call("<get/>").contains("<yang-library"));
      assertTrue(client.call("<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">"
          + "<identifier>bench</identifier></get-schema>").contains("module bench {"));
    }
  }

  @Test
  void shouldReleaseLocksHoweverASessionEnds() throws Exception {
    try (var first = TestClient.admin(server); var second = TestClient.admin(server)) {
      ok(first.call("<lock><target><candidate/></target></lock>"));
      ok(first.call("<lock><target><running/></target></lock>"));
      error(second.call("<lock><target><running/></target></lock>"), "lock-denied", "<session-id>1</session-id>");
      error(second.call(edit("candidate", "<counter>1</counter>")), "in-use");
      error(second.call("<commit/>"), "in-use");
      ok(first.call(edit("candidate", "<counter>1</counter>")));
      var gone = new CountDownLatch(1);
      server.sessions().onClose(each -> gone.countDown());
      first.cut();
      assertTrue(gone.await(30, TimeUnit.SECONDS));
      assertTrue(second.call(get("candidate")).contains("<data></data>"), "changes under a lost lock are discarded");
      ok(second.call("<lock><target><running/></target></lock>"));
    }
    try (var victim = TestClient.admin(server); var killer = TestClient.admin(server)) {
      ok(victim.call("<lock><target><candidate/></target></lock>"));
      ok(killer.call("<kill-session><session-id>3</session-id></kill-session>"));
      ok(killer.call("<lock><target><candidate/></target></lock>"));
      assertThrows(IOException.class, victim::read);
    }
  }

  @Test
  void shouldRollBackWhenASubscriberRefuses() throws Exception {
    var log = new ArrayList<String>();
    YangNode bench = server.schema().node("/bench:bench");
    server.datastores().subscribe(new Recorder("a", log, bench));
    server.datastores().subscribe(new Recorder("b", log, bench));
    log.clear();
    try (var client = TestClient.admin(server)) {
      ok(client.call(edit("candidate", "<counter>1</counter>")));
      ok(client.call("<commit/>"));
      assertEquals(List.of("a?", "b?", "a!", "b!"), log);
      log.clear();
      ok(client.call(edit("candidate", "<counter>13</counter>")));
      error(client.call("<commit/>"), "operation-failed", "<error-app-tag>test:unlucky</error-app-tag>");
      assertEquals(List.of("a?", "b?", "a-"), log);
      assertTrue(client.call(get("running")).contains("<counter>1</counter>"));
    }
  }

  private record Recorder(String name, List<String> log, YangNode bench) implements ConfigSubscriber {
    @Override
    public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
      log.add(name + "?");
      Tree tree = new Tree(bench.parent, after).child("bench");
      if (name.equals("b") && tree.number("counter", 0) == 13) {
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, "13 is unlucky.").appTag("test:unlucky");
      }
    }

    @Override
    public void apply() {
      log.add(name + "!");
    }

    @Override
    public void rollback() {
      log.add(name + "-");
    }
  }

  @Test
  void shouldKeepCandidateOnTopOfARunningThatChanges() throws Exception {
    try (var client = TestClient.admin(server)) {
      ok(client.call(edit("running", "<entry><name>a</name><value>1</value></entry>")));
      ok(client.call(edit("candidate", "<counter>1</counter>")));
      server.datastores().editRunning(Datastores.Writer.SYSTEM, before -> {
        YangNode bench = server.schema().node("/bench:bench");
        return new TreeBuilder(server.schema().root()).put(new TreeBuilder(bench)
            .entry("entry", e -> e.leaf("name", "b").leaf("value", 2)).build()).build();
      });
      ok(client.call("<commit/>"));
      String reply = client.call(get("running"));
      assertTrue(
          reply.contains("<counter>1</counter>") && reply.contains("<name>b</name>")
              && !reply.contains("<name>a</name>"),
          reply);
      ok(client.call(edit("candidate", "<entry nc:operation=\"delete\"><name>b</name></entry>")));
      ok(client.call(edit("running", "<entry nc:operation=\"delete\"><name>b</name></entry>")));
      error(client.call("<commit/>"), "operation-failed", "candidate-outdated");
      ok(client.call("<discard-changes/>"));
      ok(client.call("<commit/>"));
    }
  }

  @Test
  void shouldCallHandlersWithoutHoldingUpOthers() throws Exception {
    YangNode rpc = server.schema().rpc("urn:southbound:yang:southbound-chain", "get-chaining-protocols");
    var entered = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    server.rpcs().handle(rpc, (session, input) -> {
      entered.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return new TreeBuilder(rpc.output()).leaves("protocol", List.of("southbound-types:nsh-vxlan-gpe")).build();
    });
    var clients = new TestClient[8];
    try {
      for (int i = 0; i < clients.length; i++) {
        clients[i] = TestClient.admin(server);
        clients[i].request("<get-chaining-protocols xmlns=\"urn:southbound:yang:southbound-chain\"/>");
        clients[i].request(get("running")); // waits its turn behind the slow one
      }
      assertTrue(entered.await(30, TimeUnit.SECONDS));
      try (var other = TestClient.admin(server)) {
        assertTrue(other.call(get("running")).contains("<data>"));
      }
      release.countDown();
      for (TestClient each : clients) {
        String reply = each.read();
        assertTrue(reply.contains(":nsh-vxlan-gpe</protocol>"), reply);
        assertTrue(each.read().contains("<data></data>"));
      }
    } finally {
      for (TestClient each : clients) {
        each.close();
      }
    }
  }

  @Test
  void shouldCallActionsOfNodesThatExist() throws IOException {
    String acme = "http://example.com/ns/acme";
    YangNode action = server.schema().node("/acme-system:interfaces/interface").action("reset");
    var called = new ArrayList<String>();
    server.rpcs().handle(action, (session, target, input) -> {
      called.add(target + " " + input.size());
      return null;
    });
    String call = "<action xmlns=\"urn:ietf:params:xml:ns:yang:1\"><interfaces xmlns=\"" + acme
        + "\"><interface>%s<reset>%s</reset></interface></interfaces></action>";
    try (var client = TestClient.admin(server)) {
      error(client.call(call.formatted("<name>e0</name>", "")), "data-missing", "acme-system:name='e0'");
      ok(client.call("<edit-config><target><running/></target><config><interfaces xmlns=\"" + acme
          + "\"><interface><name>e0</name></interface></interfaces></config></edit-config>"));
      ok(client.call(call.formatted("<name>e0</name>", "<hard/>")));
      error(client.call(call.formatted("", "")), "missing-element", "<bad-element>name<");
      error(client.call(call.formatted("<name>e0</name>", "<soft/>")), "unknown-element", "<bad-element>soft<");
      error(client.call(call.formatted("<name>e0</name>", "<hard/><hard/>")), "bad-element", "<bad-element>hard<");
      error(client.call("<action xmlns=\"urn:ietf:params:xml:ns:yang:1\"/>"), "missing-element");
    }
    assertEquals(List.of("/acme-system:interfaces/acme-system:interface[acme-system:name='e0'] 1"), called);
  }

  @Test
  void shouldCheckInputOfRpcs() throws IOException {
    YangNode rpc = server.schema().rpc("urn:southbound:yang:southbound-state", "transfer");
    var seen = new AtomicReference<ContainerNode>();
    server.rpcs().handle(rpc, (session, input) -> {
      seen.set(input);
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "No such variant.").appTag("southbound:unknown-variant");
    });
    try (var client = TestClient.admin(server)) {
      error(client.call(
          "<transfer xmlns=\"urn:southbound:yang:southbound-state\"><destination><nf>b</nf></destination></transfer>"),
          "missing-element", "southbound-state:variant</error-path>");
      assertEquals(null, seen.get());
      error(client.call("<transfer xmlns=\"urn:southbound:yang:southbound-state\"><destination><nf>b</nf></destination>"
          + "<variant>copy</variant></transfer>"), "invalid-value", "southbound:unknown-variant");
      assertEquals("neighbours", new Tree(rpc, seen.get()).text("steering"));
    }
  }

  @Test
  void shouldLetGuestsReadButNotWriteWhatIsDenied() throws IOException {
    YangNode rpc = server.schema().rpc("urn:southbound:yang:southbound-chain", "service-chain");
    server.rpcs().handle(rpc, (session, input) -> null);
    try (var client = TestClient.guest(server)) {
      assertTrue(client.call(get("running")).contains("<data></data>"));
      error(client.call(edit("running", "<counter>1</counter>")), "access-denied",
          "/bench:bench/bench:counter</error-path>");
      error(client.call("<service-chain xmlns=\"urn:southbound:yang:southbound-chain\"/>"), "access-denied");
      error(client.call("<kill-session><session-id>1</session-id></kill-session>"), "access-denied");
      error(client.call(
          "<edit-config><target><running/></target><config><nacm xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\">"
              + "<enable-nacm>false</enable-nacm></nacm></config></edit-config>"),
          "access-denied", "error-path");
    }
    assertThrows(IOException.class, () -> TestClient.silent(server, "admin", "wrong"));
  }

  @Test
  void shouldTakePublicKeys() throws Exception {
    KeyPair key = SshKeys.hostKey(home.resolve("client-key"));
    Users users = TestServer.users();
    users.put(new Users.Account("robot", Set.of(), null, Set.of(key.getPublic())));
    try (var other = new NetconfServer(new NetconfConfig(Files.createDirectory(home.resolve("other")),
        TestServer.loopback(), TestServer.schema(), users))) {
      other.start();
      try (var client = TestClient.key(other, "robot", key)) {
        assertTrue(client.hello.contains("base:1.1"));
      }
    }
  }

  @Test
  void shouldDeliverAndReplayNotifications() throws Exception {
    YangNode node = server.notifications().node("southbound-state", "ownership-changed");
    String subscribe = "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><filter>"
        + "<ownership-changed xmlns=\"urn:southbound:yang:southbound-state\"/></filter>%s</create-subscription>";
    String before = java.time.Instant.now().minusSeconds(60).toString();
    server.notifications().publish(notification(node));
    try (var live = TestClient.admin(server); var replay = TestClient.admin(server)) {
      ok(live.call(String.format(subscribe, "")));
      error(live.call(String.format(subscribe, "")), "operation-failed");
      ok(replay.call(String.format(subscribe, "<startTime>" + before + "</startTime>")));
      assertTrue(replay.read().contains("<ownership-changed xmlns=\"urn:southbound:yang:southbound-state\">"));
      assertTrue(replay.read().contains("<replayComplete"));
      server.notifications().publish(notification(node));
      for (TestClient each : new TestClient[]{live, replay}) {
        String event = each.read();
        assertTrue(event.contains("<eventTime>") && event.contains("ownership-changed"), event);
        ok(each.call("<discard-changes/>")); // interleave
      }
      error(replay.call(String.format(subscribe, "<stopTime>" + before + "</stopTime>")), "missing-element");
    }
    try (var past = TestClient.admin(server)) {
      ok(past
          .call(String.format(subscribe, "<startTime>" + before + "</startTime><stopTime>" + before + "</stopTime>")));
      String next = past.read();
      assertTrue(next.contains("<replayComplete") || next.contains("<notificationComplete"), next);
    }
  }

  private static ContainerNode notification(YangNode node) {
    return new TreeBuilder(node).leaf("epoch", 7).build();
  }

  @Test
  void shouldSurviveRestartAndSetCorruptFileAside() throws IOException {
    try (var client = TestClient.admin(server)) {
      ok(client.call(edit("running", "<counter>5</counter>")));
    }
    server.close();
    server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
    assertFalse(server.isFirstStart());
    server.start();
    try (var client = TestClient.admin(server)) {
      assertTrue(client.call(get("running")).contains("<counter>5</counter>"));
    }
    for (String bad : new String[]{"", "<other/>", "<config/>",
        "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
            + "<bench xmlns=\"urn:ncload:bench\"><counter>x</counter></bench></config>"}) {
      Files.writeString(home.resolve("running.xml"), bad);
      IOException e = assertThrows(IOException.class,
          () -> TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT));
      assertTrue(e.getMessage().contains("start again") && !e.getMessage().contains("\n"), e.getMessage());
      assertFalse(Files.exists(home.resolve("running.xml")));
    }
    Files.createDirectory(home.resolve("running.xml"));
    IOException e = assertThrows(IOException.class,
        () -> TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT));
    assertTrue(e.getMessage().contains("running.xml cannot be read"), e.getMessage());
    try (var files = Files.list(home)) {
      assertTrue(files.anyMatch(each -> each.toString().contains("running.xml.corrupt-")));
    }
  }

  @Test
  void shouldSayWhatToDoWhenThePortIsInUse() throws IOException {
    try (var other = new NetconfServer(new NetconfConfig(Files.createDirectory(home.resolve("other")), server.address(),
        TestServer.schema(), TestServer.users()))) {
      IOException e = assertThrows(IOException.class, other::start);
      assertTrue(e.getMessage().matches("NETCONF cannot listen on 127.0.0.1 port " + server.address().getPort()
          + " \\(.*\\): give another port with --netconf-port"), e.getMessage());
    }
  }

  @Test
  void shouldRefuseMoreThanItsLimits() throws Exception {
    try (var small = TestServer.create(Files.createDirectory(home.resolve("small")), Durability.BATCHED,
        new NetconfConfig.Limits(10_000, 2, 16, 1 << 16))) {
      small.start();
      try (var first = TestClient.admin(small); var second = TestClient.admin(small)) {
        assertThrows(IOException.class, () -> TestClient.admin(small));
        first.send("<rpc>" + "x".repeat(20_000) + "</rpc>");
        assertThrows(IOException.class, first::read);
        assertTrue(second.call(get("running")).contains("<data>"));
      }
    }
  }

  @Test
  void shouldDropASubscriberThatDoesNotReadAndServeTheOthers() throws Exception {
    try (var small = TestServer.create(Files.createDirectory(home.resolve("slow")), Durability.BATCHED,
        new NetconfConfig.Limits(1 << 20, 10, 64, 1 << 20))) {
      small.start();
      var dropped = new CountDownLatch(1);
      small.sessions().onClose(each -> dropped.countDown());
      YangNode node = small.notifications().node("southbound-chain", "chain-changed");
      ContainerNode event = new TreeBuilder(node).leaf("name", "web").leaf("change", "updated")
          .leaf("error-app-tag", "x".repeat(20_000)).build();
      try (var slow = TestClient.admin(small); var quick = TestClient.admin(small)) {
        for (TestClient each : new TestClient[]{slow, quick}) {
          ok(each.call("<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><filter>"
              + "<chain-changed xmlns=\"urn:southbound:yang:southbound-chain\"/></filter></create-subscription>"));
        }
        slow.stopReading();
        int sent = 0;
        while (dropped.getCount() > 0 && sent < 2_000) {
          small.notifications().publish(event);
          sent++;
          assertTrue(quick.read().contains("chain-changed"));
        }
        assertTrue(dropped.await(30, TimeUnit.SECONDS), "the slow subscriber is still there");
        ok(quick.call("<discard-changes/>"));
      }
    }
  }
}
