// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/**
 * What differs between two trees, node by node, as far as it takes a right (RFC 8341 section 3.2): containers without presence
 * and what a choice of another case takes away are left out; an entry that moved among those of the user's order is updated.
 * Shared subtrees cost nothing.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Changes {
  /** What happened to a node. */
  public enum Kind {
    CREATED, UPDATED, DELETED
  }

  /** Hears of each node created, deleted or with a new value, ancestors first. */
  public interface Visitor {
    void changed(DataPath path, Kind kind) throws NetconfException;
  }

  private Changes() {
  }

  /** Visits the differences. */
  public static void visit(YangNode root, ContainerNode before, ContainerNode after, Visitor visitor)
      throws NetconfException {
    children(root, before, after, null, visitor);
  }

  private static void children(YangNode node, DataContainerNode before, DataContainerNode after, DataPath path,
      Visitor visitor)
      throws NetconfException {
    if (before == after) {
      return;
    }
    for (YangNode child : node.children()) {
      NormalizedNode was = before == null ? null : YangNode.find(before, child);
      NormalizedNode now = after == null ? null : YangNode.find(after, child);
      if (was == now || (now == null && displaced(child, after))) {
        continue;
      }
      if (child.kind == YangNode.Kind.LIST || child.kind == YangNode.Kind.LEAF_LIST) {
        entries(child, (NormalizedNodeContainer<?>) was, (NormalizedNodeContainer<?>) now, path, visitor);
      } else {
        instance(child, child.id, was, now, path, visitor);
      }
    }
  }

  /** Another case was chosen, which deletes this one. */
  private static boolean displaced(YangNode gone, DataContainerNode after) {
    for (YangNode.Case mine = gone.inCase; mine != null && after != null; mine = mine.choice.within) {
      for (YangNode.Case other : mine.choice.cases) {
        if (other != mine && other.nodes.stream().anyMatch(each -> YangNode.find(after, each) != null)) {
          return true;
        }
      }
    }
    return false;
  }

  private static void entries(YangNode node, NormalizedNodeContainer<?> was, NormalizedNodeContainer<?> now,
      DataPath path, Visitor visitor) throws NetconfException {
    int common = 0;
    if (was != null) {
      for (NormalizedNode each : was.body()) {
        NormalizedNode fresh = find(now, each.name());
        common += fresh == null ? 0 : 1;
        if (fresh != each) {
          instance(node, each.name(), each, fresh, path, visitor);
        }
      }
    }
    if (now == null) {
      return;
    }
    if (common < now.size()) {
      for (NormalizedNode each : now.body()) {
        if (find(was, each.name()) == null) {
          instance(node, each.name(), null, each, path, visitor);
        }
      }
    }
    if (common > 1 && node.userOrdered()) {
      for (PathArgument each : moved(was, now)) {
        visitor.changed(new DataPath(path, node, each), Kind.UPDATED);
      }
    }
  }

  /** The fewest entries that have to move to bring the common ones into the new order: all but a longest ascending row. */
  private static List<PathArgument> moved(NormalizedNodeContainer<?> was, NormalizedNodeContainer<?> now) {
    var places = new HashMap<PathArgument, Integer>();
    for (NormalizedNode each : was.body()) {
      places.put(each.name(), places.size());
    }
    var names = new ArrayList<PathArgument>();
    for (NormalizedNode each : now.body()) {
      if (places.containsKey(each.name())) {
        names.add(each.name());
      }
    }
    int[] place = names.stream().mapToInt(places::get).toArray();
    int[] ends = new int[place.length]; // index of the least end of a row of each length
    int[] previous = new int[place.length];
    int rows = 0;
    for (int i = 0; i < place.length; i++) {
      int low = 0;
      for (int high = rows; low < high;) {
        int middle = (low + high) >>> 1;
        if (place[ends[middle]] < place[i]) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      previous[i] = low == 0 ? -1 : ends[low - 1];
      ends[low] = i;
      rows = Math.max(rows, low + 1);
    }
    var moved = new LinkedHashSet<>(names);
    for (int i = rows == 0 ? -1 : ends[rows - 1]; i >= 0; i = previous[i]) {
      moved.remove(names.get(i));
    }
    return List.copyOf(moved);
  }

  private static NormalizedNode find(NormalizedNodeContainer<?> list, PathArgument name) {
    return switch (list) {
      case MapNode map -> map.childByArg((NodeIdentifierWithPredicates) name);
      case LeafSetNode<?> set -> set.childByArg((NodeWithValue<?>) name);
      case null, default -> null;
    };
  }

  private static void instance(YangNode node, PathArgument argument, NormalizedNode was, NormalizedNode now,
      DataPath path,
      Visitor visitor) throws NetconfException {
    if (was == now) {
      return;
    }
    var here = new DataPath(path, node, argument);
    if (node.isTerminal()) {
      if (was == null || now == null || !was.body().equals(now.body())) {
        visitor.changed(here, was == null ? Kind.CREATED : now == null ? Kind.DELETED : Kind.UPDATED);
      }
      return;
    }
    if ((was == null || now == null) && (node.kind != YangNode.Kind.CONTAINER || node.presence())) {
      visitor.changed(here, was == null ? Kind.CREATED : Kind.DELETED);
    }
    children(node, (DataContainerNode) was, (DataContainerNode) now, here, visitor);
  }
}
