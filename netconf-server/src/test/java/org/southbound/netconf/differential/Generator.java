// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Kind;

/** Makes documents by walking a schema. What it makes has the right shape; the rest is a matter of luck. */
final class Generator {
  private static final int PERCENT = 100;

  private final Unit unit;
  private final RandomGenerator random;
  private final boolean state;
  final ValueGenerator values;

  /** @param state documents may hold state data */
  Generator(Unit unit, RandomGenerator random, boolean state) {
    this.unit = unit;
    this.random = random;
    this.state = state;
    this.values = new ValueGenerator(unit, random);
  }

  /** A document: a root that does not count with the top-level nodes in it. */
  Xml document() {
    var document = new Xml(null);
    fill(document, unit.schema().root(), chance(50) ? 45 : 80);
    resolve(document, document);
    return document;
  }

  /** An element for a node that is no part of the data tree: an RPC, an action or a notification. */
  Xml operation(YangNode node, Xml datastore) {
    var made = new Xml(node);
    fill(made, node, 70);
    resolve(made, datastore);
    return made;
  }

  /** One instance of a node, with what is in it. */
  Xml instance(YangNode node, Xml document) {
    var parent = new Xml(null);
    add(parent, node, 70);
    if (parent.children.isEmpty()) {
      parent.children.add(new Xml(node));
    }
    Xml made = parent.children.getFirst();
    resolve(made, document);
    return made;
  }

  /** The way down to the node that an operation belongs to, keys included, as a document; null if there is no such node. */
  static Xml around(Xml datastore, YangNode operation) {
    var document = new Xml(null);
    return operation.parent == null || way(datastore, operation.parent, document) ? document : null;
  }

  private static boolean way(Xml from, YangNode to, Xml copy) {
    for (Xml each : from.children) {
      if (each.node != null && !each.node.isTerminal()) {
        var step = new Xml(each.node);
        for (Xml child : each.children) {
          if (child.node != null && child.node.isKey()) {
            step.children.add(child);
          }
        }
        copy.children.add(step);
        if (each.node == to || way(each, to, step)) {
          return true;
        }
        copy.children.removeLast();
      }
    }
    return false;
  }

  private boolean chance(int percent) {
    return random.nextInt(PERCENT) < percent;
  }

  private void fill(Xml into, YangNode schema, int percent) {
    Map<Choice, Case> chosen = new HashMap<>();
    for (Choice each : schema.choices()) {
      if (each.mandatory || chance(85)) {
        chosen.put(each, values.pick(each.cases));
      }
    }
    for (YangNode child : schema.children()) {
      boolean open = unit.has(child) && (state || child.config || schema.kind == Kind.OUTPUT
          || schema.kind == Kind.NOTIFICATION || !schema.config && schema.kind != Kind.ROOT);
      for (Case each = child.inCase; each != null; each = each.choice.within) {
        open &= chosen.get(each.choice) == each;
      }
      boolean must = child.isKey() || child.mandatory() || child.minElements() > 0
          || child.kind == Kind.CONTAINER && !child.presence();
      if (open && (must && chance(97) || chance(percent))) {
        add(into, child, percent);
      }
    }
  }

  private void add(Xml into, YangNode child, int percent) {
    switch (child.kind) {
      case LEAF -> into.children.add(leaf(child));
      case LEAF_LIST, LIST -> {
        int least = child.minElements();
        int count = chance(10) ? Math.min(child.maxElements(), 6) : least + random.nextInt(4);
        for (int i = 0; i < count; i++) {
          Xml entry = child.kind == Kind.LIST ? new Xml(child) : leaf(child);
          if (child.kind == Kind.LIST) {
            fill(entry, child, percent);
          }
          if (!known(into, entry)) {
            into.children.add(entry);
          }
        }
      }
      case ANYDATA -> {
        var made = new Xml(child);
        if (chance(70)) {
          var inner = new Xml(null, "urn:d:elsewhere", "thing");
          inner.text = chance(50) ? "text" : "";
          made.children.add(inner);
        }
        into.children.add(made);
      }
      default -> {
        var made = new Xml(child);
        fill(made, child, percent);
        into.children.add(made);
      }
    }
  }

  private static boolean known(Xml into, Xml entry) {
    return into.children.stream().anyMatch(each -> each.node == entry.node && same(each, entry));
  }

  private static boolean same(Xml a, Xml b) {
    if (a.node.isLeaf()) {
      return a.node.config && a.text.equals(b.text);
    }
    int keys = a.node.keys().length;
    if (keys == 0 || a.children.size() < keys || b.children.size() < keys) {
      return false;
    }
    for (int i = 0; i < keys; i++) {
      if (!a.children.get(i).text.equals(b.children.get(i).text)) {
        return false;
      }
    }
    return true;
  }

  Xml leaf(YangNode node) {
    var made = new Xml(node);
    made.text = values.valid(node);
    return made;
  }

  /** Fills in references, now that it is known what there is to refer to. */
  void resolve(Xml part, Xml document) {
    for (int round = 0; round < 3; round++) { // a leafref may refer to a leafref
      for (Xml each : part.all()) {
        if (each.text.equals(ValueGenerator.LEAFREF)) {
          each.text = target(each, part, document, round == 2);
        } else if (each.text.equals(ValueGenerator.POINTER)) {
          each.text = pointer(document);
        }
      }
    }
  }

  private String target(Xml leaf, Xml part, Xml document, boolean last) {
    var found = new ArrayList<String>();
    String path = leaf.node.leafref() == null ? "" : leaf.node.leafref().original();
    String name = path.replaceAll("\\s+$", "").replaceAll(".*[/:]", "");
    for (Xml root : List.of(part, document)) {
      for (Xml each : root.all()) {
        if ((each.name.equals(name) || path.isEmpty() && each.node != null && each.node.isLeaf())
            && !each.text.startsWith("\0")) {
          found.add(each.text);
        }
      }
    }
    if (found.isEmpty() || chance(8)) {
      return last ? chance(50) ? "1" : "a" : ValueGenerator.LEAFREF;
    }
    return values.pick(found);
  }

  private String pointer(Xml document) {
    var found = new ArrayList<String>();
    paths("", document, found);
    if (found.isEmpty()) {
      return "/none";
    }
    String chosen = values.pick(found);
    return chance(8) ? chosen.replace('1', '7').replace('a', 'q') : chosen;
  }

  /** The paths of what is in an element. */
  private void paths(String above, Xml parent, List<String> found) {
    Map<YangNode, Integer> positions = new HashMap<>();
    for (Xml each : parent.children) {
      if (each.node != null && !each.text.startsWith("\0")) {
        path(above, each, positions.merge(each.node, 1, Integer::sum), found);
      }
    }
  }

  private void path(String above, Xml element, int position, List<String> found) {
    String module = element.node.module.prefix();
    var path = new StringBuilder(above).append('/').append(module).append(':').append(element.name);
    for (YangNode key : element.node.keys()) {
      String value = element.children.stream().filter(each -> each.node == key).map(each -> each.text).findFirst()
          .orElse("");
      if (value.indexOf('\'') >= 0 || value.startsWith("\0")) {
        return;
      }
      path.append('[').append(module).append(':').append(key.localName()).append("='").append(value).append("']");
    }
    if (element.node.kind == Kind.LIST && element.node.keys().length == 0) {
      path.append('[').append(position).append(']');
    }
    if (element.node.kind == Kind.LEAF_LIST) {
      if (element.text.indexOf('\'') >= 0) {
        return;
      }
      path.append("[.='").append(element.text).append("']");
    }
    found.add(path.toString());
    paths(path.toString(), element, found);
  }
}
