// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Held;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Datastores.PartialLock;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/** Who has locked which datastore (RFC 6241 section 7.5) and which parts of running (RFC 5717). Used under the writers' lock only. */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class Locks {
  private static final int MAX_PARTS = 100_000;

  private final Map<Name, Held> global = new EnumMap<>(Name.class);
  private final Map<Long, PartialLock> partial = new LinkedHashMap<>();
  private long lastId;

  /** Who holds the lock, or null. */
  Held holder(Name name) {
    return global.get(name);
  }

  List<Held> all() {
    var all = new ArrayList<Held>(global.values());
    partial.values().forEach(each -> all.add(each.held()));
    return all;
  }

  /** Throws in-use if another session holds the lock. */
  void check(Writer writer, Name name) throws NetconfException {
    Held holder = global.get(name);
    if (holder != null && holder.session() != writer.session()) {
      throw NetconfException
          .of(ErrorTag.IN_USE, "Session " + holder.session() + " holds the lock on " + name.text() + ".")
          .info("session-id", Long.toString(holder.session()));
    }
  }

  void lock(Writer writer, Name name, Instant now) throws NetconfException {
    Held holder = global.get(name);
    if (holder != null) {
      throw denied("Session " + holder.session() + " holds the lock on " + name.text() + ".", holder.session());
    }
    if (name == Name.RUNNING) {
      for (PartialLock each : partial.values()) {
        if (each.held().session() != writer.session()) {
          throw denied("Session " + each.held().session() + " holds a lock on parts of running.",
              each.held().session());
        }
      }
    }
    global.put(name, new Held(writer.session(), now));
  }

  static NetconfException denied(String message, long holder) {
    return NetconfException.of(ErrorTag.LOCK_DENIED, message).info("session-id", Long.toString(holder));
  }

  void unlock(long session, Name name) throws NetconfException {
    Held holder = global.get(name);
    if (holder == null || holder.session() != session) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, holder == null
          ? "The lock on " + name.text() + " is not held."
          : "The lock on " + name.text() + " is held by session " + holder.session() + ".");
    }
    global.remove(name);
  }

  /** Takes back a session's lock; true if it held it. */
  boolean release(long session, Name name) {
    Held holder = global.get(name);
    return holder != null && holder.session() == session && global.remove(name, holder);
  }

  List<PartialLock> parts() {
    return List.copyOf(partial.values());
  }

  PartialLock lockParts(Writer writer, List<String> select, Set<DataPath> nodes, Instant now) throws NetconfException {
    Held holder = global.get(Name.RUNNING);
    if (holder != null && holder.session() != writer.session()) {
      throw denied("Session " + holder.session() + " holds the lock on running.", holder.session());
    }
    int count = nodes.size();
    for (PartialLock each : partial.values()) {
      count += each.nodes().size();
      if (each.held().session() != writer.session() && (meets(nodes, each.nodes()) || meets(each.nodes(), nodes))) {
        throw denied("Session " + each.held().session() + " holds a lock on a part of that.", each.held().session());
      }
    }
    if (count > MAX_PARTS) {
      throw NetconfException.of(ErrorTag.RESOURCE_DENIED, "At most " + MAX_PARTS
          + " nodes can be locked; lock a node above them instead.");
    }
    lastId = lastId % 0xffff_ffffL + 1;
    var made = new PartialLock(lastId, new Held(writer.session(), now), select, nodes);
    partial.put(made.id(), made);
    return made;
  }

  /** True if some node of the first is one of the second or below it. */
  private static boolean meets(Set<DataPath> first, Set<DataPath> second) {
    for (DataPath each : first) {
      for (DataPath at = each; at != null; at = at.parent()) {
        if (second.contains(at)) {
          return true;
        }
      }
    }
    return false;
  }

  void unlockParts(long session, long id) throws NetconfException {
    PartialLock lock = partial.get(id);
    if (lock == null || lock.held().session() != session) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "The session holds no lock of that lock-id.")
          .info("bad-element", "lock-id");
    }
    partial.remove(id);
  }

  void releaseParts(long session) {
    partial.values().removeIf(each -> each.held().session() == session);
  }

  /** Throws in-use if a change of running touches what another session has locked. */
  void checkParts(Writer writer, ContainerNode before, ContainerNode after) throws NetconfException {
    for (PartialLock each : partial.values()) {
      if (each.held().session() == writer.session()) {
        continue;
      }
      for (DataPath node : each.nodes()) {
        NormalizedNode was = find(before, node);
        NormalizedNode is = find(after, node);
        if (was != is && !Objects.equals(was, is)) {
          throw NetconfException
              .of(ErrorTag.IN_USE, "Session " + each.held().session() + " holds a lock on " + node.node().localName()
                  + ".")
              .appTag("locked").at(node).info("session-id", Long.toString(each.held().session()));
        }
      }
    }
  }

  private static NormalizedNode find(ContainerNode tree, DataPath path) {
    NormalizedNode above = path.parent() == null ? tree : find(tree, path.parent());
    if (!(above instanceof DataContainerNode container)) {
      return null;
    }
    NormalizedNode found = YangNode.find(container, path.node());
    return switch (found) {
      case MapNode list when path.argument() instanceof NodeIdentifierWithPredicates key -> list.childByArg(key);
      case LeafSetNode<?> list when path.argument() instanceof NodeWithValue<?> value -> list.childByArg(value);
      case null, default -> found;
    };
  }
}
