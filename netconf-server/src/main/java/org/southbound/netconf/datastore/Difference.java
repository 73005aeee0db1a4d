// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.Iterator;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlOut;

/** The config of an edit-config that turns one tree into another: as short as what changed. */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class Difference {
  private final Schema schema;
  private final XmlOut out;
  private final DataWriter writer;

  private Difference(Schema schema, XmlOut out) {
    this.schema = schema;
    this.out = out;
    this.writer = new DataWriter(schema, out, null);
  }

  /** Writes the edit; false if it cannot be told as one: a list at the top was put into another order. */
  static boolean write(YangNode root, ContainerNode before, ContainerNode after, XmlOut out) {
    if (reordered(root, before, after)) {
      return false;
    }
    out.raw("<config xmlns=\"").raw(Schema.NETCONF).raw("\" xmlns:nc=\"").raw(Schema.NETCONF).raw("\">");
    new Difference(root.schema(), out).children(root, before, after, Schema.NETCONF);
    out.raw("</config>");
    return true;
  }

  private void children(YangNode node, DataContainerNode before, DataContainerNode after, String namespace) {
    for (YangNode child : node.children()) {
      NormalizedNode was = YangNode.find(before, child);
      NormalizedNode now = YangNode.find(after, child);
      if (was == now) {
        continue;
      }
      if (child.kind == Kind.LIST || child.kind == Kind.LEAF_LIST) {
        entries(child, (NormalizedNodeContainer<?>) was, (NormalizedNodeContainer<?>) now, namespace);
      } else {
        instance(child, was, now, namespace);
      }
    }
  }

  private void entries(YangNode node, NormalizedNodeContainer<?> was, NormalizedNodeContainer<?> now,
      String namespace) {
    int common = 0;
    if (was != null) {
      for (NormalizedNode each : was.body()) {
        NormalizedNode fresh = find(now, each.name());
        common += fresh == null ? 0 : 1;
        if (fresh != each) {
          instance(node, each, fresh, namespace);
        }
      }
    }
    if (now != null && common < now.size()) {
      for (NormalizedNode each : now.body()) {
        if (find(was, each.name()) == null) {
          instance(node, null, each, namespace);
        }
      }
    }
  }

  private static NormalizedNode find(NormalizedNodeContainer<?> list, PathArgument name) {
    return switch (list) {
      case MapNode map -> map.childByArg((NodeIdentifierWithPredicates) name);
      case LeafSetNode<?> set -> set.childByArg((NodeWithValue<?>) name);
      case null, default -> null;
    };
  }

  private void instance(YangNode node, NormalizedNode was, NormalizedNode now, String namespace) {
    if (now == null) {
      open(node, was, namespace, "remove");
      close(node);
    } else if (was == null) {
      writer.instance(node, now, now.name(), namespace, null);
    } else if (node.isTerminal()) {
      if (!was.body().equals(now.body())) {
        writer.instance(node, now, now.name(), namespace, null);
      }
    } else {
      var before = (DataContainerNode) was;
      var after = (DataContainerNode) now;
      boolean whole = reordered(node, before, after);
      open(node, now, namespace, whole ? "replace" : null);
      if (whole) {
        for (YangNode child : node.children()) {
          NormalizedNode present = child.isKey() ? null : YangNode.find(after, child);
          if (present != null) {
            writer.write(child, present, node.namespace(), null);
          }
        }
      } else {
        children(node, before, after, node.namespace());
      }
      close(node);
    }
  }

  /** Opens an element, with the keys of an entry or the value of a leaf-list's. */
  private void open(YangNode node, NormalizedNode data, String namespace, String operation) {
    out.raw('<').raw(node.localName());
    if (!node.namespace().equals(namespace)) {
      out.attribute("xmlns", node.namespace());
    }
    if (operation != null) {
      out.attribute("nc:operation", operation);
    }
    if (node.kind == Kind.LEAF_LIST) {
      String text = Values.text(schema, data.body(), (prefix, uri) -> out.attribute("xmlns:" + prefix, uri));
      out.raw('>').text(text);
      return;
    }
    out.raw('>');
    for (YangNode key : node.keys()) {
      writer.write(key, YangNode.find((DataContainerNode) data, key), node.namespace(), null);
    }
  }

  private void close(YangNode node) {
    out.raw("</").raw(node.localName()).raw('>');
  }

  /** Some list or leaf-list of the user's order changed in more than entries removed, and added at the end. */
  private static boolean reordered(YangNode node, DataContainerNode before, DataContainerNode after) {
    for (YangNode child : node.children()) {
      if (child.userOrdered()) {
        NormalizedNode was = YangNode.find(before, child);
        NormalizedNode now = YangNode.find(after, child);
        if (was != now && was instanceof NormalizedNodeContainer<?> old
            && now instanceof NormalizedNodeContainer<?> fresh
            && !grown(old, fresh)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean grown(NormalizedNodeContainer<?> was, NormalizedNodeContainer<?> now) {
    Iterator<? extends NormalizedNode> fresh = now.body().iterator();
    for (NormalizedNode each : was.body()) {
      if (find(now, each.name()) != null && !fresh.next().name().equals(each.name())) {
        return false;
      }
    }
    while (fresh.hasNext()) {
      if (find(was, fresh.next().name()) != null) {
        return false;
      }
    }
    return true;
  }
}
