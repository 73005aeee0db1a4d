// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

/** Which keys of a table belong to a scope: what of its multi-flow state goes along when the scope is transferred. */
@FunctionalInterface
public interface KeyScope {
  /** The key is a flow's, as in {@link FlowKey}; all its state belongs if one of its packets may match the scope. */
  KeyScope FLOW = (scope, k0, k1, k2, k3, k4) -> scope.matchesKey(k0, k1, k2, k3, k4, false)
      || scope.matchesKey(k0, k1, k2, k3, k4, true);
  /** The key is a host: its address in k0 and k1, the IP version in the lowest octet of k4. */
  KeyScope HOST = (scope, k0, k1, k2, k3, k4) -> scope.coversHost(k0, k1, (int) k4 & 0xff);
  /** All keys belong to every scope: all-flows state, and state that cannot be told apart by flows. */
  KeyScope ALL = (scope, k0, k1, k2, k3, k4) -> true;

  /** Whether the key belongs to the scope. */
  boolean belongs(FlowSpace scope, long k0, long k1, long k2, long k3, long k4);

  /** Whether a record belongs to the scope; the table's thread. */
  default boolean belongs(FlowSpace scope, RecordTable table, int id) {
    return belongs(scope, table.key(id, 0), table.key(id, 1), table.key(id, 2), table.key(id, 3), table.key(id, 4));
  }
}
