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
    return !leaf.schema().valueType().refers() || hold(leaf, leaf.schema().valueType(), null);
  }

  /** @param text of a union's value, which may be one of several members; null for others */
  private boolean hold(DataNode leaf, ValueType type, String text) {
    if (type.leafref() != null) {
      return !type.requireInstance() || leads(leaf, type, text);
    }
    if (!type.members().isEmpty()) {
      String given = text == null ? Values.text(leaf.schema().schema(), leaf.value()) : text;
      return type.members().stream().anyMatch(each -> takes(leaf, each, given) && hold(leaf, each, given));
    }
    return !type.requireInstance() || !(leaf.value() instanceof YangInstanceIdentifier path)
        || !Instances.find(leaf.top(), path).isEmpty();
  }

  private boolean leads(DataNode leaf, ValueType type, String text) {
    if (type.steps() != null && text == null && !(leaf.value() instanceof byte[])) {
      return values(leaf, type).contains(leaf.value());
    }
    return Expression.of(type.leafref()).select(leaf).stream().anyMatch(
        each -> text == null ? Objects.deepEquals(each.value(), leaf.value()) : text.equals(each.text()));
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

  private static boolean takes(DataNode leaf, ValueType member, String text) {
    try {
      member.parse(leaf.schema().schema().prefixes(), text);
      return true;
    } catch (InvalidValueException e) {
      return false;
    }
  }
}
