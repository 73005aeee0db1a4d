// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.Startup;
import org.southbound.netconf.datastore.Store;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** The rules of RFC 8341 on the datastores, without a network: its examples first, then what it says in words. */
class NacmTest {
  private static final String ACME = "http://example.com/ns/acme";
  private static final String INTERFACES = "<interfaces xmlns='" + ACME + "'>%s</interfaces>";
  private static final String TWO = "<interface><name>dummy</name><mtu>1</mtu><secret>s</secret></interface>"
      + "<interface><name>eth0</name><mtu>2</mtu></interface>";

  /** RFC 8341, appendix A.1. */
  private static final String GROUPS = """
      <groups>
        <group><name>admin</name><user-name>admin</user-name><user-name>andy</user-name></group>
        <group><name>limited</name><user-name>wilma</user-name><user-name>bam-bam</user-name></group>
        <group><name>guest</name><user-name>guest</user-name><user-name>guest@example.com</user-name></group>
      </groups>
      """;

  private Schema schema;
  private Nacm nacm;
  private Datastores datastores;

  @BeforeEach
  void open() throws Exception {
    schema = TestServer.schema();
    nacm = new Nacm(schema);
    datastores = new Datastores(schema, nacm, new Nowhere(),
        new Startup(null, schema, null), InstantSource.system(), null, session -> true,
        FileStore.empty(schema));
    datastores.subscribe(nacm);
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

  private static User user(String name) {
    return new User(name, Set.of());
  }

  private List<Edit> read(String config) throws NetconfException {
    byte[] bytes = ("<config xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0' xmlns:yang='urn:ietf:params:xml:ns:yang:1'>"
        + config + "</config>").getBytes(StandardCharsets.UTF_8);
    return DataReader.config(XmlIn.open(bytes, 0, bytes.length), schema.root());
  }

  private void edit(User user, Name target, String config) throws NetconfException {
    datastores.edit(new Writer(1, user), target, read(config), Edit.Operation.MERGE, false, false);
  }

  private void edit(String user, String config) throws NetconfException {
    edit(user(user), Name.RUNNING, config);
  }

  private void given(String config) throws NetconfException {
    edit(User.SYSTEM, Name.RUNNING, config);
  }

  private void nacm(String content) throws NetconfException {
    given("<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' xmlns:acme='" + ACME + "'>" + content
        + "</nacm>");
  }

  private void rules(String group, String... rules) throws NetconfException {
    nacm(GROUPS + "<rule-list><name>" + group + "-acl</name><group>" + group + "</group>" + String.join("", rules)
        + "</rule-list>");
  }

  private static String rule(String name, String what, String operations, String action) {
    return "<rule><name>" + name + "</name>" + what + "<access-operations>" + operations
        + "</access-operations><action>"
        + action + "</action></rule>";
  }

  private String seen(String user, String top) {
    var out = new XmlOut(256);
    new DataWriter(schema, out, nacm.reads(user(user))).children(schema.root(), datastores.running(), Schema.NETCONF,
        null);
    String text = out.toString();
    int from = text.indexOf("<" + top);
    return from < 0 ? "" : text.substring(text.indexOf('>', from) + 1, Math.max(0, text.indexOf("</" + top)));
  }

  private boolean executes(String user, String module, String rpc) {
    try {
      nacm.execute(user(user), schema.rpc(schema.namespace(module), rpc));
      return true;
    } catch (NetconfException e) {
      assertEquals(ErrorTag.ACCESS_DENIED, e.tag());
      return false;
    }
  }

  private static NetconfException denied(org.junit.jupiter.api.function.Executable change) {
    NetconfException e = assertThrows(NetconfException.class, change);
    assertEquals(ErrorTag.ACCESS_DENIED, e.tag(), e.getMessage());
    return e;
  }

  private long counter(String name) {
    return new Tree(schema.node("/ietf-netconf-acm:nacm"), nacm.state()).number(name, -1);
  }

  // ---- appendix A

  /** Appendix A.2: module rules. */
  @Test
  void shouldFollowModuleRules() throws Exception {
    nacm(GROUPS + """
        <rule-list><name>guest-acl</name><group>guest</group>
          <rule><name>deny-ncm</name><module-name>ietf-netconf-monitoring</module-name>
            <access-operations>*</access-operations><action>deny</action></rule></rule-list>
        <rule-list><name>limited-acl</name><group>limited</group>
          <rule><name>permit-ncm</name><module-name>ietf-netconf-monitoring</module-name>
            <access-operations>read</access-operations><action>permit</action></rule>
          <rule><name>permit-exec</name><module-name>*</module-name>
            <access-operations>exec</access-operations><action>permit</action></rule></rule-list>
        <rule-list><name>admin-acl</name><group>admin</group>
          <rule><name>permit-all</name><module-name>*</module-name>
            <access-operations>*</access-operations><action>permit</action></rule></rule-list>
        """);
    var state = DataPath.of(null, schema.node("/ietf-netconf-monitoring:netconf-state"));
    assertFalse(nacm.reads(user("guest")).visible(state));
    assertTrue(nacm.reads(user("wilma")).visible(state));
    assertNull(nacm.reads(user("andy")), "may read all");
    assertFalse(executes("guest", "ietf-netconf-monitoring", "get-schema"));
    assertTrue(executes("wilma", "ietf-netconf-monitoring", "get-schema"));
    assertTrue(executes("wilma", "ietf-netconf", "kill-session"), "permitted by rule");
    assertTrue(executes("andy", "acme-system", "hush"));
    edit("andy", "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'><read-default>deny</read-default></nacm>");
    denied(() -> edit("wilma", String.format(INTERFACES, TWO)));
  }

  /** Appendix A.3: protocol operation rules. */
  @Test
  void shouldFollowProtocolOperationRules() throws Exception {
    nacm(GROUPS + """
        <rule-list><name>guest-limited-acl</name><group>limited</group><group>guest</group>
          <rule><name>deny-kill-session</name><module-name>ietf-netconf</module-name><rpc-name>kill-session</rpc-name>
            <access-operations>exec</access-operations><action>deny</action></rule>
          <rule><name>deny-delete-config</name><module-name>ietf-netconf</module-name><rpc-name>delete-config</rpc-name>
            <access-operations>exec</access-operations><action>deny</action></rule></rule-list>
        <rule-list><name>limited-acl</name><group>limited</group>
          <rule><name>permit-edit-config</name><module-name>ietf-netconf</module-name><rpc-name>edit-config</rpc-name>
            <access-operations>exec</access-operations><action>permit</action></rule></rule-list>
        <exec-default>deny</exec-default>
        """);
    for (String user : List.of("guest", "wilma")) {
      assertFalse(executes(user, "ietf-netconf", "kill-session"));
      assertFalse(executes(user, "ietf-netconf", "delete-config"));
    }
    assertTrue(executes("wilma", "ietf-netconf", "edit-config"));
    assertFalse(executes("guest", "ietf-netconf", "edit-config"));
    assertEquals(5, counter("denied-operations"));
  }

  /** Appendix A.4: data node rules. */
  @Test
  void shouldFollowDataNodeRules() throws Exception {
    given(String.format(INTERFACES, TWO));
    nacm(GROUPS + """
        <rule-list><name>guest-acl</name><group>guest</group>
          <rule><name>deny-nacm</name><path xmlns:n="urn:ietf:params:xml:ns:yang:ietf-netconf-acm">/n:nacm</path>
            <access-operations>*</access-operations><action>deny</action></rule>
          <rule><name>permit-acme-config</name><path>/acme:acme-netconf/acme:config-parameters</path>
            <access-operations>read create update delete</access-operations><action>permit</action></rule></rule-list>
        <rule-list><name>limited-acl</name><group>limited</group>
          <rule><name>permit-dummy-interface</name><path>/acme:interfaces/acme:interface[acme:name='dummy']</path>
            <access-operations>read update</access-operations><action>permit</action></rule></rule-list>
        <rule-list><name>admin-acl</name><group>admin</group>
          <rule><name>permit-interface</name><path>/acme:interfaces/acme:interface</path>
            <access-operations>*</access-operations><action>permit</action></rule></rule-list>
        """);
    assertEquals("", seen("guest", "nacm"));
    edit("guest", "<acme-netconf xmlns='" + ACME
        + "'><config-parameters><timeout>5</timeout></config-parameters></acme-netconf>");
    denied(() -> edit("guest", String.format(INTERFACES, "<interface><name>dummy</name><mtu>9</mtu></interface>")));
    edit("bam-bam", String.format(INTERFACES, "<interface><name>dummy</name><mtu>9</mtu></interface>"));
    NetconfException other = denied(
        () -> edit("bam-bam", String.format(INTERFACES, "<interface><name>eth0</name><mtu>9</mtu></interface>")));
    assertEquals(
        "/acme-system:interfaces/acme-system:interface[acme-system:name='eth0']/acme-system:mtu", other.path());
    denied(() -> edit("bam-bam",
        String.format(INTERFACES, "<interface nc:operation='delete'><name>dummy</name></interface>")));
    edit("andy", String.format(INTERFACES, "<interface nc:operation='delete'><name>dummy</name></interface>"
        + "<interface><name>lo</name></interface>"));
    assertEquals(3, counter("denied-data-writes"));
  }

  /** Appendix A.5: notification rules. */
  @Test
  void shouldFollowNotificationRules() throws Exception {
    nacm(GROUPS + """
        <rule-list><name>sys-acl</name><group>limited</group>
          <rule><name>deny-config-change</name><module-name>acme-system</module-name>
            <notification-name>sys-config-change</notification-name><access-operations>read</access-operations>
            <action>deny</action></rule></rule-list>
        """);
    YangNode change = schema.notification(schema.name("acme-system", "sys-config-change"));
    assertFalse(nacm.receives(user("wilma"), change));
    assertTrue(nacm.receives(user("guest"), change));
    assertFalse(nacm.receives(user("guest"), schema.notification(schema.name("acme-system", "whisper"))));
    assertEquals(2, counter("denied-notifications"));
  }

  // ---- users x operations x nodes

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      # user  | configuration that is edited                                                          | refused at
      system  | <interface><name>x</name></interface>                                                 |
      nobody  | <interface><name>x</name></interface>                                                 | interface[acme-system:name='x']
      wilma   | <interface><name>x</name></interface>                                                 | interface[acme-system:name='x']
      wilma   | <interface><name>dummy</name><mtu>9</mtu></interface>                                  |
      wilma   | <interface><name>dummy</name><mtu>1</mtu></interface>                                  |
      wilma   | <interface><name>eth0</name><mtu>2</mtu></interface>                                   |
      wilma   | <interface><name>eth0</name><mtu>9</mtu></interface>                                   | mtu
      wilma   | <interface><name>dummy</name><mtu nc:operation='delete'/></interface>                  | mtu
      wilma   | <interface nc:operation='replace'><name>dummy</name><mtu>9</mtu></interface>           | interface[acme-system:name='dummy']
      wilma   | <interface nc:operation='remove'><name>none</name></interface>                         |
      andy    | <interface nc:operation='replace'><name>dummy</name><mtu>9</mtu></interface>           |
      andy    | <interface nc:operation='delete'><name>eth0</name></interface>                         |
      guest   | <interface nc:operation='create'><name>eth1</name><mtu>3</mtu></interface>             |
      guest   | <interface nc:operation='create'><name>eth1</name><mtu>3</mtu><bridge/></interface>    | bridge
      guest   | <interface><name>dummy</name><route/></interface>                                      | route
      """)
  void shouldCheckWhatAnEditReallyChanges(String user, String config, String refused) throws Exception {
    given(String.format(INTERFACES, TWO));
    String list = "<path>/acme:interfaces/acme:interface</path>";
    nacm(GROUPS + "<rule-list><name>1</name><group>limited</group>"
        + rule("a", "<path>/acme:interfaces/acme:interface[acme:name = \"dummy\"]</path>", "update", "permit")
        + "</rule-list><rule-list><name>2</name><group>admin</group>"
        + rule("b", list, "create update delete", "permit")
        + "</rule-list><rule-list><name>3</name><group>guest</group>"
        + rule("c", "<path>/acme:interfaces/acme:interface/acme:bridge</path>", "*", "deny")
        + rule("d", list, "create", "permit") + rule("e", list, "update", "deny") + "</rule-list>");
    if (user.equals("guest") && config.contains("<route/>")) {
      rules("guest", rule("f", "<path>/acme:interfaces/acme:interface/acme:route</path>", "create", "deny"));
      nacm("<rule-list><name>guest-acl</name><rule yang:insert='first'><name>f</name></rule></rule-list>");
      nacm("<rule-list yang:insert='first'><name>guest-acl</name></rule-list>");
    }
    User who = user.equals("system") ? User.SYSTEM : user(user);
    for (Name target : List.of(Name.CANDIDATE, Name.RUNNING)) {
      if (refused == null) {
        edit(who, target, String.format(INTERFACES, config));
      } else {
        NetconfException e = denied(() -> edit(who, target, String.format(INTERFACES, config)));
        assertTrue(e.path().endsWith("/acme-system:" + refused), e.path());
      }
      datastores.discard(new Writer(1, User.SYSTEM));
    }
  }

  @Test
  void shouldLeaveOutWhatMayNotBeRead() throws Exception {
    given(String.format(INTERFACES, TWO));
    assertFalse(seen("nobody", "interfaces").contains("secret"), "default-deny-all");
    rules("limited", rule("a", "<path>/acme:interfaces/acme:interface[acme:name='eth0']</path>", "read", "deny"),
        rule("b", "<path>/acme:interfaces/acme:interface/acme:secret</path>", "read", "permit"));
    assertEquals("<interface><name>dummy</name><mtu>1</mtu><secret>s</secret></interface>",
        seen("wilma", "interfaces"));
    nacm("<read-default>deny</read-default>");
    assertEquals("", seen("wilma", "interfaces"), "what it is in may not be read");
    assertEquals("", seen("nobody", "interfaces"));
    nacm("<enable-nacm>false</enable-nacm>");
    assertNull(nacm.reads(user("nobody")));
    assertTrue(executes("nobody", "acme-system", "hush"));
    edit("nobody", String.format(INTERFACES, "<interface><name>y</name></interface>"));
  }

  @Test
  void shouldNotAskBelowWhatIsReadableThroughout() throws Exception {
    DataWriter.Visibility guest = nacm.reads(user("guest"));
    assertNotNull(guest, "ietf-netconf-acm hides itself");
    assertTrue(guest.open(schema.node("/bench:bench")));
    assertFalse(guest.open(schema.node("/acme-system:interfaces")), "there is a secret in it");
    assertTrue(guest.open(schema.node("/acme-system:interfaces/interface/mtu")));
  }

  @Test
  void shouldNotTellWhetherSomethingHiddenExists() throws Exception {
    given(String.format(INTERFACES, TWO));
    rules("limited", rule("a", "<path>/acme:interfaces/acme:interface[acme:name='eth0']</path>", "read", "deny"),
        rule("b", "<path>/acme:interfaces/acme:interface[acme:name='eth9']</path>", "read", "deny"));
    for (String name : List.of("eth0", "eth9")) {
      for (String operation : List.of("create", "delete")) {
        denied(() -> edit("wilma", String.format(INTERFACES,
            "<interface nc:operation='" + operation + "'><name>" + name + "</name></interface>")));
      }
    }
    NetconfException e = assertThrows(NetconfException.class, () -> edit("wilma", String.format(INTERFACES,
        "<interface nc:operation='create'><name>dummy</name></interface>")));
    assertEquals(ErrorTag.DATA_EXISTS, e.tag());
    e = denied(() -> edit("wilma", "<interfaces xmlns='" + ACME + "' nc:operation='delete'/>"));
    assertFalse(e.path().contains("eth0"), e.path());
  }

  @Test
  void shouldCopyWhatMayBeReadOnly() throws Exception {
    given(String.format(INTERFACES, TWO));
    ContainerNode copy = nacm.readable(user("nobody"), schema.root(), datastores.running());
    var out = new XmlOut(256);
    new DataWriter(schema, out, null).children(schema.root(), copy, Schema.NETCONF, null);
    assertTrue(out.toString().contains("eth0") && !out.toString().contains("secret"), out.toString());
    denied(() -> datastores.replace(new Writer(1, user("nobody")), Name.RUNNING, copy));
  }

  /** RFC 8341 section 3.2.7: commit asks for the differences only. */
  @Test
  void shouldCommitWhatOthersEditedByTheDifferences() throws Exception {
    given(String.format(INTERFACES, TWO));
    rules("limited", rule("a", "<path>/acme:interfaces/acme:interface/acme:mtu</path>", "update", "permit"));
    edit(User.SYSTEM, Name.CANDIDATE,
        String.format(INTERFACES, "<interface><name>dummy</name><mtu>7</mtu></interface>"));
    datastores.commit(new Writer(1, user("wilma")));
    edit(User.SYSTEM, Name.CANDIDATE, String.format(INTERFACES, "<interface><name>new</name></interface>"));
    NetconfException e = denied(() -> datastores.commit(new Writer(1, user("wilma"))));
    assertTrue(e.path().contains("'new'"), e.path());
    datastores.discard(new Writer(1, user("wilma")));
    datastores.commit(new Writer(1, user("wilma")));
  }

  /** What goes because another case is chosen, or a when becomes false, takes no right to delete it. */
  @Test
  void shouldAskForNoRightToDeleteWhatGoesByItself() throws Exception {
    given(String.format(INTERFACES, "<interface><name>a</name><route/><metric>1</metric></interface>"));
    rules("limited", rule("a", "<path>/acme:interfaces/acme:interface/acme:bridge</path>", "create", "permit"));
    edit("wilma", String.format(INTERFACES, "<interface><name>a</name><bridge/></interface>"));
    assertEquals("<interface><name>a</name><bridge/></interface>", seen("wilma", "interfaces"));
  }

  @Test
  void shouldAskForTheRightToUpdateWhatIsMoved() throws Exception {
    String turns = "<turns xmlns='" + ACME + "'>%s</turns>";
    given(String.format(turns, "<turn>a</turn><turn>b</turn><turn>c</turn>"));
    rules("limited", rule("a", "<path>/acme:turns/acme:turn[.='c']</path>", "update", "permit"));
    edit("wilma", String.format(turns, "<turn yang:insert='first'>c</turn>"));
    assertEquals("<turn>c</turn><turn>a</turn><turn>b</turn>", seen("wilma", "turns"));
    NetconfException e = denied(() -> edit("wilma", String.format(turns, "<turn yang:insert='first'>b</turn>")));
    assertTrue(e.path().endsWith("[.='b']"), e.path());
  }

  @Test
  void shouldDenyWritesThatTheModelMarks() throws Exception {
    nacm(GROUPS + "<write-default>permit</write-default>");
    String vault = "<vault xmlns='" + ACME + "'><shelf>x</shelf></vault>";
    denied(() -> edit("wilma", vault));
    edit("wilma", String.format(INTERFACES, "<interface><name>y</name></interface>"));
    denied(() -> edit("wilma", String.format(INTERFACES, "<interface><name>y</name><secret>x</secret></interface>")));
    rules("limited", rule("a", "<path>/acme:vault</path>", "create update", "permit"));
    edit("wilma", vault);
  }

  @Test
  void shouldKnowTheUserInAPath() throws Exception {
    String people = "<people xmlns='" + ACME + "'><person><name>%s</name><note>x</note></person></people>";
    rules("limited", rule("own", "<path>/acme:people/acme:person[acme:name=$USER]</path>", "*", "permit"),
        rule("others", "<path>/acme:people/acme:person</path>", "*", "deny"));
    edit("wilma", String.format(people, "wilma"));
    edit("bam-bam", String.format(people, "bam-bam"));
    denied(() -> edit("bam-bam", String.format(people, "wilma").replace("<note>x", "<note>y")));
    assertEquals("<person><name>wilma</name><note>x</note></person>", seen("wilma", "people"));
  }

  /** RFC 8341 sections 3.1.3 and 3.4.5: the right to execute an action, and to read all that it is in. */
  @Test
  void shouldAskForTheWayToAnAction() throws Exception {
    YangNode list = schema.node("/acme-system:interfaces/interface");
    YangNode reset = list.action("reset");
    var way = new DataPath(DataPath.of(null, list.parent), list,
        NodeIdentifierWithPredicates.of(list.name, list.keys()[0].name, "eth0"));
    assertDoesNotThrow(() -> nacm.execute(user("wilma"), way, reset));
    rules("limited", rule("a", "<path>/acme:interfaces/acme:interface[acme:name='eth0']/acme:reset</path>", "exec",
        "deny"), rule("b", "<path>/acme:interfaces/acme:interface/acme:flapped</path>", "read", "deny"));
    denied(() -> nacm.execute(user("wilma"), way, reset));
    assertDoesNotThrow(() -> nacm.execute(user("guest"), way, reset));
    assertFalse(nacm.receives(user("wilma"), way, list.notification("flapped")));
    assertTrue(nacm.receives(user("guest"), way, list.notification("flapped")));
    rules("guest", rule("a", "<path>/acme:interfaces</path>", "read", "deny"));
    denied(() -> nacm.execute(user("guest"), way, reset));
    assertFalse(nacm.receives(user("guest"), way, list.notification("flapped")));
  }

  @Test
  void shouldTakeGroupsOfTheTransportUnlessToldNotTo() throws Exception {
    rules("limited", rule("a", "<module-name>acme-system</module-name>", "*", "permit"));
    var external = new User("fred", Set.of("limited"));
    nacm.execute(external, schema.rpc(ACME, "hush"));
    nacm("<enable-external-groups>false</enable-external-groups>");
    denied(() -> nacm.execute(external, schema.rpc(ACME, "hush")));
    nacm("<rule-list><name>limited-acl</name><group>*</group></rule-list>");
    assertFalse(executes("nobody", "acme-system", "hush"), "a user of no group is of none of all groups");
    assertTrue(executes("guest", "acme-system", "hush"));
  }

  @Test
  void shouldNotLockOutTheRecoveryUser() throws Exception {
    nacm(GROUPS + "<read-default>deny</read-default><exec-default>deny</exec-default><rule-list><name>x</name>"
        + "<group>*</group>" + rule("none", "", "*", "deny") + "</rule-list>");
    var users = new Users();
    users.put(new Users.Account("admin", Set.of(), null, Set.of()));
    users.recovery("admin");
    User admin = users.user("admin");
    assertNull(nacm.reads(admin));
    nacm.execute(admin, schema.rpc(Schema.NETCONF, "kill-session"));
    edit(admin, Name.RUNNING, "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' nc:operation='delete'/>");
    assertTrue(executes("andy", "ietf-netconf", "get"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/acme:nothing", "/other:interfaces", "/interfaces", "acme:interfaces",
      "/acme:interfaces/acme:interface[acme:mtu='1']", "/acme:interfaces/acme:interface[1]",
      "/acme:interfaces/acme:interface[acme:name='a'", "//acme:mtu", "/acme:interfaces/*"})
  void shouldRefuseAPathThatCannotMeanAnything(String path) {
    NetconfException e = assertThrows(NetconfException.class,
        () -> rules("limited", rule("a", "<path xmlns:other='urn:ncload:bench'>" + path + "</path>", "*", "deny")));
    assertEquals(ErrorTag.INVALID_VALUE, e.tag());
    assertTrue(e.path().endsWith("ietf-netconf-acm:path"), e.path());
  }

  /** A path is shown with prefixes that stand for the same, whatever its writer called them. */
  @Test
  void shouldKeepWhatPrefixesOfAPathStandFor() throws Exception {
    rules("limited", rule("a", "<path xmlns:q='" + ACME + "'>/q:people/q:person[q:name='q:x']</path>", "*", "deny"));
    var out = new XmlOut(256);
    new DataWriter(schema, out, null).children(schema.root(), datastores.running(), Schema.NETCONF, null);
    assertTrue(out.toString().contains("<path xmlns:acme=\"" + ACME + "\">/acme:people/acme:person[acme:name='q:x']"),
        out.toString());
  }

  /** A password is hashed, which takes long, for those who may write it only. */
  @Test
  void shouldHashNoPasswordOfWhoMayNotWriteIt() throws Exception {
    String user = "<nf xmlns='urn:southbound:yang:southbound-nf'><management><user><name>eve</name><password>$0$x"
        + "</password></user></management></nf>";
    denied(() -> edit("wilma", user));
    given(user);
    edit(User.SYSTEM, Name.CANDIDATE, String.format(INTERFACES, TWO));
    given(String.format(INTERFACES, "<interface><name>z</name></interface>")); // the candidate is built anew
    for (ContainerNode each : List.of(datastores.running(), datastores.candidate())) {
      var nf = new Tree(schema.node("/southbound-nf:nf"),
          (org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode) YangNode.find(each,
              schema.node("/southbound-nf:nf")));
      String hash = nf.child("management").list("user").getFirst().text("password");
      assertTrue(PasswordHash.parse(hash).matches("x"), hash);
    }
  }
}
