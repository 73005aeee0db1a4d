// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.notification.Subscriptions;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;

/** modify-subscription, RFC 8639 section 2.4.3. */
record ModifySubscription(Subscriptions subscriptions, YangNode rpc) implements RpcHandler {
  @Override
  public ContainerNode call(Session session, ContainerNode input) throws NetconfException {
    subscriptions.modify(session, new Tree(rpc, input));
    return null;
  }
}
