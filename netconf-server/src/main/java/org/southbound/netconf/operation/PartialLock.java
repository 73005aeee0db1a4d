// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.xml.XPathFilter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;
import org.southbound.netconf.xpath.DataNode;
import org.southbound.netconf.xpath.Viewer;

/**
 * partial-lock, RFC 5717 section 2.4.1: what the XPath expressions select in running now, and all below, is locked. Selected from
 * what the user may read. There if the module ietf-netconf-partial-lock is.
 */
final class PartialLock implements Operation {
  private static final int MAX_SELECTS = 64;
  static final String NAMESPACE = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0";

  @Override
  public String name() {
    return "partial-lock";
  }

  @Override
  public String namespace() {
    return NAMESPACE;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    var select = new ArrayList<String>();
    var expressions = new ArrayList<XPathFilter>();
    XmlIn in = request.in();
    while (request.child()) { // select may be there several times
      if (!in.name().equals("select")) {
        throw in.unknown();
      }
      String text = in.text().strip();
      expressions.add(XPathFilter.of(text, in.namespaces(), "select"));
      select.add(text);
      if (select.size() > MAX_SELECTS) {
        throw NetconfException.of(ErrorTag.TOO_BIG, "At most " + MAX_SELECTS + " expressions select what to lock.");
      }
    }
    request.end();
    if (select.isEmpty()) {
      throw XmlIn.missing("select");
    }
    Datastores.PartialLock lock = lock(request, List.copyOf(select), expressions);
    out.raw("<lock-id").attribute("xmlns", NAMESPACE).raw('>').raw(Long.toString(lock.id())).raw("</lock-id>");
    for (DataPath each : lock.nodes()) {
      ErrorWriter.path(request.context().schema(), out, "locked-node xmlns=\"" + NAMESPACE + "\"", each.toString());
    }
  }

  /** What an expression selects is found out while others may write, and once more if they did. */
  private static Datastores.PartialLock lock(Request request, List<String> select, List<XPathFilter> expressions)
      throws NetconfException {
    Viewer viewer = XPathFilter.viewer(request.context().access().reads(request.session().user()));
    Datastores datastores = request.context().datastores();
    while (true) { // the viewer's bound ends it
      ContainerNode running = datastores.running();
      Set<DataPath> nodes = nodes(request, expressions, running, viewer);
      Datastores.PartialLock lock = datastores.lockParts(request.writer(), select, running, nodes);
      if (lock != null) {
        return lock;
      }
    }
  }

  private static Set<DataPath> nodes(Request request, List<XPathFilter> expressions, ContainerNode running,
      Viewer viewer) throws NetconfException {
    var nodes = new LinkedHashSet<DataPath>();
    for (XPathFilter each : expressions) {
      for (DataNode node : select(request, each, running, viewer)) {
        if (node.path() == null) {
          throw NetconfException.of(ErrorTag.INVALID_VALUE, "The whole of running is locked with lock.")
              .info("bad-element", "select");
        }
        nodes.add(node.path());
      }
    }
    if (nodes.isEmpty()) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "The expressions select nothing in running.")
          .appTag("no-matches").info("bad-element", "select");
    }
    return nodes;
  }

  private static List<DataNode> select(Request request, XPathFilter expression, ContainerNode running,
      Viewer viewer) throws NetconfException {
    try {
      return expression.select(request.context().schema().root(), running, viewer);
    } catch (NetconfException e) {
      throw e.tag() == ErrorTag.INVALID_VALUE ? e.appTag("not-a-node-set") : e;
    }
  }
}
