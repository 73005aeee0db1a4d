// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.datastore.Merge;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.Fragment;
import org.southbound.netconf.xml.SubtreeFilter;
import org.southbound.netconf.xml.XPathFilter;
import org.southbound.netconf.xml.XmlIn;

/** What was asked for: the input of establish-subscription, with what modify-subscription has changed of it. Immutable. */
record SubscriptionTerms(Tree input) {

  /** These terms with those of a modify-subscription in place of their like. */
  SubscriptionTerms with(Tree changes) {
    YangNode node = input.node();
    var draft = new Draft(node, input.data());
    for (YangNode each : changes.node().children()) {
      YangNode mine = node.child(each.namespace(), each.localName());
      NormalizedNode now = YangNode.find(changes.data(), each);
      if (mine != null && now != null) {
        draft.choose(mine);
        draft.set(mine, Merge.merge(mine, draft.get(mine), now));
      }
    }
    return new SubscriptionTerms(new Tree(node, draft.build(node.id)));
  }

  /** Puts what the model shows of the terms into a subscription's state or into a notification about it. */
  void show(YangNode target, TreeBuilder into) {
    for (YangNode each : input.node().children()) {
      NormalizedNode value = YangNode.find(input.data(), each);
      if (value != null && target.child(each.namespace(), each.localName()) != null) {
        into.put(value);
      }
    }
    if (!input.has("encoding")) {
      into.leaf("encoding", "encode-xml");
    }
  }

  private boolean has(String name) {
    return input.node().child(null, name) != null && input.has(name);
  }

  /** The stream's name, or null for a datastore. */
  String stream() {
    return input.text("stream");
  }

  /** The datastore, or null for a stream. */
  QName datastore() {
    return has("datastore") ? (QName) input.value("datastore") : null;
  }

  /** The container {@code periodic} or {@code on-change}; null if it is not there. */
  Tree trigger(String name) {
    return has(name) ? input.child(name) : null;
  }

  Instant stop() throws NetconfException {
    return time(input, "stop-time");
  }

  Instant start() throws NetconfException {
    return input.node().child(null, "replay-start-time") == null ? null : time(input, "replay-start-time");
  }

  static Instant time(Tree of, String name) throws NetconfException {
    String text = of.text(name);
    try {
      return text == null ? null : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, name + " is no time of any day.").info("bad-element", name);
    }
  }

  /** The name of the configured filter that the terms refer to, or null. */
  String filterName() {
    return has("stream-filter-name") ? input.text("stream-filter-name")
        : has("selection-filter-ref") ? input.text("selection-filter-ref") : null;
  }

  /** The list entry of {@code /filters} that {@link #filterName} names; null if there is none. */
  Tree namedFilter(ContainerNode running) {
    boolean selection = datastore() != null;
    YangNode filters = input.node().schema().node("/ietf-subscribed-notifications:filters");
    var top = new Tree(filters, (DataContainerNode) YangNode.find(running, filters));
    for (Tree each : top.list(selection ? "selection-filter" : "stream-filter")) {
      if (filterName().equals(each.text(selection ? "filter-id" : "name"))) {
        return each;
      }
    }
    return null;
  }

  /** The filter that is in force; null: everything passes. */
  Filter filter(ContainerNode running) throws NetconfException {
    Tree where = filterName() == null ? input : namedFilter(running);
    String prefix = datastore() == null ? "stream" : "datastore";
    if (where == null) {
      throw NetconfException.of(ErrorTag.DATA_MISSING, "There is no filter " + filterName() + ".");
    }
    String subtree = prefix + "-subtree-filter";
    YangNode node = where.node().child(null, subtree);
    if (node != null && where.has(subtree)) {
      var fragment = (Fragment) YangNode.find(where.data(), node).body();
      byte[] xml = ("<filter>" + fragment.xml() + "</filter>").getBytes(StandardCharsets.UTF_8);
      return SubtreeFilter.read(XmlIn.open(xml, 0, xml.length));
    }
    String xpath = prefix + "-xpath-filter";
    node = where.node().child(null, xpath);
    if (node != null && where.has(xpath)) {
      return XPathFilter.of(where.text(xpath), node.schema().prefixes(node), xpath);
    }
    return null;
  }
}
