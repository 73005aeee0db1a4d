// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;

/**
 * Two trees cut down to what differs and what is around it. Top-level nodes, containers without presence and list entries are
 * left out if they are the same in both; what differs stays whole otherwise, since a filter may select any part of an entry on
 * account of another.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
record Surroundings(DataContainerNode before, DataContainerNode after) {

  static Surroundings of(YangNode node, DataContainerNode before, DataContainerNode after) {
    if (before == null || after == null) {
      return new Surroundings(before, after);
    }
    var was = new Draft(node, before);
    var now = new Draft(node, after);
    for (YangNode child : node.children()) {
      if (child.isTerminal() && !Objects.equals(was.get(child), now.get(child))) {
        return new Surroundings(before, after); // a filter may have selected none of it before
      }
    }
    for (YangNode child : node.children()) {
      NormalizedNode old = was.get(child);
      NormalizedNode fresh = now.get(child);
      if (child.isTerminal()) {
        continue;
      }
      if (old == fresh) {
        was.set(child, null);
        now.set(child, null);
      } else if (child.kind == Kind.CONTAINER && !child.presence() && old != null && fresh != null) {
        Surroundings inner = of(child, (DataContainerNode) old, (DataContainerNode) fresh);
        was.set(child, inner.before);
        now.set(child, inner.after);
      } else if (old instanceof MapNode a && fresh instanceof MapNode b && !child.userOrdered()) {
        list(child, a, b, was, now);
      }
    }
    return new Surroundings(was.build(before.name()), now.build(after.name()));
  }

  private static void list(YangNode node, MapNode before, MapNode after, Draft was, Draft now) {
    var old = new ArrayList<MapEntryNode>();
    var fresh = new ArrayList<MapEntryNode>();
    for (MapEntryNode each : before.body()) {
      MapEntryNode other = after.childByArg(each.name());
      if (other == null) {
        old.add(each);
      } else if (other != each) {
        old.add(each);
        fresh.add(other);
      }
    }
    for (MapEntryNode each : after.body()) {
      if (before.childByArg(each.name()) == null) {
        fresh.add(each);
      }
    }
    was.set(node, map(node, old));
    now.set(node, map(node, fresh));
  }

  private static NormalizedNode map(YangNode node, List<MapEntryNode> entries) {
    if (entries.isEmpty()) {
      return null;
    }
    var made = ImmutableNodes.newSystemMapBuilder().withNodeIdentifier(node.id);
    entries.forEach(made::withChild);
    return made.build();
  }

}
