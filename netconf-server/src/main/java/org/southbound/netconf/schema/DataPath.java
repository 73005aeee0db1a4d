// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.Map;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;

/**
 * The way from the root to an instance, as a list linked upwards: a step costs one small object. {@code toString} is the
 * instance-identifier that error-path wants, module names as prefixes.
 *
 * @param argument a list entry's keys or a leaf-list entry's value; else anything
 */
public record DataPath(DataPath parent, YangNode node, PathArgument argument) {

  /** A step down to a node that is no list entry. */
  public static DataPath of(DataPath parent, YangNode node) {
    return new DataPath(parent, node, node.id);
  }

  /** The value of a key, for a list entry. */
  public Object key(YangNode leaf) {
    return ((NodeIdentifierWithPredicates) argument).getValue(leaf.name);
  }

  @Override
  public String toString() {
    var out = new StringBuilder(80);
    render(out);
    return out.toString();
  }

  private void render(StringBuilder out) {
    if (parent != null) {
      parent.render(out);
    }
    if (node.kind == YangNode.Kind.ROOT) {
      return;
    }
    String module = node.module.name();
    out.append('/').append(module).append(':').append(node.localName());
    if (argument instanceof NodeIdentifierWithPredicates keys) {
      for (Map.Entry<QName, Object> key : keys.entrySet()) {
        out.append('[').append(module).append(':').append(key.getKey().getLocalName()).append('=');
        quote(out, Values.text(node.schema(), key.getValue())).append(']');
      }
    } else if (argument instanceof NodeWithValue<?> value) {
      quote(out.append("[.="), Values.text(node.schema(), value.getValue())).append(']');
    }
  }

  private static StringBuilder quote(StringBuilder out, String text) {
    char mark = text.indexOf('\'') < 0 ? '\'' : '"';
    return out.append(mark).append(text).append(mark);
  }
}
