// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.datastore.Merge;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/** The sources of state data. Thread-safe. */
public final class Operational {
  private static final Logger LOG = LoggerFactory.getLogger(Operational.class);

  private record Entry(YangNode top, OperationalSource source) {
  }

  private final List<Entry> sources = new CopyOnWriteArrayList<>();
  private final YangNode root;

  public Operational(YangNode root) {
    this.root = root;
  }

  /** Adds a source for a top-level container; several may share one. */
  public void add(YangNode top, OperationalSource source) {
    if (top.parent != root) {
      throw new IllegalArgumentException(top + " is not at the top");
    }
    sources.add(new Entry(top, source));
  }

  /** Where configuration nodes below a top-level container come from that are in operation without being configured. */
  String origin(YangNode top) {
    for (Entry each : sources) {
      if (each.top == top) {
        return each.source.origin();
      }
    }
    return "unknown";
  }

  /** The configuration with the state data that the filter may select laid over it. */
  public ContainerNode over(ContainerNode running, Filter filter, Session reader) {
    var draft = new Draft(root, running);
    for (Entry each : sources) {
      if (filter != null && !filter.mayTouch(each.top)) {
        continue;
      }
      try {
        ContainerNode state = each.source.read(reader);
        if (state != null) {
          draft.set(each.top, Merge.merge(each.top, draft.get(each.top), state));
        }
      } catch (RuntimeException e) {
        LOG.error("state data of {} cannot be read", each.top, e); // the rest is still worth having
      }
    }
    return (ContainerNode) draft.build(root.id);
  }
}
