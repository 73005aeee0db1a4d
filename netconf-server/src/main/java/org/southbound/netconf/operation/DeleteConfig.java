// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** delete-config, RFC 6241 section 7.4: of startup and of what a url names. */
final class DeleteConfig implements Operation {
  @Override
  public String name() {
    return "delete-config";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    XmlIn in = request.in();
    Place target = null;
    while (request.next()) {
      if (!in.name().equals("target")) {
        throw in.unknown();
      }
      target = Place.read(request);
    }
    switch (target) {
      case null -> throw XmlIn.missing("target");
      case Place.In place when place.datastore() == Name.STARTUP -> request.context().datastores()
          .deleteStartup(request.writer());
      case Place.At place -> request.urls().delete(place.url());
      case Place.In place -> throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED,
          "The datastore " + place.datastore().text() + " cannot be deleted.").info("bad-element",
              place.datastore().text());
      case Place.Given place -> throw XmlIn.unknown("config");
    }
    out.raw("<ok/>");
  }
}
