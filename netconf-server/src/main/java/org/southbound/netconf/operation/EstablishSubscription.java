// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.notification.Subscriptions;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;

/** establish-subscription, RFC 8639 section 2.4.2. */
record EstablishSubscription(Subscriptions subscriptions, YangNode rpc) implements RpcHandler {
  @Override
  public ContainerNode call(Session session, ContainerNode input) throws NetconfException {
    Subscriptions.Established made = subscriptions.establish(session, new Tree(rpc, input));
    return new TreeBuilder(rpc.output()).leaf("id", made.id())
        .leaf("replay-start-time-revision", made.replayStart()).build();
  }
}
