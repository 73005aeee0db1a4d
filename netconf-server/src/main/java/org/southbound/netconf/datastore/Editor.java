// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.opendaylight.yangtools.yang.data.api.schema.SystemLeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.SystemMapNode;
import org.opendaylight.yangtools.yang.data.api.schema.builder.CollectionNodeBuilder;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Edit.Insert;
import org.southbound.netconf.datastore.Edit.Operation;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.Fragment;

/**
 * Applies edits to an immutable tree and gives the new one (RFC 6241 section 7.2). Pure functions: on an error nothing has
 * happened, which is what rollback-on-error asks for. Trees share what did not change.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Editor {
  private Editor() {
  }

  /** The tree after the edits. */
  public static ContainerNode apply(YangNode root, ContainerNode before, List<Edit> edits, Operation byDefault)
      throws NetconfException {
    return (ContainerNode) container(root, root.id, before, edits, byDefault, null);
  }

  /** An RPC's or action's input as a tree. */
  public static ContainerNode build(YangNode input, List<Edit> edits) throws NetconfException {
    return (ContainerNode) container(input, input.id, null, edits, Operation.MERGE, null);
  }

  private static DataContainerNode container(YangNode node, PathArgument argument, DataContainerNode before,
      List<Edit> edits,
      Operation operation, DataPath path) throws NetconfException {
    var draft = new Draft(node, before);
    Map<YangNode, Entries> lists = null;
    for (Edit each : edits) {
      YangNode child = each.node();
      if (child.kind == Kind.LIST || child.kind == Kind.LEAF_LIST) {
        lists = lists == null ? new LinkedHashMap<>() : lists;
        Entries entries = lists.get(child);
        if (entries == null) {
          entries = Entries.of(child, draft.get(child));
          lists.put(child, entries);
        }
        Operation own = each.operation() == null ? operation : each.operation();
        NormalizedNode was = entries.get(each.argument());
        NormalizedNode now = instance(each, own, was, path);
        if (now != was) {
          if (now != null && was == null) {
            draft.choose(child);
          }
          entries.put(each.argument(), now);
        }
        if (each.insert() != null && now != null) {
          entries.move(each, path);
        }
      } else {
        Operation own = each.operation() == null ? operation : each.operation();
        NormalizedNode was = draft.get(child);
        NormalizedNode now = instance(each, own, was, path);
        if (now != null && was == null) {
          draft.choose(child);
        }
        draft.set(child, now);
      }
    }
    if (lists != null) {
      lists.forEach((child, entries) -> draft.set(child, entries.build()));
    }
    return draft.build(argument);
  }

  /** What becomes of one instance; null: it is gone. */
  private static NormalizedNode instance(Edit edit, Operation operation, NormalizedNode was, DataPath parent)
      throws NetconfException {
    YangNode node = edit.node();
    boolean virtual = node.kind == Kind.CONTAINER && !node.presence();
    switch (operation) {
      case DELETE -> {
        if (was == null) {
          throw error(ErrorTag.DATA_MISSING, node.localName() + " does not exist, so it cannot be deleted.", edit,
              parent);
        }
        return null;
      }
      case REMOVE -> {
        return null;
      }
      case CREATE -> {
        // A container without presence exists by having content.
        if (was != null) {
          throw error(ErrorTag.DATA_EXISTS, node.localName() + " exists already.", edit, parent);
        }
      }
      case NONE -> {
        if (was == null && !virtual && !node.isTerminal()) {
          throw error(ErrorTag.DATA_MISSING, node.localName() + " does not exist.", edit, parent);
        }
        if (node.isTerminal()) {
          return was;
        }
      }
      case MERGE, REPLACE -> {
      }
    }
    NormalizedNode base = operation == Operation.REPLACE || operation == Operation.CREATE ? null : was;
    return switch (node.kind) {
      case LEAF -> edit.value() == null ? null : was != null && base != null && was.body().equals(edit.value()) ? was
          : ImmutableNodes.leafNode(node.id, edit.value());
      case LEAF_LIST -> was != null ? was
          : ImmutableNodes.leafSetEntry(new NodeWithValue<>(node.name, edit.value()));
      case ANYDATA -> ImmutableNodes.newAnydataBuilder(Fragment.class).withNodeIdentifier(node.id)
          .withValue((Fragment) edit.value()).build();
      default -> container(node, edit.argument(), (DataContainerNode) base, edit.children(),
          operation == Operation.CREATE || operation == Operation.REPLACE ? Operation.MERGE : operation,
          new DataPath(parent, node, edit.argument()));
    };
  }

  private static NetconfException error(ErrorTag tag, String message, Edit edit, DataPath parent) {
    return NetconfException.of(tag, message).at(new DataPath(parent, edit.node(), edit.argument()));
  }

  /** The entries of one list or leaf-list under change. Ordered by the system: a persistent map. By the user: in memory order. */
  private static final class Entries {
    private final YangNode node;
    private final NormalizedNode before;
    private final NormalizedNodeContainer<?> base;
    private CollectionNodeBuilder<NormalizedNode, ?> builder;
    private LinkedHashMap<PathArgument, NormalizedNode> ordered;
    private final Map<PathArgument, NormalizedNode> touched = new HashMap<>();
    /** Entries that nothing tells apart. */
    private ArrayList<NormalizedNode> alike;

    private Entries(YangNode node, NormalizedNode before) {
      this.node = node;
      this.before = before;
      this.base = (NormalizedNodeContainer<?>) before;
    }

    static Entries of(YangNode node, NormalizedNode before) {
      var entries = new Entries(node, before);
      if (node.repeats() || node.kind == Kind.LIST && node.keys().length == 0) {
        entries.alike = new ArrayList<>();
      } else if (node.userOrdered()) {
        entries.ordered = new LinkedHashMap<>();
        if (before != null) {
          for (NormalizedNode each : entries.base.body()) {
            entries.ordered.put(each.name(), each);
          }
        }
      }
      return entries;
    }

    NormalizedNode get(PathArgument argument) {
      if (ordered != null) {
        return ordered.get(argument);
      }
      if (alike != null || before == null) {
        return touched.get(argument);
      }
      if (touched.containsKey(argument)) {
        return touched.get(argument);
      }
      return switch (before) {
        case MapNode map -> map.childByArg(
            (org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates) argument);
        case LeafSetNode<?> set -> set.childByArg((NodeWithValue<?>) argument);
        default -> null;
      };
    }

    @SuppressWarnings("unchecked")
    private CollectionNodeBuilder<NormalizedNode, ?> builder() {
      if (builder == null) {
        var factory = ImmutableNodes.builderFactory();
        if (node.kind == Kind.LIST) {
          builder = (CollectionNodeBuilder<NormalizedNode, ?>) (CollectionNodeBuilder<?, ?>) (before instanceof SystemMapNode map
              ? factory.newSystemMapBuilder(map)
              : factory.newSystemMapBuilder().withNodeIdentifier(node.id));
        } else {
          builder = (CollectionNodeBuilder<NormalizedNode, ?>) (CollectionNodeBuilder<?, ?>) (before instanceof SystemLeafSetNode<?> set
              ? factory.newSystemLeafSetBuilder((SystemLeafSetNode<Object>) set)
              : factory.newSystemLeafSetBuilder().withNodeIdentifier(node.id));
        }
      }
      return builder;
    }

    void put(PathArgument argument, NormalizedNode now) {
      if (alike != null) {
        alike.add(now);
      } else if (ordered != null) {
        if (now == null) {
          ordered.remove(argument);
        } else {
          ordered.put(argument, now);
        }
      } else if (now == null) {
        touched.put(argument, null);
        builder().withoutChild(argument);
      } else {
        builder().withChild(now);
      }
    }

    void move(Edit edit, DataPath path) throws NetconfException {
      Insert insert = edit.insert();
      NormalizedNode moved = ordered.remove(edit.argument());
      var rest = new ArrayList<>(ordered.values());
      int at = switch (insert.where()) {
        case FIRST -> 0;
        case LAST -> rest.size();
        case BEFORE, AFTER -> {
          int found = -1;
          for (int i = 0; i < rest.size(); i++) {
            found = rest.get(i).name().equals(insert.anchor()) ? i : found;
          }
          if (found < 0) {
            throw error(ErrorTag.BAD_ATTRIBUTE, "The entry to insert at does not exist.", edit, path)
                .type("application").appTag("missing-instance").info("bad-attribute",
                    node.kind == Kind.LIST ? "key" : "value")
                .info("bad-element", node.localName());
          }
          yield insert.where() == Insert.Where.BEFORE ? found : found + 1;
        }
      };
      rest.add(at, moved);
      ordered.clear();
      rest.forEach(each -> ordered.put(each.name(), each));
    }

    NormalizedNode build() {
      NormalizedNode now;
      if (alike != null) {
        return alike.isEmpty() ? before : TreeBuilder.list(node, alike);
      } else if (ordered != null) {
        now = inOrder();
      } else {
        now = builder == null ? before : builder.build();
      }
      return now instanceof NormalizedNodeContainer<?> container && container.isEmpty() ? null : now;
    }

    private NormalizedNode inOrder() {
      if (base != null && List.copyOf(base.body()).equals(List.copyOf(ordered.values()))) {
        return before;
      }
      if (node.kind == Kind.LIST) {
        var made = ImmutableNodes.newUserMapBuilder().withNodeIdentifier(node.id);
        ordered.values().forEach(each -> made.withChild((MapEntryNode) each));
        return made.build();
      }
      var made = ImmutableNodes.<Object>newUserLeafSetBuilder().withNodeIdentifier(node.id);
      for (NormalizedNode each : ordered.values()) {
        @SuppressWarnings("unchecked")
        var value = (LeafSetEntryNode<Object>) each;
        made.withChild(value);
      }
      return made.build();
    }
  }
}
