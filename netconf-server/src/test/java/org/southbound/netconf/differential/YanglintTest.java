// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** The same documents for us and for yanglint: verdicts must be the same. Documents are left in target/differential. */
class YanglintTest {
  private static final int DOCUMENTS = 60;
  /** For each RPC's input or output, action or notification. */
  private static final int MESSAGES = 40;
  /** How often a document is made anew that was there before, on average. */
  private static final int PATIENCE = 4;
  private static final long SEED = 7950;
  private static final int TRIES = 300;
  /** Of so many documents the first is valid and the others are that one changed. */
  private static final int FAMILY = 6;
  private static final String NO_DATA = "<data xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"/>";
  private static final int SHOWN = 3;
  private static final int MIN_UNITS = 60;
  private static final int MIN_DOCUMENTS = 3_000;

  /**
   * Where yanglint errs.
   *
   * @param words expression for a part of the reason of whoever refuses
   * @param sentence of RFC 7950, which proves it
   */
  private record YanglintErrs(String words, String sentence) {
  }

  /** What no client may see. */
  private static final Pattern INTERNALS = Pattern
      .compile("Exception|java\\.|opendaylight|Identifier|QName|\\bnull\\b|@[0-9a-f]{6}");
  private static final String NOTE = "7.6.1: Note that if the leaf or any of its ancestors has a \"when\" condition or"
      + " \"if-feature\" expression that evaluates to \"false\", then the default value is not in use.";
  private static final String LIBRARY = "6.4.1: The function library is the core function library defined in [XPATH] and"
      + " the functions defined in Section 10.";
  private static final List<YanglintErrs> EXCEPTIONS = List.of(
      // An empty container beside another of that name is nothing to yanglint, and of an output's leaves it takes several.
      new YanglintErrs("is given twice\\. .*[^\\]]$",
          "3: leaf: A data node that exists in at most one instance in the data tree. (container: likewise)"),
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
      new YanglintErrs("count\\(ancestor-or-self::\\*\\) = 3",
          "6.4: The data model used in the XPath expressions is the same as that used in XPath 1.0"),
      // string-length() counts characters by section 4.2 of XPath, octets by yanglint.
      new YanglintErrs("string-length\\(\\.\\./s\\) > 2|string-length\\(\\.\\) > 1 /groupings:", LIBRARY),
      // By section 4.4 of XPath number() of nothing is NaN and ceiling(-0.01) is 0; by yanglint they are 0 and 1.
      new YanglintErrs("number\\(\\.\\./d/none\\)|((ceiling|round)\\(\\.\\./d\\)|= \\.\\./number \\* 2"
          + "|-\\(\\.\\./a\\) = number\\(\\.\\)|\\.\\./a - 3 > \\.|div \\.\\./b = \\.) /"
          + "|= ceiling\\(\\.\\./d\\)\" not", LIBRARY));

  /**
   * A document with our verdict.
   *
   * @param command what has yanglint read it
   * @param refusal why we refuse it, or null
   */
  private record Case(String file, String command, String text, String refusal) {
  }

  private final List<String> report = new ArrayList<>();
  private final Set<String> used = new HashSet<>();
  private long seed = SEED;
  private int documents;
  private int valid;
  private int crashed;

  @Test
  void shouldAgreeWithYanglint() throws IOException, InterruptedException {
    compare();
    assertEquals(EXCEPTIONS.size(), used.size(), () -> "exceptions that are none: only " + used);
    assertTrue(documents >= MIN_DOCUMENTS && Unit.names().size() >= MIN_UNITS, report::getLast);
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void shouldAgreeOnOtherDocuments(long other) throws IOException, InterruptedException {
    seed = other;
    compare();
  }

  private void compare() throws IOException, InterruptedException {
    assumeTrue(Yanglint.present(), "yanglint is not installed (Debian: libyang-tools)");
    List<Schema.Source> standard = Schema.resources(YanglintTest.class.getClassLoader(), "META-INF/yang");
    List<String> names = Unit.names();
    for (String name : names) {
      compare(Unit.load(name, standard));
    }
    report.add(documents + " documents of " + names.size() + " units, " + valid + " valid, " + crashed
        + " without a verdict because yanglint crashed");
    Files.writeString(Path.of("target/differential/report"), String.join("\n", report) + "\n");
    assertEquals(1, report.size(), () -> String.join("\n", report));
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
    var cases = new ArrayList<Case>();
    if (unit.schema().root().children().length > 0) {
      cases.addAll(data(unit, unit.hasState(unit.schema().root())));
    }
    cases.addAll(operations(unit, folder));
    var judged = new LinkedHashMap<String, String>();
    for (Case each : cases) {
      Files.writeString(folder.resolve(each.file), each.text);
      judged.put(each.file, each.command + " " + each.file);
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

  private boolean excepted(String reason) {
    for (YanglintErrs each : EXCEPTIONS) {
      if (Pattern.compile(each.words).matcher(reason).find()) {
        used.add(each.words);
        return true;
      }
    }
    return false;
  }

  private List<Case> data(Unit unit, boolean state) {
    var random = new Random(seed);
    var generator = new Generator(unit, random, state);
    var mutator = new Mutator(unit, random, generator);
    String command = state ? "data -e -t data" : "data -t config";
    var cases = new ArrayList<Case>();
    var known = new HashSet<String>();
    Xml base = null;
    for (int i = 0; i < DOCUMENTS * PATIENCE && cases.size() < DOCUMENTS; i++) {
      boolean fresh = base == null || i % FAMILY == 0;
      Xml document = fresh ? valid(unit, generator, state) : mutator.bend(base);
      base = fresh ? document : base;
      String text = document.content(unit.prefixes());
      if (!text.isEmpty() && known.add(text)) {
        cases.add(new Case("d" + cases.size() + ".xml", command, text, refusal(unit, state, text)));
      }
    }
    return cases;
  }

  /** The first valid document of many, or the last. What is wrong is taken out before a new one is tried. */
  static Xml valid(Unit unit, Generator generator, boolean state) {
    Xml document = generator.document();
    for (int i = 0; i < TRIES; i++) {
      String text = document.content(unit.prefixes());
      String refusal = text.isEmpty() ? "" : refusal(unit, state, text);
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

  /** Why we refuse it, or null. */
  private static String refusal(Unit unit, boolean state, String text) {
    return refusal(() -> state ? Judge.operational(unit, text) : Judge.config(unit, text));
  }

  private interface Reading {
    ContainerNode read() throws NetconfException;
  }

  private static String refusal(Reading reading) {
    try {
      return reading.read() == null ? "nothing" : null;
    } catch (NetconfException e) {
      assertFalse(INTERNALS.matcher(e.getMessage()).find(), e::getMessage);
      return e.tag().text() + ": " + e.getMessage() + " " + e.path();
    }
  }

  /** Documents for the RPCs, actions and notifications of a unit, each against one datastore. */
  private List<Case> operations(Unit unit, Path folder) throws IOException {
    var random = new Random(seed);
    var generator = new Generator(unit, random, false);
    var cases = new ArrayList<Case>();
    for (YangNode operation : unit.operations()) {
      var kinds = new ArrayList<>(List.of(operation));
      if (operation.output() != null) {
        kinds.add(operation.output());
      }
      for (YangNode kind : kinds) {
        String name = operation.localName() + "-" + kind.kind.name().toLowerCase(Locale.ROOT);
        Xml datastore = datastore(unit, generator, operation);
        String store = datastore.content(unit.prefixes());
        Files.writeString(folder.resolve(name + "-store.xml"), store.isEmpty() ? NO_DATA : store);
        cases.addAll(operation(unit, generator, random, kind, name, datastore));
      }
    }
    return cases;
  }

  /** A valid datastore in which the node that the operation belongs to is there. */
  private static Xml datastore(Unit unit, Generator generator, YangNode operation) {
    Xml found = valid(unit, generator, false);
    for (int i = 0; i < TRIES && Generator.around(found, operation) == null; i++) {
      found = valid(unit, generator, false);
    }
    return found;
  }

  private static List<Case> operation(Unit unit, Generator generator, Random random, YangNode kind, String name,
      Xml datastore) {
    var mutator = new Mutator(unit, random, generator);
    boolean output = kind.kind == YangNode.Kind.OUTPUT;
    String type = output ? "reply" : kind.kind == YangNode.Kind.INPUT ? "rpc" : "notif";
    String command = "data -t " + type + " -O " + name + "-store.xml";
    ContainerNode tree = tree(unit, datastore);
    var cases = new ArrayList<Case>();
    var known = new HashSet<String>();
    Xml base = null;
    for (int i = 0; i < MESSAGES * PATIENCE && cases.size() < MESSAGES; i++) {
      boolean fresh = base == null || i % FAMILY == 0;
      Xml document = fresh ? generator.operation(kind, datastore) : mutator.bend(base);
      String text = wrapped(document, datastore, kind).content(unit.prefixes());
      String refusal = refusal(() -> Judge.operation(unit, tree, output, text));
      base = fresh && refusal == null ? document : base;
      if (known.add(text)) {
        cases.add(new Case(name + cases.size() + ".xml", command, text, refusal));
      }
    }
    return cases;
  }

  private static ContainerNode tree(Unit unit, Xml datastore) {
    try {
      return Judge.config(unit, datastore.content(unit.prefixes()));
    } catch (NetconfException e) {
      throw new IllegalStateException("no valid datastore for " + unit.name() + ": " + e.getMessage(), e);
    }
  }

  /** The operation with the nodes around it, as a document. */
  private static Xml wrapped(Xml operation, Xml datastore, YangNode kind) {
    Xml document = kind.parent == null ? new Xml(null) : Generator.around(datastore, kind);
    Xml innermost = document;
    while (!innermost.children.isEmpty() && !innermost.children.getLast().node.isLeaf()) {
      innermost = innermost.children.getLast();
    }
    innermost.children.add(operation);
    return document;
  }
}
