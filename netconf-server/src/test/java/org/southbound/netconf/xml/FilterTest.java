// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;

/** Subtree filters (RFC 6241 section 6, its examples replayed) and XPath filters (section 8.9). */
final class FilterTest {
  private static final String USERS = "http://example.com/schema/1.2/config";
  private static final String BENCH = "urn:ncload:bench";
  private static final int ENTRIES = 10_000;

  @TempDir
  private static Path home;
  private static NetconfServer server;
  private static TestClient client;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    server.start();
    client = TestClient.admin(server);
    var entries = new StringBuilder();
    for (int i = 0; i < ENTRIES; i++) {
      entries.append("<entry><name>e").append(i).append("</name><value>").append(i).append("</value></entry>");
    }
    String reply = client.call("<edit-config><target><running/></target><config>" + "<top xmlns=\"" + USERS
        + "\"><users>" + user("root", "superuser", "Charlie Root", 1, 1)
        + user("fred", "admin", "Fred Flintstone", 2, 2)
        + user("barney", "admin", "Barney Rubble", 2, 3) + "</users></top><bench xmlns=\"" + BENCH + "\">" + entries
        + "</bench><nf xmlns=\"urn:southbound:yang:southbound-nf\"><management><snmp><address>127.0.0.1</address>"
        + "<community>hidden</community></snmp></management></nf></config></edit-config>");
    assertTrue(reply.contains("<ok/>"), reply);
  }

  @AfterAll
  static void stop() throws IOException {
    client.close();
    server.close();
  }

  private static String user(String name, String type, String full, int dept, int id) {
    return "<user><name>" + name + "</name><type>" + type + "</type><full-name>" + full
        + "</full-name><group>g" + dept + "</group><group>all</group>" + info(dept, id) + "</user>";
  }

  private static String info(int dept, int id) {
    return "<company-info><dept>" + dept + "</dept><id>" + id + "</id></company-info>";
  }

  private static String data(String reply) {
    int from = reply.indexOf("<data>");
    assertTrue(from > 0, reply);
    return reply.substring(from + 6, reply.indexOf("</data>"));
  }

  private static String subtree(String filter) throws IOException {
    return data(client.call("<get-config><source><running/></source><filter type=\"subtree\">" + filter
        + "</filter></get-config>"));
  }

  private static String users(String filter) throws IOException {
    String found = subtree("<top xmlns=\"" + USERS + "\"><users>" + filter + "</users></top>");
    String open = "<top xmlns=\"" + USERS + "\"><users>";
    return found.isEmpty() ? "" : found.substring(open.length(), found.length() - "</users></top>".length());
  }

  private static String ask(TestClient who, String operation, String select) throws IOException {
    return who.call("<" + operation + ">" + (operation.equals("get-config") ? "<source><running/></source>" : "")
        + "<filter type=\"xpath\" xmlns:u=\"" + USERS + "\" xmlns:b=\"" + BENCH
        + "\" xmlns:nf=\"urn:southbound:yang:southbound-nf\" xmlns:m=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\""
        + " select=\"" + select.replace("<", "&lt;").replace("\"", "&quot;") + "\"/></" + operation + ">");
  }

  private static String xpath(String select) throws IOException {
    return data(ask(client, "get-config", select)).replace(" xmlns=\"" + USERS + "\"", "")
        .replace(" xmlns=\"" + BENCH + "\"", "");
  }

  private static String all() {
    return user("root", "superuser", "Charlie Root", 1, 1) + user("fred", "admin", "Fred Flintstone", 2, 2)
        + user("barney", "admin", "Barney Rubble", 2, 3);
  }

  @Test
  void shouldAnswerExamples641And642() throws IOException {
    assertTrue(client.call("<get-config><source><running/></source></get-config>").contains("Barney Rubble"));
    assertEquals("", subtree(""));
    assertTrue(client.call("<get><filter type=\"subtree\"></filter></get>").contains("<data></data>"));
  }

  @Test
  void shouldSelectEntireSubtree643() throws IOException {
    assertEquals(all(), users(""));
    assertEquals(all(), users("<user/>"));
  }

  @Test
  void shouldSelectAllNames644() throws IOException {
    assertEquals("<user><name>root</name></user><user><name>fred</name></user><user><name>barney</name></user>",
        users("<user><name/></user>"));
  }

  @Test
  void shouldSelectOneEntry645() throws IOException {
    assertEquals(user("fred", "admin", "Fred Flintstone", 2, 2), users("<user><name>fred</name></user>"));
    assertEquals("", users("<user><name>wilma</name></user>"));
  }

  @Test
  void shouldSelectElementsOfOneEntry646() throws IOException {
    assertEquals("<user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name></user>",
        users("<user><name>fred</name><type/><full-name/></user>"));
  }

  @Test
  void shouldSelectSeveralSubtrees647() throws IOException {
    assertEquals(
        "<user><name>root</name>" + info(1, 1)
            + "</user><user><name>fred</name><company-info><id>2</id></company-info></user>",
        users("<user><name>root</name><company-info/></user><user><name>fred</name><company-info><id/></company-info>"
            + "</user><user><name>barney</name><type>superuser</type><company-info><dept/></company-info></user>"));
  }

  @Test
  void shouldSelectNothingByAttributes648() throws IOException {
    assertEquals("", users("<user u:name=\"fred\" xmlns:u=\"" + USERS + "\"/>"));
  }

  @Test
  void shouldMatchContentOfAnyNode() throws IOException {
    assertEquals("<user><name>fred</name>" + info(2, 2) + "</user>",
        users("<user><company-info><dept>2</dept><id> 2 </id></company-info></user>"));
    assertEquals("<user><name>fred</name><type>admin</type></user><user><name>barney</name><type>admin</type></user>",
        users("<user><type>admin</type><name/></user>"));
    assertEquals("<user><name>root</name><full-name>Charlie Root</full-name><group>g1</group></user>",
        users("<user><group>g1</group><full-name/></user>"));
    assertEquals("", users("<user><group>g1</group><group>g2</group></user>"));
    assertEquals("", users("<user><name>fred</name><name>barney</name></user>"));
    assertEquals(user("root", "superuser", "Charlie Root", 1, 1),
        users("<user><company-info><dept>1</dept></company-info></user><user><name>root</name></user>"));
  }

  @Test
  void shouldTakeElementsWithoutNamespaceForAny() throws IOException {
    assertEquals("<top xmlns=\"" + USERS + "\"><users><user><name>fred</name><type>admin</type></user></users></top>",
        subtree("<top xmlns=\"\"><users><user><name>fred</name><type/></user></users></top>"));
    assertEquals("", subtree("<top><users/></top>")); // of NETCONF's own namespace
  }

  @Test
  void shouldFilterStateData() throws IOException {
    String reply = client
        .call("<get><filter><netconf-state xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">"
            + "<schemas><schema><identifier>bench</identifier><version/></schema></schemas></netconf-state></filter></get>");
    assertTrue(reply.contains("<schemas><schema><identifier>bench</identifier><version>2026-01-01</version>"
        + "<format>yang<"), reply);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
      /u:top/u:users/u:user[u:name='fred']/u:type              | <top><users><user><name>fred</name><type>admin</type></user></users></top>
      /u:top/u:users/u:user['fred'=name]/u:name                | <top><users><user><name>fred</name></user></users></top>
      top/users/user[name='fred']/company-info/id              | <top><users><user><name>fred</name><company-info><id>2</id></company-info></user></users></top>
      //u:user[u:company-info/u:id > 2]/u:full-name            | <top><users><user><name>barney</name><full-name>Barney Rubble</full-name></user></users></top>
      //company-info[dept=1]                                   | <top><users><user><name>root</name><company-info><dept>1</dept><id>1</id></company-info></user></users></top>
      //u:user[2]/u:type UNION //u:user[1]/u:type                  | <top><users><user><name>root</name><type>superuser</type></user><user><name>fred</name><type>admin</type></user></users></top>
      //u:user[u:name='fred']/u:type UNION //u:user[u:name='fred'] | <top><users><user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name><group>g2</group><group>all</group><company-info><dept>2</dept><id>2</id></company-info></user></users></top>
      /u:top/u:users/u:user[u:name='fred']/u:group[.='all']    | <top><users><user><name>fred</name><group>all</group></user></users></top>
      /u:top/u:users/u:user[u:name='fred']/../u:user[last()]/u:name | <top><users><user><name>barney</name></user></users></top>
      /u:top/u:users/u:user[re-match(u:full-name, 'B.*')]/u:name    | <top><users><user><name>barney</name></user></users></top>
      /u:top/u:users/u:user[u:name='wilma']                    | ~~
      /u:top/u:nothing                                         | ~~
      /b:bench/b:entry[b:name='e17']/b:value                   | <bench><entry><name>e17</name><value>17</value></entry></bench>
      /b:bench/b:entry[b:value=9999]                           | <bench><entry><name>e9999</name><value>9999</value></entry></bench>
      //b:value[. = 42]                                        | <bench><entry><name>e42</name><value>42</value></entry></bench>
      """)
  void shouldSelectByXPath(String select, String expected) throws IOException {
    assertEquals(expected, xpath(select.replace("UNION", "|")));
  }

  @Test
  void shouldSelectRoot() throws IOException {
    String whole = client.call("<get-config><source><running/></source></get-config>");
    assertEquals(data(whole), data(ask(client, "get-config", "/")));
    assertEquals(data(whole), data(ask(client, "get-config", "/u:top/..")));
  }

  @Test
  void shouldReadStateByXPath() throws IOException {
    String reply = ask(client, "get", "/m:netconf-state/m:schemas/m:schema[m:identifier='bench']/m:namespace");
    assertTrue(reply.contains("<schema><identifier>bench</identifier><version>2026-01-01</version><format>yang<")
        && reply.contains("yang</format><namespace>urn:ncload:bench</namespace></schema></schemas>"), reply);
    assertTrue(ask(client, "get", "//m:netconf-start-time | //u:user[1]/u:name").contains("<name>root</name>"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
      /u:top[         | invalid-value    | near character
      /x:top          | invalid-value    | prefix x
      /u:top[x:y]     | invalid-value    | prefix x
      1 + 1           | invalid-value    | does not select data nodes
      'text'          | invalid-value    | does not select data nodes
      count(//u:user) | invalid-value    | does not select data nodes
      //u:name/text() | invalid-value    | does not select data nodes
      foo(1)          | invalid-value    | function
      //u:user[contains(u:name)] | invalid-value | function
      //u:user[re-match(u:name)] | invalid-value | function
      //u:user[count('a') > 1]   | invalid-value | wrong way
      //u:user[$x]    | invalid-value    | variable
      //*[count(//*[count(//*) > 1]) > 1] | resource-denied | takes too long
      //b:entry[b:value = //b:entry[b:value > ../b:entry/b:value]/b:value] | resource-denied | takes too long
      //u:user[re-match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '((a+)+)+b')] | resource-denied | takes too long
      """)
  void shouldRefuseBadExpression(String select, String tag, String text) throws IOException {
    String reply = ask(client, "get-config", select);
    assertTrue(reply.contains("<error-tag>" + tag + "</error-tag>") && reply.contains(text)
        && reply.contains("<bad-element>filter</bad-element>"), reply);
    assertFalse(reply.contains("jaxen"), reply);
  }

  @Test
  void shouldRefuseBadFilterElement() throws IOException {
    String reply = client.call("<get><filter type=\"xpath\"/></get>");
    assertTrue(reply.contains("missing-attribute") && reply.contains("<bad-attribute>select"), reply);
    reply = client.call("<get><filter type=\"regex\"/></get>");
    assertTrue(reply.contains("bad-attribute") && reply.contains("<bad-attribute>type"), reply);
    assertTrue(ask(client, "get", "(".repeat(8000) + ")".repeat(8000)).contains("invalid-value"));
    assertTrue(
        ask(client, "get", "/u:top[" + "not(".repeat(2500) + "1" + ")".repeat(2500) + "]").contains("<rpc-reply"));
    assertTrue(ask(client, "get", "a".repeat(20_000)).contains("longer than"));
  }

  @Test
  void shouldNotTellWhatMayNotBeRead() throws IOException {
    try (var guest = TestClient.guest(server)) {
      for (String select : new String[]{"/nf:nf/nf:management/nf:snmp/nf:community", "//nf:snmp[nf:community='hidden']",
          "//*[.='hidden']", "/u:top[//nf:community='hidden']", "/u:top[count(//nf:community) > 0]",
          "/u:top[contains(//nf:snmp, 'hidden')]"}) {
        String mine = ask(client, "get-config", select);
        String theirs = ask(guest, "get-config", select);
        assertFalse(data(mine).isEmpty(), select + mine);
        assertEquals("", data(theirs), select);
      }
      assertTrue(ask(guest, "get-config", "/u:top/u:users/u:user[u:name='fred']").contains("Flintstone"));
    }
  }

  @Test
  void shouldFindEntryByKeyWithoutWalk() throws NetconfException, IOException {
    String path = "/b:bench/b:entry[b:name='e5000']";
    for (Filter each : new Filter[]{
        XPathFilter.of(path, new Prefixes(Map.of("b", BENCH)), "filter"),
        XPathFilter.of(path + "/value | " + path + "/name", new Prefixes(Map.of("b", BENCH)), "filter"),
        read("<filter><bench xmlns=\"" + BENCH + "\"><entry><name>e5000</name></entry></bench></filter>"),
        read("<filter><bench xmlns=\"" + BENCH + "\"><entry><name>e5000</name><value/></entry><entry><name>e7</name>"
            + "<value/></entry></bench></filter>")}) {
      var looks = new AtomicInteger();
      var out = new XmlOut(64);
      var schema = server.schema();
      each.write(new DataWriter(schema, out, path0 -> looks.incrementAndGet() > 0), schema.root(),
          server.datastores().running());
      assertTrue(out.toString().contains("<value>5000</value>"), out.toString());
      assertTrue(looks.get() < 100, looks + " nodes looked at");
    }
  }

  private static SubtreeFilter read(String xml) throws NetconfException {
    byte[] bytes = xml.getBytes(StandardCharsets.UTF_8);
    return SubtreeFilter.read(XmlIn.open(bytes, 0, bytes.length));
  }

  private record Prefixes(Map<String, String> table) implements javax.xml.namespace.NamespaceContext {
    @Override
    public String getNamespaceURI(String prefix) {
      return table.get(prefix);
    }

    @Override
    public String getPrefix(String namespace) {
      return null;
    }

    @Override
    public java.util.Iterator<String> getPrefixes(String namespace) {
      return java.util.Collections.emptyIterator();
    }
  }
}
