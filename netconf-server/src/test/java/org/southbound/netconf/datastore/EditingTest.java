// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.access.Nacm;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** Edits and their validation, on the trial model, without a network. */
class EditingTest {
  private Schema schema;
  private Datastores datastores;

  @BeforeEach
  void open() throws IOException {
    schema = TestServer.schema();
    datastores = new Datastores(schema, new Nacm(schema), new Nowhere(),
        new Startup(null, schema, null), InstantSource.system(), null,
        session -> true, FileStore.empty(schema));
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

  private void edit(Name target, String content) throws NetconfException {
    String text = "<config xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0' xmlns:yang='urn:ietf:params:xml:ns:yang:1'>"
        + "<trial xmlns='urn:southbound:test:trial' xmlns:t='urn:southbound:test:trial'>" + content
        + "</trial></config>";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    List<Edit> edits = DataReader.config(XmlIn.open(bytes, 0, bytes.length), schema.root());
    datastores.edit(Writer.SYSTEM, target, edits, Edit.Operation.MERGE, false, false);
  }

  private void edit(String content) throws NetconfException {
    edit(Name.RUNNING, content);
  }

  private String running() {
    var out = new XmlOut(256);
    new DataWriter(schema, out, null).children(schema.root(), datastores.running(), Schema.NETCONF, null);
    return out.toString().replace("<trial xmlns=\"urn:southbound:test:trial\">", "").replace("</trial>", "");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      <level>high</level>                                                  | operation-failed | trial:high
      <flags>b a</flags>                                                   | operation-failed | must-violation
      <word>ABC</word>                                                     | operation-failed | must-violation
      <word>123456789</word>                                               | invalid-value    |
      <kind>t:fish</kind><wings>2</wings>                                  | unknown-element  |
      <item><name>a</name><next>b</next></item>                            | data-missing     | instance-required
      <item><name>a</name><number>1</number><next>a</next></item>          | operation-failed | trial:order
      <item><name>a</name><number>10</number></item>                       | invalid-value    |
      <item><name>1</name></item><item><name>2</name></item><item><name>3</name></item><item><name>4</name></item><item><name>5</name></item> | operation-failed | too-many-elements
      <item><name>a</name><number>1</number><in><depth>1</depth></in></item><item><name>b</name><number>1</number><in><depth>1</depth></in></item> | operation-failed | data-not-unique
      <at-least><two>1</two></at-least>                                    | operation-failed | too-few-elements
      <at-least/>                                                          | operation-failed | too-few-elements
      <one-a>x</one-a><two><two-a>y</two-a></two>                          | bad-element      |
      <two/>                                                               | none             |
      <pointer>/t:trial/t:item[t:name='x']</pointer>                       | data-missing     | instance-required
      <secret>1.234</secret>                                               | invalid-value    |
      <level>middle</level>                                                | invalid-value    |
      <flags>c</flags>                                                     | invalid-value    |
      <kind>t:none</kind>                                                  | invalid-value    |
      <kind>t:stone</kind>                                                 | invalid-value    |
      <kind>t:animal</kind>                                                | invalid-value    |
      <kind>x:duck</kind>                                                  | invalid-value    |
      <allow-high>x</allow-high>                                           | invalid-value    |
      <item yang:insert='first'><name>a</name></item>                      | unknown-attribute |
      <step yang:insert='before' yang:value='z'>a</step>                   | bad-attribute    | missing-instance
      <step yang:insert='before'>a</step>                                  | missing-attribute |
      """)
  void shouldRefuse(String content, String tag, String appTag) throws NetconfException {
    if (tag.equals("none")) {
      edit(content);
      return;
    }
    NetconfException e = assertThrows(NetconfException.class, () -> edit(content));
    assertEquals(tag, e.tag().text(), e.getMessage());
    assertEquals(appTag, e.appTag(), e.getMessage());
    assertTrue(e.path().startsWith("/trial:trial/trial:"), e.path());
    assertEquals("", running());
  }

  @Test
  void shouldNameEntryAndTypeOfABadValue() {
    NetconfException e = assertThrows(NetconfException.class,
        () -> edit("<item><name>a</name><number>10</number></item>"));
    assertEquals("/trial:trial/trial:item[trial:name='a']/trial:number", e.path());
    assertEquals("'10' is not a valid uint8 for number. The value is out of range.", e.getMessage());
    e = assertThrows(NetconfException.class, () -> edit("<item><name>a</name><none/></item>"));
    assertEquals("/trial:trial/trial:item[trial:name='a']", e.path());
  }

  @Test
  void shouldForgetTheEditsWhenRunningIsCopiedToTheCandidate() throws NetconfException {
    edit("<word>a</word>");
    edit(Name.CANDIDATE, "<word>b</word>");
    datastores.replace(Writer.SYSTEM, Name.CANDIDATE, datastores.running());
    edit("<word>c</word>");
    datastores.commit(Writer.SYSTEM);
    assertEquals("<word>c</word>", running());
  }

  @Test
  void shouldKeepStateDataInTheOrderGiven() {
    var trace = schema.rpc("urn:southbound:yang:southbound-chain", "trace-chain").output();
    var made = new TreeBuilder(trace);
    for (int i = 9; i >= 0; i--) {
      int position = i;
      made.entry("hop", hop -> hop.leaf("direction", "forward").leaf("position", position));
    }
    var out = new XmlOut(256);
    new DataWriter(schema, out, null).children(trace, made.build(), "urn:southbound:yang:southbound-chain", null);
    assertEquals("9876543210", out.toString().replaceAll("\\D", ""));
  }

  @Test
  void shouldAcceptWhatTheModelAllows() throws NetconfException {
    edit("<level>high</level><allow-high/><flags>a</flags><word>a$b</word><wings>2</wings><feathers>9</feathers>"
        + "<item><name>a</name><number>1</number><next>b</next></item><item><name>b</name><number>2</number></item>"
        + "<pointer>/t:trial/t:item[t:name='a']/t:number</pointer><secret>1.50</secret>");
    String text = running();
    assertTrue(text.startsWith("<level>high</level><allow-high/><flags>a</flags><word>a$b</word><wings>2</wings>"),
        text);
    assertTrue(text.contains("/t:trial/t:item[t:name='a']/t:number</pointer><secret>1.5</secret>"), text);
  }

  @Test
  void shouldLetEntriesWithoutALeafOutOfUnique() throws NetconfException {
    edit("<item><name>a</name><number>1</number></item><item><name>b</name><number>1</number></item>");
  }

  @Test
  void shouldNoticeTooFewAfterADelete() throws NetconfException {
    edit("<at-least><two>1</two><two>2</two></at-least>");
    NetconfException e = assertThrows(NetconfException.class,
        () -> edit("<at-least><two nc:operation='delete'>1</two></at-least>"));
    assertEquals("too-few-elements", e.appTag());
    edit("<at-least nc:operation='delete'/>");
    assertEquals("", running());
  }

  @Test
  void shouldDeleteWhatAWhenNoLongerAllows() throws NetconfException {
    edit("<wings>2</wings><feathers>9</feathers>");
    edit("<kind>t:fish</kind>");
    assertFalse(running().contains("wings") || running().contains("feathers"), running());
    edit("<kind>t:bird</kind>");
    NetconfException e = assertThrows(NetconfException.class, () -> edit("<feathers>1</feathers>"));
    assertSame(ErrorTag.UNKNOWN_ELEMENT, e.tag());
  }

  @Test
  void shouldSwitchCases() throws NetconfException {
    edit("<one-a>x</one-a><one-b>y</one-b>");
    edit("<two><two-a>z</two-a></two>");
    assertEquals("<two><two-a>z</two-a></two>", running());
    edit("<one-b>y</one-b>");
    assertEquals("<one-b>y</one-b>", running());
    edit("<one-b nc:operation='delete'/>");
    assertEquals("", running());
  }

  @Test
  void shouldOrderAsTheUserSays() throws NetconfException {
    edit("<step>b</step><step>d</step>");
    edit(
        "<step yang:insert='first'>a</step><step yang:insert='before' yang:value='d'>c</step><step yang:insert='last'>e</step>");
    assertEquals("<step>a</step><step>b</step><step>c</step><step>d</step><step>e</step>", running());
    edit("<step yang:insert='after' yang:value='e'>a</step><step nc:operation='delete'>c</step>");
    assertEquals("<step>b</step><step>d</step><step>e</step><step>a</step>", running());
  }

  @Test
  void shouldChangeNothingWhenOneOfManyEditsFails() throws NetconfException {
    edit("<word>a</word>");
    ContainerNode before = datastores.running();
    assertThrows(NetconfException.class, () -> edit("<word>b</word><level nc:operation='delete'/>"));
    assertSame(before, datastores.running());
  }

  @Test
  void shouldCheckTheCandidateAtCommitOnly() throws NetconfException {
    edit(Name.CANDIDATE, "<level>high</level>");
    NetconfException e = assertThrows(NetconfException.class, () -> datastores.commit(Writer.SYSTEM));
    assertEquals("trial:high", e.appTag());
    assertEquals("High needs allow-high.", e.getMessage());
    edit(Name.CANDIDATE, "<allow-high/>");
    datastores.commit(Writer.SYSTEM);
    assertEquals("<level>high</level><allow-high/>", running());
  }
}
