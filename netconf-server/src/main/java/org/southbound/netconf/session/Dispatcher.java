// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import org.southbound.netconf.xml.XmlOut;

/** What answers a session's messages. */
public interface Dispatcher {
    /** The server's capabilities, as the hello says them. */
    Iterable<String> capabilities(Session session);

    /**
     * Answers one rpc.
     *
     * @param mayWait false: on a thread that other sessions need as well
     * @return false if the operation may take long and {@code mayWait} is false: nothing was done, call again from a thread of its
     *     own with a copy of the message
     */
    boolean answer(Session session, byte[] message, int offset, int length, XmlOut out, boolean mayWait);
}
