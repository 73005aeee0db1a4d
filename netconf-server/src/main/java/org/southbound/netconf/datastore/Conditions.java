// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.SystemMapNode;
import org.opendaylight.yangtools.yang.data.api.schema.UserMapNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xpath.DataNode;

/**
 * Deletes what an edit of other nodes has made impossible: nodes that were there and were not touched, whose when has become
 * false (RFC 7950 section 8.2). A node that the edit itself gave under a false when is left for the {@link Validator} to refuse.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class Conditions {
  private static final int ROUNDS = 32;

  private final Touched touched;

  private Conditions(Touched touched) {
    this.touched = touched;
  }

  static ContainerNode prune(YangNode root, ContainerNode before, ContainerNode after) {
    ContainerNode tree = after;
    for (int i = 0; i < ROUNDS; i++) { // one deletion may make another when false
      var next = (ContainerNode) new Conditions(new Touched(root, before, tree)).children(DataNode.root(root, tree),
          before);
      if (next == tree) {
        break;
      }
      tree = next;
    }
    return tree;
  }

  private DataContainerNode children(DataNode parent, DataContainerNode before) {
    var data = (DataContainerNode) parent.data();
    if (before == null || !parent.schema().conditional()) {
      return data;
    }
    Draft draft = null;
    for (YangNode child : parent.schema().children()) {
      NormalizedNode present = child.conditional() ? YangNode.find(data, child) : null;
      NormalizedNode was = present == null ? null : YangNode.find(before, child);
      if (was == null || !touched.reach(child.dependencies()) && present == was) {
        continue;
      }
      NormalizedNode now = present;
      if (child.guarded() && !Validator.whenHolds(parent, child, parent.children(child).getFirst())) {
        now = present.equals(was) ? null : present; // yangtools makes a leaf's object anew each time it is asked for
      } else if (child.kind == Kind.CONTAINER) {
        now = children(parent.children(child).getFirst(), (DataContainerNode) was);
      } else if (present instanceof MapNode list && was instanceof MapNode old) {
        now = entries(parent, child, list, old);
      }
      if (now != present) {
        draft = draft == null ? new Draft(parent.schema(), data) : draft;
        draft.set(child, now);
      }
    }
    return draft == null ? data : draft.build(data.name());
  }

  private NormalizedNode entries(DataNode parent, YangNode node, MapNode list, MapNode before) {
    MapNode made = list;
    boolean all = touched.reach(node.dependencies());
    for (MapEntryNode entry : all ? list.body() : touched.entries(list, before)) {
      var now = (MapEntryNode) children(parent.entry(node, entry.name()), before.childByArg(entry.name()));
      if (now != entry) {
        made = switch (made) {
          case SystemMapNode map -> ImmutableNodes.builderFactory().newSystemMapBuilder(map).withChild(now).build();
          case UserMapNode map -> ImmutableNodes.builderFactory().newUserMapBuilder(map).withChild(now).build();
          default -> throw new IllegalStateException("a list that is ordered neither by the system nor by the user");
        };
      }
    }
    return made;
  }
}
