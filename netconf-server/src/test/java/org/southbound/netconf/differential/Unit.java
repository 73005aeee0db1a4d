// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/**
 * Modules that are tried together: one that no other imports or includes, and all that it needs.
 *
 * @param modules those of ours, the main one last
 */
record Unit(String name, Schema schema, List<Module> modules) {
  static final Path FOLDER = Path.of("src/test/yang/differential").toAbsolutePath();
  private static final Pattern USES = Pattern.compile("(?m)^\\s*(?:import|include|belongs-to)\\s+([\\w.-]+)");

  /** Names of all units, in order. */
  static List<String> names() throws IOException {
    var used = new HashSet<String>();
    var all = new ArrayList<String>();
    for (Schema.Source each : Schema.directory(FOLDER)) {
      String name = each.fileName().replaceAll("(@.*)?\\.yang", "");
      if (each.text().startsWith("submodule")) {
        used.add(name);
      }
      Matcher match = USES.matcher(each.text());
      while (match.find()) {
        if (!match.group().contains("belongs-to")) {
          used.add(match.group(1));
        }
      }
      if (!all.contains(name)) {
        all.add(name);
      }
    }
    all.removeAll(used);
    return all;
  }

  /** Loads one. Features named {@code off} are off. */
  static Unit load(String name, List<Schema.Source> standard) throws IOException {
    var library = new ArrayList<>(standard);
    library.addAll(Schema.directory(FOLDER));
    var wanted = new ArrayList<>(List.of("ietf-netconf", name));
    var off = new HashSet<String>();
    List<Schema.Source> sources = revisions(library, Schema.closure(library, wanted));
    for (Schema.Source each : sources) {
      if (each.text().contains("feature off")) {
        String module = each.fileName().replaceAll("(@.*)?\\.yang", "");
        off.add(module + ":off");
      }
    }
    Schema schema = Schema.load(sources, off);
    var modules = new ArrayList<Module>();
    for (Module each : schema.modules()) {
      if (each.namespace().startsWith("urn:d:") && !each.submodule()) {
        modules.add(each.name().equals(name) ? modules.size() : 0, each);
      }
    }
    return new Unit(name, schema, modules);
  }

  /** Adds the other revisions of what was chosen. */
  private static List<Schema.Source> revisions(List<Schema.Source> library, List<Schema.Source> chosen) {
    var names = new HashSet<String>();
    chosen.forEach(each -> names.add(each.fileName().replaceAll("(@.*)?\\.yang", "")));
    return library.stream().filter(each -> names.contains(each.fileName().replaceAll("(@.*)?\\.yang", ""))).toList();
  }

  /** Prefixes that documents may use. */
  Map<String, String> prefixes() {
    var prefixes = new TreeMap<String, String>();
    for (Module each : schema.modules()) {
      if (each.namespace().startsWith("urn:d:") && !each.submodule()) {
        prefixes.put(each.prefix(), each.namespace());
      }
    }
    return prefixes;
  }

  /** Namespaces of the unit, in an order that is the same in each run. */
  Set<String> namespaces() {
    return new TreeSet<>(prefixes().values());
  }

  /** True if there is some node below that is no configuration. */
  boolean hasState(YangNode node) {
    for (YangNode each : node.children()) {
      if (has(each) && (!each.config || hasState(each))) {
        return true;
      }
    }
    return false;
  }

  /** RPCs and notifications at the top, and the actions and notifications of a node. */
  List<YangNode> operations() {
    var all = new ArrayList<YangNode>();
    schema.rpcs().values().stream().filter(this::has).sorted(Comparator.comparing(YangNode::localName))
        .forEach(all::add);
    schema.context().getNotifications().forEach(each -> {
      YangNode node = schema.notification(each.getQName());
      if (has(node)) {
        all.add(node);
      }
    });
    nested(schema.root(), all);
    return all;
  }

  private void nested(YangNode node, List<YangNode> all) {
    node.operations().stream().sorted(Comparator.comparing(YangNode::localName)).forEach(all::add);
    for (YangNode each : node.children()) {
      nested(each, all);
    }
  }

  /** True for nodes of the unit's modules. */
  boolean has(YangNode node) {
    return node.namespace().startsWith("urn:d:");
  }
}
