// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** discard-changes, RFC 6241 section 8.3.4.2. */
final class DiscardChanges implements Operation {
  @Override
  public String name() {
    return "discard-changes";
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    request.none();
    request.context().datastores().discard(request.writer());
    out.raw("<ok/>");
  }
}
