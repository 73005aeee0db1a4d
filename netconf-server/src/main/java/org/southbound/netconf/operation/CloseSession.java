// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** close-session, RFC 6241 section 7.8. The session's locks are free when the reply is sent. */
final class CloseSession implements Operation {
  @Override
  public String name() {
    return "close-session";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    request.none();
    request.session().closeAfterReply();
    request.context().datastores().ended(request.session().id());
    out.raw("<ok/>");
  }
}
