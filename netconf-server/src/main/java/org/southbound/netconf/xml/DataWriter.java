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
import org.opendaylight.yangtools.yang.model.api.type.IdentityrefTypeDefinition;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.XPathText;
import org.southbound.netconf.schema.YangNode;

/** Writes data trees straight into bytes, in schema order, leaving out what the reader may not see. One use, one thread. */
@SuppressWarnings("ReferenceEquality") // HIDDEN is one object
public final class DataWriter {
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

  /** Writes all children of a container; {@code namespace} is the default namespace in force. */
  public void children(YangNode node, DataContainerNode data, String namespace, DataPath path) {
    YangNode[] children = node.children();
    if (data.size() == 1 && node.choices().isEmpty() && children.length > 4) {
      NormalizedNode only = data.body().iterator().next();
      YangNode child = node.child(only.name().getNodeType().getNamespace().toString(),
          only.name().getNodeType().getLocalName());
      if (child != null) {
        write(child, only, namespace, path);
      }
      return;
    }
    for (YangNode child : children) {
      NormalizedNode present = YangNode.find(data, child);
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
    String name = node.localName();
    String own = node.namespace();
    if (data instanceof DataContainerNode container) {
      open(name, own, namespace);
      int tag = out.length();
      out.raw('>');
      int mark = out.length();
      children(node, container, own, here);
      close(name, tag, mark);
    } else {
      leaf(node, data, name, own, namespace);
    }
  }

  private static final DataPath HIDDEN = new DataPath(null, null, null);
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

  void open(String name, String own, String namespace) {
    out.raw('<').raw(name);
    if (!own.equals(namespace)) {
      out.attribute("xmlns", own);
    }
  }

  void close(String name, int tag, int mark) {
    if (out.length() == mark) {
      out.truncate(tag);
      out.raw("/>");
    } else {
      out.raw("</").raw(name).raw('>');
    }
  }

  private void leaf(YangNode node, NormalizedNode data, String name, String own, String namespace) {
    open(name, own, namespace);
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
