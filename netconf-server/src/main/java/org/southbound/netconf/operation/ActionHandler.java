// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.session.Session;

/** What an action of the model does. Called like an {@link RpcHandler}, for a node that exists. */
public interface ActionHandler {
  /** The output, built with the action's OUTPUT node; null for an action without. */
  ContainerNode call(Session session, DataPath target, ContainerNode input) throws NetconfException;
}
