// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** commit, RFC 6241 sections 8.3.4.1 and 8.4.5.1. */
final class Commit implements Operation {
  private static final long DEFAULT_SECONDS = 600;
  private static final long MAX_SECONDS = 0xffff_ffffL;

  @Override
  public String name() {
    return "commit";
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    boolean confirmed = false;
    Long seconds = null;
    String persist = null;
    String persistId = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "confirmed" -> {
          confirmed = true;
          if (!in.text().isBlank()) {
            throw Request.invalid("confirmed");
          }
        }
        case "confirm-timeout" -> seconds = seconds(in);
        case "persist" -> persist = in.text();
        case "persist-id" -> persistId = in.text();
        default -> throw in.unknown();
      }
    }
    if (!confirmed && (seconds != null || persist != null)) {
      throw XmlIn.missing("confirmed");
    }
    request.context().datastores().commit(request.writer(),
        confirmed ? new Datastores.Confirm(seconds == null ? DEFAULT_SECONDS : seconds, persist) : null, persistId);
    out.raw("<ok/>");
  }

  private static long seconds(XmlIn in) throws NetconfException {
    try {
      long seconds = Long.parseLong(in.text().strip());
      if (seconds >= 1 && seconds <= MAX_SECONDS) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw Request.invalid("confirm-timeout");
  }
}
