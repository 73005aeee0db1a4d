// SPDX-License-Identifier: Apache-2.0
package org.southbound.yang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.model.api.EffectiveModelContext;
import org.opendaylight.yangtools.yang.model.api.Module;
import org.opendaylight.yangtools.yang.model.api.SchemaNode;
import org.opendaylight.yangtools.yang.model.spi.source.FileYangTextSource;
import org.opendaylight.yangtools.yang.parser.ri.DefaultYangParserFactory;

/** The modules parse, keep the names that clients rely on, and give every example the verdict that it is named for. */
class YangModulesTest {
  private static final Path OWN = Path.of("src/main/yang");
  private static final Path STANDARD = Path.of("target/classes/META-INF/yang");
  private static final Path EXAMPLES = Path.of("examples");

  private static final Map<String, Set<String>> RPCS = Map.of(
      "southbound-chain", Set.of("get-chaining-protocols", "service-chain", "service-chain-update", "trace-chain"),
      "southbound-state",
      Set.of("get-variants", "transfer", "replicate", "mark-last-in-transit", "preview-scope", "get-state",
          "cancel-operation",
          "stop-replication", "take-over", "resync", "drain"),
      "southbound-metrics", Set.of("query-metrics", "report-metrics", "cancel-report", "diagnose"), "southbound-types",
      Set.of(), "southbound-spec", Set.of(), "southbound-nf", Set.of("healthcheck"));

  private static final Map<String, Set<String>> NOTIFICATIONS = Map.of(
      "southbound-chain", Set.of("chain-changed"), "southbound-state",
      Set.of("operation-progress", "operation-complete", "last-in-transit-seen", "replication-changed",
          "ownership-changed"),
      "southbound-metrics", Set.of("metric-report", "bottleneck"), "southbound-nf",
      Set.of("nf-alarm", "ids-alert", "peer-changed", "resource-full"), "southbound-types", Set.of(),
      "southbound-spec", Set.of());

  /** Of the standard modules, library sources, only those that ours import become part of the model. */
  private static EffectiveModelContext parse() throws Exception {
    var parser = new DefaultYangParserFactory().createParser();
    for (Path file : modules(STANDARD)) {
      parser.addLibSource(new FileYangTextSource(file));
    }
    for (Path folder : List.of(OWN, EXAMPLES)) {
      for (Path file : modules(folder)) {
        parser.addSource(new FileYangTextSource(file));
      }
    }
    return parser.buildEffectiveModel();
  }

  private static List<Path> modules(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".yang")).toList();
    }
  }

  @Test
  @Timeout(120)
  void shouldParseAndKeepNames() throws Exception {
    var rpcs = new TreeMap<String, Set<String>>();
    var notifications = new TreeMap<String, Set<String>>();
    for (Module module : parse().getModules()) {
      if (module.getName().startsWith("southbound-")) {
        assertEquals("urn:southbound:yang:" + module.getName(), module.getNamespace().toString());
        rpcs.put(module.getName(), names(module.getRpcs()));
        notifications.put(module.getName(), names(module.getNotifications()));
      }
    }
    assertEquals(RPCS, rpcs);
    assertEquals(NOTIFICATIONS, notifications);
  }

  private static Set<String> names(Collection<? extends SchemaNode> nodes) {
    return nodes.stream().map(node -> node.getQName().getLocalName()).collect(Collectors.toCollection(TreeSet::new));
  }

  /** A bad example without its reason could be refused for a slip in it, and check nothing. */
  @Test
  void shouldSayWhyABadExampleIsRefused() throws IOException {
    try (var files = Files.newDirectoryStream(EXAMPLES, "*bad-*.xml")) {
      for (Path file : files) {
        assertTrue(Files.readString(file).startsWith("<!-- refused: "), file::toString);
      }
    }
  }

  @Test
  @Timeout(180)
  void shouldGiveEveryExampleItsVerdictAndHaveCurrentTrees(@TempDir Path temporary) throws Exception {
    assumeTrue(onPath("yanglint"), "yanglint is not installed");
    Path output = temporary.resolve("output");
    Process check = new ProcessBuilder("sh", EXAMPLES.resolve("check.sh").toString(), STANDARD.toString())
        .redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertTrue(check.waitFor(150, TimeUnit.SECONDS), "check.sh does not end");
    } finally {
      check.destroyForcibly();
    }
    assertEquals(0, check.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  private static boolean onPath(String command) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }
}
