// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jaxen.expr.BinaryExpr;
import org.jaxen.expr.Expr;
import org.jaxen.expr.FilterExpr;
import org.jaxen.expr.FunctionCallExpr;
import org.jaxen.expr.LiteralExpr;
import org.jaxen.expr.LocationPath;
import org.jaxen.expr.NumberExpr;
import org.jaxen.expr.PathExpr;
import org.jaxen.expr.Predicate;
import org.jaxen.expr.Step;
import org.jaxen.expr.UnaryExpr;
import org.jaxen.saxpath.Axis;

/**
 * What an expression can look at, found without data.
 *
 * @param tops local names of the top-level nodes it can reach from the root, or null if it may reach any
 * @param plain true if it is a location path of names with no other predicates than keys
 */
public record Reach(Set<String> tops, boolean plain) {
  static Reach of(Expr root) {
    var tops = new HashSet<String>();
    boolean plain = root instanceof LocationPath way
        && steps(way).stream().allMatch(each -> each instanceof NamedStep step && step.isPlain());
    return new Reach(walk(root, true, tops) ? Set.copyOf(tops) : null, plain);
  }

  /** Collects the tops; false if there is no telling. {@code atRoot}: the context node is the root. */
  private static boolean walk(Expr expression, boolean atRoot, Set<String> tops) {
    return switch (expression) {
      case LocationPath way -> path(way, atRoot, tops);
      case BinaryExpr both -> walk(both.getLHS(), atRoot, tops) && walk(both.getRHS(), atRoot, tops);
      case UnaryExpr one -> walk(one.getExpr(), atRoot, tops);
      case FunctionCallExpr call -> !call.getFunctionName().equals("current")
          && all(call.getParameters(), atRoot, tops);
      case LiteralExpr literal -> true;
      case NumberExpr number -> true;
      case FilterExpr filter -> (filter.getExpr() == null || walk(filter.getExpr(), atRoot, tops))
          && predicates(filter.getPredicates(), tops);
      case PathExpr path -> false;
      default -> false;
    };
  }

  private static boolean all(List<?> expressions, boolean atRoot, Set<String> tops) {
    for (Object each : expressions) {
      if (!walk((Expr) each, atRoot, tops)) {
        return false;
      }
    }
    return true;
  }

  private static boolean predicates(List<?> predicates, Set<String> tops) {
    for (Object each : predicates) {
      if (!walk(((Predicate) each).getExpr(), false, tops)) {
        return false;
      }
    }
    return true;
  }

  private static List<?> steps(LocationPath way) {
    return way.getSteps();
  }

  private static boolean path(LocationPath way, boolean atRoot, Set<String> tops) {
    boolean first = atRoot || way.isAbsolute();
    if (first && steps(way).isEmpty()) {
      return false;
    }
    for (Object each : steps(way)) {
      var step = (Step) each;
      if (first) {
        if (!(step instanceof NamedStep named) || named.isMatchesAnyName() || step.getAxis() != Axis.CHILD) {
          return false;
        }
        tops.add(named.getLocalName());
        first = false;
      }
      boolean down = step.getAxis() == Axis.CHILD || step.getAxis() == Axis.SELF
          || step.getAxis() == Axis.DESCENDANT || step.getAxis() == Axis.DESCENDANT_OR_SELF;
      if (!down || !predicates(step.getPredicates(), tops)) {
        return false;
      }
    }
    return true;
  }
}
