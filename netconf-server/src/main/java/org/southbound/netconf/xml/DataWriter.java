// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.util.Collection;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.opendaylight.yangtools.yang.data.api.schema.UnkeyedListNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.opendaylight.yangtools.yang.model.api.type.IdentityrefTypeDefinition;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.XPathText;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xpath.DataNode;

/** Writes data trees straight into bytes, in schema order, leaving out what the reader may not see. One use, one thread. */
@SuppressWarnings("ReferenceEquality") // HIDDEN is one object
public sealed class DataWriter permits ViewWriter {
  /** What a user may read. Asked for each node, before its children. */
  public interface Visibility {
    boolean visible(DataPath path);

    /** True if all that may be below a visible instance of the node is visible, so that nobody needs to ask. */
    default boolean open(YangNode node) {
      return false;
    }
  }

  private final Schema schema;
  private final XmlOut out;
  private final Visibility visibility;

  /** @param visibility null if everything may be read, which costs nothing */
  public DataWriter(Schema schema, XmlOut out, Visibility visibility) {
    this.schema = schema;
    this.out = out;
    this.visibility = visibility;
  }

  Visibility visibility() {
    return visibility;
  }

  XmlOut out() {
    return out;
  }

  /** A writer for a tree that is shown in some other way than it is stored. */
  public static DataWriter of(Schema schema, XmlOut out, Visibility visibility, View view, DataContainerNode tree) {
    return view.equals(View.PLAIN) ? new DataWriter(schema, out, visibility)
        : new ViewWriter(schema, out, visibility, view, tree);
  }

  /** Writes the declarations of the prefixes it uses, in the start tag around the data. */
  public void declarations() {
    // a plain tree needs none
  }

  /** A child as it is shown, or null. */
  NormalizedNode find(DataContainerNode data, YangNode child, DataPath path) {
    return YangNode.find(data, child);
  }

  /** A selected node as it is shown, or null; a default in use has no data of its own. */
  NormalizedNode find(DataNode node) {
    return node.data();
  }

  /** True if a node of that kind is to be shown for its own sake. */
  boolean wants(YangNode node) {
    return true;
  }

  /** Writes a list entry's key, which is shown whenever the entry is. */
  void key(YangNode node, NormalizedNode data, String namespace, DataPath path) {
    instance(node, data, data.name(), namespace, path);
  }

  /** Writes all children of a container; {@code namespace} is the default namespace in force. */
  public void children(YangNode node, DataContainerNode data, String namespace, DataPath path) {
    YangNode[] children = node.children();
    if (getClass() == DataWriter.class && data.size() == 1 && node.choices().isEmpty() && children.length > 4) {
      NormalizedNode only = data.body().iterator().next();
      YangNode child = node.child(only.name().getNodeType().getNamespace().toString(),
          only.name().getNodeType().getLocalName());
      if (child != null) {
        write(child, only, namespace, path);
      }
      return;
    }
    for (YangNode child : children) {
      NormalizedNode present = find(data, child, path);
      if (present != null) {
        write(child, present, namespace, path);
      }
    }
  }

  /** Writes a node: for a list or leaf-list, all its entries. */
  public void write(YangNode node, NormalizedNode data, String namespace, DataPath path) {
    switch (data) {
      case MapNode list -> list.body().forEach(entry -> instance(node, entry, entry.name(), namespace, path));
      case UnkeyedListNode list -> list.body().forEach(entry -> instance(node, entry, entry.name(), namespace, path));
      case LeafSetNode<?> leaves ->
        leaves.body().forEach(entry -> instance(node, entry, entry.name(), namespace, path));
      default -> instance(node, data, data.name(), namespace, path);
    }
  }

  /** Writes one instance: a container, a list entry, a leaf. */
  public void instance(YangNode node, NormalizedNode data, PathArgument argument, String namespace, DataPath path) {
    DataPath here = step(path, node, argument);
    if (here == HIDDEN) {
      return;
    }
    open(node, data, namespace, here);
    if (data instanceof DataContainerNode container) {
      int tag = out.length();
      out.raw('>');
      int mark = out.length();
      children(node, container, node.namespace(), here);
      close(node.localName(), tag, mark, "");
    } else {
      value(node, data);
    }
  }

  /** Writes an instance inside the nodes that it belongs to, of which only keys are shown (RFC 7950 section 7.16.2). */
  public void within(DataPath holder, YangNode node, NormalizedNode data, String namespace) {
    around(holder, namespace);
    instance(node, data, node.id, holder == null ? namespace : holder.node().namespace(), holder);
    for (DataPath each = holder; each != null; each = each.parent()) {
      out.raw("</").raw(each.node().localName()).raw('>');
    }
  }

  private void around(DataPath path, String namespace) {
    if (path == null) {
      return;
    }
    around(path.parent(), namespace);
    open(path.node(), null, path.parent() == null ? namespace : path.parent().node().namespace(), path);
    out.raw('>');
    for (YangNode key : path.node().keys()) {
      NormalizedNode leaf = ImmutableNodes.leafNode(key.id, path.key(key));
      open(key, leaf, path.node().namespace(), path);
      value(key, leaf);
    }
  }

  static final DataPath HIDDEN = new DataPath(null, null, null);
  private static final DataPath OPEN = new DataPath(null, null, null);

  /** The path of a child if visible, {@link #HIDDEN} if not, null or {@link #OPEN} if nobody asks. */
  DataPath step(DataPath path, YangNode node, PathArgument argument) {
    if (visibility == null || path == OPEN) {
      return path;
    }
    var here = new DataPath(path, node, argument);
    return !visibility.visible(here) ? HIDDEN : visibility.open(node) ? OPEN : here;
  }

  static boolean hidden(DataPath path) {
    return path == HIDDEN;
  }

  /** The start tag but for its end. */
  void open(YangNode node, NormalizedNode data, String namespace, DataPath here) {
    out.raw('<').raw(node.localName());
    String own = node.namespace();
    if (!own.equals(namespace)) {
      out.attribute("xmlns", own);
    }
  }

  /** The origin in force, for {@link #close}. */
  String origin() {
    return "";
  }

  /** The end tag, or an empty element. */
  void close(String name, int tag, int mark, String outer) {
    if (out.length() == mark) {
      out.truncate(tag);
      out.raw("/>");
    } else {
      out.raw("</").raw(name).raw('>');
    }
  }

  /** A leaf's value and what is around it, from within the start tag on. */
  void value(YangNode node, NormalizedNode data) {
    String name = node.localName();
    Object value = data.body();
    String text;
    if (value instanceof String plain && node.isLeaf()) {
      text = plain;
      if (node.isXPath()) {
        for (String prefix : XPathText.prefixes(plain)) {
          String uri = schema.namespaceOf(prefix);
          if (uri != null) {
            out.attribute("xmlns:" + prefix, uri);
          }
        }
      }
    } else if (value instanceof Fragment fragment) {
      out.raw('>').raw(fragment.xml().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      out.raw("</").raw(name).raw('>');
      return;
    } else if (value instanceof QName identity && identity.getModule().equals(node.name.getModule())
        && node.targetType() instanceof IdentityrefTypeDefinition) {
      // RFC 7950 section 9.10.3 lets it stand in the default namespace; lxml, which ncclient edits with, drops a prefix's
      // declaration when the default namespace is the same, and its users could not send back what they got.
      text = identity.getLocalName();
    } else {
      text = Values.text(schema, value, (prefix, uri) -> out.attribute("xmlns:" + prefix, uri));
    }
    if (text.isEmpty()) {
      out.raw("/>");
    } else {
      out.raw('>').text(text).raw("</").raw(name).raw('>');
    }
  }

  /** Entries of a list or leaf-list, or the node itself. */
  static Collection<? extends NormalizedNode> instances(NormalizedNode data) {
    if (data instanceof MapNode || data instanceof UnkeyedListNode || data instanceof LeafSetNode<?>) {
      @SuppressWarnings("unchecked")
      var container = (NormalizedNodeContainer<? extends NormalizedNode>) data;
      return container.body();
    }
    return java.util.List.of(data);
  }
}
