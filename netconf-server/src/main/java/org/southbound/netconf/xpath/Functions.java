// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jaxen.Context;
import org.jaxen.FunctionCallException;
import org.jaxen.SimpleFunctionContext;
import org.jaxen.UnresolvableException;
import org.jaxen.XPathFunctionContext;
import org.jaxen.function.StringFunction;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.model.api.type.EnumTypeDefinition;

/** The core functions of XPath 1.0 and those of YANG (RFC 7950 section 10). */
final class Functions {
  /** Name under which the context node of the whole expression is kept. */
  static final String CURRENT = "current node";
  static final SimpleFunctionContext TABLE = table();

  private Functions() {
  }

  private static SimpleFunctionContext table() {
    var table = new XPathFunctionContext(false);
    table.registerFunction(null, "current", (context, args) -> List.of(current(context)));
    table.registerFunction(null, "deref", (context, args) -> deref(first(args)));
    table.registerFunction(null, "derived-from", (context, args) -> derived(context, args, false));
    table.registerFunction(null, "derived-from-or-self", (context, args) -> derived(context, args, true));
    table.registerFunction(null, "re-match",
        (context, args) -> matches(current(context).viewer, string(args.get(0)), string(args.get(1))));
    table.registerFunction(null, "enum-value", (context, args) -> enumValue(first(args)));
    table.registerFunction(null, "bit-is-set", (context, args) -> bitIsSet(first(args), string(args.get(1))));
    return table;
  }

  private static DataNode current(Context context) throws FunctionCallException {
    try {
      return (DataNode) context.getVariableValue(null, null, CURRENT);
    } catch (UnresolvableException e) {
      throw new FunctionCallException("current() outside of an evaluation");
    }
  }

  private static String string(Object value) {
    return StringFunction.evaluate(value, TreeNavigator.INSTANCE);
  }

  /** The first node of a node-set in document order, or null. */
  private static DataNode first(List<?> args) {
    return !args.isEmpty() && args.getFirst() instanceof List<?> nodes && !nodes.isEmpty()
        && nodes.getFirst() instanceof DataNode node ? node : null;
  }

  private static List<DataNode> deref(DataNode leaf) {
    if (leaf == null || leaf.value() == null) {
      return List.of();
    }
    if (leaf.schema().leafref() != null) {
      return Expression.of(leaf.schema().leafref()).select(leaf).stream()
          .filter(each -> leaf.value().equals(each.value()))
          .toList();
    }
    return leaf.value() instanceof YangInstanceIdentifier path ? Instances.find(leaf.top(), path) : List.of();
  }

  private static Boolean derived(Context context, List<?> args, boolean orSelf) throws FunctionCallException {
    String name = string(args.get(1));
    int colon = name.indexOf(':');
    String namespace;
    if (colon < 0) {
      namespace = context.translateNamespacePrefixToUri("here.");
    } else {
      namespace = context.translateNamespacePrefixToUri(name.substring(0, colon));
    }
    if (namespace == null) {
      throw new FunctionCallException("no prefix " + name);
    }
    if (args.getFirst() instanceof List<?> nodes) {
      for (Object each : nodes) {
        if (each instanceof DataNode node && node.value() instanceof QName identity) {
          QName wanted = node.schema().schema().identity(namespace, name.substring(colon + 1));
          if (wanted != null && ((orSelf && identity.equals(wanted))
              || node.schema().schema().basesOf(identity).contains(wanted))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static Boolean matches(Viewer viewer, String text, String pattern) throws FunctionCallException {
    try {
      return Pattern.compile(java(pattern)).matcher(viewer == null ? text : new Counted(viewer, text)).matches();
    } catch (PatternSyntaxException e) {
      throw new FunctionCallException("not a pattern: " + pattern);
    }
  }

  /** A text that notices when a client's pattern goes over it again and again. */
  private record Counted(Viewer viewer, String text) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      viewer.spend(1);
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Counted(viewer, text.substring(start, end));
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** XSD's patterns are anchored by nature: there ^ and $ outside of a character class are plain characters. */
  private static String java(String pattern) {
    var out = new StringBuilder(pattern.length() + 8);
    int depth = 0;
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '\\' && i + 1 < pattern.length()) {
        out.append(c).append(pattern.charAt(++i));
        continue;
      }
      depth += c == '[' ? 1 : c == ']' && depth > 0 ? -1 : 0;
      if (depth == 0 && (c == '^' || c == '$')) {
        out.append('\\');
      }
      out.append(c);
    }
    return out.toString();
  }

  private static Double enumValue(DataNode leaf) {
    if (leaf != null && leaf.schema().targetType() instanceof EnumTypeDefinition type) {
      for (EnumTypeDefinition.EnumPair each : type.getValues()) {
        if (each.getName().equals(leaf.value())) {
          return (double) each.getValue();
        }
      }
    }
    return Double.NaN;
  }

  private static Boolean bitIsSet(DataNode leaf, String bit) {
    return leaf != null && leaf.value() instanceof Set<?> bits && bits.contains(bit);
  }
}
