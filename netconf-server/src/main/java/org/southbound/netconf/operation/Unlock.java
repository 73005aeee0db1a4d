// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** unlock, RFC 6241 section 7.6. */
final class Unlock implements Operation {
    @Override
    public String name() {
        return "unlock";
    }

    @Override
    public void run(Request request, XmlOut out) throws NetconfException {
        request.context().datastores().unlock(request.session().id(), Lock.target(request));
        out.raw("<ok/>");
    }
}
