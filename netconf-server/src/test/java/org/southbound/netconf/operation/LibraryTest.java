// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.schema.Module;

/** What the server says of itself: yang-library (RFC 8525), netconf-state and get-schema (RFC 6022). */
final class LibraryTest {
  private static final String MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";
  private static final String LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library";

  @TempDir
  private static Path home;
  private static NetconfServer server;
  private static TestClient client;

  @BeforeAll
  static void start() throws IOException {
    Files.writeString(home.resolve("yang-library-id"), "another\n");
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    server.start();
    client = TestClient.admin(server);
  }

  @AfterAll
  static void stop() throws IOException {
    client.close();
    server.close();
  }

  private static String get(String filter) throws IOException {
    return client.call("<get><filter>" + filter + "</filter></get>");
  }

  private static String state(String below) throws IOException {
    return get("<netconf-state xmlns=\"" + MONITORING + "\">" + below + "</netconf-state>");
  }

  private static String schema(String parameters) throws IOException {
    return client.call("<get-schema xmlns=\"" + MONITORING + "\">" + parameters + "</get-schema>");
  }

  private static void contains(String text, String... parts) {
    for (String each : parts) {
      assertTrue(text.contains(each), () -> each + " in " + text);
    }
  }

  private static String unescaped(String xml) {
    return xml.replace("&lt;", "<").replace("&gt;", ">").replace("&#13;", "\r").replace("&amp;", "&");
  }

  @Test
  void shouldDescribeLibrary() throws IOException {
    String reply = get("<yang-library xmlns=\"" + LIBRARY + "\"/>");
    contains(reply,
        "<submodule><name>example-library-part</name><revision>2026-01-02</revision></submodule>",
        "<feature>shelf</feature><deviation>example-deviations</deviation></module>",
        "<import-only-module><name>ietf-inet-types</name><revision>2013-07-15</revision>",
        "<schema><name>all</name><module-set>all</module-set></schema>");
    for (String each : new String[]{"running", "candidate", "intended", "operational"}) {
      assertTrue(
          Pattern.compile("<datastore><name xmlns:(\\S+)=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">\\1:" + each
              + "</name><schema>all</schema></datastore>").matcher(reply).find(),
          each + " in " + reply);
    }
    Matcher id = Pattern.compile("<content-id>(\\w+)</content-id>").matcher(reply);
    assertTrue(id.find(), reply);
    contains(client.hello, "urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&amp;content-id="
        + id.group(1) + "</capability>");
    assertEquals(id.group(1), Files.readString(home.resolve("yang-library-id")).strip());
    contains(get("<modules-state xmlns=\"" + LIBRARY + "\"/>"),
        "<module-set-id>" + id.group(1) + "</module-set-id>",
        "<deviation><name>example-deviations</name><revision>2026-01-01</revision></deviation>"
            + "<conformance-type>implement</conformance-type><submodule><name>example-library-part</name>");
  }

  @Test
  void shouldNotifyOfLibraryThatChanged() throws IOException {
    try (var listener = TestClient.admin(server)) {
      contains(listener.call("<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">"
          + "<startTime>2020-01-01T00:00:00Z</startTime></create-subscription>"), "<ok/>");
      contains(listener.read(), "<yang-library-update xmlns=\"" + LIBRARY + "\"><content-id>"
          + YangLibrary.contentId(server.schema()) + "</content-id>");
    }
  }

  @Test
  void shouldServeEverySchemaThatIsListed() throws IOException {
    Matcher listed = Pattern.compile("<identifier>([^<]+)</identifier><version(?:/>|>([^<]*)</version>)"
        + "<format>yang</format><namespace>[^<]+</namespace><location>NETCONF</location>")
        .matcher(state("<schemas/>"));
    int count = 0;
    while (listed.find()) {
      count++;
      String text = unescaped(schema("<identifier>" + listed.group(1) + "</identifier><version>"
          + Objects.requireNonNullElse(listed.group(2), "") + "</version><format>yang</format>"));
      assertTrue(Pattern.compile("<data xmlns=\"" + MONITORING + "\">[^<]*\\b(sub)?module\\s+\"?" + listed.group(1))
          .matcher(text).find(), text);
    }
    assertEquals(server.schema().modules().size(), count);
    contains(schema("<identifier>example-library-part</identifier>"), "belongs-to example-library");
    contains(schema("<identifier>bench</identifier><format xmlns:m=\"" + MONITORING + "\">m:yang</format>"),
        "module bench");
  }

  @Test
  void shouldRefuseUnknownSchema() throws IOException {
    for (String[] bad : new String[][]{{"", "missing-element", "identifier"},
        {"<identifier>nowhere</identifier>", "invalid-value", "identifier"},
        {"<identifier>bench</identifier><version>2001-01-01</version>", "invalid-value", "version"},
        {"<identifier>bench</identifier><format>yin</format>", "invalid-value", "format"},
        {"<identifier>bench</identifier><format>x:yang</format>", "invalid-value", "format"},
        {"<identifier>bench</identifier><colour>red</colour>", "unknown-element", "colour"}}) {
      contains(schema(bad[0]), "<error-tag>" + bad[1] + "</error-tag>", "<bad-element>" + bad[2] + "</bad-element>");
    }
  }

  @Test
  void shouldShowCapabilitiesLocksAndSessions() throws IOException {
    String capabilities = state("<capabilities/>");
    Matcher said = Pattern.compile("<capability>([^<]+)</capability>").matcher(client.hello);
    while (said.find()) {
      contains(capabilities, said.group());
    }
    contains(capabilities, "module=ietf-netconf&amp;revision=2011-06-01&amp;features=writable-running,candidate");
    contains(client.call("<lock><target><running/></target></lock>"), "<ok/>");
    assertTrue(Pattern.compile("<datastore><name>running</name><locks><global-lock><locked-by-session>\\d+"
        + "</locked-by-session><locked-time>[^<]+Z</locked-time></global-lock></locks></datastore>")
        .matcher(state("<datastores/>")).find());
    contains(client.call("<unlock><target><running/></target></unlock>"), "<ok/>");
    contains(state("<datastores/>"), "<datastore><name>running</name></datastore>");
    contains(state("<sessions/>"), "<transport>netconf-ssh</transport><username>admin</username>");
  }

  private static long count(String counter) throws IOException {
    String reply = state("<statistics><" + counter + "/></statistics>");
    Matcher match = Pattern.compile("<" + counter + ">(\\d+)<").matcher(reply);
    assertTrue(match.find(), reply);
    return Long.parseLong(match.group(1));
  }

  @Test
  void shouldCountTruly() throws IOException {
    long rpcs = count("in-rpcs");
    long bad = count("in-bad-rpcs");
    long errors = count("out-rpc-errors");
    long sessions = count("in-sessions");
    try (var other = TestClient.admin(server)) {
      other.call("<get-config><source><running/></source></get-config>");
      other.call("<get-config/>");
      other.send("<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><get/></rpc>");
      other.read();
      other.call("<close-session/>");
    }
    assertEquals(sessions + 1, count("in-sessions"));
    assertEquals(bad + 1, count("in-bad-rpcs"));
    assertEquals(errors + 2, count("out-rpc-errors"));
    assertEquals(rpcs + 3 + 7, count("in-rpcs")); // of the other session, and the seven counts before this one
  }

  @Test
  void shouldSatisfyYanglint(@TempDir Path folder) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("yanglint", "-t", "get", "-p", folder.toString()));
    var implemented = new ArrayList<Path>();
    for (Module each : server.schema().modules()) {
      Path file = Files.writeString(folder.resolve(each.id() + ".yang"), each.source());
      if (!each.submodule() && !each.imported()) {
        implemented.add(file);
      }
    }
    implemented.forEach(each -> command.add(each.toString()));
    String get = client.call("<get/>");
    String operational = client
        .call("<get-data xmlns=\"" + Datastore.NMDA + "\" xmlns:ds=\"" + Datastore.NAMESPACE
            + "\"><datastore>ds:operational</datastore><with-origin/></get-data>");
    for (String reply : new String[]{get, operational}) {
      int open = reply.indexOf("<data");
      int from = reply.indexOf('>', open) + 1;
      String data = reply.substring(from, reply.indexOf("</data>"));
      if (reply.substring(open, from).contains("xmlns:or")) { // the prefix is declared around the data
        data = data.replaceAll(" or:origin=", " xmlns:or=\"urn:ietf:params:xml:ns:yang:ietf-origin\" or:origin=");
      }
      Path file = Files.writeString(folder.resolve("data.xml"), data);
      var whole = new ArrayList<>(command);
      whole.add(file.toString());
      Process process = new ProcessBuilder(whole).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), said);
      assertFalse(said.contains("libyang err"), said);
    }
  }
}
