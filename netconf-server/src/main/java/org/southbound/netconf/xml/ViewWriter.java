// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xpath.DataNode;

/**
 * Writes a tree as a {@link View} shows it: defaults added or left out, configuration or state alone, some levels only, origins.
 * Containers of which nothing is left and list entries of which only the keys are, are not written.
 */
@SuppressWarnings("ReferenceEquality") // a default that was made here is known by being the same object
final class ViewWriter extends DataWriter {
  private final View view;
  private final DataNode root;
  private final Set<NormalizedNode> defaults = Collections.newSetFromMap(new IdentityHashMap<>());
  private DataPath lastPath;
  private DataNode lastNode;
  private int depth;
  private String origin = "";

  ViewWriter(Schema schema, XmlOut out, Visibility visibility, View view, DataContainerNode tree) {
    super(schema, out, visibility);
    this.view = view;
    this.root = DataNode.root(schema.root(), tree);
  }

  @Override
  public void declarations() {
    if (view.defaults() == WithDefaults.REPORT_ALL_TAGGED) {
      out().attribute("xmlns:wd", WithDefaults.NAMESPACE);
    }
    if (view.origins() != null && view.origins().annotate()) {
      out().attribute("xmlns:or", Origins.NAMESPACE);
    }
  }

  /** The path in full, also where nobody asks for what is visible: origins and what a default depends on are found by it. */
  @Override
  DataPath step(DataPath path, YangNode node, PathArgument argument) {
    var here = new DataPath(path, node, argument);
    return visibility() == null || visibility().visible(here) ? here : HIDDEN;
  }

  @Override
  NormalizedNode find(DataContainerNode data, YangNode child, DataPath path) {
    NormalizedNode present = super.find(data, child, path);
    if (present != null) {
      return view.defaults() == WithDefaults.TRIM && isDefault(child, present) ? null : present;
    }
    if (!view.defaults().reports() || !child.defaultsBelow() || (view.config() != null && hides(child))) {
      return null;
    }
    List<DataNode> made = at(path).children(child);
    // A real node here means that the path does not tell entries apart: a list of state without keys.
    return made.isEmpty() || !made.getFirst().byDefault() ? null : byDefault(child, made);
  }

  @Override
  NormalizedNode find(DataNode node) {
    if (node.data() != null) {
      return view.defaults() == WithDefaults.TRIM && isDefault(node.schema(), node.data()) ? null : node.data();
    }
    return view.defaults().reports() ? byDefault(node.schema(), List.of(node)) : null;
  }

  private NormalizedNode byDefault(YangNode child, List<DataNode> made) {
    if (child.kind == Kind.CONTAINER) {
      return ImmutableNodes.newContainerBuilder().withNodeIdentifier(child.id).build();
    }
    if (child.kind == Kind.LEAF) {
      NormalizedNode leaf = ImmutableNodes.leafNode(child.id, made.getFirst().value());
      defaults.add(leaf);
      return leaf;
    }
    var leaves = ImmutableNodes.<Object>newUserLeafSetBuilder().withNodeIdentifier(child.id);
    made.forEach(
        each -> leaves.withChild(ImmutableNodes.leafSetEntry(new NodeWithValue<>(child.name, each.value()))));
    LeafSetNode<Object> list = leaves.build();
    defaults.addAll(list.body());
    return list;
  }

  private static boolean isDefault(YangNode node, NormalizedNode data) {
    List<Object> values = node.defaultValues();
    if (values.isEmpty()) {
      return false;
    }
    if (data instanceof LeafSetNode<?> leaves) {
      return leaves.size() == values.size()
          && leaves.body().stream().allMatch(each -> values.stream().anyMatch(v -> Objects.deepEquals(v, each.body())));
    }
    return node.kind == Kind.LEAF && Objects.deepEquals(values.getFirst(), data.body());
  }

  /** The node in the accessible tree, which knows what a default depends on. */
  private DataNode at(DataPath path) {
    if (path == null) {
      return root;
    }
    if (path != lastPath) {
      DataNode parent = at(path.parent());
      lastNode = path.argument() instanceof NodeIdentifierWithPredicates key ? parent.entry(path.node(), key)
          : parent.children(path.node()).getFirst();
      lastPath = path;
    }
    return lastNode;
  }

  private boolean hides(YangNode node) {
    return view.config() ? !node.config : node.config && !node.stateBelow();
  }

  @Override
  boolean wants(YangNode node) {
    return (view.config() == null || node.config == view.config())
        && (view.origins() == null || view.origins().filter() == null);
  }

  private boolean wants(YangNode node, NormalizedNode data, DataPath here) {
    if (view.config() != null && node.config != view.config()) {
      return false;
    }
    return view.origins() == null || !hasOrigin(node) || view.origins().shows(origin(data, here));
  }

  /** RFC 8342 section 5.3.4: configuration has an origin, but for containers without presence. */
  private static boolean hasOrigin(YangNode node) {
    return node.config && (node.kind != Kind.CONTAINER || node.presence());
  }

  private String origin(NormalizedNode data, DataPath here) {
    return defaults.contains(data) ? "default" : view.origins().of(here, data);
  }

  @Override
  public void instance(YangNode node, NormalizedNode data, PathArgument argument, String namespace, DataPath path) {
    DataPath here = step(path, node, argument);
    if (hidden(here) || (view.config() != null && hides(node))) {
      return;
    }
    boolean wanted = wants(node, data, here);
    if (data instanceof DataContainerNode container) {
      inner(node, container, namespace, here, wanted);
    } else if (wanted) {
      leaf(node, data, namespace, here);
    }
  }

  @Override
  void key(YangNode node, NormalizedNode data, String namespace, DataPath path) {
    DataPath here = step(path, node, node.id);
    if (!hidden(here)) {
      leaf(node, data, namespace, here);
    }
  }

  private void leaf(YangNode node, NormalizedNode data, String namespace, DataPath here) {
    String outer = origin;
    open(node, data, namespace, here);
    if (view.defaults() == WithDefaults.REPORT_ALL_TAGGED && defaults.contains(data)) {
      out().raw(" wd:default=\"true\"");
    }
    value(node, data);
    origin = outer;
  }

  /** The start tag but for its end, with the origin unless it is that of the node around. */
  @Override
  void open(YangNode node, NormalizedNode data, String namespace, DataPath here) {
    super.open(node, data, namespace, here);
    if (view.origins() != null && view.origins().annotate() && hasOrigin(node)) {
      String own = origin(data, here);
      if (!own.equals(origin)) {
        out().raw(" or:origin=\"or:").raw(own).raw('"');
        origin = own;
      }
    }
  }

  @Override
  void close(String name, int tag, int mark, String outer) {
    super.close(name, tag, mark, outer);
    origin = outer;
  }

  @Override
  String origin() {
    return origin;
  }

  private void inner(YangNode node, DataContainerNode data, String namespace, DataPath here, boolean wanted) {
    XmlOut out = out();
    String outer = origin;
    int start = out.length();
    open(node, data, namespace, here);
    int tag = out.length();
    out.raw('>');
    int mark = out.length();
    for (YangNode key : node.keys()) {
      NormalizedNode value = YangNode.find(data, key);
      if (value != null) {
        key(key, value, node.namespace(), here);
      }
    }
    int bare = out.length();
    depth++;
    boolean cut = depth >= view.maxDepth() && !data.isEmpty();
    if (depth < view.maxDepth()) {
      for (YangNode child : node.children()) {
        NormalizedNode present = child.isKey() ? null : find(data, child, here);
        if (present != null) {
          write(child, present, node.namespace(), here);
        }
      }
    }
    depth--;
    boolean itself = wanted && (node.kind != Kind.CONTAINER || node.presence() || cut);
    if (out.length() == bare && !itself) {
      out.truncate(start);
      origin = outer;
    } else {
      close(node.localName(), tag, mark, outer);
    }
  }
}
