// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;

/**
 * A node-instance-identifier (RFC 8341 section 3.4.5): an instance-identifier whose keys may be left out, which then stands for
 * all entries, and may be compared with {@code $USER}. It covers its node and everything below.
 */
final class NodePath {
  private static final Pattern STEP = Pattern.compile("\\G\\s*/\\s*([\\w.-]+):([\\w.-]+)\\s*");
  private static final Pattern PREDICATE = Pattern
      .compile("\\G\\[\\s*(?:([\\w.-]+):([\\w.-]+)|(\\.))\\s*=\\s*(?:'([^']*)'|\"([^\"]*)\"|(\\$USER))\\s*\\]\\s*");

  /** One condition on an instance. Key null: the entry of a leaf-list itself; value null: the user's name. */
  private record Test(YangNode list, YangNode key, Object value) {
    boolean holds(PathArgument argument, String user) {
      Object is = argument instanceof NodeIdentifierWithPredicates keys && key != null ? keys.getValue(key.name)
          : argument instanceof NodeWithValue<?> entry ? entry.getValue() : null;
      return value != null ? value.equals(is) : is != null && Values.text(list.schema(), is).equals(user);
    }
  }

  private final YangNode target;
  private final List<Test> tests;

  private NodePath(YangNode target, List<Test> tests) {
    this.target = target;
    this.tests = tests;
  }

  /**
   * Reads the path of a rule. A path that cannot mean anything is refused: a rule that denies must not be without effect for a
   * slip of the pen.
   *
   * @param text with the schema's own prefixes
   */
  static NodePath parse(Schema schema, String text, String where) throws NetconfException {
    if (text.strip().equals("/")) {
      return new NodePath(schema.root(), List.of());
    }
    var tests = new ArrayList<Test>();
    YangNode at = schema.root();
    Matcher step = STEP.matcher(text);
    Matcher predicate = PREDICATE.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (!step.find(end) || step.start() != end) {
        throw bad(text, "every name needs a prefix, and only key='value', key=$USER or .='value' may be in brackets",
            where);
      }
      YangNode next = next(at, schema.namespaceOf(step.group(1)), step.group(2));
      if (next == null) {
        throw bad(text, "there is no node " + step.group(1) + ":" + step.group(2), where);
      }
      at = next;
      end = step.end();
      while (predicate.find(end) && predicate.start() == end) {
        tests.add(test(schema, at, predicate, text, where));
        end = predicate.end();
      }
    }
    return new NodePath(at, List.copyOf(tests));
  }

  private static YangNode next(YangNode at, String namespace, String name) {
    if (namespace == null || at.isTerminal() || at.kind == Kind.INPUT || at.kind == Kind.NOTIFICATION) {
      return null;
    }
    YangNode child = at.child(namespace, name);
    return child == null ? at.operation(namespace, name) : child;
  }

  private static Test test(Schema schema, YangNode at, Matcher predicate, String text, String where)
      throws NetconfException {
    boolean own = predicate.group(3) != null;
    YangNode key = own ? null : at.child(schema.namespaceOf(predicate.group(1)), predicate.group(2));
    if (own ? at.kind != Kind.LEAF_LIST : key == null || !key.isKey()) {
      throw bad(text,
          own ? at.localName() + " is no leaf-list" : predicate.group(2) + " is no key of " + at.localName(),
          where);
    }
    if (predicate.group(6) != null) {
      return new Test(at, key, null);
    }
    String value = predicate.group(4) != null ? predicate.group(4) : predicate.group(5);
    try {
      YangNode leaf = own ? at : key;
      return new Test(at, key, leaf.parse(schema.prefixes(leaf), value));
    } catch (IllegalArgumentException e) {
      throw bad(text, "'" + value + "' is no value of " + (own ? at : key).localName(), where);
    }
  }

  private static NetconfException bad(String text, String why, String where) {
    return NetconfException.of(ErrorTag.INVALID_VALUE, "The path " + text + " cannot be used: " + why + ".").at(where)
        .info("bad-element", "path");
  }

  /** The node is the target or below it, in the schema. */
  @SuppressWarnings("ReferenceEquality") // one object for each node
  boolean covers(YangNode node) {
    for (YangNode at = node; at != null; at = at.parent) {
      if (at == target) {
        return true;
      }
    }
    return false;
  }

  boolean isSelective() { return !tests.isEmpty(); }

  /** An instance of a node that is covered is meant. */
  @SuppressWarnings("ReferenceEquality")
  boolean matches(DataPath instance, String user) {
    for (Test test : tests) {
      DataPath at = instance;
      while (at != null && at.node() != test.list) {
        at = at.parent();
      }
      if (at == null || !test.holds(at.argument(), user)) {
        return false;
      }
    }
    return true;
  }
}
