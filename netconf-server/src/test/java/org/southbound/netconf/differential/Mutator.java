// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;

/** Bends documents: one or two changes of the kinds that clients make by mistake. */
final class Mutator {
  private final Unit unit;
  private final Random random;
  private final Generator generator;

  Mutator(Unit unit, Random random, Generator generator) {
    this.unit = unit;
    this.random = random;
    this.generator = generator;
  }

  /** A changed copy. */
  Xml bend(Xml document) {
    Xml copy = document.copy();
    for (int changes = random.nextInt(4) == 0 ? 2 : 1; changes > 0; changes--) {
      List<Xml> parents = parents(copy);
      if (parents.isEmpty()) {
        break;
      }
      once(copy, generator.values.pick(parents));
    }
    return copy;
  }

  private static List<Xml> parents(Xml root) {
    return root.all().stream().filter(each -> !each.children.isEmpty()
        && (each.node == null ? each == root : each.node.kind != Kind.ANYDATA)).toList();
  }

  private void once(Xml root, Xml parent) {
    int at = random.nextInt(parent.children.size());
    Xml element = parent.children.get(at);
    switch (random.nextInt(16)) {
      case 0, 1 -> parent.children.remove(at);
      case 2 -> parent.children.add(random.nextInt(parent.children.size() + 1), element.copy());
      case 3 -> Collections.shuffle(parent.children, random);
      case 4, 5, 6 -> value(root, false);
      case 7, 8 -> value(root, true);
      case 9 -> {
        var spaces = new ArrayList<>(unit.namespaces());
        spaces.add("urn:d:elsewhere");
        element.namespace = generator.values.pick(spaces);
      }
      case 10, 11, 12 -> addSibling(root, parent, at);
      case 13 -> {
        Xml other = generator.values.pick(parents(root));
        if (!element.all().contains(other)) {
          parent.children.remove(at);
          other.children.add(element);
        }
      }
      case 14 -> another(root, parent, element);
      default -> {
        switch (random.nextInt(3)) {
          case 0 -> parent.children.add(at, new Xml(null, parent.namespace, "unknown"));
          case 1 -> element.name = element.name + "x";
          default -> {
            Xml inner = parent.copy();
            element.children.add(inner);
          }
        }
      }
    }
  }

  private void value(Xml root, boolean wild) {
    var leaves = new ArrayList<Xml>();
    for (Xml each : root.all()) {
      if (each.node != null && each.node.isLeaf()) {
        leaves.add(each);
      }
    }
    if (!leaves.isEmpty()) {
      Xml leaf = generator.values.pick(leaves);
      leaf.text = wild ? generator.values.any(leaf.node) : generator.values.valid(leaf.node);
      generator.resolve(leaf, root);
    }
  }

  /** A node that the schema has here, whatever case or when it is under. */
  private void addSibling(Xml root, Xml parent, int at) {
    YangNode schema = parent.node == null ? unit.schema().root() : parent.node;
    List<YangNode> open = List.of(schema.children()).stream().filter(unit::has).toList();
    if (!open.isEmpty()) {
      parent.children.add(at, generator.instance(generator.values.pick(open), root));
    }
  }

  /** One more entry of a list or leaf-list. */
  private void another(Xml root, Xml parent, Xml element) {
    if (element.node != null && (element.node.kind == Kind.LIST || element.node.kind == Kind.LEAF_LIST)) {
      Xml made = element.node.kind == Kind.LIST && random.nextBoolean() ? element.copy()
          : generator.instance(element.node, root);
      if (!made.children.isEmpty() && made.children.getFirst().node != null && made.node.keys().length > 0) {
        Xml key = made.children.getFirst();
        key.text = generator.values.valid(made.node.keys()[0]);
        generator.resolve(key, root);
      }
      parent.children.add(made);
    }
  }
}
