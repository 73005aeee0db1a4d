// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** lock, RFC 6241 section 7.5. */
final class Lock implements Operation {
  @Override
  public String name() {
    return "lock";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    request.context().datastores().lock(request.writer(), target(request));
    out.raw("<ok/>");
  }

  /** The one parameter of lock and unlock. */
  static Name target(Request request) throws NetconfException {
    XmlIn in = request.in();
    Name target = null;
    while (request.next()) {
      if (!in.name().equals("target")) {
        throw in.unknown();
      }
      target = request.datastore();
    }
    if (target == null) {
      throw XmlIn.missing("target");
    }
    return target;
  }
}
