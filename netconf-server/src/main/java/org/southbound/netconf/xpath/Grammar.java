// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jaxen.JaxenException;
import org.jaxen.JaxenHandler;
import org.jaxen.UnresolvableException;
import org.jaxen.expr.DefaultXPathFactory;
import org.jaxen.expr.FunctionCallExpr;
import org.jaxen.expr.Step;
import org.jaxen.expr.VariableReferenceExpr;
import org.jaxen.expr.XPathExpr;
import org.jaxen.saxpath.SAXPathException;
import org.jaxen.saxpath.base.XPathReader;

/** Parses expressions with steps of our own, and notes the prefixes that they use. */
final class Grammar extends DefaultXPathFactory {
  /** Least and most parameters of the functions of XPath 1.0 and YANG 1.1. */
  private static final Map<String, int[]> PARAMETERS = Map.ofEntries(Map.entry("last", new int[]{0, 0}),
      Map.entry("position", new int[]{0, 0}), Map.entry("count", new int[]{1, 1}), Map.entry("id", new int[]{1, 1}),
      Map.entry("local-name", new int[]{0, 1}), Map.entry("namespace-uri", new int[]{0, 1}),
      Map.entry("name", new int[]{0, 1}), Map.entry("string", new int[]{0, 1}),
      Map.entry("concat", new int[]{2, Integer.MAX_VALUE}), Map.entry("starts-with", new int[]{2, 2}),
      Map.entry("contains", new int[]{2, 2}), Map.entry("substring-before", new int[]{2, 2}),
      Map.entry("substring-after", new int[]{2, 2}), Map.entry("substring", new int[]{2, 3}),
      Map.entry("string-length", new int[]{0, 1}), Map.entry("normalize-space", new int[]{0, 1}),
      Map.entry("translate", new int[]{3, 3}), Map.entry("boolean", new int[]{1, 1}), Map.entry("not", new int[]{1, 1}),
      Map.entry("true", new int[]{0, 0}), Map.entry("false", new int[]{0, 0}), Map.entry("lang", new int[]{1, 1}),
      Map.entry("number", new int[]{0, 1}), Map.entry("sum", new int[]{1, 1}), Map.entry("floor", new int[]{1, 1}),
      Map.entry("ceiling", new int[]{1, 1}), Map.entry("round", new int[]{1, 1}), Map.entry("current", new int[]{0, 0}),
      Map.entry("deref", new int[]{1, 1}), Map.entry("derived-from", new int[]{2, 2}),
      Map.entry("derived-from-or-self", new int[]{2, 2}), Map.entry("re-match", new int[]{2, 2}),
      Map.entry("enum-value", new int[]{1, 1}), Map.entry("bit-is-set", new int[]{2, 2}));

  private final Set<String> prefixes = new HashSet<>();
  private final List<FunctionCallExpr> calls = new ArrayList<>();

  /** The parsed expression. Unknown functions and variables are refused here and not only once they are met. */
  XPathExpr parse(String text) throws JaxenException {
    var handler = new JaxenHandler();
    handler.setXPathFactory(this);
    var reader = new XPathReader();
    reader.setXPathHandler(handler);
    try {
      reader.parse(text);
    } catch (org.jaxen.saxpath.XPathSyntaxException e) {
      throw new org.jaxen.XPathSyntaxException(e);
    } catch (SAXPathException e) {
      throw new JaxenException(e);
    }
    for (FunctionCallExpr each : calls) {
      int[] allowed = PARAMETERS.get(each.getFunctionName());
      int given = each.getParameters().size();
      if (allowed == null || given < allowed[0] || given > allowed[1] || !each.getPrefix().isEmpty()) {
        throw new UnresolvableException("there is no function " + each.getFunctionName() + " with " + given
            + " parameters");
      }
    }
    return handler.getXPathExpr();
  }

  Set<String> prefixes() {
    return prefixes;
  }

  @Override
  public Step createNameStep(int axis, String prefix, String localName) throws JaxenException {
    if (prefix != null && !prefix.isEmpty()) {
      prefixes.add(prefix);
    }
    return new NamedStep(getIterableAxis(axis), prefix, localName, createPredicateSet());
  }

  @Override
  public FunctionCallExpr createFunctionCallExpr(String prefix, String name) throws JaxenException {
    FunctionCallExpr call = super.createFunctionCallExpr(prefix == null ? "" : prefix, name);
    calls.add(call);
    return call;
  }

  @Override
  public VariableReferenceExpr createVariableReferenceExpr(String prefix, String name) throws JaxenException {
    throw new UnresolvableException("there are no variables: $" + name);
  }
}
