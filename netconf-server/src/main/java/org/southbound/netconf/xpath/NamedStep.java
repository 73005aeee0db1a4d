// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jaxen.Context;
import org.jaxen.ContextSupport;
import org.jaxen.JaxenException;
import org.jaxen.expr.BinaryExpr;
import org.jaxen.expr.DefaultNameStep;
import org.jaxen.expr.EqualityExpr;
import org.jaxen.expr.Expr;
import org.jaxen.expr.FilterExpr;
import org.jaxen.expr.FunctionCallExpr;
import org.jaxen.expr.LiteralExpr;
import org.jaxen.expr.LocationPath;
import org.jaxen.expr.LogicalExpr;
import org.jaxen.expr.NameStep;
import org.jaxen.expr.NumberExpr;
import org.jaxen.expr.PathExpr;
import org.jaxen.expr.Predicate;
import org.jaxen.expr.PredicateSet;
import org.jaxen.expr.iter.IterableAxis;
import org.jaxen.saxpath.Axis;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.southbound.netconf.schema.YangNode;

/**
 * A step by name. Two things differ from XPath 1.0: a name without a prefix means a node of any namespace (no data node is of
 * none), and predicates that give all keys of a list as literals or by current() look the entry up instead of walking the list.
 */
final class NamedStep extends DefaultNameStep {
  private static final long serialVersionUID = 1L;

  /** A key and the text or number it must be equal to, or the expression that gives it, the same for all entries. */
  private record Key(String prefix, String name, String text, Double number, Expr given) {
    /** With the text that the expression gives now; null if that is not the text of one leaf. */
    Key resolved(Context context) throws JaxenException {
      if (given == null) {
        return this;
      }
      return given.evaluate(context) instanceof List<?> nodes && nodes.size() == 1
          && nodes.getFirst() instanceof DataNode node && node.value != null
              ? new Key(prefix, name, node.text(), null, null)
              : null;
    }
  }

  NamedStep(IterableAxis axis, String prefix, String localName, PredicateSet predicates) {
    super(axis, prefix, localName, predicates);
  }

  private boolean anyNamespace() {
    return getPrefix() == null || getPrefix().isEmpty();
  }

  @Override
  public boolean matches(Object object, ContextSupport support) throws JaxenException {
    if (!anyNamespace()) {
      return super.matches(object, support);
    }
    return object instanceof DataNode node && node.parent != null
        && (isMatchesAnyName() || node.schema.localName().equals(getLocalName()));
  }

  @Override
  public List<?> evaluate(Context context) throws JaxenException {
    var keys = new ArrayList<Key>();
    for (Key each : keys()) {
      Key key = each.resolved(context);
      if (key == null) {
        return super.evaluate(context);
      }
      keys.add(key);
    }
    if (keys.isEmpty()) {
      return super.evaluate(context);
    }
    var found = new ArrayList<DataNode>();
    for (Object each : context.getNodeSet()) {
      if (!(each instanceof DataNode node)) {
        continue;
      }
      YangNode list = node.schema.isTerminal() ? null
          : node.schema.child(anyNamespace() ? null : context.translateNamespacePrefixToUri(getPrefix()),
              getLocalName());
      if (list == null || list.kind != YangNode.Kind.LIST || keys.size() != list.keys().length) {
        return super.evaluate(context);
      }
      if (!look(node, list, keys, context, found)) {
        return super.evaluate(context);
      }
    }
    return found;
  }

  /** False if the entry has to be searched for after all. */
  private static boolean look(DataNode parent, YangNode list, List<Key> keys, Context context, List<DataNode> found)
      throws JaxenException {
    var given = new HashMap<YangNode, Key>();
    for (Key each : keys) {
      YangNode leaf = list.child(each.prefix.isEmpty() ? null : context.translateNamespacePrefixToUri(each.prefix),
          each.name);
      if (leaf == null || !leaf.isKey() || given.put(leaf, each) != null) {
        return false;
      }
    }
    Map<QName, Object> values = new LinkedHashMap<>();
    for (YangNode key : list.keys()) {
      Key wanted = given.get(key);
      try {
        Object value = key.parse(list.schema().names(key), wanted.text);
        if (value instanceof QName || (wanted.number != null && !(value instanceof Number))) {
          return false; // compared in other ways than by the value
        }
        values.put(key.name, value);
      } catch (RuntimeException e) { // no value of the key's type; what codecs throw varies
        return false;
      }
    }
    DataNode entry = parent.entry(list, NodeIdentifierWithPredicates.of(list.name, values));
    if (entry != null && same(entry, given)) {
      found.add(entry);
    }
    return true;
  }

  /** XPath compares the text, so another lexical form of the key's value is not equal to it. */
  private static boolean same(DataNode entry, Map<YangNode, Key> given) {
    for (Map.Entry<YangNode, Key> each : given.entrySet()) {
      List<DataNode> leaf = entry.children(each.getKey()); // none if it may not be read
      if (leaf.isEmpty()
          || (each.getValue().number == null && !leaf.getFirst().text().equals(each.getValue().text))) {
        return false;
      }
    }
    return true;
  }

  /** True if the step goes to children of one name, all or by literals: no more work than the nodes it passes. */
  boolean isPlain() {
    return getAxis() == Axis.CHILD && !isMatchesAnyName() && (getPredicates().isEmpty()
        || (!keys().isEmpty() && keys().stream().allMatch(each -> each.given == null)));
  }

  /** The keys that the predicates give; empty if they are anything else than equalities with literals. */
  private List<Key> keys() {
    List<?> predicates = getPredicates();
    if (predicates.isEmpty() || getAxis() != Axis.CHILD || isMatchesAnyName()) {
      return List.of();
    }
    var keys = new ArrayList<Key>(predicates.size());
    for (Object each : predicates) {
      if (!collect(((Predicate) each).getExpr(), keys)) {
        return List.of();
      }
    }
    return keys;
  }

  private static boolean collect(Expr expression, List<Key> into) {
    if (expression instanceof LogicalExpr both && both.getOperator().equals("and")) {
      return collect(both.getLHS(), into) && collect(both.getRHS(), into);
    }
    if (!(expression instanceof EqualityExpr) || !(expression instanceof BinaryExpr equal)
        || !equal.getOperator().equals("=")) {
      return false;
    }
    boolean nameFirst = equal.getLHS() instanceof LocationPath;
    Expr path = nameFirst ? equal.getLHS() : equal.getRHS();
    Expr value = nameFirst ? equal.getRHS() : equal.getLHS();
    if (!(path instanceof LocationPath way) || way.isAbsolute() || way.getSteps().size() != 1
        || !(way.getSteps().getFirst() instanceof NameStep step) || step.getAxis() != Axis.CHILD
        || !step.getPredicates().isEmpty()) {
      return false;
    }
    String prefix = step.getPrefix() == null ? "" : step.getPrefix();
    switch (value) {
      case LiteralExpr literal -> into.add(new Key(prefix, step.getLocalName(), literal.getLiteral(), null, null));
      case NumberExpr number -> {
        double exact = number.getNumber().doubleValue();
        if (exact != Math.rint(exact) || Math.abs(exact) > 1e15) {
          return false;
        }
        into.add(new Key(prefix, step.getLocalName(), Long.toString((long) exact), exact, null));
      }
      default -> {
        if (!isCurrent(value)) {
          return false;
        }
        into.add(new Key(prefix, step.getLocalName(), null, null, value));
      }
    }
    return true;
  }

  /** {@code current()}, or a path from there. */
  private static boolean isCurrent(Expr value) {
    Expr start = value instanceof PathExpr path ? path.getFilterExpr() : value;
    start = start instanceof FilterExpr filter && filter.getPredicates().isEmpty() ? filter.getExpr() : start;
    return start instanceof FunctionCallExpr call && call.getFunctionName().equals("current");
  }
}
