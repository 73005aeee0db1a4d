// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.List;
import org.opendaylight.yangtools.concepts.PrettyTree;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.UserLeafSetNode;

/**
 * The values of a leaf-list that is no configuration, in order, equal ones too (RFC 7950 section 7.7); the leaf-lists of yangtools
 * hold each once.
 */
public record LeafValues(NodeIdentifier name, List<LeafSetEntryNode<Object>> body) implements UserLeafSetNode<Object> {
  @Override
  public LeafSetEntryNode<Object> childAt(int position) {
    return body.get(position);
  }

  @Override
  public LeafSetEntryNode<Object> childByArg(NodeWithValue<?> value) {
    for (LeafSetEntryNode<Object> each : body) {
      if (each.name().equals(value)) {
        return each;
      }
    }
    return null;
  }

  @Override
  public int size() {
    return body.size();
  }

  @Override
  public boolean isEmpty() { return body.isEmpty(); }

  @Override
  public PrettyTree prettyTree() {
    return new PrettyTree() {
      @Override
      public void appendTo(StringBuilder out, int depth) {
        out.append("  ".repeat(depth)).append(name.getNodeType().getLocalName()).append(" = ").append(body);
      }
    };
  }
}
