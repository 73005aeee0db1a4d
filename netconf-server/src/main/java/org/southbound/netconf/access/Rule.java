// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.Set;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.schema.YangNode;

/**
 * One rule of {@code /nacm/rule-list}, compiled (RFC 8341 section 3.3).
 *
 * @param module name of the module, or null for all
 * @param name of the RPC or notification, {@code *} for all; null for the other types
 * @param path of the data nodes; null for the other types
 * @param operations a set of the bits of {@link Operation}
 */
record Rule(Type type, String module, String name, NodePath path, int operations, boolean permit) {
  private static final String ALL = "*";

  /** What a rule is about. */
  enum Type {
    ANYTHING, RPC, NOTIFICATION, DATA
  }

  /** What somebody wants to do. */
  enum Operation {
    READ, CREATE, UPDATE, DELETE, EXEC;

    static final int EVERY = (1 << 5) - 1;

    int bit() {
      return 1 << ordinal();
    }

    String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  static Rule read(Tree entry, String where) throws NetconfException {
    String module = entry.text("module-name");
    Type type = Type.ANYTHING;
    String name = null;
    NodePath path = null;
    if (entry.has("rpc-name")) {
      type = Type.RPC;
      name = entry.text("rpc-name");
    } else if (entry.has("notification-name")) {
      type = Type.NOTIFICATION;
      name = entry.text("notification-name");
    } else if (entry.has("path")) {
      type = Type.DATA;
      path = NodePath.parse(entry.node().schema(), entry.text("path"), where);
    }
    return new Rule(type, ALL.equals(module) ? null : module, name, path, operations(entry.value("access-operations")),
        entry.text("action").equals("permit"));
  }

  private static int operations(Object value) {
    if (!(value instanceof Set<?> bits)) {
      return Operation.EVERY;
    }
    int all = 0;
    for (Operation each : Operation.values()) {
      all |= bits.contains(each.text()) ? each.bit() : 0;
    }
    return all;
  }

  boolean isFor(Operation operation) {
    return (operations & operation.bit()) != 0;
  }

  /** Speaks of an RPC, or of a notification outside the data tree. */
  boolean names(Type kind, YangNode node) {
    return ofModule(node)
        && (type == Type.ANYTHING || (type == kind && (name.equals(ALL) || name.equals(node.localName()))));
  }

  /** Speaks of a node of the data tree, if of the instance too. */
  boolean covers(YangNode node) {
    return ofModule(node) && (type == Type.ANYTHING || (type == Type.DATA && path.covers(node)));
  }

  /** Speaks of some instances only of the nodes that it covers. */
  boolean isSelective() {
    return type == Type.DATA && path.isSelective();
  }

  private boolean ofModule(YangNode node) {
    return module == null || module.equals(node.module.name());
  }
}
