// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.regex.Pattern;

/**
 * Regular expressions of XML Schema (appendix F of its part 2), in which YANG's patterns are written (RFC 7950 section 9.4.5), as
 * those of Java. They differ in small things: {@code ^} and {@code $} are plain characters, a dot is anything but a line's end,
 * {@code \d \s \w \i \c} are other sets, classes subtract, blocks are named otherwise.
 */
public final class XsdPattern {
  private static final String NAME_START = "_:\\p{L}";
  private static final String NAME = "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\-._:\u00b7";
  private static final String NO_WORD = "\\p{P}\\p{Z}\\p{C}";

  private final String xsd;
  private final StringBuilder out;
  private int at;

  private XsdPattern(String xsd) {
    this.xsd = xsd;
    this.out = new StringBuilder(xsd.length() + 16);
  }

  /**
   * Compiles a pattern, to be matched against whole strings.
   *
   * @throws java.util.regex.PatternSyntaxException if it is none
   */
  public static Pattern compile(String xsd) {
    var pattern = new XsdPattern(xsd);
    while (pattern.at < xsd.length()) {
      pattern.outside();
    }
    return Pattern.compile(pattern.out.toString());
  }

  private void outside() {
    char c = xsd.charAt(at++);
    switch (c) {
      case '^', '$' -> out.append('\\').append(c);
      case '.' -> out.append("[^\\n\\r]");
      case '[' -> {
        out.append('[');
        inside();
      }
      case '\\' -> escape(false);
      default -> out.append(c);
    }
  }

  /** A class from after its bracket to past its closing one. */
  private void inside() {
    if (at < xsd.length() && xsd.charAt(at) == '^') {
      out.append('^');
      at++;
    }
    while (at < xsd.length()) {
      char c = xsd.charAt(at++);
      switch (c) {
        case ']' -> {
          out.append(']');
          return;
        }
        case '[' -> out.append("\\[");
        case '&', '^' -> out.append('\\').append(c);
        case '\\' -> escape(true);
        case '-' -> {
          if (at < xsd.length() && xsd.charAt(at) == '[') {
            at++;
            subtract();
          } else {
            out.append('-');
          }
        }
        default -> out.append(c);
      }
    }
  }

  /** {@code [a-z-[aeiou]]} is {@code [a-z&&[^aeiou]]} in Java. */
  private void subtract() {
    if (at < xsd.length() && xsd.charAt(at) == '^') {
      at++;
      out.append("&&[");
    } else {
      out.append("&&[^");
    }
    inside();
  }

  private void escape(boolean inClass) {
    if (at >= xsd.length()) {
      out.append('\\'); // Java refuses it
      return;
    }
    char c = xsd.charAt(at++);
    switch (c) {
      case 'd' -> out.append("\\p{Nd}");
      case 'D' -> out.append("\\P{Nd}");
      case 's' -> set(" \\t\\n\\r", false, inClass);
      case 'S' -> set(" \\t\\n\\r", true, inClass);
      case 'w' -> set(NO_WORD, true, inClass);
      case 'W' -> set(NO_WORD, false, inClass);
      case 'i' -> set(NAME_START, false, inClass);
      case 'I' -> set(NAME_START, true, inClass);
      case 'c' -> set(NAME, false, inClass);
      case 'C' -> set(NAME, true, inClass);
      case 'p', 'P' -> {
        out.append('\\').append(c);
        if (xsd.startsWith("{Is", at)) { // a block
          out.append("{In");
          at += 3;
        }
      }
      default -> out.append('\\').append(c);
    }
  }

  private void set(String members, boolean negated, boolean inClass) {
    if (inClass && !negated) {
      out.append(members);
    } else {
      out.append(negated ? "[^" : "[").append(members).append(']');
    }
  }
}
