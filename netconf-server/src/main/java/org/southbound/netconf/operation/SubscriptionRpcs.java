// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.function.BiFunction;
import org.southbound.netconf.notification.Subscriptions;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** The RPCs of subscribed notifications and, if the model has it, of YANG push. */
public final class SubscriptionRpcs {
  private SubscriptionRpcs() {
  }

  /** Binds them. */
  public static void register(Schema schema, Rpcs rpcs, Subscriptions subscriptions) {
    String subscribed = "ietf-subscribed-notifications";
    bind(schema, rpcs, subscriptions, subscribed, "establish-subscription", EstablishSubscription::new);
    bind(schema, rpcs, subscriptions, subscribed, "modify-subscription", ModifySubscription::new);
    bind(schema, rpcs, subscriptions, subscribed, "delete-subscription", DeleteSubscription::new);
    bind(schema, rpcs, subscriptions, subscribed, "kill-subscription", KillSubscription::new);
    if (schema.has("ietf-yang-push")) {
      bind(schema, rpcs, subscriptions, "ietf-yang-push", "resync-subscription", ResyncSubscription::new);
    }
  }

  private static void bind(Schema schema, Rpcs rpcs, Subscriptions subscriptions, String module, String name,
      BiFunction<Subscriptions, YangNode, RpcHandler> handler) {
    YangNode rpc = schema.rpc(schema.namespace(module), name);
    rpcs.handle(rpc, handler.apply(subscriptions, rpc));
  }
}
