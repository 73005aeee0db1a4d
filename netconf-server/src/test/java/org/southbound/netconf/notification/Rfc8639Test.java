// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;

/** Subscribed notifications over NETCONF (RFC 8639, RFC 8640 and the exchanges of its appendix A). */
@Timeout(120)
class Rfc8639Test {
  static final String SN = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications";
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

  private static String rpc(String name, String content) {
    return "<" + name + " xmlns=\"" + SN + "\">" + content + "</" + name + ">";
  }

  private static String establish(String content) {
    return rpc("establish-subscription", "<stream>NETCONF</stream>" + content);
  }

  private static String subtree(String content) {
    return "<stream-subtree-filter><chain-changed xmlns=\"" + CHAIN + "\">" + content
        + "</chain-changed></stream-subtree-filter>";
  }

  static String id(String reply) {
    assertTrue(reply.contains("<id xmlns=\"" + SN + "\">"), reply);
    return reply.replaceAll("(?s).*<id[^>]*>(\\d+)</id>.*", "$1");
  }

  private static void has(String reply, String... parts) {
    Rfc5277Test.wellFormed(reply);
    for (String each : parts) {
      assertTrue(reply.contains(each), () -> each + " in " + reply);
    }
  }

  private static void publish(String chain) {
    Rfc5277Test.publish(server, chain, "created");
  }

  /** RFC 8640 appendix A.2.1 to A.2.3. */
  @Test
  void shouldEstablishModifyAndDelete() throws IOException {
    try (var client = TestClient.admin(server)) {
      String id = id(client.call(establish(subtree("<name>one</name>"))));
      publish("one");
      publish("two");
      has(client.read(), "<name>one</name>");
      has(client.call(rpc("modify-subscription", "<id>" + id + "</id>" + subtree("<name>two</name>"))), "<ok/>");
      has(client.read(), "<subscription-modified xmlns=\"" + SN + "\"><id>" + id + "</id>", "<stream>NETCONF</stream>",
          "<stream-subtree-filter><chain-changed xmlns=\"" + CHAIN + "\"><name>two</name>",
          "encode-xml</encoding>");
      publish("one");
      publish("two");
      has(client.read(), "<name>two</name>");
      has(client.call(rpc("delete-subscription", "<id>" + id + "</id>")), "<ok/>");
      publish("two");
      has(client.call(rpc("delete-subscription", "<id>" + id + "</id>")), "<error-type>application</error-type>",
          "<error-tag>invalid-value</error-tag>",
          "<error-app-tag>ietf-subscribed-notifications:no-such-subscription</error-app-tag>",
          "<delete-subscription-error-info xmlns=\"" + SN + "\"><reason>no-such-subscription</reason>");
    }
  }

  /** RFC 8640 appendix A.4: the same filter in two ways. */
  @ParameterizedTest
  @ValueSource(strings = {
      "<stream-xpath-filter xmlns:vrrp=\"urn:ietf:params:xml:ns:yang:ietf-vrrp\">"
          + "/vrrp:vrrp-protocol-error-event[vrrp:protocol-error-reason=\"vrrp:checksum-error\"]</stream-xpath-filter>",
      "<stream-subtree-filter><vrrp-protocol-error-event xmlns=\"urn:ietf:params:xml:ns:yang:ietf-vrrp\">"
          + "<protocol-error-reason xmlns:vrrp=\"urn:ietf:params:xml:ns:yang:ietf-vrrp\">vrrp:checksum-error"
          + "</protocol-error-reason></vrrp-protocol-error-event></stream-subtree-filter>"})
  void shouldFilterAsTheExamplesDo(String filter) throws IOException {
    try (var client = TestClient.admin(server)) {
      id(client.call(establish(filter)));
      for (String reason : List.of("version-error", "checksum-error")) {
        server.notifications()
            .publish(new TreeBuilder(server.notifications().node("example-vrrp", "vrrp-protocol-error-event"))
                .leaf("protocol-error-reason", "example-vrrp:" + reason).build());
      }
      has(client.read(), "<vrrp-protocol-error-event xmlns=\"urn:ietf:params:xml:ns:yang:ietf-vrrp\">"
          + "<protocol-error-reason>checksum-error</protocol-error-reason></vrrp-protocol-error-event>");
    }
  }

  @Test
  void shouldSelectByXPath() throws IOException {
    try (var client = TestClient.admin(server)) {
      id(client.call(establish("<stream-xpath-filter>/southbound-chain:chain-changed[southbound-chain:name='x1'"
          + " or southbound-chain:name='x3']</stream-xpath-filter>")));
      id(client.call(establish("<stream-xpath-filter xmlns:c=\"" + CHAIN + "\">c:chain-changed/c:name = 'x2'"
          + "</stream-xpath-filter>")));
      publish("x1");
      publish("x2");
      publish("x3");
      has(client.read() + client.read() + client.read(), "<name>x1</name>", "<name>x2</name>", "<name>x3</name>");
      has(client.call("<get><filter><subscriptions xmlns=\"" + SN + "\"/></filter></get>"),
          ":chain-changed/");
      has(client.call(establish("<stream-xpath-filter>/a[</stream-xpath-filter>")),
          "<error-app-tag>ietf-subscribed-notifications:filter-unsupported</error-app-tag>",
          "<establish-subscription-stream-error-info xmlns=\"" + SN + "\"><reason>filter-unsupported</reason>"
              + "<filter-failure-hint>");
    }
  }

  @Test
  void shouldRefuseWhatTheModelAndTheRfcsRefuse() throws IOException {
    try (var client = TestClient.admin(server)) {
      has(client.call(rpc("establish-subscription", "")), "<error-tag>data-missing</error-tag>");
      has(client.call(rpc("establish-subscription", "<stream>no</stream>")), "<error-tag>invalid-value</error-tag>",
          "<bad-element>stream</bad-element>");
      has(client.call(establish("<dscp>10</dscp>")), "<error-tag>unknown-element</error-tag>");
      has(client.call(establish("<encoding>encode-json</encoding>")), "<error-tag>invalid-value</error-tag>");
      has(client.call(establish("<stop-time>2020-01-01T00:00:00Z</stop-time>")), "invalid-value",
          "<bad-element>stop-time</bad-element>");
      has(client.call(establish("<replay-start-time>2999-01-01T00:00:00Z</replay-start-time>")), "invalid-value",
          "<bad-element>replay-start-time</bad-element>");
      has(client.call(establish("<stream-filter-name>nobody</stream-filter-name>")), "data-missing",
          "instance-required");
      has(client.call(rpc("modify-subscription", "<id>4711</id>" + subtree(""))),
          "<error-app-tag>ietf-subscribed-notifications:no-such-subscription</error-app-tag>",
          "<modify-subscription-stream-error-info xmlns=\"" + SN + "\"><reason>no-such-subscription</reason>");
      has(client.call("<edit-config><target><running/></target><config><subscriptions xmlns=\"" + SN
          + "\"><subscription><id>7</id><stream>NETCONF</stream><receivers><receiver><name>x</name></receiver>"
          + "</receivers></subscription></subscriptions></config></edit-config>"), "operation-not-supported");
      String own = "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"/>";
      id(client.call(establish(subtree("<name>nothing</name>"))));
      has(client.call(own), "<error-tag>operation-not-supported</error-tag>");
      try (var other = TestClient.admin(server)) {
        has(other.call(own), "<ok/>");
        has(other.call(establish("")), "<error-tag>operation-not-supported</error-tag>");
      }
    }
  }

  @Test
  void shouldTakeXPathOnEventsOfTheServer() throws IOException {
    try (var client = TestClient.admin(server); var other = TestClient.admin(server)) {
      id(client.call(establish(
          "<stream-xpath-filter xmlns:e=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\">"
              + "/e:netconf-config-change[e:datastore='running']</stream-xpath-filter>")));
      for (String each : new String[]{"99", "100"}) {
        has(other.call("<edit-config><target><running/></target><config><bench xmlns=\"urn:ncload:bench\"><counter>"
            + each + "</counter></bench></config></edit-config>"), "<ok/>");
        has(client.read(), "<netconf-config-change", "/b:counter");
      }
    }
  }

  @Test
  void shouldReplayAndSayFromWhen() throws IOException {
    publish("past");
    try (var client = TestClient.admin(server)) {
      String reply = client.call(establish(subtree("<name>past</name>") + "<replay-start-time>"
          + Instant.now().minusSeconds(86400 * 30) + "</replay-start-time>"));
      String id = id(reply);
      has(reply, "<replay-start-time-revision xmlns=\"" + SN + "\">");
      has(client.read(), "<name>past</name>");
      has(client.read(), "<replay-completed xmlns=\"" + SN + "\"><id>" + id + "</id></replay-completed>");
      publish("past");
      has(client.read(), "<name>past</name>");
    }
  }

  @Test
  void shouldServeSeveralInOneSessionAndShowThem() throws IOException {
    try (var client = TestClient.admin(server); var reader = TestClient.admin(server)) {
      String one = id(client.call(establish(subtree("<name>m1</name>"))));
      String two = id(
          client.call(establish(subtree("<name>m2</name>") + "<stop-time>2999-01-01T00:00:00Z</stop-time>")));
      publish("m1");
      publish("m2");
      has(client.read() + client.read(), "<name>m1</name>", "<name>m2</name>");
      String state = reader.call("<get><filter><subscriptions xmlns=\"" + SN + "\"/></filter></get>");
      has(state, "<id>" + one + "</id>", "<id>" + two + "</id>", "<stop-time>2999-01-01T00:00:00Z</stop-time>",
          "<sent-event-records>1</sent-event-records>", "<excluded-event-records>1</excluded-event-records>",
          "<state>active</state>", "<stream-subtree-filter><chain-changed");
      client.call("<close-session/>");
    }
    try (var reader = TestClient.admin(server)) {
      String state = reader.call("<get><filter><subscriptions xmlns=\"" + SN + "\"/></filter></get>");
      assertFalse(state.contains("<name>m1</name>"), state);
    }
  }

  @Test
  void shouldBeKilledByWhoMay() throws IOException {
    try (var victim = TestClient.guest(server);
        var admin = TestClient.admin(server);
        var guest = TestClient.guest(server)) {
      String id = id(victim.call(establish(subtree("<name>k</name>"))));
      has(guest.call(rpc("delete-subscription", "<id>" + id + "</id>")), "no-such-subscription");
      has(guest.call(rpc("kill-subscription", "<id>" + id + "</id>")), "access-denied");
      has(admin.call(rpc("kill-subscription", "<id>" + id + "</id>")), "<ok/>");
      has(victim.read(),
          "<subscription-terminated xmlns=\"" + SN + "\"><id>" + id + "</id><reason>no-such-subscription</reason>");
      has(admin.call(rpc("kill-subscription", "<id>" + id + "</id>")), "no-such-subscription",
          "delete-subscription-error-info");
    }
  }

  @Test
  void shouldFollowConfiguredFilters() throws IOException {
    String filter = "<edit-config><target><running/></target><config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
        + "<filters xmlns=\"" + SN + "\"><stream-filter nc:operation=\"%s\"><name>mine</name>%s</stream-filter>"
        + "</filters></config></edit-config>";
    try (var client = TestClient.admin(server); var admin = TestClient.admin(server)) {
      has(admin.call(String.format(filter, "create", subtree("<name>f1</name>"))), "<ok/>");
      String id = id(client.call(establish("<stream-filter-name>mine</stream-filter-name>")));
      publish("f1");
      has(client.read(), "<name>f1</name>");
      has(admin.call(String.format(filter, "replace", subtree("<name>f2</name>"))), "<ok/>");
      has(client.read(), "<subscription-modified", "<stream-filter-name>mine</stream-filter-name>");
      publish("f1");
      publish("f2");
      has(client.read(), "<name>f2</name>");
      has(admin.call(String.format(filter, "delete", "")), "<ok/>");
      has(client.read(), "<subscription-terminated", "<id>" + id + "</id><reason>filter-unavailable</reason>");
    }
  }

  @Test
  void shouldEndAtTheStopTimeWithoutAWord() throws IOException {
    try (var client = TestClient.admin(server)) {
      String id = id(
          client.call(establish(subtree("") + "<stop-time>" + Instant.now().plusMillis(300) + "</stop-time>")));
      String gone = "<get><filter><subscriptions xmlns=\"" + SN + "\"><subscription><id>" + id
          + "</id></subscription></subscriptions></filter></get>";
      while (client.call(gone).contains("<subscription>")) {
        Thread.onSpinWait();
      }
      has(client.call(rpc("delete-subscription", "<id>" + id + "</id>")), "no-such-subscription");
    }
  }
}
