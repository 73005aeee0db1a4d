// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jaxen.BaseXPath;
import org.jaxen.Context;
import org.jaxen.ContextSupport;
import org.jaxen.JaxenException;
import org.jaxen.SimpleNamespaceContext;
import org.jaxen.SimpleVariableContext;
import org.southbound.netconf.schema.XPathText;

/** A compiled XPath expression over {@link DataNode}s. Thread-safe. */
public final class Expression {
    /** One for each statement of the model, so bounded by the model. */
    private static final Map<XPathText, Expression> COMPILED = new ConcurrentHashMap<>();

    private final Compiled xpath;

    /** Gives access to Jaxen's evaluation with a context of our making. */
    private static final class Compiled extends BaseXPath {
        private static final long serialVersionUID = 1L;

        Compiled(String text) throws JaxenException {
            super(text, TreeNavigator.INSTANCE);
        }

        Context context(DataNode node, ContextSupport support) {
            var context = new Context(support);
            context.setNodeSet(List.of(node));
            return context;
        }

        Object result(Context context) throws JaxenException {
            return getRootExpr().evaluate(context);
        }

        List<?> nodes(Context context) throws JaxenException {
            return selectNodesForContext(context);
        }
    }

    private final SimpleNamespaceContext namespaces = new SimpleNamespaceContext();

    private Expression(XPathText text) throws JaxenException {
        this.xpath = new Compiled(text.text());
        text.namespaces().forEach(namespaces::addNamespace);
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

    /** Compiles an expression that a client gave; it is not kept. */
    public static Expression compile(XPathText text) throws JaxenException {
        return new Expression(text);
    }

    private Context context(DataNode node) {
        // The context node is a variable of sorts: current() finds it there, however deep in a predicate it is called.
        var variables = new SimpleVariableContext();
        variables.setVariableValue(Functions.CURRENT, node);
        return xpath.context(node, new ContextSupport(namespaces, Functions.TABLE, variables, TreeNavigator.INSTANCE));
    }

    /** The boolean value, with {@code node} as context node and as current(). */
    public boolean test(DataNode node) {
        try {
            Object result = xpath.result(context(node));
            return org.jaxen.function.BooleanFunction.evaluate(result, TreeNavigator.INSTANCE);
        } catch (JaxenException e) {
            throw new IllegalStateException("XPath " + xpath + " cannot be evaluated", e);
        }
    }

    /** The nodes selected. */
    @SuppressWarnings("unchecked")
    public List<DataNode> select(DataNode node) {
        try {
            return (List<DataNode>) xpath.nodes(context(node));
        } catch (JaxenException e) {
            throw new IllegalStateException("XPath " + xpath + " cannot be evaluated", e);
        }
    }
}
