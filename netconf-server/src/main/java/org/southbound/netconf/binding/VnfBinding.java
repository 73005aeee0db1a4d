// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.Report;
import org.southbound.metrics.Reports.UndeliveredException;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.notification.Notifications;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.nf.ConfigException;

/** Brings the RPCs of the southbound modules to the API, and its answers back. A case has no loop, no state, no XML. */
final class VnfBinding {
  private final VnfApi vnf;
  private final ChainConfig chains;
  private final HealthCheck health;
  private final Function<String, Optional<Consumer<Report>>> snmp;
  private final Notifications notifications;
  private final Schema schema;
  private final Map<Session, List<Integer>> reports = new ConcurrentHashMap<>();

  VnfBinding(NetconfServer server, VnfApi vnf, ChainConfig chains, HealthCheck health,
      Function<String, Optional<Consumer<Report>>> snmp) {
    this.health = health;
    this.snmp = snmp;
    this.vnf = vnf;
    this.chains = chains;
    this.notifications = server.notifications();
    this.schema = server.schema();
    for (var name : Rpc.Name.values()) {
      var node = schema.rpc(schema.namespace(name.module), name.text());
      server.rpcs().handle(node, (session, input) -> call(name, node, session, input));
    }
    server.sessions().onClose(this::ended);
  }

  private ContainerNode call(Rpc.Name name, YangNode node, Session session, ContainerNode input)
      throws NetconfException {
    var base = "/" + name.module + ":" + name.text();
    try {
      var rpc = name.read(ConfigTree.of(node, input));
      var out = new TreeBuilder(node.output());
      answer(rpc, session, out);
      var built = out.build();
      return node.output().children().length == 0 ? null : built;
    } catch (ConfigException refusal) {
      throw Errors.of(refusal, base);
    } catch (ApiException refusal) {
      throw Errors.of(refusal, base);
    }
  }

  private void answer(Rpc rpc, Session session, TreeBuilder out) throws ApiException, NetconfException {
    switch (rpc) {
      case Rpc.GetChainingProtocols none -> out.leaves("protocol",
          vnf.getChainingProtocols().stream().map(each -> "southbound-types:" + each).toList());
      case Rpc.ServiceChain call -> chain(out, chains.setUp(writer(session), call.chain(), call.timeout()));
      case Rpc.ServiceChainUpdate call -> chain(out, chains.update(writer(session), call.update(), call.timeout()));
      case Rpc.TraceChain call -> trace(out, vnf.traceChain(call.name(), call.probes(), call.timeout()));
      case Rpc.GetVariants call -> variants(out, vnf.getVariants(call.operation()));
      case Rpc.Transfer call -> out.leaf("job", vnf.transfer(call.request()));
      case Rpc.Replicate call -> out.leaf("job", vnf.replicate(call.request()));
      case Rpc.Drain call -> out.leaf("job", vnf.transfer(call.request()));
      case Rpc.MarkLastInTransit call -> out.leaf("marker",
          vnf.markLastInTransit(call.source(), call.scope(), call.marker(), call.timeout())).leaf("label", MARK_LABEL);
      case Rpc.PreviewScope call -> preview(out, vnf.previewScope(call.scope(), call.parts()));
      case Rpc.GetState call -> records(out, vnf.readState(call.scope(), call.parts(), call.limit()));
      case Rpc.CancelOperation call -> vnf.cancelOperation(call.job());
      case Rpc.StopReplication call -> vnf.stopReplication(call.relationship());
      case Rpc.TakeOver call -> takenOver(out, vnf.takeOver(call.relationship(), call.force(), call.clientToken()));
      case Rpc.Resync call -> out.leaf("job", vnf.resync(call.relationship()));
      case Rpc.QueryMetrics call -> samples(out.leaf("time", Shapes.time(Instant.now())),
          vnf.queryMetrics(call.names()));
      case Rpc.ReportMetrics call -> out.leaf("id", report(session, call));
      case Rpc.CancelReport call -> vnf.cancelReport(call.id());
      case Rpc.HealthCheck none -> health.answer(out);
    }
  }

  /** Marks are frames of their own, told apart by their identifier; the label that YANG asks for is the greatest. */
  private static final int MARK_LABEL = 0xFF_FFFF;

  private static Writer writer(Session session) {
    return new Writer(session.id(), session.user());
  }

  private static void chain(TreeBuilder out, ChainState state) {
    out.leaf("name", state.chain().name()).leaf("generation", state.generation())
        .leaf("protocol", "southbound-types:" + state.protocol());
  }

  private static void trace(TreeBuilder out, VnfApi.Trace trace) {
    out.leaf("name", trace.name()).leaf("generation", trace.generation()).leaf("complete", trace.complete());
    for (var hop : trace.hops()) {
      out.entry("hop", entry -> entry.leaf("direction", "forward").leaf("position", hop.position())
          .leaf("nf", hop.nf()).leaf("protocol", "southbound-types:" + hop.protocol()).leaf("spi", hop.spi())
          .leaf("service-index", hop.si()).leaves("label", hop.labels()).leaf("delay", hop.delayNanos())
          .leaf("lost", Math.min(255, hop.lost())));
    }
    if (!trace.complete()) {
      out.leaf("lost-after", trace.hops().getLast().position());
    }
  }

  private static void variants(TreeBuilder out, Map<String, VnfApi.Numbers> variants) {
    variants.forEach((name, numbers) -> out.entry("variant", entry -> entry.leaf("name", name)
        .leaf("performance", numbers.performance()).leaf("accuracy", numbers.accuracy())
        .leaf("resource", numbers.resource())));
  }

  private static void preview(TreeBuilder out, VnfApi.Preview preview) {
    out.leaf("flows", preview.flows()).leaf("octets", preview.octets()).leaf("owned", preview.owned());
    for (var schema : preview.schemas()) {
      out.entry("schema", entry -> entry.leaf("schema", schema.schema()).leaf("kind", schema.kind().text())
          .leaf("records", schema.records()).leaf("octets", schema.octets()));
    }
    out.leaves("conflicting-job", preview.conflictingJobs());
  }

  private static void records(TreeBuilder out, List<VnfApi.StateRecord> records) {
    for (var record : records) {
      out.entry("record", entry -> {
        entry.leaf("schema", record.schema()).leaf("key", record.key()).leaf("kind", record.kind().text());
        record.fields().forEach((name, value) -> entry.entry("field", field -> field.leaf("name", name)
            .leaf("value", value)));
      });
    }
  }

  private static void takenOver(TreeBuilder out, VnfApi.TakeOver taken) {
    out.leaf("job", taken.job()).leaf("epoch", taken.epoch());
  }

  /** A list {@code metric} of names and values. */
  static void samples(TreeBuilder out, Map<String, Long> values) {
    values.forEach((name, value) -> out.entry("metric", entry -> entry.leaf("name", name).leaf("value", value)));
  }

  // ---- reportMetrics

  private int report(Session session, Rpc.ReportMetrics call) throws ApiException {
    var callback = call.callback();
    if (callback.containers().containsKey("http")) {
      throw new ApiException("access-denied", "southbound:destination-forbidden", "callback/http",
          "no network is allowed as a destination of HTTP reports");
    }
    var stream = callback.leaf("stream", "");
    if (!stream.isEmpty() && !stream.equals("NETCONF")) {
      throw new ApiException("invalid-value", "southbound:unknown-stream", "callback/stream",
          "there is no stream " + stream + "; NETCONF is the one there is");
    }
    var tag = callback.leaf("snmp", "");
    boolean own = stream.isEmpty() && tag.isEmpty();
    Consumer<Report> receiver = report -> notifications.publish(notification(report));
    if (own) {
      receiver = report -> toSession(session, report);
    } else if (!tag.isEmpty()) {
      receiver = snmp.apply(tag).orElseThrow(() -> new ApiException("invalid-value", "southbound:unknown-target",
          "callback/snmp", "no SNMP target has the tag " + tag));
    }
    int id = vnf.reportMetrics(call.request(), receiver);
    if (own) {
      reports.computeIfAbsent(session, each -> new CopyOnWriteArrayList<>()).add(id);
      if (session.isClosed()) {
        ended(session);
      }
    }
    return id;
  }

  private void toSession(Session session, Report report) {
    if (!notifications.subscribed(session)) {
      throw new UndeliveredException("the session has no subscription");
    }
    notifications.publishTo(session, notification(report));
  }

  private ContainerNode notification(Report report) {
    var out = new TreeBuilder(notifications.node("southbound-metrics", "metric-report"));
    samples(out.leaf("id", report.id()).leaf("sequence", report.sequence() & 0xFFFF_FFFFL)
        .leaf("trigger", report.byPackets() ? "packets" : "period"), report.values());
    return out.build();
  }

  private void ended(Session session) {
    var mine = reports.remove(session);
    for (int id : mine == null ? List.<Integer>of() : new ArrayList<>(mine)) {
      try {
        vnf.cancelReport(id);
      } catch (ApiException gone) {
        // Its lifetime ended before the session.
      }
    }
  }

  /** Turns a refusal of the API into an rpc-error. */
  static final class Errors {
    private Errors() {}

    static NetconfException of(ConfigException refusal, String base) {
      return NetconfException.of(ErrorTag.INVALID_VALUE, refusal.getMessage()).appTag(tag(refusal.appTag()))
          .at(path(base, refusal.path()));
    }

    static NetconfException of(ApiException refusal, String base) {
      var error = NetconfException.of(tagOf(refusal.tag()), refusal.getMessage()).type("application")
          .appTag(tag(refusal.appTag())).at(path(base, refusal.path()));
      refusal.info().forEach((name, value) -> error
          .info(new NetconfException.ErrorInfo("urn:southbound:yang:southbound-types", name, value, false)));
      return error;
    }

    private static ErrorTag tagOf(String text) {
      for (var tag : ErrorTag.values()) {
        if (tag.text().equals(text)) {
          return tag;
        }
      }
      return ErrorTag.OPERATION_FAILED;
    }

    private static String tag(String appTag) {
      return appTag.isEmpty() ? null : appTag;
    }

    /** {@code next-hop[2]/nf} below {@code /module:rpc} becomes an instance-identifier. */
    private static String path(String base, String relative) {
      if (relative.isEmpty()) {
        return base;
      }
      var prefix = base.substring(1, base.indexOf(':') + 1);
      var out = new StringBuilder(base);
      for (var step : relative.split("/", -1)) {
        int bracket = step.indexOf('[');
        var name = bracket < 0 ? step : step.substring(0, bracket);
        out.append('/').append(prefix).append(name);
        if (bracket >= 0) {
          var inside = step.substring(bracket + 1, step.length() - 1);
          out.append('[').append(inside.matches("\\d+") ? prefix + "position='" + inside + "'" : prefix + inside)
              .append(']');
        }
      }
      return out.toString();
    }
  }
}
