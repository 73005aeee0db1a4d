// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.View;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** get-config, RFC 6241 section 7.1. */
final class GetConfig implements Operation {
  @Override
  public String name() {
    return "get-config";
  }

  @Override
  public boolean quick() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Name source = null;
    WithDefaults defaults = null;
    Filter filter = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "source" -> source = request.datastore();
        case "filter" -> filter = request.filter();
        case "with-defaults" -> defaults = request.withDefaults();
        default -> throw in.unknown();
      }
    }
    if (source == null) {
      throw XmlIn.missing("source");
    }
    data(request, request.context().datastores().tree(source), filter, View.of(defaults, true), Schema.NETCONF, out);
  }

  /** Writes the data element with what the filter, the view and the access rules leave of a tree. */
  static void data(Request request, ContainerNode tree, Filter filter, View view, String namespace, XmlOut out)
      throws NetconfException {
    Schema schema = request.context().schema();
    DataWriter writer = DataWriter.of(schema, out, request.context().access().reads(request.session().user()), view,
        tree);
    out.raw("<data");
    if (!namespace.equals(Schema.NETCONF)) {
      out.attribute("xmlns", namespace);
    }
    writer.declarations();
    out.raw('>');
    if (filter == null) {
      writer.children(schema.root(), tree, namespace, null);
    } else {
      filter.write(writer, schema.root(), tree);
    }
    out.raw("</data>");
  }
}
