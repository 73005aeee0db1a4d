// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.southbound.netconf.schema.InvalidValueException;
import org.southbound.netconf.schema.LeafrefPath;
import org.southbound.netconf.schema.ValueType;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.XPathText;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xpath.DataNode;
import org.southbound.netconf.xpath.Expression;
import org.southbound.netconf.xpath.Instances;

/**
 * Whether what leaves refer to is there, in one tree. The values that a path leads to are collected once for all leaves that
 * start from the same node, unless the path has predicates. One thread.
 */
final class References {
  private record Start(DataNode node, XPathText path) {
  }

  private final Map<Start, Set<Object>> values = new HashMap<>();

  /** True if the leaf refers to nothing, to something that need not exist, or to something that does. */
  boolean hold(DataNode leaf) {
    return !leaf.schema().valueType().refers() || hold(leaf, leaf.schema().valueType(), leaf.value());
  }

  private boolean hold(DataNode leaf, ValueType type, Object value) {
    if (type.leafref() != null) {
      return !type.requireInstance() || leads(leaf, type, value);
    }
    if (!type.members().isEmpty()) {
      String given = Values.text(leaf.schema().schema(), value);
      return type.members().stream().anyMatch(each -> {
        Object taken = parsed(leaf, each, given); // each member may have a form of its own for the same text
        return taken != null && hold(leaf, each, taken);
      });
    }
    return !type.requireInstance() || !(value instanceof YangInstanceIdentifier path)
        || !Instances.find(leaf.top(), path).isEmpty();
  }

  private boolean leads(DataNode leaf, ValueType type, Object value) {
    if (type.steps() != null && !(value instanceof byte[])) {
      return values(leaf, type).contains(value);
    }
    return Expression.of(type.leafref()).select(leaf).stream()
        .anyMatch(each -> Objects.deepEquals(each.value(), value));
  }

  private Set<Object> values(DataNode leaf, ValueType type) {
    LeafrefPath.Steps steps = type.steps();
    DataNode start = steps.up() == LeafrefPath.TO_ROOT ? leaf.top() : leaf;
    for (int i = 0; i < steps.up(); i++) {
      start = start.parent();
    }
    var key = new Start(start, type.leafref());
    Set<Object> known = values.get(key);
    if (known == null) {
      List<DataNode> at = List.of(start);
      for (YangNode step : steps.down()) {
        var next = new ArrayList<DataNode>();
        at.forEach(each -> next.addAll(each.children(step)));
        at = next;
      }
      known = new HashSet<>();
      for (DataNode each : at) {
        known.add(each.value());
      }
      values.put(key, known);
    }
    return known;
  }

  /** The value as that member has it, or null. */
  private static Object parsed(DataNode leaf, ValueType member, String text) {
    try {
      return member.parse(leaf.schema().schema().prefixes(), text);
    } catch (InvalidValueException e) {
      return null;
    }
  }
}
