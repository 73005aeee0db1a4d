// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.xml.xpath.XPathExpressionException;
import org.opendaylight.yangtools.yang.model.api.PathExpression;
import org.opendaylight.yangtools.yang.xpath.api.YangBinaryExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangFilterExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangFunctionCallExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangLiteralExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangLocationPath;
import org.opendaylight.yangtools.yang.xpath.api.YangNaryExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangNegateExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangPathExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangPredicateAware;
import org.opendaylight.yangtools.yang.xpath.api.YangQNameExpr;
import org.opendaylight.yangtools.yang.xpath.api.YangXPathExpression;

/**
 * What the prefixes of an expression stand for. yangtools gives an expression's names resolved but not its prefixes, which the
 * module that wrote the expression declares, be it that of the node or that of a grouping. So they are recovered by pairing the
 * two; where that leaves a choice, the imports of the node's module decide.
 */
final class XPathPrefixes {
  private final String original;
  private final Map<String, String> imports;
  private final Map<String, Set<String>> resolved = new HashMap<>();
  private final YangXPathExpression expression;

  XPathPrefixes(YangXPathExpression expression, Map<String, String> imports) {
    this.original = expression.toString();
    this.imports = imports;
    this.expression = expression;
    collect(expression.getRootExpr());
  }

  XPathPrefixes(PathExpression path, Map<String, String> imports) {
    this.original = path.getOriginalString();
    this.imports = imports;
    this.expression = null;
    switch (path.getSteps()) {
      case PathExpression.LocationPathSteps steps -> collect(steps.getLocationPath());
      case PathExpression.DerefSteps steps -> {
        collect(steps.getDerefArgument());
        collect(steps.getRelativePath());
      }
      default -> throw new IllegalStateException("a leafref path of unknown shape: " + original);
    }
  }

  /** The namespace of a prefix; null for what merely looks like a prefix, in a literal. */
  String namespace(String prefix) {
    Set<String> candidates = paired(prefix);
    String imported = imports.get(prefix);
    if (candidates == null) {
      return literal(prefix, imported);
    }
    return imported != null && candidates.contains(imported) || candidates.isEmpty() ? imported
        : candidates.iterator().next();
  }

  /** A prefix that only literals have: an identity's name for derived-from. */
  private String literal(String prefix, String otherwise) {
    try {
      return expression != null && expression.interpretAsQName(
          YangLiteralExpr.of(prefix + ":x")) instanceof YangQNameExpr.Resolved name
              ? name.getQName().getNamespace().toString()
              : otherwise;
    } catch (XPathExpressionException | IllegalArgumentException e) {
      return otherwise;
    }
  }

  /** Namespaces that fit every name with that prefix; null if no name has it. */
  private Set<String> paired(String prefix) {
    Set<String> fit = null;
    String start = prefix + ":";
    for (int at = original.indexOf(start); at >= 0; at = original.indexOf(start, at + 1)) {
      if (at > 0 && namePart(original.charAt(at - 1))) {
        continue;
      }
      int from = at + start.length();
      int to = from;
      while (to < original.length() && namePart(original.charAt(to))) {
        to++;
      }
      Set<String> namespaces = resolved.get(original.substring(from, to));
      if (namespaces != null) {
        if (fit == null) {
          fit = new HashSet<>(namespaces);
        } else {
          fit.retainAll(namespaces);
        }
      }
    }
    return fit;
  }

  private static boolean namePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
  }

  private void name(org.opendaylight.yangtools.yang.common.QName name) {
    resolved.computeIfAbsent(name.getLocalName(), k -> new HashSet<>()).add(name.getNamespace().toString());
  }

  private void collect(YangExpr part) {
    if (part instanceof YangPredicateAware filtered) {
      filtered.getPredicates().forEach(this::collect);
    }
    switch (part) {
      case YangQNameExpr.Resolved name -> name(name.getQName());
      case YangLocationPath path -> {
        for (YangLocationPath.Step step : path.getSteps()) {
          if (step instanceof YangLocationPath.ResolvedQNameStep name) {
            name(name.getQName());
          }
          step.getPredicates().forEach(this::collect);
        }
      }
      case YangBinaryExpr both -> {
        collect(both.getLeftExpr());
        collect(both.getRightExpr());
      }
      case YangNaryExpr several -> several.getExpressions().forEach(this::collect);
      case YangNegateExpr negated -> collect(negated.getSubExpr());
      case YangFunctionCallExpr call -> call.getArguments().forEach(this::collect);
      case YangFilterExpr filter -> collect(filter.getExpr());
      case YangPathExpr path -> {
        collect(path.getFilterExpr());
        path.getLocationPath().ifPresent(this::collect);
      }
      default -> {
      }
    }
  }
}
