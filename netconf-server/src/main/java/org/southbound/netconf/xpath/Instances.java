// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.southbound.netconf.schema.YangNode;

/** Follows instance-identifiers. */
public final class Instances {
  private Instances() {
  }

  /** The nodes that an instance-identifier points at: none or one. */
  public static List<DataNode> find(DataNode root, YangInstanceIdentifier path) {
    List<DataNode> at = List.of(root);
    for (PathArgument step : path.getPathArguments()) {
      QName name = step.getNodeType();
      var next = new ArrayList<DataNode>();
      for (DataNode each : at) {
        if (step instanceof NodeIdentifierWithPredicates keys) {
          if (matches(each, keys)) {
            next.add(each);
          }
        } else if (step instanceof NodeWithValue<?> value) {
          if (value.getValue().equals(each.value())) {
            next.add(each);
          }
        } else {
          YangNode child = each.schema().isTerminal() ? null
              : each.schema().child(name.getNamespace().toString(), name.getLocalName());
          if (child == null) {
            next.add(each); // a choice or case
          } else {
            next.addAll(each.children(child));
          }
        }
      }
      at = next;
    }
    return at;
  }

  private static boolean matches(DataNode entry, NodeIdentifierWithPredicates keys) {
    if (entry.schema().keys().length == 0) { // a position: see InstancePath
      Object position = keys.values().iterator().next();
      return position.equals(entry.parent().children(entry.schema()).indexOf(entry) + 1);
    }
    for (Map.Entry<QName, Object> key : keys.entrySet()) {
      YangNode leaf = entry.schema().child(key.getKey().getNamespace().toString(), key.getKey().getLocalName());
      if (leaf == null || entry.children(leaf).stream().noneMatch(each -> key.getValue().equals(each.value()))) {
        return false;
      }
    }
    return true;
  }
}
