// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.ControlFrame;
import org.southbound.classifier.Path;
import org.southbound.classifier.Translations;
import org.southbound.flow.FlowSpace;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.metrics.MetricException;
import org.southbound.metrics.Metrics;
import org.southbound.metrics.Reports;
import org.southbound.nf.Config;
import org.southbound.nf.ConfigException;
import org.southbound.nf.ScopeTranslation;
import org.southbound.nf.Specification;
import org.southbound.packet.Packet;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerHandler;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.Description;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.MarkReply;
import org.southbound.peer.v1.MarkRequest;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.SteerReply;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;
import org.southbound.state.StateLayout;
import org.southbound.transfer.ReplicateVariant;
import org.southbound.transfer.TransferVariant;

/**
 * One VNF instance: the API's calls, and what other NFs ask, brought to the workers. Everything it does is a short
 * conversation with them; see {@link Chains}, {@link PassingChains}, {@link Transfers}, {@link IncomingTransfers},
 * {@link Replications} and {@link Standbys}.
 */
public final class Vnf implements VnfApi, PeerHandler, AutoCloseable {
  private final Setup setup;
  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final StateMover mover;
  private final Probes probes;
  private final Chains chains;
  private final PassingChains passing;
  private final Jobs jobs;
  private final Ownerships ownerships = new Ownerships();
  private final Transfers transfers;
  private final IncomingTransfers incoming;
  private final Replications replications;
  private final Standbys standbys;
  private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();
  private final Instant started = Instant.now();
  private volatile List<Translation> translations = List.of();
  private volatile List<Translations> translationsInForce = List.of();

  /**
   * What an instance is made of.
   *
   * @param workers its workers, with their ports
   * @param neighbours itself and the other NFs
   * @param specification the NF's
   * @param protocols chaining protocols, preferred first
   * @param transfers variants of transfer
   * @param replications variants of replicate
   * @param numbers what getVariants says, by operation and variant
   * @param metrics the registry
   * @param reports the registrations of reportMetrics
   * @param fingerprint of this NF's certificate
   */
  public record Setup(List<Worker> workers, Neighbours neighbours, Specification specification,
      List<ChainingProtocol> protocols, List<TransferVariant> transfers, List<ReplicateVariant> replications,
      Map<Operation, Map<String, Numbers>> numbers, Metrics metrics, Reports reports, String fingerprint) {
  }

  /** An instance; its workers may be started afterwards. */
  public Vnf(Setup setup) {
    this.setup = setup;
    neighbours = setup.neighbours;
    dataplane = new Dataplane(setup.workers);
    mover = new StateMover(dataplane);
    probes = new Probes(dataplane, neighbours);
    jobs = new Jobs(this::tell);
    // All workers have the same configuration.
    var translation = setup.workers.getFirst().nf() instanceof ScopeTranslation changes ? changes
        : (ScopeTranslation) scope -> scope;
    var calls = new ChainCalls(dataplane, neighbours, setup.protocols, probes, ownerships, translation, this::tell);
    passing = new PassingChains(calls, dataplane, neighbours, this::tell);
    chains = new Chains(calls, passing, dataplane, neighbours, this::tell);
    var engine = new Engine(dataplane, mover, neighbours, chains, passing, jobs, ownerships, setup.specification,
        this::tell);
    incoming = new IncomingTransfers(engine, setup.transfers);
    transfers = new Transfers(engine, setup.transfers, incoming);
    standbys = new Standbys(engine);
    replications = new Replications(engine, setup.replications, standbys);
    for (var worker : setup.workers) {
      worker.control((packet, path) -> control(worker, packet, path));
      worker.services().alarms(alarm -> tell(new Event.NfAlarm(alarm)));
    }
  }

  /** Something happened that listeners want to know. */
  public void tell(Event event) {
    listeners.forEach(listener -> listener.accept(event));
  }

  @Override
  public void listen(Consumer<Event> listener) {
    listeners.add(listener);
  }

  /** Control's own view of the workers. */
  public Dataplane dataplane() {
    return dataplane;
  }

  /** The other NFs. */
  public Neighbours neighbours() {
    return neighbours;
  }

  // ---- control frames; worker thread

  private void control(Worker worker, Packet packet, Path path) {
    switch (ControlFrame.type(packet)) {
      case ControlFrame.MARK -> marked(worker, packet, path);
      case ControlFrame.PROBE -> {
        if (path != null) {
          probes.probed(worker, packet, path);
        }
      }
      case ControlFrame.PROBE_REPLY -> probes.answered(packet);
      default -> {
        // A later version's message: no traffic, and nothing that concerns this one.
      }
    }
  }

  /** The last packet of a scope that comes the old way has come: told to the new owner, in the same order. */
  private void marked(Worker worker, Packet packet, Path path) {
    var marker = ControlFrame.id(packet);
    FlowSpace scope;
    try {
      scope = FlowSpace.parse(ControlFrame.text(packet));
    } catch (IllegalArgumentException malformed) {
      return;
    }
    boolean redirected = (packet.flags & Packet.REDIRECTED) != 0;
    if (!redirected) {
      for (var guard : worker.guards()) {
        if (!guard.scope.overlaps(scope)) {
          continue;
        }
        if (guard.mode() == Guard.Mode.REDIRECT) {
          packet.flags |= Packet.REDIRECTED;
          worker.sendControl(packet, packet.spi, packet.si, guard.to());
        } else if (guard.mode() == Guard.Mode.HOLD) {
          // The new owner was faster than the news of it.
          guard.hold(
              new Guard.Mark(marker, ControlFrame.value(packet), ControlFrame.text(packet), packet.spi, packet.si));
        }
      }
    }
    var origin = path == null ? "" : path.origin();
    int attempt = (int) ControlFrame.value(packet);
    Thread.ofVirtual().start(() -> {
      if (redirected) {
        incoming.marked(marker, attempt, scope);
      }
      tell(new Event.LastInTransitSeen(marker, origin, true));
    });
  }

  // ---- VnfApi: chains

  @Override
  public List<String> getChainingProtocols() { return setup.protocols.stream().map(ChainingProtocol::name).toList(); }

  @Override
  public ChainState serviceChain(Chain chain, Duration timeout) throws ApiException {
    return chains.setUp(chain, timeout);
  }

  @Override
  public ChainState serviceChainUpdate(ChainUpdate update, Duration timeout) throws ApiException {
    return chains.update(update, timeout);
  }

  @Override
  public void removeChain(String name) throws ApiException {
    chains.remove(name);
  }

  @Override
  public void refreshChain(String name) {
    chains.refresh(name);
  }

  @Override
  public List<ChainState> chains() {
    return chains.states();
  }

  @Override
  public List<PathState> paths() {
    return chains.paths();
  }

  @Override
  public Trace traceChain(String name, int count, Duration timeout) throws ApiException {
    var path = chains.path(name);
    var hops = probes.trace(path, count, timeout);
    return new Trace(name, path.generation(), probes.complete(hops, chains.reports(name).size()), hops);
  }

  @Override
  public void translations(List<Translation> rules) throws ApiException {
    for (var rule : rules) {
      rule(rule);
    }
    var all = new ArrayList<Translations>();
    dataplane.translations(worker -> {
      var mine = new ArrayList<Translations.Rule>();
      for (var rule : rules) {
        try {
          mine.add(rule(rule));
        } catch (ApiException checkedBefore) {
          throw new IllegalStateException(checkedBefore);
        }
      }
      var made = new Translations(mine);
      synchronized (all) {
        all.add(made);
      }
      return made;
    });
    translations = List.copyOf(rules);
    translationsInForce = all;
  }

  private Translations.Rule rule(Translation wanted) throws ApiException {
    var contexts = setup.specification.contexts();
    for (int i = 0; i < contexts.size(); i++) {
      var context = contexts.get(i);
      if (context.type().equals(wanted.context())
          && (wanted.produce() ? context.produces() : context.consumes())) {
        for (int j = 0; j < context.values().size(); j++) {
          if (context.values().get(j).value().equals(wanted.value())) {
            return new Translations.Rule(wanted.name(), i, j, wanted.label(), wanted.produce(),
                wanted.chain().orElse(null), new Counter());
          }
        }
      }
    }
    throw new ApiException("invalid-value", "southbound:unknown-context", "rule[name='" + wanted.name() + "']",
        "this NF does not " + (wanted.produce() ? "produce" : "consume") + " the context " + wanted.context() + " = "
            + wanted.value() + "; its specification lists what it does");
  }

  @Override
  public Map<String, Long> translationHits() {
    var hits = new LinkedHashMap<String, Long>();
    translations.forEach(rule -> hits.put(rule.name(), 0L));
    translationsInForce
        .forEach(each -> each.rules().forEach(rule -> hits.merge(rule.name(), rule.hits().get(), Long::sum)));
    return hits;
  }

  // ---- VnfApi: state

  @Override
  public Map<String, Numbers> getVariants(Operation operation) {
    return setup.numbers.getOrDefault(operation, Map.of());
  }

  @Override
  public UUID transfer(StateRequest request) throws ApiException {
    return transfers.start(request);
  }

  @Override
  public UUID replicate(StateRequest request) throws ApiException {
    return replications.start(request);
  }

  @Override
  public UUID markLastInTransit(Endpoint source, FlowSpace scope, Optional<UUID> marker, Duration timeout)
      throws ApiException {
    var id = marker.orElseGet(UUID::randomUUID);
    try {
      var known = neighbours.resolve(source);
      mark(known.nf(), scope, id);
      return id;
    } catch (PeerException failure) {
      throw Messages.api(failure, failure.appTag().equals(PeerException.UNKNOWN) ? "source" : "scope");
    }
  }

  private int mark(String source, FlowSpace scope, UUID marker) throws PeerException {
    var paths = dataplane.leadingTo(source, scope);
    var hop = dataplane.hopTo(source);
    if (paths.isEmpty() || hop.isEmpty()) {
      throw new PeerException("southbound:unknown-scope", "no path of this scope leads from here to " + source);
    }
    return Marks.send(dataplane, paths, hop.get(), marker, 0, scope);
  }

  @Override
  public void stopReplication(UUID relationship) throws ApiException {
    replications.stop(relationship);
  }

  @Override
  public TakeOver takeOver(UUID relationship, boolean force, Optional<String> clientToken) throws ApiException {
    return standbys.takeOver(relationship, force, clientToken);
  }

  @Override
  public UUID resync(UUID relationship) throws ApiException {
    return replications.resync(relationship);
  }

  @Override
  public void cancelOperation(UUID job) throws ApiException {
    jobs.cancel(job);
  }

  @Override
  public Preview previewScope(FlowSpace scope, EnumSet<StateLayout.Kind> parts) {
    var layouts = mover.layouts(parts);
    var counts = mover.count(layouts, scope);
    var schemas = new ArrayList<SchemaPreview>();
    long flows = 0;
    long octets = 0;
    for (int i = 0; i < layouts.size(); i++) {
      var layout = layouts.get(i);
      schemas.add(new SchemaPreview(layout.schema(), layout.kind(), counts.get(i)[0], counts.get(i)[1]));
      flows += layout.kind() == StateLayout.Kind.PER_FLOW ? counts.get(i)[0] : 0;
      octets += counts.get(i)[1];
    }
    return new Preview(flows, octets, ownerships.owns(scope), schemas, jobs.conflicts(scope));
  }

  @Override
  public List<StateRecord> readState(FlowSpace scope, EnumSet<StateLayout.Kind> parts, int limit) {
    return StateReader.read(dataplane, mover.layouts(parts), scope, limit);
  }

  @Override
  public List<Job> jobs() {
    return jobs.snapshots();
  }

  @Override
  public List<Relationship> relationships() {
    return replications.relationships();
  }

  @Override
  public List<Ownership> ownerships() {
    return ownerships.list();
  }

  // ---- VnfApi: metrics

  @Override
  public Map<String, Long> queryMetrics(List<String> names) throws ApiException {
    try {
      return setup.metrics.query(names);
    } catch (MetricException refusal) {
      throw new ApiException(refusal.reason().tag(), refusal.reason().appTag(), "name", refusal.getMessage());
    }
  }

  @Override
  public int reportMetrics(ReportRequest request, Consumer<Report> callback) throws ApiException {
    try {
      return setup.reports.register(request.period(), request.packets(), request.metrics(), request.lifetime(),
          report -> callback.accept(new Report(report.id(), report.sequence(), report.byPackets(), report.values())));
    } catch (MetricException refusal) {
      throw api(refusal);
    }
  }

  @Override
  public void cancelReport(int id) throws ApiException {
    try {
      setup.reports.cancel(id);
    } catch (MetricException refusal) {
      throw api(refusal);
    }
  }

  @Override
  public List<Reports.Registration> reports() {
    return setup.reports.list();
  }

  private static ApiException api(MetricException refusal) {
    var reason = refusal.reason();
    return new ApiException(reason.tag(), reason.appTag(), reason.path(), refusal.getMessage());
  }

  @Override
  public List<Metric> metrics() {
    return setup.metrics.definitions();
  }

  @Override
  public Map<String, Long> allMetrics() {
    return setup.metrics.values();
  }

  // ---- VnfApi: the instance

  @Override
  public List<ChainingProtocol> protocols() {
    return setup.protocols;
  }

  @Override
  public Map<String, String> variantDescriptions(Operation operation) {
    var result = new LinkedHashMap<String, String>();
    if (operation == Operation.TRANSFER) {
      setup.transfers.forEach(variant -> result.put(variant.name(), variant.description()));
    } else {
      setup.replications.forEach(variant -> result.put(variant.name(), variant.description()));
    }
    return result;
  }

  @Override
  public Map<String, Long> ruleHits() {
    var hits = new LinkedHashMap<String, Long>();
    dataplane.workers().forEach(worker -> worker.nf().ruleHits()
        .forEach((name, packets) -> hits.merge(name, packets, Long::sum)));
    return hits;
  }

  @Override
  public Specification specification() {
    return setup.specification;
  }

  @Override
  public Instance instance() {
    var self = neighbours.self();
    long flows = dataplane.workers().stream().mapToLong(worker -> worker.flows().size()).sum();
    return new Instance(self.nf(), setup.specification.type(), started, self.host(), self.dataPort(), self.host(),
        self.peerPort(), setup.fingerprint, flows);
  }

  @Override
  public boolean workersAnswer() {
    try {
      return dataplane.workers().stream().allMatch(worker -> Dataplane.on(worker, () -> true));
    } catch (IllegalStateException stuck) {
      return false;
    }
  }

  @Override
  public Runnable configure(Config function) throws ApiException {
    var steps = new ArrayList<Runnable>();
    try {
      for (var worker : dataplane.workers()) {
        var step = worker.nf().configure(function);
        steps.add(() -> Dataplane.on(worker, () -> {
          step.run();
          return null;
        }));
      }
    } catch (ConfigException refusal) {
      throw new ApiException("invalid-value", refusal.appTag(), refusal.path(), refusal.getMessage());
    }
    return () -> steps.forEach(Runnable::run);
  }

  // ---- PeerHandler

  @Override
  public Description describe(String peer) {
    var self = neighbours.self();
    var out = Description.newBuilder().setNf(self.nf()).setNfType(setup.specification.type())
        .setSoftwareVersion(setup.specification.softwareVersion()).addDataEndpoints(Messages.endpoint(self))
        .addAllProtocols(getChainingProtocols());
    dataplane.workers().getFirst().tables().forEach((layout, table) -> out.addSchemas(Messages.schema(layout, table)));
    return out.build();
  }

  @Override
  public PrepareChainAccepted prepareChain(String peer, PrepareChainRequest request) throws PeerException {
    return passing.prepare(peer, request);
  }

  @Override
  public void confirmChain(String peer, ChainReference chain) throws PeerException {
    passing.confirm(chain);
  }

  @Override
  public void abortChain(String peer, ChainReference chain) {
    passing.forget(chain);
  }

  @Override
  public void removeChain(String peer, ChainReference chain) {
    passing.forget(chain);
  }

  @Override
  public void chainChanged(String peer, ChainChange change) throws PeerException {
    chains.changed(change);
  }

  @Override
  public SteerReply steer(String peer, SteerRequest request) throws PeerException {
    return transfers.steer(request);
  }

  @Override
  public MarkReply markLastInTransit(String peer, MarkRequest request) throws PeerException {
    int marks = mark(request.getSource(), Messages.scope(request.getScope()), UUID.fromString(request.getMarker()));
    return MarkReply.newBuilder().setMarks(marks).setSynthetic(true).build();
  }

  @Override
  public OutcomeReply outcome(String peer, String job) throws PeerException {
    return incoming.outcome(job);
  }

  @Override
  public void transfer(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream)
      throws PeerException {
    incoming.receive(peer, stream);
  }

  @Override
  public void replicate(String peer, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream)
      throws PeerException {
    standbys.receive(peer, stream);
  }

  @Override
  public void stopReplication(String peer, String id) {
    standbys.forget(UUID.fromString(id));
  }

  @Override
  public void fence(String peer, FenceRequest request) throws PeerException {
    replications.fenced(request);
  }

  /** Ends replications and reports; the workers are closed by who made them. */
  @Override
  public void close() {
    replications.close();
    standbys.close();
    setup.reports.close();
  }
}
