// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** commit, RFC 6241 section 8.3.4.1. */
final class Commit implements Operation {
    @Override
    public String name() {
        return "commit";
    }

    @Override
    public void run(Request request, XmlOut out) throws NetconfException {
        request.none();
        request.context().datastores().commit(request.writer());
        out.raw("<ok/>");
    }
}
