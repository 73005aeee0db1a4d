// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Follows a leafref's path (RFC 7950 section 9.9.2) through the model. */
public final class LeafrefPath {
  /** Up to the root, however far that is. */
  public static final int TO_ROOT = -1;

  private static final Pattern DEREF = Pattern.compile("\\s*deref\\s*\\(([^)]*)\\)\\s*/(.*)", Pattern.DOTALL);
  private static final Pattern PREDICATES = Pattern.compile("\\[[^\\]]*\\]");

  private LeafrefPath() {
  }

  /** A path without predicates: some steps up from the leaf, then down. */
  public record Steps(int up, List<YangNode> down) {
  }

  /** The steps of a path, or null if it has predicates or leads to something else than data. */
  static Steps steps(YangNode leaf, XPathText path) {
    String text = path.text().strip();
    if (text.indexOf('[') >= 0 || text.indexOf('(') >= 0) {
      return null;
    }
    YangNode at = leaf;
    int up = 0;
    if (text.startsWith("/")) {
      at = leaf.schema().root();
      text = text.substring(1);
      up = TO_ROOT;
    }
    var down = new ArrayList<YangNode>();
    for (String each : text.split("/", -1)) {
      String step = each.strip();
      if (step.equals("..") && down.isEmpty() && at.parent != null) {
        at = at.parent;
        up++;
      } else {
        int colon = step.indexOf(':');
        at = colon < 0 || at.isTerminal() ? null
            : at.child(path.namespaces().get(step.substring(0, colon).strip()), step.substring(colon + 1).strip());
        if (at == null) {
          return null;
        }
        down.add(at);
      }
    }
    return new Steps(up, List.copyOf(down));
  }

  /**
   * The leaf that the path of {@code leaf} leads to.
   *
   * @throws IllegalArgumentException if it leads nowhere
   */
  static YangNode target(YangNode leaf, XPathText path) {
    Matcher deref = DEREF.matcher(path.text());
    YangNode found;
    if (deref.matches()) {
      YangNode first = walk(leaf, path, deref.group(1));
      found = walk(target(first, first.leafref()), path, deref.group(2));
    } else {
      found = walk(leaf, path, path.text());
    }
    if (!found.isLeaf()) {
      throw new IllegalArgumentException("the leafref " + leaf + " refers to " + found + ", which is no leaf");
    }
    return found;
  }

  private static YangNode walk(YangNode from, XPathText path, String text) {
    String plain = PREDICATES.matcher(text).replaceAll("").strip();
    YangNode at = from;
    if (plain.startsWith("/")) {
      at = from.schema().root();
      plain = plain.substring(1);
    }
    for (String each : plain.split("/", -1)) {
      String step = each.strip();
      YangNode next;
      if (step.equals("..")) {
        next = at.parent == null ? at.schema().root() : at.parent;
      } else if (step.equals(".") || step.startsWith("current")) {
        next = at;
      } else {
        int colon = step.indexOf(':');
        String namespace = path.namespaces().get(step.substring(0, Math.max(colon, 0)).strip());
        next = at.step(namespace, step.substring(colon + 1).strip());
      }
      if (next == null) {
        throw new IllegalArgumentException("the path " + path + " of " + from + " leads nowhere");
      }
      at = next;
    }
    return at;
  }
}
