// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.Operation;
import org.southbound.metrics.Metric;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.YangNode;
import org.southbound.nf.Specification;
import org.southbound.nf.SpecificationDocument;

/** The operational data of the southbound modules, as the API has it at the moment of asking. */
final class StateData {
  private final VnfApi vnf;
  private final ChainConfig chainConfig;
  private final Datastores datastores;
  private final Map<String, Integer> ports;
  private final BooleanSupplier restartNeeded;
  private final YangNode root;

  /** Adds all sources; {@code ports} are the management ports in use, by the name of their container. */
  StateData(NetconfServer server, VnfApi vnf, ChainConfig chainConfig, Map<String, Integer> ports,
      BooleanSupplier restartNeeded) {
    this.vnf = vnf;
    this.chainConfig = chainConfig;
    this.datastores = server.datastores();
    this.ports = ports;
    this.restartNeeded = restartNeeded;
    this.root = server.schema().root();
    add(server, "southbound-chain", "chains", this::chains);
    add(server, "southbound-chain", "translations", this::translations);
    add(server, "southbound-state", "state-operations", this::operations);
    add(server, "southbound-state", "replication", this::replication);
    add(server, "southbound-metrics", "metrics", this::metrics);
    add(server, "southbound-spec", "specification", this::specification);
    add(server, "southbound-nf", "nf", this::nf);
  }

  private static void add(NetconfServer server, String module, String container, Consumer<TreeBuilder> write) {
    var node = server.schema().node("/" + module + ":" + container);
    server.operational().add(node, reader -> {
      var out = new TreeBuilder(node);
      write.accept(out);
      return out.build();
    });
  }

  private static String identity(String name) {
    return "southbound-types:" + name;
  }

  // ---- southbound-chain

  private void chains(TreeBuilder out) {
    var protocols = vnf.getChainingProtocols();
    out.leaves("supported-protocol", protocols.stream().map(StateData::identity).toList());
    for (var protocol : vnf.protocols()) {
      out.entry("protocol-capability", entry -> entry.leaf("protocol", identity(protocol.name()))
          .leaf("carries", ((protocol.pathBits() > 0 ? "path " : "") + (protocol.labelBits() > 0 ? "labels " : "")
              + (protocol.carriesMarks() ? "marks" : "")).trim())
          .leaf("label-bits", protocol.labelBits()).leaf("overhead", protocol.overhead()));
    }
    var states = vnf.chains();
    var configured = ConfigTree.of(root.child("urn:southbound:yang:southbound-chain", "chains"),
        (DataContainerNode) YangNode.find(datastores.running(),
            root.child("urn:southbound:yang:southbound-chain", "chains")));
    for (var each : configured.list("chain")) {
      var name = each.leaf("name", "");
      var state = states.stream().filter(other -> other.chain().name().equals(name)).findFirst();
      out.entry("chain", entry -> {
        entry.leaf("name", name);
        entry.container("state", inner -> state.ifPresentOrElse(present -> chain(inner, present),
            () -> inner.leaf("oper-status", "down").leaf("last-error", Shapes.text(chainConfig.error(name)))));
      });
    }
    for (var path : vnf.paths()) {
      out.entry("path", entry -> {
        entry.leaf("id", path.id()).leaf("chain", path.chain()).leaf("origin", path.origin())
            .leaf("generation", path.generation()).leaf("direction", "forward").leaf("status", path.status())
            .leaf("protocol", identity(path.protocol())).leaf("spi", path.spi()).leaf("service-index", path.si())
            .leaf("packets", path.packets());
        entry.container("scope", scope -> Shapes.scope(scope, path.scope()));
        path.nextHop().ifPresent(next -> entry.container("next-hop", hop -> Shapes.endpoint(hop, next)));
      });
    }
  }

  private static void chain(TreeBuilder out, ChainState state) {
    out.leaf("oper-status", state.operStatus()).leaf("generation", state.generation())
        .leaf("selected-protocol", identity(state.protocol())).leaf("spi", state.spi())
        .leaf("service-index", state.si()).leaf("packets", state.packets()).leaf("octets", state.octets())
        .leaf("last-error", Shapes.text(state.lastError()));
    for (var hop : state.hops()) {
      out.entry("hop", entry -> entry.leaf("position", hop.position()).leaf("nf", hop.nf())
          .leaf("oper-status", hop.operStatus()).leaf("generation", hop.generation())
          .leaf("error-app-tag", Shapes.text(hop.appTag()))
          .container("scope", scope -> Shapes.scope(scope, hop.scope())));
    }
  }

  private void translations(TreeBuilder out) {
    vnf.translationHits()
        .forEach((name, hits) -> out.entry("rule", entry -> entry.leaf("name", name).leaf("hits", hits)));
  }

  // ---- southbound-state

  private void operations(TreeBuilder out) {
    for (var job : vnf.jobs()) {
      out.entry("job", entry -> {
        Shapes.progress(entry, job);
        entry.leaf("parts", Shapes.parts(job.parts()));
        entry.container("destination", destination -> Shapes.endpoint(destination, job.destination()));
        entry.container("scope", scope -> Shapes.scope(scope, job.scope()));
        entry.container("options", options -> job.options().forEach(options::leaf));
      });
    }
    for (var ownership : vnf.ownerships()) {
      out.entry("ownership", entry -> entry.leaf("id", ownership.id()).leaf("owner", ownership.owner())
          .leaf("epoch", ownership.epoch()).leaf("role", ownership.role())
          .leaf("since", Shapes.time(ownership.since())).leaf("stale-updates", ownership.staleUpdates())
          .container("scope", scope -> Shapes.scope(scope, ownership.scope())));
    }
  }

  private void replication(TreeBuilder out) {
    for (var each : vnf.relationships()) {
      out.entry("relationship", entry -> {
        entry.leaf("id", each.id()).leaf("role", each.source() ? "source" : "standby")
            .leaf("variant", each.variant()).leaf("epoch", each.epoch()).leaf("status", each.status())
            .leaf("in-step", each.status().equals("in-step")).leaf("lag", each.lagPackets())
            .leaf("lag-time", each.lagMicros()).leaf("updates", each.updates()).leaf("octets", each.octets())
            .leaf("resyncs", each.resyncs());
        each.lastSync().ifPresent(time -> entry.leaf("last-sync", Shapes.time(time)));
        entry.container("source", source -> Shapes.endpoint(source, each.sourceNf()));
        entry.container("standby", standby -> Shapes.endpoint(standby, each.standby()));
        entry.container("scope", scope -> Shapes.scope(scope, each.scope()));
      });
    }
  }

  // ---- southbound-metrics

  private void metrics(TreeBuilder out) {
    var values = vnf.allMetrics();
    for (var metric : vnf.metrics()) {
      out.entry("metric", entry -> entry.leaf("name", metric.name()).leaf("value", values.get(metric.name()))
          .leaf("kind", text(metric.kind())));
    }
    for (var report : vnf.reports()) {
      out.entry("report", entry -> {
        entry.leaf("id", report.id()).leaf("sent", report.sent()).leaf("suppressed", report.suppressed())
            .leaf("last-error", Shapes.text(report.lastError())).leaves("metric", report.metrics());
        if (report.packets() > 0) {
          entry.leaf("packets", report.packets());
        } else {
          entry.leaf("period", report.period().toMillis());
        }
        report.expires().ifPresent(time -> entry.leaf("expires", Shapes.time(time)));
      });
    }
  }

  private static String text(Enum<?> constant) {
    return constant.name().toLowerCase(java.util.Locale.ROOT);
  }

  // ---- southbound-spec

  private void specification(TreeBuilder out) {
    Specification spec = vnf.specification();
    out.leaf("vendor", spec.vendor()).leaf("product", spec.product()).leaf("software-version", spec.softwareVersion())
        .leaf("nf-type", spec.type()).leaf("document", spec.description());
    for (var context : spec.contexts()) {
      out.entry("context", entry -> {
        entry.leaf("type", context.type()).leaf("description", context.description())
            .leaf("role", ((context.produces() ? "produces " : "") + (context.consumes() ? "consumes" : "")).trim())
            .leaf("granularity", context.perPacket() ? "packet" : "flow");
        context.values().forEach(value -> entry.entry("value", inner -> inner.leaf("value", value.value())
            .leaf("description", value.description())));
      });
    }
    for (Metric metric : vnf.metrics()) {
      out.entry("metric", entry -> entry.leaf("name", metric.name()).leaf("index", metric.index())
          .leaf("kind", text(metric.kind())).leaf("units", metric.units()).leaf("description", metric.description())
          .leaf("bottleneck-indicator", text(metric.indicator())));
    }
    for (var operation : Operation.values()) {
      out.entry("operation", entry -> {
        var meaning = SpecificationDocument.Operation.of(text(operation), java.util.List.of());
        entry.leaf("operation", identity(text(operation))).leaf("performance-meaning", meaning.performance())
            .leaf("accuracy-meaning", meaning.accuracy()).leaf("resource-meaning", meaning.resource());
        var descriptions = vnf.variantDescriptions(operation);
        vnf.getVariants(operation).forEach((name, numbers) -> entry.entry("variant", variant -> variant
            .leaf("name", name).leaf("description", descriptions.get(name)).leaf("performance", numbers.performance())
            .leaf("accuracy", numbers.accuracy()).leaf("resource", numbers.resource())));
      });
    }
    for (var state : spec.states()) {
      out.entry("state", entry -> {
        entry.leaf("schema", state.schema()).leaf("version", state.version()).leaf("kind", state.kind().text())
            .leaf("description", state.description()).leaf("merge", text(state.merge()))
            .leaf("record-size", state.size());
        for (var field : state.fields().memberLayouts()) {
          boolean number = field instanceof java.lang.foreign.ValueLayout;
          entry.entry("field", inner -> inner.leaf("name", field.name().orElseThrow())
              .leaf("type", number ? "u" + 8 * field.byteSize() : "octets[" + field.byteSize() + "]"));
        }
      });
    }
  }

  // ---- southbound-nf

  private void nf(TreeBuilder out) {
    var instance = vnf.instance();
    out.leaf("started", Shapes.time(instance.started())).leaf("restart-needed", restartNeeded.getAsBoolean());
    out.container("data-endpoint", each -> each.leaf("port-in-use", instance.dataPort()));
    out.container("peer-endpoint", each -> each.leaf("port-in-use", instance.peerPort())
        .leaf("fingerprint", instance.fingerprint()));
    out.container("management", management -> ports.forEach((name, port) -> management.container(name,
        each -> each.leaf("port-in-use", port))));
    out.container("flow-table", each -> each.leaf("in-use", instance.flows()));
    var hits = vnf.ruleHits();
    if (!hits.isEmpty()) {
      out.container("function", function -> function.container(instance.type(), type -> hits
          .forEach((name, packets) -> type.entry("rule", rule -> rule.leaf("name", name).leaf("packets", packets)))));
    }
  }
}
