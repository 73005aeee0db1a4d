// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.session.Session;

/**
 * What an RPC of the model does. Called on a thread of the call's own, which may wait, after access control and with valid
 * input; a bug it throws becomes operation-failed and is logged.
 */
public interface RpcHandler {
    /** The output, built with the RPC's OUTPUT node; null for an RPC without. */
    ContainerNode call(Session session, ContainerNode input) throws NetconfException;
}
