// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.IdentityHashMap;
import java.util.Map;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ChoiceNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerChild;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.builder.DataContainerNodeBuilder;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Kind;

/**
 * The children of one data node while they change: one slot for each child of the schema, choices flattened away. What was not
 * touched is shared with the tree it came from.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Draft {
  private final YangNode node;
  private final DataContainerNode base;
  private final NormalizedNode[] slots;
  private boolean changed;

  /** @param base may be null: nothing there yet */
  public Draft(YangNode node, DataContainerNode base) {
    this.node = node;
    this.base = base;
    YangNode[] children = node.children();
    this.slots = new NormalizedNode[children.length];
    if (base != null && !base.isEmpty()) {
      for (int i = 0; i < slots.length; i++) {
        slots[i] = YangNode.find(base, children[i]);
      }
    }
  }

  public NormalizedNode get(YangNode child) {
    return slots[child.index()];
  }

  /**
   * Puts a child, or with null removes it. An empty container without presence counts as nothing, unless it was given where a
   * when may forbid it: then validation has to see it (RFC 7950 section 8.3.1).
   */
  public void set(YangNode child, NormalizedNode data) {
    NormalizedNode kept = nothing(child, data) && !(child.guarded() && nothing(child, slots[child.index()])) ? null
        : data;
    if (slots[child.index()] != kept) {
      slots[child.index()] = kept;
      changed = true;
    }
  }

  private static boolean nothing(YangNode child, NormalizedNode data) {
    return data == null || data instanceof DataContainerNode container && container.isEmpty() && !child.presence()
        && child.kind == Kind.CONTAINER;
  }

  /** Removes what the case of {@code child} excludes. */
  public void choose(YangNode child) {
    for (Case mine = child.inCase; mine != null; mine = mine.choice.within) {
      for (Case other : mine.choice.cases) {
        if (other != mine) {
          for (YangNode each : other.nodes) {
            set(each, null);
          }
        }
      }
    }
  }

  /** True if there is nothing but perhaps keys. */
  boolean isEmpty() {
    for (NormalizedNode each : slots) {
      if (each != null) {
        return false;
      }
    }
    return true;
  }

  /** The node as it is now; the very same object as before if nothing changed. */
  public DataContainerNode build(PathArgument argument) {
    if (!changed && base != null) {
      return base;
    }
    return switch (node.kind) {
      case LIST -> argument instanceof NodeIdentifierWithPredicates key
          ? fill(ImmutableNodes.newMapEntryBuilder().withNodeIdentifier(key)).build()
          : fill(ImmutableNodes.newUnkeyedListEntryBuilder().withNodeIdentifier(node.id)).build();
      default -> fill(ImmutableNodes.newContainerBuilder().withNodeIdentifier(node.id)).build();
    };
  }

  private static ChoiceNode.Builder begin(Choice choice) {
    ChoiceNode.Builder builder = ImmutableNodes.newChoiceBuilder();
    builder.withNodeIdentifier(choice.id);
    return builder;
  }

  private <B extends DataContainerNodeBuilder<?, ?>> B fill(B builder) {
    Map<Choice, ChoiceNode.Builder> choices = node.choices().isEmpty() ? null : new IdentityHashMap<>();
    YangNode[] children = node.children();
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] == null) {
        continue;
      }
      var child = (DataContainerChild) slots[i];
      Case inCase = children[i].inCase;
      if (inCase == null) {
        builder.withChild(child);
      } else {
        choices.computeIfAbsent(inCase.choice, Draft::begin).withChild(child);
      }
    }
    if (choices != null) {
      var all = node.choices();
      for (int i = all.size() - 1; i >= 0; i--) { // inner before outer
        Choice choice = all.get(i);
        ChoiceNode.Builder made = choices.get(choice);
        if (made == null) {
          continue;
        }
        if (choice.within == null) {
          builder.withChild(made.build());
        } else {
          choices.computeIfAbsent(choice.within.choice, Draft::begin).withChild(made.build());
        }
      }
    }
    return builder;
  }
}
