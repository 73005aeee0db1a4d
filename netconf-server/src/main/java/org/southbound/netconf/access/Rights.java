// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.ArrayList;
import java.util.List;
import org.southbound.netconf.access.Rule.Operation;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.DataWriter;

/**
 * What one user may do, worked out from the rules node by node of the schema when first asked, and kept: from then on a decision
 * is a look into an array, unless rules select entries by key. Thread-safe: two threads work out the same.
 */
@SuppressWarnings("ReferenceEquality") // a path is compared with a part of itself
final class Rights implements DataWriter.Visibility {
  private static final int KNOWN = 1 << 31;
  /** Above the bits of what is permitted: those of what depends on the instance. */
  private static final int VARIES = 8;
  /** The node and all below may be read, whatever the instance. */
  private static final int OPEN = 1 << 16;

  /** What holds where no rule matches; RPCs that are denied then are in the schema's marks or in {@link Nacm}. */
  record Defaults(boolean read, boolean write, boolean exec) {
  }

  private final String user;
  private final List<Rule> rules;
  private final Defaults defaults;
  private final int[] decisions;
  private final Rule[][] selective;

  /** @param rules those of all rule-lists of the user's groups, in order */
  Rights(Schema schema, String user, List<Rule> rules, Defaults defaults) {
    this.user = user;
    this.rules = rules;
    this.defaults = defaults;
    this.decisions = new int[schema.nodes()];
    this.selective = new Rule[schema.nodes()][];
  }

  private int of(YangNode node) {
    int known = decisions[node.number];
    return known != 0 ? known : decide(node);
  }

  private int decide(YangNode node) {
    int made = switch (node.kind) {
      case INPUT -> node.parent == null ? named(Rule.Type.RPC, node) : data(node);
      case NOTIFICATION -> node.parent == null ? named(Rule.Type.NOTIFICATION, node) : data(node);
      default -> isContent(node) ? content(node) : data(node);
    };
    if (isContent(node) || (made & Operation.READ.bit()) != 0) {
      boolean open = (made & (Operation.READ.bit() | Operation.READ.bit() << VARIES)) == Operation.READ.bit();
      for (YangNode child : node.children()) {
        open &= (of(child) & OPEN) != 0;
      }
      made |= open ? OPEN : 0;
    }
    decisions[node.number] = made | KNOWN;
    return made | KNOWN;
  }

  /** Part of a message, not of a datastore: no rule speaks of it but by its module. */
  private static boolean isContent(YangNode node) {
    for (YangNode at = node.kind == Kind.OUTPUT ? node : node.parent; at != null; at = at.parent) {
      if (at.kind == Kind.INPUT || at.kind == Kind.OUTPUT || at.kind == Kind.NOTIFICATION) {
        return true;
      }
    }
    return node.kind == Kind.OUTPUT;
  }

  /** What is in a message that the user may have is readable, but for what the model marks. */
  private int content(YangNode node) {
    boolean permit = !deniedAll(node);
    for (Rule each : permit ? List.<Rule>of() : rules) {
      if (each.type() == Rule.Type.ANYTHING && each.isFor(Operation.READ) && each.covers(node)) {
        permit = each.permit();
        break;
      }
    }
    return permit ? Operation.READ.bit() : 0;
  }

  /** RFC 8341 sections 3.4.4 and 3.4.6. */
  private int named(Rule.Type type, YangNode node) {
    Operation operation = type == Rule.Type.RPC ? Operation.EXEC : Operation.READ;
    for (Rule each : rules) {
      if (each.isFor(operation) && each.names(type, node)) {
        return each.permit() ? operation.bit() : 0;
      }
    }
    boolean permit = !node.denyAll()
        && (type == Rule.Type.RPC ? defaults.exec && !Nacm.deniedByDefault(node) : defaults.read);
    return permit ? operation.bit() : 0;
  }

  /** RFC 8341 section 3.4.5. */
  private int data(YangNode node) {
    int permitted = 0;
    int varying = 0;
    int open = Operation.EVERY;
    var candidates = new ArrayList<Rule>();
    for (Rule each : rules) {
      int now = each.operations() & open;
      if (now == 0 || !each.covers(node)) {
        continue;
      }
      candidates.add(each);
      if (each.isSelective()) {
        varying |= now;
      } else {
        permitted |= each.permit() ? now : 0;
        open &= ~now;
      }
    }
    permitted |= byDefault(node) & open;
    if (varying != 0) {
      selective[node.number] = candidates.toArray(Rule[]::new);
    }
    return permitted | varying << VARIES;
  }

  private int byDefault(YangNode node) {
    int all = 0;
    all |= defaults.read && !deniedAll(node) ? Operation.READ.bit() : 0;
    all |= defaults.exec && !deniedAll(node) ? Operation.EXEC.bit() : 0;
    return defaults.write && !deniedWrite(node)
        ? all | Operation.CREATE.bit() | Operation.UPDATE.bit() | Operation.DELETE.bit()
        : all;
  }

  /** Marks hold for what is below, too. */
  private static boolean deniedAll(YangNode node) {
    return node != null && (node.denyAll() || deniedAll(node.parent));
  }

  private static boolean deniedWrite(YangNode node) {
    return node != null && (node.denyAll() || node.denyWrite() || deniedWrite(node.parent));
  }

  /** May the user do that to this very node? What it is in is not looked at. */
  boolean may(Operation operation, DataPath path) {
    YangNode node = path.node();
    int decision = of(node);
    if ((decision & operation.bit() << VARIES) == 0) {
      return (decision & operation.bit()) != 0;
    }
    for (Rule each : selective[node.number]) {
      if (each.isFor(operation) && (!each.isSelective() || each.path().matches(path, user))) {
        return each.permit();
      }
    }
    return (byDefault(node) & operation.bit()) != 0;
  }

  /** May the user execute the RPC, or receive the notification? */
  boolean may(Operation operation, YangNode message) {
    return (of(message) & operation.bit()) != 0;
  }

  @Override
  public boolean visible(DataPath path) {
    return path.node().kind == Kind.NOTIFICATION || may(Operation.READ, path);
  }

  @Override
  public boolean open(YangNode node) {
    return (of(node) & OPEN) != 0;
  }

  /** The longest part of a path that may be read, null if none. */
  DataPath readable(DataPath path) {
    if (path == null) {
      return null;
    }
    DataPath above = readable(path.parent());
    return above == path.parent() && visible(path) ? path : above;
  }

  /** The longest part of a path that names no entry which may not be read. */
  DataPath tellable(DataPath path) {
    DataPath good = readable(path);
    DataPath told = path;
    for (DataPath at = path; at != good; at = at.parent()) {
      told = at.argument().equals(at.node().id) ? told : at.parent();
    }
    return told;
  }
}
