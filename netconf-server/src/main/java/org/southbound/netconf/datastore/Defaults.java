// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.List;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xpath.DataNode;

/** Puts defaults into a configuration or takes them out, for copy-config (RFC 6243 section 4.5.1). */
public final class Defaults {
  private final boolean fill;

  private Defaults(boolean fill) {
    this.fill = fill;
  }

  /** The configuration with all defaults in use as values, without values that are defaults, or as it is. */
  public static ContainerNode apply(YangNode root, ContainerNode tree, WithDefaults mode) {
    return switch (mode) {
      case REPORT_ALL -> (ContainerNode) new Defaults(true).children(DataNode.root(root, tree));
      case TRIM -> (ContainerNode) new Defaults(false).children(DataNode.root(root, tree));
      // A tagged default is a request to have the default, which is to have nothing (RFC 6243 section 4.5.3).
      case REPORT_ALL_TAGGED, EXPLICIT -> tree;
    };
  }

  private DataContainerNode children(DataNode parent) {
    var draft = new Draft(parent.schema(), (DataContainerNode) parent.data());
    for (YangNode child : parent.schema().children()) {
      NormalizedNode present = draft.get(child);
      if (!child.config || (present == null && !(fill && child.defaultsBelow()))) {
        continue;
      }
      List<DataNode> instances = parent.children(child);
      if (!instances.isEmpty()) {
        draft.set(child, child(child, present, instances));
      }
    }
    return draft.build(parent.data() == null ? parent.schema().id : parent.data().name());
  }

  private NormalizedNode child(YangNode child, NormalizedNode present, List<DataNode> instances) {
    return switch (child.kind) {
      case CONTAINER -> children(instances.getFirst());
      case LIST -> list((MapNode) present, instances);
      case LEAF -> leaf(child, present, instances.getFirst());
      case LEAF_LIST -> leaves(child, (LeafSetNode<?>) present, instances);
      default -> present;
    };
  }

  private NormalizedNode leaf(YangNode child, NormalizedNode present, DataNode instance) {
    if (present == null) {
      return ImmutableNodes.leafNode(child.id, instance.value());
    }
    return !fill && child.hasDefault() && child.defaultValues().getFirst().equals(instance.value()) ? null : present;
  }

  private NormalizedNode leaves(YangNode child, LeafSetNode<?> present, List<DataNode> instances) {
    if (present != null) {
      List<Object> values = instances.stream().map(DataNode::value).toList();
      boolean same = values.size() == child.defaultValues().size() && child.defaultValues().containsAll(values);
      return !fill && same ? null : present;
    }
    if (child.userOrdered()) {
      var made = ImmutableNodes.<Object>newUserLeafSetBuilder().withNodeIdentifier(child.id);
      instances.forEach(
          each -> made.withChild(ImmutableNodes.leafSetEntry(new NodeWithValue<>(child.name, each.value()))));
      return made.build();
    }
    var made = ImmutableNodes.<Object>newSystemLeafSetBuilder().withNodeIdentifier(child.id);
    instances.forEach(
        each -> made.withChild(ImmutableNodes.leafSetEntry(new NodeWithValue<>(child.name, each.value()))));
    return made.build();
  }

  private NormalizedNode list(MapNode present, List<DataNode> instances) {
    if (instances.getFirst().schema().userOrdered()) {
      var made = ImmutableNodes.newUserMapBuilder().withNodeIdentifier(present.name());
      instances.forEach(each -> made.withChild((MapEntryNode) children(each)));
      return made.build();
    }
    var made = ImmutableNodes.newSystemMapBuilder().withNodeIdentifier(present.name());
    instances.forEach(each -> made.withChild((MapEntryNode) children(each)));
    return made.build();
  }
}
