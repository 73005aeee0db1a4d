// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.ArrayList;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.opendaylight.yangtools.yang.data.api.schema.SystemLeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.SystemMapNode;
import org.opendaylight.yangtools.yang.data.api.schema.UserLeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.UserMapNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.DataWriter.Visibility;

/** A configuration without what somebody may not read. */
final class Pruned {
  private final Visibility visibility;

  private Pruned(Visibility visibility) {
    this.visibility = visibility;
  }

  static DataContainerNode of(Visibility visibility, YangNode root, DataContainerNode tree) {
    return new Pruned(visibility).children(root, tree, null);
  }

  private DataContainerNode children(YangNode node, DataContainerNode data, DataPath path) {
    var draft = new Draft(node, data);
    for (YangNode child : node.children()) {
      NormalizedNode present = draft.get(child);
      if (present != null && !visibility.open(child)) {
        draft.set(child, child.kind == Kind.LIST || child.kind == Kind.LEAF_LIST
            ? entries(child, (NormalizedNodeContainer<?>) present, path)
            : instance(child, present, path));
      }
    }
    return draft.build(data.name());
  }

  /** What may be read of one instance; null: nothing. */
  private NormalizedNode instance(YangNode node, NormalizedNode data, DataPath parent) {
    var here = new DataPath(parent, node, data.name());
    if (!visibility.visible(here)) {
      return null;
    }
    return data instanceof DataContainerNode container ? children(node, container, here) : data;
  }

  @SuppressWarnings("unchecked") // entries of a leaf-list
  private NormalizedNode entries(YangNode node, NormalizedNodeContainer<?> list, DataPath path) {
    var kept = new ArrayList<NormalizedNode>(list.size());
    for (NormalizedNode each : list.body()) {
      NormalizedNode seen = instance(node, each, path);
      if (seen != null) {
        kept.add(seen);
      }
    }
    if (kept.isEmpty()) {
      return null;
    }
    return switch (list) {
      case SystemMapNode map -> {
        var made = ImmutableNodes.newSystemMapBuilder().withNodeIdentifier(node.id);
        kept.forEach(each -> made.withChild((MapEntryNode) each));
        yield made.build();
      }
      case UserMapNode map -> {
        var made = ImmutableNodes.newUserMapBuilder().withNodeIdentifier(node.id);
        kept.forEach(each -> made.withChild((MapEntryNode) each));
        yield made.build();
      }
      case SystemLeafSetNode<?> leaves -> {
        var made = ImmutableNodes.<Object>newSystemLeafSetBuilder().withNodeIdentifier(node.id);
        kept.forEach(each -> made.withChild((LeafSetEntryNode<Object>) each));
        yield made.build();
      }
      case UserLeafSetNode<?> leaves -> {
        var made = ImmutableNodes.<Object>newUserLeafSetBuilder().withNodeIdentifier(node.id);
        kept.forEach(each -> made.withChild((LeafSetEntryNode<Object>) each));
        yield made.build();
      }
      default -> throw new IllegalStateException("a configuration has no list without keys: " + node);
    };
  }
}
