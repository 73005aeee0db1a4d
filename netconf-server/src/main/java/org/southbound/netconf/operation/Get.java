// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.View;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** get, RFC 6241 section 7.7: running and state data. */
final class Get implements Operation {
  @Override
  public String name() {
    return "get";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Filter filter = null;
    WithDefaults defaults = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "filter" -> filter = request.filter();
        case "with-defaults" -> defaults = request.withDefaults();
        default -> throw in.unknown();
      }
    }
    Context context = request.context();
    GetConfig.data(request, context.operational().over(context.datastores().running(), filter, request.session()),
        filter, View.of(defaults, false), Schema.NETCONF, out);
  }
}
