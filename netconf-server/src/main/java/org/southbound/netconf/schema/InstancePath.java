// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;

/**
 * Reads instance-identifiers (RFC 7950 section 9.13): every step is a node of the model, lists and leaf-lists carry what tells
 * their entries apart. The result names a list and then its entry, and no choices. yangtools has no step for a position in a list
 * without keys: it stands as a key with the name of the list.
 */
final class InstancePath {
  private static final Pattern STEP = Pattern.compile("\\G/\\s*([\\w.-]+):([\\w.-]+)\\s*");
  private static final Pattern PREDICATE = Pattern
      .compile("\\G\\[\\s*(?:(\\.)|([\\w.-]+):([\\w.-]+))\\s*=\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*\\]\\s*");

  private static final Pattern POSITION = Pattern.compile("\\G\\[\\s*([1-9][0-9]{0,8})\\s*\\]\\s*");

  private InstancePath() {
  }

  static YangInstanceIdentifier parse(Schema schema, NamespaceContext namespaces, String text) {
    var steps = new ArrayList<PathArgument>();
    YangNode at = schema.root();
    Matcher step = STEP.matcher(text);
    Matcher predicate = PREDICATE.matcher(text);
    Matcher position = POSITION.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (!step.find(end)) {
        throw new InvalidValueException();
      }
      at = child(at, namespaces, step.group(1), step.group(2));
      steps.add(at.id);
      end = step.end();
      var keys = new LinkedHashMap<QName, Object>();
      while (predicate.find(end)) {
        predicate(at, namespaces, predicate, keys);
        end = predicate.end();
      }
      if (at.kind == YangNode.Kind.LIST && at.keys().length == 0 && position.find(end)) {
        keys.put(at.name, Integer.valueOf(position.group(1)));
        end = position.end();
      }
      entry(at, keys, steps);
    }
    if (steps.isEmpty()) {
      throw new InvalidValueException();
    }
    return YangInstanceIdentifier.of(steps);
  }

  private static YangNode child(YangNode parent, NamespaceContext namespaces, String prefix, String name) {
    String namespace = namespaces.getNamespaceURI(prefix);
    YangNode child = namespace == null || namespace.isEmpty() || parent.isTerminal() ? null
        : parent.child(namespace, name);
    if (child == null) {
      throw new InvalidValueException();
    }
    return child;
  }

  private static void predicate(YangNode node, NamespaceContext namespaces, Matcher match, Map<QName, Object> values) {
    YangNode tested = match.group(1) != null ? node : child(node, namespaces, match.group(2), match.group(3));
    boolean known = match.group(1) != null ? node.kind == YangNode.Kind.LEAF_LIST : tested.isKey();
    String value = match.group(4) == null ? match.group(5) : match.group(4);
    if (!known || values.put(tested.name, tested.parse(namespaces, value)) != null) {
      throw new InvalidValueException();
    }
  }

  private static void entry(YangNode node, Map<QName, Object> given, List<PathArgument> steps) {
    if (given.isEmpty()) {
      return; // only the last step may go without: see Instances
    }
    if (node.kind == YangNode.Kind.LEAF_LIST) {
      steps.add(new NodeWithValue<>(node.name, given.get(node.name)));
      return;
    }
    if (node.keys().length == 0) {
      steps.add(NodeIdentifierWithPredicates.of(node.name, given));
      return;
    }
    var ordered = new LinkedHashMap<QName, Object>();
    for (YangNode key : node.keys()) {
      ordered.put(key.name, given.get(key.name));
    }
    if (ordered.containsValue(null)) {
      throw new InvalidValueException();
    }
    steps.add(NodeIdentifierWithPredicates.of(node.name, ordered));
  }
}
