// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;

/** The RPCs of the model that somebody handles. Thread-safe. */
public final class Rpcs {
    private final Map<QName, RpcHandler> handlers = new ConcurrentHashMap<>();

    /** Sets the handler of an RPC given by its input node. */
    public void handle(YangNode rpc, RpcHandler handler) {
        handlers.put(rpc.name, handler);
    }

    boolean has(YangNode rpc) {
        return handlers.containsKey(rpc.name);
    }

    ContainerNode call(Session session, YangNode rpc, ContainerNode input) throws NetconfException {
        return handlers.get(rpc.name).call(session, input);
    }
}
