// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An XPath expression with every name prefixed, and what the prefixes stand for. YANG gives names without a prefix the
 * namespace of the context node's module (RFC 7950 section 6.4.1), which XPath 1.0 cannot express: so they get the prefix
 * {@link #HERE}. Identity is object identity: one instance for each statement.
 */
public final class XPathText {
  static final String HERE = "here.";

  private final String original;
  private final String text;
  private final Map<String, String> namespaces;
  private final Set<String> names;

  private XPathText(String original, String text, Map<String, String> namespaces, Set<String> names) {
    this.original = original;
    this.text = text;
    this.namespaces = namespaces;
    this.names = names;
  }

  /**
   * Rewrites an expression.
   *
   * @param here namespace of names without prefix; null leaves them alone
   * @param resolve namespace of a prefix, or null if unknown
   */
  public static XPathText of(String expression, String here, Function<String, String> resolve) {
    var out = new StringBuilder(expression.length() + 32);
    var spaces = new HashMap<String, String>();
    var names = new HashSet<String>();
    if (here != null) {
      spaces.put(HERE, here);
    }
    boolean operand = true; // the next token starts an operand, so a name is a name and not an operator
    int i = 0;
    int n = expression.length();
    while (i < n) {
      char c = expression.charAt(i);
      if (Character.isWhitespace(c)) {
        out.append(' ');
        i++;
      } else if (c == '"' || c == '\'') {
        int end = expression.indexOf(c, i + 1);
        end = end < 0 ? n - 1 : end;
        String literal = expression.substring(i, end + 1);
        int colon = literal.indexOf(':');
        if (colon > 1) {
          learn(spaces, literal.substring(1, colon), resolve);
        }
        out.append(literal);
        i = end + 1;
        operand = false;
      } else if (nameStart(c)) {
        int end = i + 1;
        while (end < n && namePart(expression.charAt(end))) {
          end++;
        }
        int after = end;
        while (after < n && Character.isWhitespace(expression.charAt(after))) {
          after++;
        }
        String token = expression.substring(i, end);
        boolean prefix = end + 1 < n && expression.charAt(end) == ':' && expression.charAt(end + 1) != ':';
        boolean axis = after + 1 < n && expression.startsWith("::", after);
        boolean call = after < n && expression.charAt(after) == '(';
        if (!operand) {
          out.append(token); // and, or, div, mod
          operand = true;
        } else if (prefix) {
          learn(spaces, token, resolve);
          int local = end + 1;
          end = local;
          while (end < n && namePart(expression.charAt(end))) {
            end++;
          }
          if (end == local && end < n && expression.charAt(end) == '*') {
            end++;
            names.add("*");
          } else {
            names.add(expression.substring(local, end));
          }
          out.append(expression, i, end);
          operand = false;
        } else if (axis) {
          out.append(token);
          if (!token.equals("child") && !token.equals("self") && !token.equals("parent")) {
            names.add("*");
          }
        } else if (call) {
          out.append(token);
        } else {
          names.add(token);
          out.append(here == null ? "" : HERE + ":").append(token);
          operand = false;
        }
        i = end;
      } else {
        out.append(c);
        if (c == '*' && operand) {
          names.add("*");
          operand = false;
        } else if (c == '/' && i + 1 < n && expression.charAt(i + 1) == '/') {
          names.add("*");
          operand = true;
        } else {
          operand = !(c == ')' || c == ']' || c == '.' || Character.isDigit(c));
        }
        i++;
      }
    }
    return new XPathText(expression, out.toString(), Map.copyOf(spaces), Set.copyOf(names));
  }

  private static final Pattern PREFIXES = Pattern
      .compile("'[^']*'|\"[^\"]*\"|([\\p{L}_][\\p{L}\\p{N}_.-]*):(?!:)(?=[\\p{L}_*])");

  /** The prefixes of names in an expression, literals aside. */
  public static Set<String> prefixes(String expression) {
    var found = new LinkedHashSet<String>();
    renamed(expression, prefix -> {
      found.add(prefix);
      return prefix;
    });
    return found;
  }

  /** The expression with other prefixes; null if {@code rename} knows one not. */
  static String renamed(String expression, UnaryOperator<String> rename) {
    var out = new StringBuilder(expression.length() + 16);
    Matcher match = PREFIXES.matcher(expression);
    int done = 0;
    while (match.find()) {
      if (match.group(1) != null) {
        String other = rename.apply(match.group(1));
        if (other == null) {
          return null;
        }
        out.append(expression, done, match.start()).append(other).append(':');
        done = match.end();
      }
    }
    return done == 0 ? expression : out.append(expression, done, expression.length()).toString();
  }

  private static void learn(Map<String, String> spaces, String prefix, Function<String, String> resolve) {
    if (!spaces.containsKey(prefix)) {
      String namespace = resolve.apply(prefix);
      if (namespace != null) {
        spaces.put(prefix, namespace);
      }
    }
  }

  private static boolean nameStart(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private static boolean namePart(char c) {
    return nameStart(c) || Character.isDigit(c) || c == '-' || c == '.';
  }

  /** As the model's author wrote it. */
  public String original() {
    return original;
  }

  /** Fit for an XPath 1.0 engine. */
  public String text() {
    return text;
  }

  /** Prefix to namespace. */
  public Map<String, String> namespaces() {
    return namespaces;
  }

  /** Local names that the expression looks at; {@code *} among them if it looks at whatever there is. */
  public Set<String> names() {
    return names;
  }

  @Override
  public String toString() {
    return original;
  }
}
