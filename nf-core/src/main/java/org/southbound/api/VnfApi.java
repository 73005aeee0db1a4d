// SPDX-License-Identifier: Apache-2.0
package org.southbound.api;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.southbound.flow.FlowSpace;
import org.southbound.metrics.Metric;
import org.southbound.nf.Config;
import org.southbound.nf.Specification;
import org.southbound.state.StateLayout;

/**
 * The southbound API (the paper's section 4) of one VNF instance, as plain Java. NETCONF, SNMP and OpenMetrics are bound
 * to it; it knows none of them. Every method may be called from any thread.
 */
public interface VnfApi {
  // ---- service chaining, paper 4.1

  /** getChainingProtocols(): names of the chaining protocols, preferred first. */
  List<String> getChainingProtocols();

  /**
   * serviceChain(scope, nexthops), on the first NF: agrees on a protocol with all hops, installs them tail first and
   * returns when the chain is in force, or rolled back everywhere.
   */
  ChainState serviceChain(Chain chain, Duration timeout) throws ApiException;

  /** serviceChainUpdate(scope, nexthops), on the NF after which the chain changes. An empty list makes this NF the last. */
  ChainState serviceChainUpdate(ChainUpdate update, Duration timeout) throws ApiException;

  /** Takes a chain down. */
  void removeChain(String name) throws ApiException;

  /** Sees that all hops of a chain still know it: one that was restarted learns it anew. Its status tells the result. */
  void refreshChain(String name);

  /** Chains that this NF set up or continues. */
  List<ChainState> chains();

  /** Paths in this NF's classifier, those of upstream NFs included. */
  List<PathState> paths();

  /** Sends probes along a chain and lists what they met (RFC 9516). */
  Trace traceChain(String name, int probes, Duration timeout) throws ApiException;

  /** Replaces the rules that turn context into labels and labels into context. */
  void translations(List<Translation> rules) throws ApiException;

  /** Packets that each translation rule marked or read. */
  Map<String, Long> translationHits();

  // ---- state management, paper 4.2

  /** getVariants(operation): performance, accuracy and resource consumption of each variant. */
  Map<String, Numbers> getVariants(Operation operation);

  /** transfer(destination, scope, variant): accepted; the job tells how it goes. */
  UUID transfer(StateRequest request) throws ApiException;

  /** replicate(destination, scope, variant): accepted; the job's id is the relationship's. */
  UUID replicate(StateRequest request) throws ApiException;

  /** markLastInTransit(source, scope): the marker that the last packet to {@code source} will carry. */
  UUID markLastInTransit(Endpoint source, FlowSpace scope, Optional<UUID> marker, Duration timeout) throws ApiException;

  /** Ends a standby relationship. */
  void stopReplication(UUID relationship) throws ApiException;

  /** On the standby: becomes active for the relationship's scope. Returns job and epoch. */
  TakeOver takeOver(UUID relationship, boolean force, Optional<String> clientToken) throws ApiException;

  /** Sends the standby a new snapshot. */
  UUID resync(UUID relationship) throws ApiException;

  /** Cancels a job; the source keeps the scope. */
  void cancelOperation(UUID job) throws ApiException;

  /** How much a transfer of the scope would move. */
  Preview previewScope(FlowSpace scope, EnumSet<StateLayout.Kind> parts) throws ApiException;

  /** A scope's records, field by field, at most {@code limit}: what two instances hold can be compared. */
  List<StateRecord> readState(FlowSpace scope, EnumSet<StateLayout.Kind> parts, int limit);

  /** Running jobs and the latest that ended. */
  List<Job> jobs();

  /** Standby relationships. */
  List<Relationship> relationships();

  /** Scopes whose ownership was ever moved. */
  List<Ownership> ownerships();

  // ---- bottlenecks, paper 4.3

  /** queryMetrics(): all values, or those named. */
  Map<String, Long> queryMetrics(List<String> names) throws ApiException;

  /**
   * reportMetrics(interval, callback): every {@code period}, or every {@code packets} packets (one of them is 0), until
   * cancelled or the lifetime ends. Reports come on a thread of the NF's; a slow callback loses reports.
   */
  int reportMetrics(ReportRequest request, Consumer<Report> callback) throws ApiException;

  /** Ends a registration. */
  void cancelReport(int id) throws ApiException;

  /** Registrations in force. */
  List<org.southbound.metrics.Reports.Registration> reports();

  /** What the metrics mean, the common ones included. */
  List<Metric> metrics();

  // ---- the instance

  /** All values at this moment. */
  Map<String, Long> allMetrics();

  /** The chaining protocols and what each can carry. */
  List<org.southbound.chain.ChainingProtocol> protocols();

  /** What each variant does, in one sentence. */
  Map<String, String> variantDescriptions(Operation operation);

  /** Packets that each of the NF's configured rules decided on. */
  Map<String, Long> ruleHits();

  /** The specification document. */
  Specification specification();

  /** What the instance is and where it listens. */
  Instance instance();

  /** Every worker takes commands: false if one does not answer within seconds. */
  boolean workersAnswer();

  /** The NF's configuration was changed: checks it, and returns the step that puts it in force. */
  Runnable configure(Config function) throws ApiException;

  /** Events for notifications: chain, job, ownership, alarm. The listener must not block. */
  void listen(Consumer<Event> listener);

  /** An operation on state that has variants. */
  enum Operation {
    TRANSFER, REPLICATE
  }

  /**
   * Another NF instance.
   *
   * @param nf its name; empty: not given
   * @param host IP address or host name; empty: as configured for the peer of that name
   * @param dataPort UDP port on which it takes packets
   * @param peerPort TCP port on which it talks to other NFs
   * @param mac MAC address of its fabric interface; empty: it has none, or nobody said so
   */
  record Endpoint(String nf, String host, int dataPort, int peerPort, String mac) {
    /** An endpoint of which no fabric interface is known. */
    public Endpoint(String nf, String host, int dataPort, int peerPort) {
      this(nf, host, dataPort, peerPort, "");
    }

    /** The same with the MAC address that it gave. */
    public Endpoint withMac(String given) {
      return given.isEmpty() ? this : new Endpoint(nf, host, dataPort, peerPort, given);
    }
  }

  /**
   * A chain.
   *
   * @param name name; empty: make one
   * @param precedence the lowest is matched first; negative: after all others
   * @param protocol chaining protocol; empty: the best that all hops have in common
   * @param scope the flows as this NF receives them
   * @param hops the NFs after this one, in order
   * @param continuation the chain comes from an upstream NF; the hops replace what that NF hands on
   */
  record Chain(String name, long precedence, String protocol, FlowSpace scope, List<Endpoint> hops,
      boolean continuation) {
  }

  /**
   * A change of a chain.
   *
   * @param name name of the chain; empty: found by its scope
   * @param precedence new precedence; negative: unchanged
   * @param protocol as in {@link Chain}
   * @param scope the chain's scope
   * @param hops the NFs after this one from now on; empty: this one is the last
   * @param ifGeneration only if this is the present generation; negative: whatever it is
   */
  record ChainUpdate(String name, long precedence, String protocol, FlowSpace scope, List<Endpoint> hops,
      long ifGeneration) {
  }

  /** A chain as it is. Counters are packets and octets classified to it. */
  record ChainState(Chain chain, String operStatus, long generation, String protocol, int spi, int si, long packets,
      long octets, List<HopState> hops, String lastError) {
  }

  /** What a hop reported. Position 0 is this NF. */
  record HopState(int position, String nf, String operStatus, long generation, FlowSpace scope, String appTag) {
  }

  /** A path in this NF's classifier. The next hop is empty at the last. */
  record PathState(String id, String chain, String origin, long generation, String status, String protocol, int spi,
      int si, FlowSpace scope, Optional<Endpoint> nextHop, long packets) {
  }

  /** What probes met. */
  record Trace(String name, long generation, boolean complete, List<TraceHop> hops) {
  }

  /** A hop that probes met; the delay is half the median time to the hop and back. */
  record TraceHop(int position, String nf, String protocol, int spi, int si, List<Integer> labels, long delayNanos,
      int lost) {
  }

  /** A translation rule: a context value becomes a label (produce), or a label the context value (consume). */
  record Translation(String name, String context, String value, int label, boolean produce, Optional<String> chain) {
  }

  /** The three numbers of a variant: comparable only within this NF and operation; larger is faster, more accurate, more consuming. */
  record Numbers(int performance, int accuracy, int resource) {
  }

  /**
   * Input of transfer and replicate.
   *
   * @param clientToken the same token and input give the same job; empty: none
   * @param parts kinds of state
   * @param steeringByManager the manager steers the traffic by serviceChainUpdate; else the NFs ask the neighbours
   * @param options parameters of the variant, by the names of the YANG grouping options
   */
  record StateRequest(String clientToken, Endpoint destination, FlowSpace scope, String variant,
      EnumSet<StateLayout.Kind> parts, boolean steeringByManager, Map<String, String> options) {
  }

  /** A job, as in the YANG grouping progress. Values that are not known are negative or empty. */
  record Job(UUID id, String kind, Operation operation, String variant, String clientToken, String state,
      long flowsTotal, long flowsDone, long octets, long pauseNanos, long held, long epoch, Instant started,
      Optional<Instant> ended, String appTag, String message, Endpoint destination, FlowSpace scope,
      EnumSet<StateLayout.Kind> parts, Map<String, String> options) {
  }

  /** A standby relationship, on the source or on the standby. */
  record Relationship(UUID id, boolean source, Endpoint sourceNf, Endpoint standby, FlowSpace scope, String variant,
      long epoch, String status, long lagPackets, long lagMicros, Optional<Instant> lastSync, long updates, long octets,
      long resyncs) {
  }

  /** A scope whose ownership was moved. Role: active, forwarding, standby or fenced. */
  record Ownership(String id, FlowSpace scope, String owner, long epoch, String role, Instant since,
      long staleUpdates) {
  }

  /** What take-over answers. */
  record TakeOver(UUID job, long epoch) {
  }

  /** What a scope holds. */
  record Preview(long flows, long octets, boolean owned, List<SchemaPreview> schemas, List<UUID> conflictingJobs) {
  }

  /** What a scope holds of one schema. */
  record SchemaPreview(String schema, StateLayout.Kind kind, long records, long octets) {
  }

  /**
   * A record of state.
   *
   * @param key of a flow: protocol, initiator's address and port, responder's, VLAN (0: none), separated by blanks; of a
   *     host: its address
   * @param fields names and values: numbers in decimal, octets in hexadecimal
   */
  record StateRecord(String schema, StateLayout.Kind kind, String key, Map<String, String> fields) {
  }

  /** A registration: one of period and packets is zero; empty metrics are all; a zero lifetime has no end. */
  record ReportRequest(Duration period, long packets, List<String> metrics, Duration lifetime) {
  }

  /** One report. Gaps in the sequence are lost reports. */
  record Report(int id, long sequence, boolean byPackets, Map<String, Long> values) {
  }

  /** What the instance is. */
  record Instance(String name, String type, Instant started, String dataHost, int dataPort, String peerHost,
      int peerPort, String fingerprint, long flows) {
  }

  /** Something happened. */
  sealed interface Event {
    /** Change: created, updated, removed, status, drained. */
    record ChainChanged(String name, long generation, String change, String operStatus, String hop, String appTag)
        implements
          Event {
    }

    /** A running job went on; at most once a second for each. */
    record JobProgress(Job job) implements Event {
    }

    /** A job is complete, failed or cancelled; once. */
    record JobEnded(Job job) implements Event {
    }

    /** The owner of a scope changed. */
    record OwnershipChanged(FlowSpace scope, String owner, String previousOwner, long epoch, UUID job, String reason)
        implements
          Event {
    }

    /** A marked packet came. */
    record LastInTransitSeen(UUID marker, String from, boolean synthetic) implements Event {
    }

    /** A relationship began, ended (status empty) or changed. */
    record ReplicationChanged(UUID id, String status, long lagPackets) implements Event {
    }

    /** A connection to a peer opened or closed, or a stranger was refused. */
    record PeerChanged(String peer, String address, boolean connected, String appTag) implements Event {
    }

    /** An NF raised or cleared an alarm. */
    record NfAlarm(org.southbound.nf.Services.Alarm alarm) implements Event {
    }

    /** A table, pool or queue is full, or no longer. */
    record ResourceFull(String resource, String instance, boolean cleared) implements Event {
    }
  }
}
