// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.schema.YangNode.When;

/**
 * A node of the accessible tree (RFC 7950 section 6.4.1): a NormalizedNode that knows its parent, made when asked for. Defaults
 * in use and containers without presence are there too, though no NormalizedNode stands for them. One thread; lives as long as
 * one evaluation or validation.
 */
public final class DataNode {
  final DataNode parent;
  final YangNode schema;
  final NormalizedNode data;
  final Object value;
  private final boolean byDefault;
  /** Who looks, if it is not the server itself. */
  final Viewer viewer;
  private IdentityHashMap<YangNode, List<DataNode>> children;
  /** List entries that were looked up by key. */
  private Map<PathArgument, DataNode> entries;
  private DataPath path;
  /** An RPC's input, which stands beside the top-level nodes while it is looked at. */
  private DataNode guest;

  private DataNode(DataNode parent, YangNode schema, NormalizedNode data, Object value, boolean byDefault) {
    this(parent, schema, data, value, byDefault, parent == null ? null : parent.viewer);
  }

  private DataNode(DataNode parent, YangNode schema, NormalizedNode data, Object value, boolean byDefault,
      Viewer viewer) {
    this.parent = parent;
    this.viewer = viewer;
    this.schema = schema;
    this.data = data;
    this.value = value;
    this.byDefault = byDefault;
  }

  /** The root over a data tree. */
  public static DataNode root(YangNode root, NormalizedNode data) {
    return new DataNode(null, root, data, null, false);
  }

  /** The root over what a viewer may see of a data tree. */
  public static DataNode root(YangNode root, NormalizedNode data, Viewer viewer) {
    return new DataNode(null, root, data, null, false, viewer);
  }

  /** A root that holds nothing but a notification, inside the nodes that it belongs to with their keys if there are any. */
  public static DataNode alone(DataPath holder, YangNode notification, NormalizedNode data, Viewer viewer) {
    DataNode top = root(notification.schema().root(), null, viewer);
    top.way(holder).guest(notification, data);
    return top;
  }

  /** The nodes of that path below this one, the root. */
  private DataNode way(DataPath path) {
    if (path == null) {
      children = new IdentityHashMap<>();
      return this;
    }
    DataNode above = way(path.parent());
    var made = new DataNode(above, path.node(), null, null, false);
    made.path = path;
    made.children = new IdentityHashMap<>();
    for (YangNode each : path.node().children()) {
      made.children.put(each,
          each.isKey() ? List.of(new DataNode(made, each, null, path.key(each), false)) : List.of());
    }
    above.children.put(path.node(), List.of(made));
    above.entries = Map.of(path.argument(), made);
    return made;
  }

  /** An RPC's or action's input or output, or a notification, as one more child of this node while it is looked at. */
  public DataNode guest(YangNode operation, NormalizedNode content) {
    guest = new DataNode(this, operation, content, null, false);
    return guest;
  }

  /** The node of that path, this being the root, which null stands for; null if it is not there. */
  public DataNode find(DataPath path) {
    DataNode above = path == null ? this : find(path.parent());
    if (path == null || above == null) {
      return above;
    }
    for (DataNode each : above.children(path.node())) {
      if (path.node().kind != Kind.LIST || each.data.name().equals(path.argument())) {
        return each;
      }
    }
    return null;
  }

  public YangNode schema() {
    return schema;
  }

  public NormalizedNode data() {
    return data;
  }

  public Object value() {
    return value;
  }

  public boolean byDefault() {
    return byDefault;
  }

  /** The root. */
  public DataNode top() {
    DataNode at = this;
    while (at.parent != null) {
      at = at.parent;
    }
    return at;
  }

  /** Instances of one child: several for a list or leaf-list. */
  public List<DataNode> children(YangNode child) {
    if (children == null) {
      children = new IdentityHashMap<>(8);
    }
    List<DataNode> known = children.get(child);
    if (known == null) {
      known = viewer == null ? make(child) : seen(make(child));
      children.put(child, known);
    }
    return known;
  }

  /** What of it the viewer may see. */
  private List<DataNode> seen(List<DataNode> made) {
    viewer.spend(made.size() + 1);
    if (viewer.seesAll() || made.isEmpty()) {
      return made;
    }
    var seen = new ArrayList<DataNode>(made.size());
    for (DataNode each : made) {
      if (viewer.sees(each.path())) {
        seen.add(each);
      }
    }
    return seen;
  }

  /** The entry of a list by its keys, or null; without a walk over the list. */
  public DataNode entry(YangNode list, NodeIdentifierWithPredicates key) {
    DataNode known = entries == null ? null : entries.get(key);
    if (known != null) {
      return known;
    }
    NormalizedNode found = data instanceof DataContainerNode container
        && YangNode.find(container, list) instanceof MapNode map ? map.childByArg(key) : null;
    if (found == null) {
      return null;
    }
    if (entries == null) {
      entries = new HashMap<>();
    }
    List<DataNode> all = children == null ? null : children.get(list);
    if (all != null) { // a node is the same object however it is reached
      all.forEach(each -> entries.put(each.data.name(), each));
      return entries.get(key);
    }
    var entry = new DataNode(this, list, found, null, false);
    if (viewer != null && seen(List.of(entry)).isEmpty()) {
      return null;
    }
    entries.put(key, entry);
    return entry;
  }

  private List<DataNode> make(YangNode child) {
    NormalizedNode present = data instanceof DataContainerNode container ? YangNode.find(container, child) : null;
    if (present == null) {
      return absent(child);
    }
    return switch (child.kind) {
      case LIST -> {
        var entries = new ArrayList<DataNode>();
        for (Object each : ((NormalizedNodeContainer<?>) present).body()) {
          var entry = (NormalizedNode) each;
          DataNode known = this.entries == null ? null : this.entries.get(entry.name());
          entries.add(known != null ? known : new DataNode(this, child, entry, null, false));
        }
        yield entries;
      }
      case LEAF_LIST -> {
        var entries = new ArrayList<DataNode>();
        for (Object each : ((NormalizedNodeContainer<?>) present).body()) {
          var entry = (NormalizedNode) each;
          entries.add(new DataNode(this, child, entry, entry.body(), false));
        }
        yield entries;
      }
      case LEAF -> List.of(new DataNode(this, child, present, present.body(), false));
      default -> List.of(new DataNode(this, child, present, null, false));
    };
  }

  /** Defaults in use (RFC 7950 sections 7.6.1 and 7.7.2) and containers without presence (section 7.5.1). */
  private List<DataNode> absent(YangNode child) {
    boolean virtual = child.kind == Kind.CONTAINER && !child.presence();
    if (parent == null && data == null) {
      return List.of(); // a root that holds nothing but a notification
    }
    if ((!virtual && !child.hasDefault()) || !caseInUse(child.inCase)) {
      return List.of();
    }
    if (children == null) {
      children = new IdentityHashMap<>(8);
    }
    children.put(child, List.of()); // while its when is evaluated, the node is not there
    if (!whenHolds(child)) {
      return List.of();
    }
    if (virtual) {
      return List.of(new DataNode(this, child, null, null, true));
    }
    var made = new ArrayList<DataNode>(1);
    for (Object each : child.defaultValues()) {
      made.add(new DataNode(this, child, null, each, true));
    }
    return made;
  }

  private boolean whenHolds(YangNode child) {
    for (When when : child.whens()) {
      DataNode context = when.onParent() ? this : new DataNode(this, child, null, null, true);
      if (!Expression.of(when.xpath()).test(context)) {
        return false;
      }
    }
    for (Case each = child.inCase; each != null; each = each.choice.within) {
      for (When when : each.whens) {
        if (!Expression.of(when.xpath()).test(this)) {
          return false;
        }
      }
      for (When when : each.choice.whens) {
        if (!Expression.of(when.xpath()).test(this)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean caseInUse(Case inCase) {
    for (Case each = inCase; each != null; each = each.choice.within) {
      Case present = presentCase(each.choice);
      if (present == null ? each != each.choice.defaultCase() : present != each) {
        return false;
      }
    }
    return true;
  }

  /** The case of which there is some node, or null. */
  public Case presentCase(Choice choice) {
    if (!(data instanceof DataContainerNode container)) {
      return null;
    }
    for (Case each : choice.cases) {
      for (YangNode node : each.nodes) {
        if (YangNode.find(container, node) != null) {
          return each;
        }
      }
    }
    return null;
  }

  /** An instance for a node that is not there, to evaluate its when on. */
  public DataNode dummy(YangNode child) {
    return new DataNode(this, child, null, null, false);
  }

  /** The node above, null for the root. */
  public DataNode parent() {
    return parent;
  }

  /** All children in schema order. */
  List<DataNode> all() {
    var all = new ArrayList<DataNode>();
    if (guest != null) {
      all.add(guest);
    }
    for (YangNode each : schema.children()) {
      all.addAll(children(each));
    }
    return all;
  }

  /** Children of that name. */
  List<DataNode> named(String namespace, String localName) {
    if (guest != null && guest.schema.localName().equals(localName) && guest.schema.namespace().equals(namespace)) {
      return List.of(guest);
    }
    if (schema.isTerminal()) {
      return List.of();
    }
    YangNode child = schema.child(namespace, localName);
    return child == null ? List.of() : children(child);
  }

  /** String-value (XPath 1.0 section 5); of a leaf its lexical form. */
  public String text() {
    if (viewer != null) {
      viewer.spend(1);
    }
    if (value != null) {
      return Values.text(schema.schema(), value);
    }
    var out = new StringBuilder();
    if (!schema.isTerminal()) {
      for (DataNode each : all()) {
        out.append(each.text());
      }
    }
    return out.toString();
  }

  /** The way here, for error-path. */
  public DataPath path() {
    if (path == null && schema.kind != Kind.ROOT) {
      PathArgument argument = data == null ? schema.id : data.name();
      path = new DataPath(parent == null ? null : parent.path(), schema, argument);
    }
    return path;
  }

  @Override
  public String toString() {
    return String.valueOf(path());
  }
}
