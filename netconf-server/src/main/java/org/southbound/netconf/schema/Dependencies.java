// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;

/**
 * Finds, for each node, the names of the nodes outside of an instance of it on which an expression there or below depends: those
 * that it names, and those that their being there depends on, by a when or a choice. {@code *} stands for all.
 */
final class Dependencies {
  private static final int EVERYWHERE = Integer.MAX_VALUE;

  /** What an expression looks at, and how many levels it climbs at most to see it. */
  private record View(Set<String> names, int height) {
    View up() {
      return height == EVERYWHERE ? this : new View(names, height - 1);
    }
  }

  /** What a node of that name owes its presence to. */
  private final Map<String, Set<String>> presence = new HashMap<>();

  private Dependencies() {
  }

  /** Sets the dependencies of a node and of all below. */
  static void find(YangNode root) {
    var dependencies = new Dependencies();
    dependencies.learn(root);
    dependencies.mark(root);
  }

  private void learn(YangNode node) {
    var owes = new HashSet<String>();
    node.whens.forEach(each -> owes.addAll(view(each.xpath(), 0).names));
    for (Case each = node.inCase; each != null; each = each.choice.within) {
      views(each).forEach(view -> owes.addAll(view.names));
    }
    if (!owes.isEmpty()) {
      presence.computeIfAbsent(node.localName(), k -> new HashSet<>()).addAll(owes);
    }
    for (YangNode each : node.children) {
      learn(each);
    }
  }

  /** What decides on a case, seen from a node in it. */
  private static List<View> views(Case one) {
    var views = new ArrayList<View>();
    one.whens.forEach(each -> views.add(view(each.xpath(), 1)));
    one.choice.whens.forEach(each -> views.add(view(each.xpath(), 1)));
    var others = new HashSet<String>();
    one.choice.cases.forEach(each -> each.nodes.forEach(node -> others.add(node.localName())));
    views.add(new View(others, 1));
    return views;
  }

  /** @param below how far the node is below the context node */
  private static View view(XPathText xpath, int below) {
    String text = xpath.text();
    if (text.contains("deref")) { // what that leads to is told by data
      return new View(Set.of("*"), EVERYWHERE);
    }
    int height = below;
    char last = '(';
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (text.startsWith("..", i)) {
        height++;
        i++;
      } else if (text.startsWith("::", i) || c == '/' && "([,=<>+-*|".indexOf(last) >= 0
          || c == '/' && Character.isLetter(last) && text.charAt(i - 1) == ' ') { // an axis, an absolute path
        return new View(xpath.names(), EVERYWHERE);
      }
      last = c == ' ' ? last : c;
    }
    return new View(xpath.names(), height);
  }

  private List<View> mark(YangNode node) {
    var own = new ArrayList<View>();
    node.musts.forEach(each -> own.add(view(each.xpath(), 0)));
    node.whens.forEach(each -> own.add(view(each.xpath(), each.onParent() ? 1 : 0)));
    for (Case each = node.inCase; each != null; each = each.choice.within) {
      own.addAll(views(each));
    }
    for (Choice each : node.choices) {
      each.whens.forEach(when -> own.add(view(when.xpath(), 0)));
    }
    if (node.isLeaf()) {
      refers(node.valueType(), own);
    }
    var all = new ArrayList<View>();
    for (View each : own) {
      all.add(each);
      Set<String> more = owed(each.names);
      if (!more.isEmpty()) {
        all.add(new View(more, EVERYWHERE));
      }
    }
    for (YangNode child : node.children) {
      for (View each : mark(child)) {
        if (each.height > 1) { // one that climbs to this node sees nothing outside of it
          all.add(each.up());
        }
      }
    }
    var names = new HashSet<String>();
    all.stream().filter(each -> each.height > 0).forEach(each -> names.addAll(each.names));
    node.dependencies = Set.copyOf(names);
    node.uniqueDependencies = uniques(node);
    return all;
  }

  private Set<String> uniques(YangNode list) {
    var names = new HashSet<String>();
    list.uniques.forEach(unique -> unique.leaves().forEach(way -> way.forEach(each -> names.add(each.localName()))));
    if (!names.isEmpty()) {
      names.add(list.localName());
      names.addAll(owed(names));
    }
    return Set.copyOf(names);
  }

  private static void refers(ValueType type, List<View> views) {
    if (type.leafref() != null) {
      if (type.requireInstance()) {
        views.add(view(type.leafref(), 0));
      }
    } else if (!type.members().isEmpty()) {
      type.members().forEach(each -> refers(each, views));
    } else if (type.requireInstance()) {
      views.add(new View(Set.of("*"), EVERYWHERE));
    }
  }

  /** Names that the presence of those depends on, beyond themselves. */
  private Set<String> owed(Set<String> names) {
    var owed = new HashSet<String>();
    Set<String> open = names;
    while (!open.isEmpty()) {
      var more = new HashSet<String>();
      open.forEach(each -> more.addAll(presence.getOrDefault(each, Set.of())));
      more.removeAll(owed);
      owed.addAll(more);
      open = more;
    }
    return owed;
  }
}
