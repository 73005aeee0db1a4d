// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.session.Sessions;

/** netconf-state, RFC 6022. */
public final class Monitoring implements OperationalSource {
  private final YangNode top;
  private final Sessions sessions;
  private final Datastores datastores;
  private final List<String> capabilities;
  private final Instant started;
  private final ContainerNode schemas;

  public Monitoring(Schema schema, Sessions sessions, Datastores datastores, List<String> capabilities,
      Instant started) {
    this.top = schema.node("/ietf-netconf-monitoring:netconf-state");
    this.sessions = sessions;
    this.datastores = datastores;
    this.capabilities = capabilities;
    this.started = started;
    var list = new TreeBuilder(top.child("schemas"));
    for (Module each : schema.modules()) {
      list.entry("schema", entry -> entry.leaf("identifier", each.name()).leaf("version", each.revision())
          .leaf("format", "yang").leaf("namespace", each.namespace()).leaves("location", List.of("NETCONF")));
    }
    this.schemas = list.build();
  }

  @Override
  public ContainerNode read(Session reader) {
    var state = new TreeBuilder(top);
    state.container("capabilities", c -> c.leaves("capability", capabilities));
    List<Datastores.PartialLock> partial = datastores.partialLocks();
    state.container("datastores", c -> {
      for (Datastores.Name name : Datastores.Name.values()) {
        c.entry("datastore", d -> {
          d.leaf("name", name.text());
          Datastores.Held held = datastores.holder(name);
          if (held != null) {
            d.container("locks", l -> l.container("global-lock",
                g -> g.leaf("locked-by-session", held.session()).leaf("locked-time", time(held.since()))));
          } else if (name == Datastores.Name.RUNNING && !partial.isEmpty()) {
            d.container("locks", l -> partial.forEach(each -> l.entry("partial-lock", p -> p.leaf("lock-id", each.id())
                .leaf("locked-by-session", each.held().session()).leaf("locked-time", time(each.held().since()))
                .leaves("select", each.select())
                .leaves("locked-node", each.nodes().stream().map(DataPath::toString).toList()))));
          }
        });
      }
    });
    state.put(schemas);
    state.container("sessions", c -> {
      for (Session each : sessions.all()) {
        c.entry("session", s -> counters(s.leaf("session-id", each.id()).leaf("transport", each.transport())
            .leaf("username", each.user().name()).leaf("source-host", each.source())
            .leaf("login-time", time(each.login())), each.inRpcs.sum(), each.inBadRpcs.sum(), each.outRpcErrors.sum(),
            each.outNotifications.sum()));
      }
    });
    state.container("statistics",
        c -> counters(c.leaf("netconf-start-time", time(started)).leaf("in-bad-hellos", counter(sessions.badHellos()))
            .leaf("in-sessions", counter(sessions.started())).leaf("dropped-sessions", counter(sessions.dropped())),
            sessions.inRpcs.sum(), sessions.inBadRpcs.sum(), sessions.outRpcErrors.sum(),
            sessions.outNotifications.sum()));
    return state.build();
  }

  private static void counters(TreeBuilder into, long rpcs, long bad, long errors, long notifications) {
    into.leaf("in-rpcs", counter(rpcs)).leaf("in-bad-rpcs", counter(bad)).leaf("out-rpc-errors", counter(errors))
        .leaf("out-notifications", counter(notifications));
  }

  /** A zero-based-counter32 wraps. */
  private static long counter(long count) {
    return count & 0xffff_ffffL;
  }

  static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
