// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.notification.PushSubscription.Selection;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.SubtreeFilter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * The difference between two trees as a push-change-update (RFC 8641 section 3.7): a YANG patch (RFC 8072) of what the filter
 * selects and the subscriber may see. Work is in proportion to what changed, but for XPath filters, which may look at anything.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class YangPatch {
  private final PushSubscription subscription;
  private final Selection selection;
  private final Set<String> excluded;
  private final XmlOut edits = new XmlOut(1024);
  private int count;

  /** @param excluded operations that are not reported */
  YangPatch(PushSubscription subscription, Selection selection, Set<String> excluded) {
    this.subscription = subscription;
    this.selection = selection;
    this.excluded = excluded;
  }

  /** The notification; null if nothing changed that is selected. */
  byte[] between(ContainerNode before, ContainerNode after, String patchId) throws NetconfException {
    YangNode root = subscription.root();
    boolean local = selection.filter() == null || selection.filter() instanceof SubtreeFilter;
    Surroundings pair = local
        ? Surroundings.of(root, before, after)
        : new Surroundings(before, after);
    children(root, projected(pair.before()), projected(pair.after()), "");
    if (count == 0) {
      return null;
    }
    XmlOut out = NotificationWriter.open(edits.length() + 512, subscription.notifications.clock.instant());
    out.raw("<push-change-update").attribute("xmlns", PushSubscription.NAMESPACE).raw('>')
        .element("id", Long.toString(subscription.id())).raw("<datastore-changes><yang-patch>")
        .element("patch-id", patchId).raw(edits.array(), 0, edits.length())
        .raw("</yang-patch></datastore-changes></push-change-update>");
    return NotificationWriter.close(out);
  }

  /** What the filter and the access rules leave of a tree. */
  private DataContainerNode projected(DataContainerNode tree) throws NetconfException {
    if (tree == null || (selection.filter() == null && subscription.view() == null)) {
      return tree;
    }
    var out = new XmlOut(4096).raw("<data>");
    subscription.select(out, (ContainerNode) tree, selection);
    out.raw("</data>");
    XmlIn in = XmlIn.open(out.array(), 0, out.length());
    YangNode root = subscription.root();
    return Editor.build(root, DataReader.input(in, root, null));
  }

  // ---- the differences

  /** False if a difference cannot be told but by replacing the whole node: a list without keys. */
  private boolean children(YangNode node, DataContainerNode before, DataContainerNode after, String path) {
    if (before == after) {
      return true;
    }
    for (YangNode child : node.children()) {
      if (child.kind == Kind.LIST && child.keys().length == 0
          && !java.util.Objects.equals(find(before, child), find(after, child))) {
        return false;
      }
    }
    for (YangNode child : node.children()) {
      NormalizedNode was = find(before, child);
      NormalizedNode now = find(after, child);
      if (was == now || (child.kind == Kind.LIST && child.keys().length == 0)) {
        continue;
      }
      String target = path + "/"
          + (child.parent.kind == Kind.ROOT || child.module != child.parent.module ? child.module.name() + ":" : "")
          + child.localName();
      if (child.kind == Kind.LIST || child.kind == Kind.LEAF_LIST) {
        entries(child, was, now, target);
      } else {
        instance(child, was, now, target);
      }
    }
    return true;
  }

  private static NormalizedNode find(DataContainerNode in, YangNode child) {
    return in == null ? null : YangNode.find(in, child);
  }

  private void instance(YangNode node, NormalizedNode was, NormalizedNode now, String target) {
    if (node.kind == Kind.CONTAINER && !node.presence()
        && children(node, (DataContainerNode) was, (DataContainerNode) now, target)) {
      return; // it exists by what is in it
    }
    if (was == null) {
      edit("create", target, node, now, null);
    } else if (now == null) {
      edit("delete", target, node, null, null);
    } else if (node.isTerminal()) {
      if (!was.body().equals(now.body())) {
        edit("replace", target, node, now, null);
      }
    } else if (!children(node, (DataContainerNode) was, (DataContainerNode) now, target)) {
      edit("replace", target, node, now, null);
    }
  }

  private void entries(YangNode node, NormalizedNode was, NormalizedNode now, String target) {
    Map<PathArgument, NormalizedNode> before = byName(was);
    Map<PathArgument, NormalizedNode> after = byName(now);
    before.forEach((name, each) -> {
      if (!after.containsKey(name)) {
        edit("delete", target + key(node, name), node, null, null);
      }
    });
    Set<PathArgument> moved = node.userOrdered() ? moved(before, after) : Set.of();
    PathArgument previous = null;
    for (Map.Entry<PathArgument, NormalizedNode> each : after.entrySet()) {
      PathArgument name = each.getKey();
      NormalizedNode old = before.get(name);
      String own = target + key(node, name);
      String point = !node.userOrdered() ? null : previous == null ? "" : target + key(node, previous);
      if (old == null) {
        edit(node.userOrdered() ? "insert" : "create", own, node, each.getValue(), point);
      } else {
        if (moved.contains(name)) {
          edit("move", own, node, null, point);
        }
        if (node.kind == Kind.LIST) {
          instance(node, old, each.getValue(), own);
        }
      }
      previous = name;
    }
  }

  private static Map<PathArgument, NormalizedNode> byName(NormalizedNode list) {
    var all = new LinkedHashMap<PathArgument, NormalizedNode>();
    if (list instanceof NormalizedNodeContainer<?> container) {
      container.body().forEach(each -> all.put(each.name(), each));
    }
    return all;
  }

  /** Entries of a user-ordered list that are to be moved after their new predecessors, in the new order. */
  private static Set<PathArgument> moved(Map<PathArgument, NormalizedNode> before,
      Map<PathArgument, NormalizedNode> after) {
    var moved = new HashSet<PathArgument>();
    var order = new ArrayList<PathArgument>(before.keySet());
    order.retainAll(after.keySet());
    int at = 0;
    for (PathArgument each : after.keySet()) {
      if (!before.containsKey(each)) {
        continue;
      }
      if (!order.get(at).equals(each)) {
        order.remove(each);
        order.add(at, each);
        moved.add(each);
      }
      at++;
    }
    return moved;
  }

  /** A data resource identifier's keys or value (RFC 8040 section 3.5.3). */
  private static String key(YangNode node, PathArgument name) {
    List<String> values = new ArrayList<>();
    if (name instanceof NodeIdentifierWithPredicates keys) {
      for (YangNode key : node.keys()) {
        values.add(Values.text(node.schema(), keys.getValue(key.name)));
      }
    } else if (name instanceof NodeWithValue<?> value) {
      values.add(Values.text(node.schema(), value.getValue()));
    }
    var out = new StringBuilder();
    for (String each : values) {
      out.append(out.isEmpty() ? '=' : ',')
          .append(URLEncoder.encode(each, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    return out.toString();
  }

  /** @param point for insert and move the entry before; empty: the first place; null: no such edit */
  private void edit(String operation, String target, YangNode node, NormalizedNode value, String point) {
    if (excluded.contains(operation)) {
      return;
    }
    edits.raw("<edit>").element("edit-id", "edit" + ++count).element("operation", operation).element("target", target);
    if (point != null && !point.isEmpty()) {
      edits.element("point", point);
    }
    if (point != null) {
      edits.element("where", point.isEmpty() ? "first" : "after");
    }
    if (value != null) {
      edits.raw("<value>");
      new DataWriter(node.schema(), edits, null).instance(node, value, value.name(), PushSubscription.NAMESPACE, null);
      edits.raw("</value>");
    }
    edits.raw("</edit>");
  }
}
