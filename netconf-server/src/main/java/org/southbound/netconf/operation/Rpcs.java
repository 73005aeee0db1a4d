// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;

/** The RPCs and actions of the model that somebody handles. Thread-safe. */
public final class Rpcs {
  private final Map<YangNode, ActionHandler> handlers = new ConcurrentHashMap<>();

  /** Sets the handler of an RPC given by its input node. */
  public void handle(YangNode rpc, RpcHandler handler) {
    handlers.put(rpc, (session, target, input) -> handler.call(session, input));
  }

  /** Sets the handler of an action given by its input node. */
  public void handle(YangNode action, ActionHandler handler) {
    handlers.put(action, handler);
  }

  boolean has(YangNode operation) {
    return handlers.containsKey(operation);
  }

  /** @param target null for an RPC */
  ContainerNode call(Session session, YangNode operation, DataPath target, ContainerNode input)
      throws NetconfException {
    return handlers.get(operation).call(session, target, input);
  }
}
