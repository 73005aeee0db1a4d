// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** An element of a test document, which mutations may bend in any way. */
final class Xml {
  /** The schema node it was made for; null for one that has none. */
  YangNode node;
  String namespace;
  String name;
  /** Character data before the children; empty if there is none. */
  String text = "";
  /** The element goes away: an edit of RFC 6241 section 7.2. */
  boolean removed;
  final List<Xml> children = new ArrayList<>();

  Xml(YangNode node) {
    this(node, node == null ? "" : node.namespace(), node == null ? "" : node.localName());
  }

  Xml(YangNode node, String namespace, String name) {
    this.node = node;
    this.namespace = namespace;
    this.name = name;
  }

  Xml copy() {
    var copy = new Xml(node, namespace, name);
    copy.text = text;
    children.forEach(each -> copy.children.add(each.copy()));
    return copy;
  }

  /** This element and all below it, in document order. */
  List<Xml> all() {
    var all = new ArrayList<Xml>();
    collect(all);
    return all;
  }

  /** Removes the first element of that name; false if there is none. */
  boolean remove(String wrong) {
    return children.removeIf(each -> each.name.equals(wrong)) || children.stream().anyMatch(each -> each.remove(wrong));
  }

  private void collect(List<Xml> all) {
    all.add(this);
    children.forEach(each -> each.collect(all));
  }

  /** Its children as a document without a root element; each declares the prefixes. */
  String content(Map<String, String> prefixes) {
    var out = new StringBuilder();
    for (Xml each : children) {
      each.write(out, "", prefixes);
      out.append('\n');
    }
    return out.toString();
  }

  private void write(StringBuilder out, String outer, Map<String, String> prefixes) {
    out.append('<').append(name);
    if (!namespace.equals(outer)) {
      out.append(" xmlns=\"").append(namespace).append('"');
    }
    prefixes.forEach((prefix, uri) -> out.append(" xmlns:").append(prefix).append("=\"").append(uri).append('"'));
    if (removed) {
      out.append(" xmlns:nc=\"").append(Schema.NETCONF).append("\" nc:operation=\"remove\"");
    }
    out.append('>').append(text.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#13;"));
    children.forEach(each -> each.write(out, namespace, Map.of()));
    out.append("</").append(name).append('>');
  }
}
