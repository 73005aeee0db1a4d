// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** delete-config, RFC 6241 section 7.4: neither running nor the candidate can be deleted, and there is no other. */
final class DeleteConfig implements Operation {
  @Override
  public String name() {
    return "delete-config";
  }

  @Override
  public boolean quick() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED,
        "The datastore " + Lock.target(request).text() + " cannot be deleted.");
  }
}
