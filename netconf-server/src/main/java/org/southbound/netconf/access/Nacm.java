// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.Rule.Operation;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;

/**
 * Access control by the rules in {@code /nacm} (RFC 8341). As a subscriber of running it compiles the rules at each commit that
 * changes them; they hold from the commit's reply on, for open sessions too. Recovery users are never denied anything.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Nacm implements AccessControl, ConfigSubscriber {
  /** RFC 8341 sections 3.2.6 and 3.2.9: denied by default although their module has no mark for it. */
  private static final Set<String> DENIED = Set.of("kill-session", "delete-config");

  private final Schema schema;
  private final YangNode top;
  private volatile Rules rules;
  private Rules prepared;
  private final LongAdder deniedOperations = new LongAdder();
  private final LongAdder deniedWrites = new LongAdder();
  private final LongAdder deniedNotifications = new LongAdder();

  /** With the defaults of the module until running is known. */
  public Nacm(Schema schema) {
    this.schema = schema;
    this.top = schema.has("ietf-netconf-acm") ? schema.node("/ietf-netconf-acm:nacm") : null;
    this.rules = Rules.none(schema);
    this.prepared = rules;
  }

  static boolean deniedByDefault(YangNode rpc) {
    return DENIED.contains(rpc.localName()) && rpc.namespace().equals(Schema.NETCONF);
  }

  // ---- what is configured

  @Override
  public List<YangNode> parts() {
    return top == null ? List.of() : List.of(top);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    prepared = top == null ? rules : Rules.read(new Tree(top, (DataContainerNode) YangNode.find(after, top)));
  }

  @Override
  public void apply() {
    rules = prepared;
  }

  @Override
  public void rollback() {
    prepared = rules;
  }

  /** The counters of what was denied, state data of {@code /nacm}. */
  public ContainerNode state() {
    return new TreeBuilder(top).leaf("denied-operations", counter(deniedOperations))
        .leaf("denied-data-writes", counter(deniedWrites)).leaf("denied-notifications", counter(deniedNotifications))
        .build();
  }

  /** A zero-based-counter32 wraps. */
  private static long counter(LongAdder count) {
    return count.sum() & 0xffff_ffffL;
  }

  // ---- decisions

  @Override
  public void execute(User user, YangNode rpc) throws NetconfException {
    Rights rights = rules.of(user);
    if (rights != null && !rights.may(Operation.EXEC, rpc)) {
      deniedOperations.increment();
      throw denied(user, Operation.EXEC, rpc).type("protocol").at(DataPath.of(null, rpc));
    }
  }

  @Override
  public void execute(User user, DataPath holder, YangNode action) throws NetconfException {
    Rights rights = rules.of(user);
    if (rights != null) {
      DataPath seen = rights.readable(holder);
      var path = DataPath.of(holder, action);
      if (seen != holder || !rights.may(Operation.EXEC, path)) {
        deniedOperations.increment();
        throw denied(user, Operation.EXEC, action).at(seen == holder ? path : seen);
      }
    }
  }

  @Override
  public DataWriter.Visibility reads(User user) {
    Rights rights = rules.of(user);
    return rights == null || rights.open(schema.root()) ? null : rights;
  }

  @Override
  public ContainerNode readable(User user, YangNode root, ContainerNode tree) {
    DataWriter.Visibility visibility = reads(user);
    return visibility == null ? tree : (ContainerNode) Pruned.of(visibility, root, tree);
  }

  @Override
  public void write(User user, YangNode root, ContainerNode before, ContainerNode after) throws NetconfException {
    Rights rights = before == after ? null : rules.of(user);
    if (rights == null) {
      return;
    }
    Changes.visit(root, before, after, (path, kind) -> {
      Operation operation = switch (kind) {
        case CREATED -> Operation.CREATE;
        case UPDATED -> Operation.UPDATE;
        case DELETED -> Operation.DELETE;
      };
      if (!rights.may(operation, path)) {
        deniedWrites.increment();
        // A client that replaces what it cannot see, or commits what others edited, does not learn what it was.
        DataPath seen = operation == Operation.DELETE ? rights.readable(path) : rights.tellable(path);
        throw denied(user, operation, seen == null ? root : seen.node()).at(seen);
      }
    });
  }

  @Override
  public NetconfException tell(User user, NetconfException error) {
    Rights rights = rules.of(user);
    if (rights == null || !(error.place() instanceof DataPath path)) {
      return error;
    }
    DataPath seen = rights.readable(path);
    if (seen == path) {
      return error;
    }
    if (error.tag() == ErrorTag.DATA_EXISTS || error.tag() == ErrorTag.DATA_MISSING) {
      deniedWrites.increment();
      return denied(user, Operation.UPDATE, path.node()).at(path);
    }
    return NetconfException.of(error.tag(), "Something that you may not read forbids it.").appTag(error.appTag())
        .at(seen);
  }

  @Override
  public boolean receives(User user, YangNode notification) {
    Rights rights = rules.of(user);
    return counted(rights == null || rights.may(Operation.READ, notification));
  }

  @Override
  public boolean receives(User user, DataPath holder, YangNode notification) {
    Rights rights = rules.of(user);
    return counted(rights == null
        || (rights.readable(holder) == holder && rights.may(Operation.READ, DataPath.of(holder, notification))));
  }

  private boolean counted(boolean permitted) {
    if (!permitted) {
      deniedNotifications.increment();
    }
    return permitted;
  }

  private static NetconfException denied(User user, Operation operation, YangNode node) {
    String what = node.kind == YangNode.Kind.ROOT ? "this" : node.localName();
    return NetconfException.of(ErrorTag.ACCESS_DENIED,
        "User " + user.name() + " may not " + (operation == Operation.EXEC ? "execute" : operation.text()) + " " + what
            + ".");
  }
}
