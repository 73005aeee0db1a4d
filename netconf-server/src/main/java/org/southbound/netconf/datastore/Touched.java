// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.schema.YangNode;

/**
 * What differs between two trees, by name: what an expression does not name, it cannot notice. An inner node counts only if it
 * comes or goes, for a path through it selects the same as long as what it leads to is the same. Found out when first asked for.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class Touched {
  private final YangNode root;
  private final DataContainerNode before;
  private final DataContainerNode after;
  private final IdentityHashMap<MapNode, List<MapEntryNode>> entries = new IdentityHashMap<>();
  private Set<String> names;

  /** @param before null if nothing is known of it: then anything may have changed */
  Touched(YangNode root, DataContainerNode before, DataContainerNode after) {
    this.root = root;
    this.before = before;
    this.after = after;
  }

  /** True if one of the names is that of a node that has changed. */
  boolean reach(Set<String> dependencies) {
    if (dependencies.isEmpty() || before == null || before == after) {
      return before == null && !dependencies.isEmpty();
    }
    if (names == null) {
      names = new HashSet<>();
      children(root, before, after);
    }
    return dependencies.contains("*") || !Collections.disjoint(dependencies, names);
  }

  /** The entries of a list that are new or other than before. */
  Collection<MapEntryNode> entries(MapNode now, MapNode was) {
    List<MapEntryNode> known = entries.get(now);
    if (known == null) {
      known = new ArrayList<>();
      for (MapEntryNode each : now.body()) {
        if (was.childByArg(each.name()) != each) {
          known.add(each);
        }
      }
      entries.put(now, known);
    }
    return known;
  }

  private void children(YangNode node, DataContainerNode was, DataContainerNode now) {
    for (YangNode child : node.children()) {
      NormalizedNode old = was == null ? null : YangNode.find(was, child);
      NormalizedNode present = now == null ? null : YangNode.find(now, child);
      if (old != present) {
        child(child, old, present);
      }
    }
  }

  private void child(YangNode node, NormalizedNode was, NormalizedNode now) {
    NormalizedNode some = now == null ? was : now;
    if (some instanceof MapNode) {
      list(node, (MapNode) was, (MapNode) now);
    } else if (some instanceof DataContainerNode) {
      if (was == null || now == null) {
        names.add(node.localName());
      }
      children(node, (DataContainerNode) was, (DataContainerNode) now);
    } else if (!(some instanceof LeafNode<?>) || was == null || !was.equals(now)) { // a leaf is a new object each time
      names.add(node.localName());
      whatever(node);
    }
  }

  /** Entries without keys are not compared: all below counts as changed. */
  private void whatever(YangNode node) {
    for (YangNode each : node.children()) {
      names.add(each.localName());
      whatever(each);
    }
  }

  private void list(YangNode node, MapNode was, MapNode now) {
    int kept = was == null ? 0 : was.size();
    if (now != null) {
      for (MapEntryNode each : was == null ? now.body() : entries(now, was)) {
        MapEntryNode old = was == null ? null : was.childByArg(each.name());
        if (old == null) {
          names.add(node.localName());
        }
        children(node, old, each);
      }
    }
    if (was != null && (now == null || gone(was, now))) {
      names.add(node.localName());
      for (MapEntryNode each : was.body()) {
        if (now == null || now.childByArg(each.name()) == null) {
          children(node, each, null);
        }
      }
    } else if (kept > 0 && node.userOrdered()) {
      names.add(node.localName()); // entries may have changed places
    }
  }

  private boolean gone(MapNode was, MapNode now) {
    int added = 0;
    for (MapEntryNode each : entries(now, was)) {
      added += was.childByArg(each.name()) == null ? 1 : 0;
    }
    return was.size() + added > now.size();
  }
}
