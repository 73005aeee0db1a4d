// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Collectors;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Job;
import org.southbound.flow.FlowSpace;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.state.StateLayout;

/** Writes the groupings that several nodes of the model use. */
final class Shapes {
  private Shapes() {}

  /** The grouping {@code scope}. */
  static void scope(TreeBuilder out, FlowSpace scope) {
    if (scope.direction() != FlowSpace.Direction.BOTH) {
      out.leaf("direction", scope.direction().text());
    }
    known(out, "protocol", scope.protocol());
    if (scope.ipVersion() != 0) {
      out.container("ipv" + scope.ipVersion(), l3 -> {
        prefix(l3, "source", scope.source());
        prefix(l3, "destination", scope.destination());
        if (scope.ipVersion() == 6) {
          known(l3, "flow-label", scope.flowLabel());
        }
      });
    }
    ports(out, "source-port", scope.sourcePorts());
    ports(out, "destination-port", scope.destinationPorts());
    known(out, "vlan-id", scope.vlan());
    known(out, "dscp", scope.dscp());
    if (scope.label() != 0) {
      out.leaf("label", scope.label());
    }
  }

  private static void known(TreeBuilder out, String leaf, int value) {
    if (value != FlowSpace.ANY) {
      out.leaf(leaf, value);
    }
  }

  private static void prefix(TreeBuilder out, String leaf, FlowSpace.Prefix prefix) {
    if (prefix.length() > 0) {
      out.leaf(leaf, prefix.toString());
    }
  }

  private static void ports(TreeBuilder out, String container, FlowSpace.Ports ports) {
    if (!ports.isAny()) {
      out.container(container, range -> {
        range.leaf("lower-port", ports.lower());
        if (ports.upper() != ports.lower()) {
          range.leaf("upper-port", ports.upper());
        }
      });
    }
  }

  /** The grouping {@code endpoint}. */
  static void endpoint(TreeBuilder out, Endpoint endpoint) {
    out.leaf("nf", text(endpoint.nf()));
    if (!endpoint.host().isEmpty()) {
      out.container("ip", ip -> {
        ip.leaf("host", endpoint.host());
        if (endpoint.dataPort() > 0) {
          ip.leaf("port", endpoint.dataPort());
        }
        if (endpoint.peerPort() > 0) {
          ip.leaf("peer-port", endpoint.peerPort());
        }
      });
    }
  }

  /** A list {@code next-hop}. */
  static void hops(TreeBuilder out, List<Endpoint> hops) {
    for (int i = 0; i < hops.size(); i++) {
      int position = i + 1;
      var hop = hops.get(i);
      out.entry("next-hop", entry -> endpoint(entry.leaf("position", position), hop));
    }
  }

  /** The grouping {@code progress}. */
  static TreeBuilder progress(TreeBuilder out, Job job) {
    out.leaf("id", job.id()).leaf("kind", job.kind()).leaf("client-token", text(job.clientToken()))
        .leaf("operation", "southbound-types:" + job.operation().name().toLowerCase(java.util.Locale.ROOT))
        .leaf("variant", text(job.variant())).leaf("state", job.state()).leaf("flows-total", job.flowsTotal())
        .leaf("flows-done", job.flowsDone()).leaf("octets", job.octets()).leaf("held", job.held())
        .leaf("started", time(job.started())).leaf("error-app-tag", text(job.appTag()))
        .leaf("error-message", text(job.message()));
    if (job.pauseNanos() >= 0) {
      out.leaf("pause", job.pauseNanos());
    }
    if (job.epoch() >= 0) {
      out.leaf("epoch", job.epoch());
    }
    job.ended().ifPresent(ended -> out.leaf("ended", time(ended)));
    return out;
  }

  /** Bits of kinds of state. */
  static String parts(EnumSet<StateLayout.Kind> kinds) {
    return kinds.stream().map(StateLayout.Kind::text).collect(Collectors.joining(" "));
  }

  /** A text, or null if it is empty: the leaf is left out then. */
  static String text(String text) {
    return text.isEmpty() ? null : text;
  }

  /** Date and time to the microsecond, UTC. */
  static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS).toString();
  }
}
