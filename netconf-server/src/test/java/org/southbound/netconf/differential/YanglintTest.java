// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;

/** The same documents for us and for yanglint: verdicts must be the same. Documents are left in target/differential. */
class YanglintTest {
  private static final int DOCUMENTS = 60;
  private static final long SEED = 7950;
  private static final int TRIES = 300;
  private static final int SHOWN = 3;
  private static final int MIN_UNITS = 60;
  private static final int MIN_DOCUMENTS = 3_000;

  /**
   * Where yanglint errs.
   *
   * @param words part of the reason of whoever refuses
   * @param sentence of RFC 7950, which proves it
   */
  private record YanglintErrs(String words, String sentence) {
  }

  private static final String NOTE = "7.6.1: Note that if the leaf or any of its ancestors has a \"when\" condition or"
      + " \"if-feature\" expression that evaluates to \"false\", then the default value is not in use.";
  private static final List<YanglintErrs> EXCEPTIONS = List.of(
      // An empty container beside another of that name is nothing to yanglint.
      new YanglintErrs("is given twice",
          "3: container: An interior data node that exists in at most one instance in the data tree."),
      // yanglint minds the order of keys among themselves, but not nodes before or between them; we mind neither.
      new YanglintErrs("Invalid position of the key",
          "7.8.5: The rest of the list's child nodes are encoded as subelements to the list element, after the keys."),
      // An identity derived from one of two bases is enough for yanglint.
      new YanglintErrs("not a valid identityref for both",
          "9.10.2: Valid values for an identityref are any identities derived from all the identityref's base"
              + " identities."),
      // Defaults under a when that depends on a default under a when come or go too late.
      new YanglintErrs("/when-defaults:top/when-defaults:tuned",
          NOTE),
      new YanglintErrs("/when-defaults:top/counted",
          NOTE),
      // The root is no element, so no * selects it.
      new YanglintErrs("count(ancestor-or-self::*) = 3", "6.4: YANG relies on XML Path Language (XPath) 1.0"),
      // number() of nothing is NaN by section 4.4 of XPath, 0 by yanglint.
      new YanglintErrs("number(../d/none)", "6.4: YANG relies on XML Path Language (XPath) 1.0"));

  private record Case(String file, String text, String refusal) {
  }

  private final List<String> report = new ArrayList<>();
  private int documents;
  private int valid;
  private int crashed;

  @Test
  void shouldAgreeWithYanglint() throws IOException, InterruptedException {
    assumeTrue(Yanglint.present(), "yanglint is not installed (Debian: libyang-tools)");
    List<Schema.Source> standard = Schema.resources(YanglintTest.class.getClassLoader(), "META-INF/yang");
    String only = System.getProperty("unit", "");
    List<String> names = Unit.names().stream().filter(each -> each.matches(only.isEmpty() ? ".*" : only)).toList();
    for (String name : names) {
      compare(Unit.load(name, standard));
    }
    report.add(documents + " documents of " + names.size() + " units, " + valid + " valid, " + crashed
        + " without a verdict because yanglint crashed");
    Files.writeString(Path.of("target/differential/report"), String.join("\n", report) + "\n");
    assertEquals(1, report.size(), () -> String.join("\n", report));
    assertTrue(!only.isEmpty() || (names.size() >= MIN_UNITS && documents >= MIN_DOCUMENTS), report::getLast);
  }

  private void compare(Unit unit) throws IOException, InterruptedException {
    Path folder = Path.of("target/differential", unit.name());
    Files.createDirectories(folder);
    var commands = new ArrayList<String>();
    commands.add("searchpath " + Unit.FOLDER);
    for (Module each : unit.modules()) {
      if (!Files.exists(Unit.FOLDER.resolve(each.name() + ".yang"))) {
        continue; // of several revisions, those that are imported are found
      }
      commands.add("add -F " + each.name() + ":" + String.join(",", each.features()) + " " + Unit.FOLDER + "/"
          + each.name() + ".yang");
    }
    List<Case> cases = configurations(unit);
    var judged = new LinkedHashMap<String, String>();
    for (Case each : cases) {
      Files.writeString(folder.resolve(each.file), each.text);
      judged.put(each.file, "data -t config " + each.file);
    }
    Map<String, String> refused = Yanglint.refused(folder, commands, judged);
    int accepted = 0;
    int differ = 0;
    for (Case each : cases) {
      String theirs = refused.get(each.file);
      if (Yanglint.CRASHED.equals(theirs)) {
        crashed++;
        continue;
      }
      accepted += each.refusal == null ? 1 : 0;
      if ((theirs == null) != (each.refusal == null) && !excepted(theirs == null ? each.refusal : theirs)) {
        differ++;
        if (differ > SHOWN) {
          continue;
        }
        report.add(folder.resolve(each.file) + ": " + (theirs == null ? "only we refuse: " + each.refusal
            : "only yanglint refuses: " + theirs));
      }
    }
    if (accepted < DOCUMENTS / 10 || cases.size() - accepted < DOCUMENTS / 10) {
      report.add(unit.name() + ": " + accepted + " of " + cases.size() + " documents are valid");
    }
    documents += cases.size();
    valid += accepted;
  }

  private static boolean excepted(String reason) {
    return EXCEPTIONS.stream().anyMatch(each -> reason.contains(each.words));
  }

  private static List<Case> configurations(Unit unit) {
    var random = new Random(SEED);
    var generator = new Generator(unit, random, false);
    var mutator = new Mutator(unit, random, generator);
    var cases = new ArrayList<Case>();
    Xml base = null;
    while (cases.size() < DOCUMENTS) {
      Xml document = base == null || cases.size() % 6 == 0 ? valid(unit, generator) : mutator.bend(base);
      base = cases.size() % 6 == 0 ? document : base;
      String text = document.content(unit.prefixes());
      if (!text.isEmpty()) {
        cases.add(new Case("c" + cases.size() + ".xml", text, refusal(unit, text)));
      } else if (base == document) {
        base = null;
      }
    }
    return cases;
  }

  /** The first valid document of many, or the last. What is wrong is taken out before a new one is tried. */
  private static Xml valid(Unit unit, Generator generator) {
    Xml document = generator.document();
    for (int i = 0; i < TRIES; i++) {
      String text = document.content(unit.prefixes());
      String refusal = text.isEmpty() ? "" : refusal(unit, text);
      if (refusal == null) {
        break;
      }
      String wrong = refusal.replaceAll("\\[[^\\]]*\\]", "").replaceAll(".*[/:]", "");
      if (i % 4 == 3 || !document.remove(wrong)) {
        document = generator.document();
      }
    }
    return document;
  }

  /** Why we refuse a configuration, or null. */
  private static String refusal(Unit unit, String text) {
    try {
      ContainerNode tree = Judge.config(unit, text);
      return tree == null ? "nothing" : null;
    } catch (NetconfException e) {
      return e.tag().text() + ": " + e.getMessage() + " " + e.path();
    }
  }
}
