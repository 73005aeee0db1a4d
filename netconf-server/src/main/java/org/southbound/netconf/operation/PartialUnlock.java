// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** partial-unlock, RFC 5717 section 2.4.2. */
final class PartialUnlock implements Operation {
  @Override
  public String name() {
    return "partial-unlock";
  }

  @Override
  public String namespace() {
    return PartialLock.NAMESPACE;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    String id = null;
    XmlIn in = request.in();
    while (request.next()) {
      if (!in.name().equals("lock-id")) {
        throw in.unknown();
      }
      id = in.text().strip();
    }
    if (id == null) {
      throw XmlIn.missing("lock-id");
    }
    request.context().datastores().unlockParts(request.writer(), number(id));
    out.raw("<ok/>");
  }

  private static long number(String id) throws NetconfException {
    try {
      return Long.parseLong(id);
    } catch (NumberFormatException e) {
      throw Request.invalid("lock-id");
    }
  }
}
