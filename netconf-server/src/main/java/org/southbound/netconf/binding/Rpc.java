// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Operation;
import org.southbound.api.VnfApi.ReportRequest;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Config;
import org.southbound.nf.ConfigException;
import org.southbound.nf.ScopeConfig;
import org.southbound.state.StateLayout;

/** The calls of the API as they arrive: each RPC of the southbound modules is one record. */
sealed interface Rpc {
  /** Every RPC: its module, its name, and how its input is read. */
  enum Name {
    GET_CHAINING_PROTOCOLS("southbound-chain", in -> new GetChainingProtocols()), //
    SERVICE_CHAIN("southbound-chain", in -> new ServiceChain(chain(in), timeout(in))), //
    SERVICE_CHAIN_UPDATE("southbound-chain", in -> new ServiceChainUpdate(update(in), timeout(in))), //
    TRACE_CHAIN("southbound-chain", Rpc::trace), //
    GET_VARIANTS("southbound-state", in -> new GetVariants(operation(in.leaf("operation", "")))), //
    TRANSFER("southbound-state", in -> new Transfer(request(in, in.leaf("variant", "")))), //
    REPLICATE("southbound-state", in -> new Replicate(request(in, in.leaf("variant", "")))), //
    DRAIN("southbound-state", Rpc::drain), //
    MARK_LAST_IN_TRANSIT("southbound-state", Rpc::mark), //
    PREVIEW_SCOPE("southbound-state", in -> new PreviewScope(scope(in), parts(in))), //
    GET_STATE("southbound-state", in -> new GetState(scope(in), parts(in), (int) in.number("limit", 1000))), //
    CANCEL_OPERATION("southbound-state", in -> new CancelOperation(uuid(in, "job"))), //
    STOP_REPLICATION("southbound-state", in -> new StopReplication(uuid(in, "replication"))), //
    TAKE_OVER("southbound-state", in -> new TakeOver(uuid(in, "replication"), in.flag("force", false),
        Optional.ofNullable(in.leaves().get("client-token")))), //
    RESYNC("southbound-state", in -> new Resync(uuid(in, "replication"))), //
    QUERY_METRICS("southbound-metrics", in -> new QueryMetrics(in.leafList("name"))), //
    REPORT_METRICS("southbound-metrics", in -> new ReportMetrics(report(in), in.container("callback"))), //
    CANCEL_REPORT("southbound-metrics", in -> new CancelReport((int) in.number("id", 0))), //
    HEALTHCHECK("southbound-nf", in -> new HealthCheck());

    final String module;
    @SuppressWarnings("ImmutableEnumChecker") // the readers have no state
    private final Reader reader;

    Name(String module, Reader reader) {
      this.module = module;
      this.reader = reader;
    }

    /** The RPC's name in its module. */
    String text() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /** The call that an input asks for. Refuses a scope that contradicts itself, and what this server cannot do yet. */
    Rpc read(Config input) throws ConfigException, ApiException {
      return reader.read(input);
    }
  }

  /** Reads an input that the model has found valid. */
  @FunctionalInterface
  interface Reader {
    Rpc read(Config input) throws ConfigException, ApiException;
  }

  record GetChainingProtocols() implements Rpc {
  }

  record ServiceChain(Chain chain, Duration timeout) implements Rpc {
  }

  record ServiceChainUpdate(ChainUpdate update, Duration timeout) implements Rpc {
  }

  record TraceChain(String name, int probes, Duration timeout) implements Rpc {
  }

  record GetVariants(Operation operation) implements Rpc {
  }

  record Transfer(StateRequest request) implements Rpc {
  }

  record Replicate(StateRequest request) implements Rpc {
  }

  record Drain(StateRequest request) implements Rpc {
  }

  record MarkLastInTransit(Endpoint source, FlowSpace scope, Optional<UUID> marker, Duration timeout) implements Rpc {
  }

  record PreviewScope(FlowSpace scope, EnumSet<StateLayout.Kind> parts) implements Rpc {
  }

  record GetState(FlowSpace scope, EnumSet<StateLayout.Kind> parts, int limit) implements Rpc {
  }

  record CancelOperation(UUID job) implements Rpc {
  }

  record StopReplication(UUID relationship) implements Rpc {
  }

  record TakeOver(UUID relationship, boolean force, Optional<String> clientToken) implements Rpc {
  }

  record Resync(UUID relationship) implements Rpc {
  }

  record QueryMetrics(List<String> names) implements Rpc {
  }

  record ReportMetrics(ReportRequest request, Config callback) implements Rpc {
  }

  record CancelReport(int id) implements Rpc {
  }

  record HealthCheck() implements Rpc {
  }

  // ---- what several have in common

  private static FlowSpace scope(Config in) throws ConfigException {
    return ScopeConfig.read(in.container("scope"), "scope", FlowSpace.Direction.BOTH);
  }

  private static Duration timeout(Config in) {
    return Duration.ofSeconds(in.number("commit-timeout", 30));
  }

  private static UUID uuid(Config in, String leaf) {
    return UUID.fromString(in.leaf(leaf, ""));
  }

  /** Refuses a parameter that could only be ignored. */
  private static void absent(Config in, String leaf) throws ApiException {
    if (in.leaves().containsKey(leaf)) {
      throw new ApiException("operation-not-supported", "", leaf, leaf + " is not supported here");
    }
  }

  private static Rpc trace(Config in) throws ApiException {
    if (!in.leaf("direction", "forward").equals("forward")) {
      throw new ApiException("operation-not-supported", "", "direction",
          "chains are set up in one direction: only forward can be traced");
    }
    return new TraceChain(in.leaf("name", ""), (int) in.number("probes", 1),
        Duration.ofMillis(in.number("timeout", 1000)));
  }

  private static Rpc drain(Config in) throws ConfigException, ApiException {
    absent(in, "deadline");
    return new Drain(request(in, in.leaf("variant", "loss-free")));
  }

  private static Rpc mark(Config in) throws ConfigException, ApiException {
    absent(in, "label");
    return new MarkLastInTransit(endpoint(in.container("source")), scope(in),
        Optional.ofNullable(in.leaves().get("marker")).map(UUID::fromString),
        Duration.ofMillis(in.number("timeout", 5000)));
  }

  private static ReportRequest report(Config in) {
    return new ReportRequest(Duration.ofMillis(in.number("period", 0)), in.number("packets", 0), in.leafList("metric"),
        Duration.ofSeconds(in.number("lifetime", 0)));
  }

  private static Chain chain(Config in) throws ConfigException {
    return new Chain(in.leaf("name", ""), in.number("precedence", -1), in.leaf("protocol", ""), scope(in), hops(in),
        false);
  }

  private static ChainUpdate update(Config in) throws ConfigException {
    return new ChainUpdate(in.leaf("name", ""), in.number("precedence", -1), in.leaf("protocol", ""), scope(in),
        hops(in), in.number("if-generation", -1));
  }

  /** The hops in order of their positions. */
  static List<Endpoint> hops(Config in) throws ConfigException {
    var hops = new ArrayList<>(in.list("next-hop"));
    hops.sort(Comparator.comparingLong(hop -> hop.number("position", 0)));
    var result = new ArrayList<Endpoint>();
    for (var hop : hops) {
      var at = "next-hop[position='" + hop.leaf("position", "") + "']";
      for (var unsupported : List.of("group", "mac", "label")) {
        if (hop.leaves().containsKey(unsupported)) {
          throw new ConfigException("southbound:no-common-protocol", at + "/" + unsupported,
              "no chaining protocol of this NF reaches a hop by its " + unsupported);
        }
      }
      result.add(endpoint(hop));
    }
    return result;
  }

  /** Another NF, by name, by address or by both. */
  static Endpoint endpoint(Config in) {
    var ip = in.container("ip");
    return new Endpoint(in.leaf("nf", ""), ip.leaf("host", ""), (int) ip.number("port", 4790),
        (int) ip.number("peer-port", 4791));
  }

  private static Operation operation(String identity) {
    return identity.equals("replicate") ? Operation.REPLICATE : Operation.TRANSFER;
  }

  private static StateRequest request(Config in, String variant) throws ConfigException {
    return new StateRequest(in.leaf("client-token", ""), endpoint(in.container("destination")), scope(in), variant,
        parts(in), in.leaf("steering", "neighbours").equals("manager"), in.container("options").leaves());
  }

  private static EnumSet<StateLayout.Kind> parts(Config in) {
    var kinds = EnumSet.noneOf(StateLayout.Kind.class);
    var wanted = List.of(in.leaf("parts", "per-flow multi-flow").split(" "));
    for (var kind : StateLayout.Kind.values()) {
      if (wanted.contains(kind.text())) {
        kinds.add(kind);
      }
    }
    return kinds;
  }
}
