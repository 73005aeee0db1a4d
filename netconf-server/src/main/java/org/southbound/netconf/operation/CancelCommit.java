// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** cancel-commit, RFC 6241 section 8.4.4.1. Running is what it was before the first commit of the sequence. */
final class CancelCommit implements Operation {
  @Override
  public String name() {
    return "cancel-commit";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    String persistId = null;
    XmlIn in = request.in();
    while (request.next()) {
      if (!in.name().equals("persist-id")) {
        throw in.unknown();
      }
      persistId = in.text();
    }
    request.context().datastores().cancel(request.writer(), persistId);
    out.raw("<ok/>");
  }
}
