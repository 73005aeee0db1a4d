// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** validate, RFC 6241 section 8.6.4.1: a datastore, what a url names, or a configuration given inline. */
final class Validate implements Operation {
  @Override
  public String name() {
    return "validate";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Place source = null;
    XmlIn in = request.in();
    while (request.next()) {
      if (!in.name().equals("source")) {
        throw in.unknown();
      }
      source = Place.read(request);
    }
    if (source == null) {
      throw XmlIn.missing("source");
    }
    request.context().datastores().validate(request.session().user(), source.tree(request));
    out.raw("<ok/>");
  }
}
