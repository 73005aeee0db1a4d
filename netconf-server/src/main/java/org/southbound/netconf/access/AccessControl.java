// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;

/** Every access decision there is (RFC 8341 section 3.1): one call for each RPC, read, write and notification. Thread-safe. */
public interface AccessControl {
    /** May the user execute this RPC or action? Throws access-denied if not. */
    void execute(User user, YangNode rpc) throws NetconfException;

    /** What the user may read; null if everything. */
    DataWriter.Visibility reads(User user);

    /** May the user turn one tree into the other? Throws access-denied with the path of the first node that forbids it. */
    void write(User user, YangNode root, ContainerNode before, ContainerNode after) throws NetconfException;

    /** May the user get this notification? */
    boolean receives(User user, YangNode notification);
}
