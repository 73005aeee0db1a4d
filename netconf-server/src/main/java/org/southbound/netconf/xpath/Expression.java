// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jaxen.Context;
import org.jaxen.ContextSupport;
import org.jaxen.JaxenException;
import org.jaxen.SimpleNamespaceContext;
import org.jaxen.SimpleVariableContext;
import org.jaxen.expr.Expr;
import org.jaxen.function.BooleanFunction;
import org.southbound.netconf.schema.XPathText;

/** A compiled XPath expression over {@link DataNode}s. Thread-safe. */
public final class Expression {
  /** One for each statement of the model, so bounded by the model. */
  private static final Map<XPathText, Expression> COMPILED = new ConcurrentHashMap<>();

  private final String text;
  private final Expr root;
  private final Set<String> prefixes;
  private final SimpleNamespaceContext namespaces = new SimpleNamespaceContext();

  private Expression(XPathText source) throws JaxenException {
    var grammar = new Grammar();
    this.text = source.original();
    this.root = grammar.parse(source.text()).getRootExpr();
    this.prefixes = grammar.prefixes();
    source.namespaces().forEach(namespaces::addNamespace);
  }

  /** The compiled form of an expression of the model. */
  public static Expression of(XPathText text) {
    Expression known = COMPILED.get(text);
    if (known == null) {
      try {
        known = new Expression(text);
      } catch (JaxenException e) {
        throw new IllegalArgumentException("XPath in the YANG model: " + text.original(), e);
      }
      COMPILED.put(text, known);
    }
    return known;
  }

  /** Compiles an expression that a client gave; it is not kept. A name without a prefix means one of any namespace. */
  public static Expression compile(XPathText text) throws JaxenException {
    return new Expression(text);
  }

  /** The prefixes that names in it have. */
  public Set<String> prefixes() {
    return prefixes;
  }

  /** What can be said of it without data. */
  public Reach reach() {
    return Reach.of(root);
  }

  private Object evaluate(DataNode node) throws JaxenException {
    // The context node is a variable of sorts: current() finds it there, however deep in a predicate it is called.
    var variables = new SimpleVariableContext();
    variables.setVariableValue(Functions.CURRENT, node);
    var context = new Context(new ContextSupport(namespaces, Functions.TABLE, variables, TreeNavigator.INSTANCE));
    context.setNodeSet(List.of(node));
    return root.evaluate(context);
  }

  /** The boolean value, with {@code node} as context node and as current(). */
  public boolean test(DataNode node) {
    try {
      return BooleanFunction.evaluate(evaluate(node), TreeNavigator.INSTANCE);
    } catch (JaxenException e) {
      throw new IllegalStateException("XPath " + text + " cannot be evaluated", e);
    }
  }

  /** The nodes selected. */
  public List<DataNode> select(DataNode node) {
    try {
      return nodes(node);
    } catch (JaxenException e) {
      throw new IllegalStateException("XPath " + text + " cannot be evaluated", e);
    }
  }

  /** The boolean value of a client's expression, which may fail: a function may be called with the wrong parameters. */
  public boolean tryTest(DataNode node) throws JaxenException {
    return BooleanFunction.evaluate(evaluate(node), TreeNavigator.INSTANCE);
  }

  /**
   * The nodes that a client's expression selects, in document order, each once.
   *
   * @throws JaxenException if the result is something else than a set of data nodes, too
   */
  @SuppressWarnings("unchecked")
  public List<DataNode> nodes(DataNode node) throws JaxenException {
    Object result = evaluate(node);
    if (!(result instanceof List<?> nodes)) {
      throw new JaxenException("the result is not a set of nodes");
    }
    for (Object each : nodes) {
      if (!(each instanceof DataNode)) {
        throw new JaxenException("the result holds text, not nodes");
      }
    }
    return (List<DataNode>) nodes;
  }
}
