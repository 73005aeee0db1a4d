// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.List;
import org.opendaylight.yangtools.yang.common.QName;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** get-schema, RFC 6022 section 3.1. */
final class GetSchema implements Operation {
  static final String MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";

  @Override
  public String name() {
    return "get-schema";
  }

  @Override
  public String namespace() {
    return MONITORING;
  }

  @Override
  public boolean quick() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    String identifier = null;
    String version = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "identifier" -> identifier = in.text().strip();
        case "version" -> version = in.text().strip();
        case "format" -> {
          QName format = request.identity();
          if (format == null || !format.getLocalName().equals("yang")) {
            throw NetconfException.of(ErrorTag.INVALID_VALUE, "Schemas are available in the format yang only.")
                .info("bad-element", "format");
          }
        }
        default -> throw in.unknown();
      }
    }
    if (identifier == null) {
      throw XmlIn.missing("identifier");
    }
    String name = identifier;
    String revision = version;
    List<Module> found = request.context().schema().modules().stream()
        .filter(each -> each.name().equals(name) && (revision == null || each.revision().equals(revision))).toList();
    if (found.isEmpty()) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "There is no such schema.").info("bad-element",
          revision == null ? "identifier" : "version");
    }
    if (found.size() > 1) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "More than one schema matches.").appTag("data-not-unique");
    }
    out.raw("<data").attribute("xmlns", MONITORING).raw('>')
        .text(found.getFirst().source()).raw("</data>");
  }
}
