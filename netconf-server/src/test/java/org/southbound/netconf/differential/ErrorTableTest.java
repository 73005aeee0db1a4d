// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.XsdPattern;

/** What a refusal says (RFC 7950 sections 8.3 and 15), and that the test modules hold every statement of YANG 1.1. */
class ErrorTableTest {
  private static final Map<String, Unit> UNITS = new HashMap<>();
  /** Of RFC 7950's appendix, without those of a submodule or YIN that the modules' tests need not say again. */
  private static final List<String> STATEMENTS = List.of("action", "anydata", "anyxml", "argument", "augment", "base",
      "belongs-to", "bit", "case", "choice", "config", "contact", "container", "default", "description", "deviate add",
      "deviate delete", "deviate not-supported", "deviate replace", "deviation", "enum", "error-app-tag",
      "error-message", "extension", "feature", "fraction-digits", "grouping", "identity", "if-feature", "import",
      "include", "input", "key", "leaf", "leaf-list", "length", "list", "mandatory", "max-elements", "min-elements",
      "modifier", "module", "must", "namespace", "notification", "ordered-by", "organization", "output", "path",
      "pattern", "position", "prefix", "presence", "range", "reference", "refine", "require-instance", "revision",
      "revision-date", "rpc", "status", "submodule", "type", "typedef", "unique", "units", "uses", "value", "when",
      "yang-version", "yin-element");

  private static synchronized Unit unit(String name) throws IOException {
    Unit known = UNITS.get(name);
    if (known == null) {
      known = Unit.load(name, Schema.resources(ErrorTableTest.class.getClassLoader(), "META-INF/yang"));
      UNITS.put(name, known);
    }
    return known;
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      uniques     | <plain><k>1</k><a>2</a></plain><plain><k>2</k><a>2</a></plain> | operation-failed | data-not-unique | /T/uniques:plain[uniques:k='2']
      counts      | <at-least><k>1</k></at-least><at-least><k>2</k></at-least><exactly>1</exactly><exactly>2</exactly><exactly>3</exactly> | operation-failed | too-many-elements | /T/counts:exactly
      counts      | <at-least><k>1</k></at-least><exactly>1</exactly><exactly>2</exactly> | operation-failed | too-few-elements | /T/counts:at-least
      musts       | <a>3</a>                            | operation-failed | must-violation    | /T/musts:a
      booleans    | <on>true</on><here/><there/>        | operation-failed | both              | /T/booleans:there
      leafrefs    | <default-interface>x</default-interface> | data-missing | instance-required | /T/leafrefs:default-interface
      large-unions | <w>x1z</w>                         | data-missing     | instance-required | /T/large-unions:w
      choice-mandatory | <on/>                          | data-missing     | missing-choice    | /T
      mandatories | <inner><deep>x</deep></inner>       | data-missing     |                   | /T/mandatories:must-be
      whens       | <mode>b</mode><la>x</la>            | unknown-element  |                   | /T/whens:la
      whens       | <mode>b</mode><ca/>                 | unknown-element  |                   | /T/whens:ca
      choices     | <pipe>x</pipe><udp-port>1</udp-port> | bad-element     |                   | /T/choices:udp-port
      lengths     | <tight>ab</tight>                   | invalid-value    | short             | /T/lengths:tight
      strings     | <lower>AB</lower>                   | invalid-value    | case              | /T/strings:lower
      keys        | <one><name>a</name><value>x</value></one> | invalid-value |                | /T/keys:one[keys:name='a']/keys:value
      keys        | <one><value>1</value></one>         | missing-element  |                   | /T/keys:one
      keys        | <one><name>a</name></one><one><name>a</name></one> | bad-element |          | /T/keys:one[keys:name='a']
      top-level   | <nothing/>                          | unknown-element  |                   |
      """)
  void shouldSayWhatIsWrongAndWhere(String name, String content, String tag, String appTag, String path)
      throws IOException {
    Unit unit = unit(name);
    String top = name.equals("top-level") ? "d" : name.equals("booleans") ? "flags"
        : name.equals("leafrefs") ? "net" : name.equals("strings") ? "texts" : "top";
    String text = "<" + top + " xmlns='urn:d:" + name + "'>" + content + "</" + top + ">";
    NetconfException e = assertThrows(NetconfException.class, () -> Judge.config(unit, text));
    assertEquals(tag, e.tag().text(), e.getMessage());
    assertEquals(appTag, e.appTag(), e.getMessage());
    if (path != null) {
      assertEquals(path.replaceFirst("^/T", "/" + name + ":" + top), e.path(), e.getMessage());
    }
  }

  @Test
  void shouldCoverEveryStatement() throws IOException {
    var all = new StringBuilder();
    Schema.directory(Unit.FOLDER).forEach(each -> all.append(each.text()));
    for (String each : STATEMENTS) {
      assertTrue(Pattern.compile("(?m)(^|[\\s{;])" + each + "[\\s;{]").matcher(all).find(), each);
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      ^a$              | ^a$  | a
      [\\i-[:]][\\c-[:]]* | a-1 | a:b
      [a-z-[aeiou]]+   | xyz  | xay
      \\p{IsBasicLatin}+ | abc | é
      \\d             | ٣    | a
      \\w+            | a1   | a_
      [a&&b]+          | a&b  | c
      [a[]+            | a[   | b
      """)
  void shouldReadPatternsAsXmlSchemaHasThem(String pattern, String matching, String other) {
    assertTrue(XsdPattern.compile(pattern).matcher(matching).matches(), matching);
    assertEquals(false, XsdPattern.compile(pattern).matcher(other).matches(), other);
  }
}
