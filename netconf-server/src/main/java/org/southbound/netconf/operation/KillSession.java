// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** kill-session, RFC 6241 section 7.9. The killed session's locks are free when the reply is sent. */
final class KillSession implements Operation {
  @Override
  public String name() {
    return "kill-session";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    XmlIn in = request.in();
    String id = null;
    while (request.next()) {
      if (!in.name().equals("session-id")) {
        throw in.unknown();
      }
      id = in.text().strip();
    }
    if (id == null) {
      throw XmlIn.missing("session-id");
    }
    Session victim;
    try {
      victim = request.context().sessions().get(Long.parseLong(id));
    } catch (NumberFormatException e) {
      victim = null;
    }
    if (victim == null || victim == request.session()) {
      throw NetconfException
          .of(ErrorTag.INVALID_VALUE,
              victim == null ? "There is no such session." : "A session cannot kill itself; it can close.")
          .type("protocol").info("bad-element", "session-id");
    }
    victim.kill(request.session().id());
    request.context().datastores().ended(victim.id());
    out.raw("<ok/>");
  }
}
