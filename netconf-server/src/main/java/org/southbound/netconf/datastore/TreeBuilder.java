// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.opendaylight.yangtools.yang.data.api.schema.UnkeyedListEntryNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;

/**
 * Builds a data tree by names: an RPC's output, state data, a notification. Values may be given as yangtools has them or as
 * anything whose {@code toString} is the lexical form; identities as {@code module-name:identity}, or the identity alone if it is
 * of the leaf's own module. A null value leaves the leaf out. A name or value that the model does not allow is a bug and throws
 * IllegalArgumentException.
 */
public final class TreeBuilder {
  private final YangNode node;
  private final Draft draft;
  private final Map<YangNode, List<NormalizedNode>> entries = new LinkedHashMap<>();

  /** @param node ROOT, CONTAINER, LIST for one entry, INPUT, OUTPUT or NOTIFICATION */
  public TreeBuilder(YangNode node) {
    this.node = node;
    this.draft = new Draft(node, null);
  }

  /** What is there, to be changed; {@code base} may be null. */
  public TreeBuilder(YangNode node, DataContainerNode base) {
    this.node = node;
    this.draft = new Draft(node, base);
  }

  /** Keeps the entries of a list that has one key, without the one of that key; more may follow. */
  public TreeBuilder without(String name, String key) {
    YangNode child = node.child(name);
    List<NormalizedNode> kept = entries.computeIfAbsent(child, k -> new ArrayList<>());
    if (draft.get(child) instanceof NormalizedNodeContainer<?> list) {
      for (Object each : list.body()) {
        var entry = (MapEntryNode) each;
        if (!entry.name().values().iterator().next().toString().equals(key)) {
          kept.add(entry);
        }
      }
    }
    return this;
  }

  /** A leaf. */
  public TreeBuilder leaf(String name, Object value) {
    if (value != null) {
      YangNode child = node.child(name);
      draft.set(child, ImmutableNodes.leafNode(child.id, typed(child, value)));
    }
    return this;
  }

  /** A leaf of type empty, if so. */
  public TreeBuilder flag(String name, boolean present) {
    return present ? leaf(name, "") : this;
  }

  /** A container and what is in it. */
  public TreeBuilder container(String name, Consumer<TreeBuilder> content) {
    YangNode child = node.child(name);
    var inner = new TreeBuilder(child);
    content.accept(inner);
    draft.set(child, inner.node());
    return this;
  }

  /** One more entry of a list; its keys are among its leaves. */
  public TreeBuilder entry(String name, Consumer<TreeBuilder> content) {
    YangNode child = node.child(name);
    var inner = new TreeBuilder(child);
    content.accept(inner);
    entries.computeIfAbsent(child, k -> new ArrayList<>()).add(inner.node());
    return this;
  }

  /** All values of a leaf-list. */
  public TreeBuilder leaves(String name, Collection<?> values) {
    YangNode child = node.child(name);
    for (Object each : values) {
      Object value = typed(child, each);
      entries.computeIfAbsent(child, k -> new ArrayList<>())
          .add(ImmutableNodes.leafSetEntry(new NodeWithValue<>(child.name, value)));
    }
    return this;
  }

  /** A child that was built before. */
  public TreeBuilder put(NormalizedNode child) {
    QName name = child.name().getNodeType();
    draft.set(node.child(name.getNamespace().toString(), name.getLocalName()), child);
    return this;
  }

  private static Object typed(YangNode leaf, Object value) {
    if (!leaf.isLeaf()) {
      throw new IllegalArgumentException(leaf + " is no leaf");
    }
    return value instanceof QName ? value : leaf.parse(leaf.schema().names(leaf), value.toString());
  }

  private DataContainerNode node() {
    entries.forEach((child, list) -> draft.set(child, list.isEmpty() ? null : list(child, list)));
    return draft.build(argument());
  }

  /** The tree; for a list entry use {@link #entry}. */
  public ContainerNode build() {
    return (ContainerNode) node();
  }

  private PathArgument argument() {
    if (node.kind != Kind.LIST || node.keys().length == 0) {
      return node.id;
    }
    var values = new LinkedHashMap<QName, Object>();
    for (YangNode key : node.keys()) {
      NormalizedNode value = draft.get(key);
      if (value == null) {
        throw new IllegalArgumentException("an entry of " + node + " without " + key.localName());
      }
      values.put(key.name, value.body());
    }
    return NodeIdentifierWithPredicates.of(node.name, values);
  }

  @SuppressWarnings("unchecked")
  static NormalizedNode list(YangNode node, List<NormalizedNode> entries) {
    if (node.repeats()) {
      return new LeafValues(node.id, entries.stream().map(each -> (LeafSetEntryNode<Object>) each).toList());
    }
    if (node.kind == Kind.LEAF_LIST) {
      if (node.userOrdered()) {
        var made = ImmutableNodes.<Object>newUserLeafSetBuilder().withNodeIdentifier(node.id);
        entries.forEach(each -> made.withChild((LeafSetEntryNode<Object>) each));
        return made.build();
      }
      var made = ImmutableNodes.<Object>newSystemLeafSetBuilder().withNodeIdentifier(node.id);
      entries.forEach(each -> made.withChild((LeafSetEntryNode<Object>) each));
      return made.build();
    }
    if (node.keys().length == 0) {
      var made = ImmutableNodes.newUnkeyedListBuilder().withNodeIdentifier(node.id);
      entries.forEach(each -> made.withChild((UnkeyedListEntryNode) each));
      return made.build();
    }
    if (node.userOrdered() || !node.config) { // state data and output are in the order in which they were given
      var made = ImmutableNodes.newUserMapBuilder().withNodeIdentifier(node.id);
      entries.forEach(each -> made.withChild((MapEntryNode) each));
      return made.build();
    }
    var made = ImmutableNodes.newSystemMapBuilder().withNodeIdentifier(node.id);
    entries.forEach(each -> made.withChild((MapEntryNode) each));
    return made.build();
  }
}
