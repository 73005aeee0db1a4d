// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Operation;
import org.southbound.api.VnfApi.Relationship;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.api.VnfApi.TakeOver;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Delta;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.Promoted;
import org.southbound.peer.v1.ReplicationAck;
import org.southbound.peer.v1.ReplicationBegin;
import org.southbound.peer.v1.ReplicationBegun;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.state.StateLayout;

/**
 * replicate, at the standby, and take-over. What is mirrored is kept apart from the NF's own records, and put into its
 * tables when it takes over.
 */
final class Standbys {
  private static final Logger LOG = LoggerFactory.getLogger(Standbys.class);
  static final Duration SILENCE = Duration.ofMillis(10L * Replications.HEARTBEAT_MILLIS);

  private final Engine engine;
  private final Dataplane dataplane;
  private final StateMover mover;
  private final Neighbours neighbours;
  private final PassingChains passing;
  private final Jobs jobs;
  private final Ownerships ownerships;
  private final Specification specification;
  private final Consumer<Event> events;
  private final Map<UUID, Standby> standbys = new ConcurrentHashMap<>();
  /** Relationships by which this NF took over: a source that was cut off must learn it. */
  private final Map<String, Promotion> promotions = new ConcurrentHashMap<>();

  /** A take-over, and the epoch by which this NF became the owner. */
  private record Promotion(UUID job, long epoch) {
  }

  Standbys(Engine engine) {
    this.engine = engine;
    dataplane = engine.dataplane();
    mover = engine.mover();
    neighbours = engine.neighbours();
    passing = engine.passing();
    jobs = engine.jobs();
    ownerships = engine.ownerships();
    specification = engine.specification();
    events = engine.events();
  }

  /**
   * A relationship as its standby sees it. What was mirrored stays until another snapshot is whole: a source that dies
   * while it sends one leaves the former. Guarded by itself.
   */
  private final class Standby {
    final UUID id;
    final Endpoint source;
    final FlowSpace scope;
    final List<StateLayout> layouts;
    private ReplicationBegin begin;
    /** The connection that is heard; what an older one still says is not. */
    private PeerStream<?, ?> heard;
    /** The last whole snapshot and what changed since; empty before the first. */
    private List<RecordTable> mirror = List.of();
    /** The snapshot that is coming; empty when none is. */
    private List<RecordTable> coming = List.of();
    private String status = "synchronizing";
    private long updates;
    private long octets;
    private long snapshots;
    private Instant lastSync;
    private boolean closed;

    Standby(ReplicationBegin begin, List<StateLayout> layouts) throws PeerException {
      this.id = UUID.fromString(begin.getId());
      this.source = Messages.endpoint(begin.getSource());
      this.scope = Messages.scope(begin.getScope());
      this.layouts = layouts;
    }

    /** The source is connected, for the first time or again. */
    synchronized void connect(ReplicationBegin again, List<StateLayout> itsLayouts, PeerStream<?, ?> stream)
        throws PeerException {
      check(!closed);
      if (!itsLayouts.equals(layouts) || !again.getSource().getNf().equals(source.nf())) {
        throw new PeerException("southbound:token-reused", "another relationship has the id " + id);
      }
      begin = again;
      heard = stream;
      drop(coming);
      coming = List.of();
      status("synchronizing");
    }

    private void check(boolean fine) throws PeerException {
      if (!fine) {
        throw new PeerException(Replications.ENDED, neighbours.self().nf() + " is no standby of " + id + " any more");
      }
    }

    private void checkHeard(PeerStream<?, ?> stream) throws PeerException {
      check(!closed && heard == stream);
    }

    synchronized void status(String next) {
      if (!status.equals(next) && !closed) {
        status = next;
        events.accept(new Event.ReplicationChanged(id, next, 0));
      }
    }

    synchronized void cut(PeerStream<?, ?> stream) {
      if (heard == stream) {
        status("disconnected");
      }
    }

    /** Records of a snapshot. */
    synchronized void chunk(PeerStream<?, ?> stream, int schema, byte[] records) throws PeerException {
      checkHeard(stream);
      if (coming.isEmpty()) {
        status("synchronizing");
        coming = tables();
      }
      put(coming, schema, records);
    }

    private List<RecordTable> tables() {
      return layouts.stream().map(layout -> new RecordTable(layout.size(),
          dataplane.workers().getFirst().tables().get(layout).maximum())).toList();
    }

    /** A snapshot is whole. */
    synchronized void complete(PeerStream<?, ?> stream) throws PeerException {
      checkHeard(stream);
      drop(mirror);
      mirror = coming.isEmpty() ? tables() : coming;
      coming = List.of();
      snapshots++;
      lastSync = Instant.now();
      status("in-step");
    }

    /** A sequence is applied as a whole: what it removes goes first. */
    synchronized void apply(PeerStream<?, ?> stream, List<Delta> sequence) throws PeerException {
      checkHeard(stream);
      if (mirror.isEmpty()) {
        throw new PeerException(PeerException.REFUSED, "changes before a snapshot");
      }
      for (var delta : sequence) {
        removed(delta.getSchema(), delta.getRemoved().toByteArray());
        put(mirror, delta.getSchema(), delta.getRecords().toByteArray());
      }
      lastSync = Instant.now();
    }

    synchronized void beat(PeerStream<?, ?> stream) throws PeerException {
      checkHeard(stream);
      lastSync = Instant.now();
    }

    private void put(List<RecordTable> tables, int schema, byte[] records) throws PeerException {
      var table = table(tables, schema);
      int size = begin.getSchemas(schema).getRecordSize();
      var from = MemorySegment.ofArray(records);
      octets += records.length;
      for (long at = 0; at + size <= records.length; at += size) {
        updates++;
        if (table.importRecord(from, at, StateMover.hash(from, at), 0) == RecordTable.FULL) {
          throw new PeerException("southbound:resource", "the standby's table is full");
        }
      }
    }

    private static RecordTable table(List<RecordTable> tables, int schema) throws PeerException {
      if (schema >= tables.size()) {
        throw new PeerException("southbound:schema-mismatch", "no schema has the index " + schema);
      }
      return tables.get(schema);
    }

    private void removed(int schema, byte[] keys) throws PeerException {
      var from = MemorySegment.ofArray(keys);
      var table = table(mirror, schema);
      for (long at = 0; at + StateMover.KEY <= keys.length; at += StateMover.KEY) {
        int record = table.find(StateMover.word(from, at, 0), StateMover.word(from, at, 1),
            StateMover.word(from, at, 2), StateMover.word(from, at, 3),
            StateMover.word(from, at, 4), StateMover.hash(from, at));
        if (record >= 0) {
          table.remove(record);
        }
      }
    }

    /** What there is to take over: the last whole snapshot, or else what has come of the first. */
    private List<RecordTable> best() {
      return mirror.isEmpty() ? coming : mirror;
    }

    /** Nothing is mirrored any more. */
    synchronized void close() {
      if (!closed) {
        closed = true;
        drop(mirror);
        drop(coming);
        events.accept(new Event.ReplicationChanged(id, "", 0));
      }
    }

    private static void drop(List<RecordTable> tables) {
      tables.forEach(RecordTable::close);
    }

    synchronized Relationship relationship() {
      long age = lastSync == null || status.equals("in-step") ? 0
          : Duration.between(lastSync, Instant.now()).toNanos() / 1000;
      return new Relationship(id, false, source, neighbours.self(), scope, begin.getVariant(), begin.getEpoch(),
          status, 0, age, Optional.ofNullable(lastSync), updates, octets, Math.max(0, snapshots - 1));
    }
  }

  void receive(String peer, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream) throws PeerException {
    var first = stream.receive(PeerStream.STEP);
    if (first == null || !first.hasBegin()) {
      throw new PeerException(PeerException.REFUSED, "a replication begins with Begin");
    }
    var begin = first.getBegin();
    if (!begin.getNfType().equals(specification.type())) {
      throw new PeerException("southbound:type-mismatch",
          neighbours.self().nf() + " is a " + specification.type() + ", not a " + begin.getNfType());
    }
    var layouts = new ArrayList<StateLayout>();
    for (var wanted : begin.getSchemasList()) {
      layouts.add(mover.layouts(java.util.EnumSet.allOf(StateLayout.Kind.class)).stream()
          .filter(layout -> engine.schema(layout).equals(wanted)).findFirst()
          .orElseThrow(() -> new PeerException("southbound:schema-mismatch",
              "the state " + wanted.getName() + " of version " + wanted.getVersion() + " cannot be imported")));
    }
    var scope = Messages.scope(begin.getScope());
    neighbours.heard(Messages.endpoint(begin.getSource()));
    begin.getUpstreamsList().forEach(each -> neighbours.heard(Messages.endpoint(each)));
    var promoted = promotions.get(begin.getId());
    if (promoted != null) {
      stream.send(
          ReplicationFromStandby.newBuilder().setPromoted(Promoted.newBuilder().setEpoch(promoted.epoch)).build());
      return;
    }
    if (begin.getEpoch() < ownerships.epoch(scope)) {
      ownerships.stale(scope);
      throw new PeerException("southbound:not-owner", "the scope was given by a later epoch");
    }
    var made = new Standby(begin, layouts);
    var known = standbys.putIfAbsent(made.id, made);
    var standby = known == null ? made : known;
    standby.connect(begin, layouts, stream);
    stream.send(ReplicationFromStandby.newBuilder()
        .setBegun(ReplicationBegun.newBuilder().setData(Messages.endpoint(neighbours.self()))
            .addAllSchemaVersions(layouts.stream().map(StateLayout::version).toList()))
        .build());
    try {
      mirror(standby, stream);
    } catch (PeerException cut) {
      standby.cut(stream);
      throw promotions.containsKey(begin.getId()) ? promoted(begin.getId(), stream, cut) : cut;
    }
    standby.cut(stream);
  }

  /** Tells a source that still talks that it is the owner no more. */
  private PeerException promoted(String id, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream,
      PeerException cut) throws PeerException {
    if (!cut.unreachable()) {
      stream.send(ReplicationFromStandby.newBuilder()
          .setPromoted(Promoted.newBuilder().setEpoch(promotions.get(id).epoch)).build());
    }
    return cut;
  }

  private static void mirror(Standby standby, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream)
      throws PeerException {
    var checksum = new CRC32C();
    var pending = new ArrayList<Delta>();
    for (ReplicationFromSource message; (message = stream.receive(SILENCE)) != null;) {
      switch (message.getStepCase()) {
        case CHUNK -> {
          byte[] records = message.getChunk().getRecords().toByteArray();
          checksum.update(records);
          standby.chunk(stream, message.getChunk().getSchema(), records);
        }
        case END -> {
          if (message.getEnd().getChecksum() != (int) checksum.getValue()) {
            throw new PeerException("southbound:checksum", "the snapshot was damaged on the way");
          }
          checksum = new CRC32C();
          standby.complete(stream);
          ack(stream, 0);
        }
        case DELTA -> {
          pending.add(message.getDelta());
          if (message.getDelta().getLast()) {
            standby.apply(stream, pending);
            pending.clear();
            ack(stream, message.getDelta().getSequence());
          }
        }
        case HEARTBEAT -> {
          standby.beat(stream);
          ack(stream, message.getHeartbeat().getSequence());
        }
        default -> throw new PeerException(PeerException.REFUSED, "unexpected " + message.getStepCase());
      }
    }
  }

  private static void ack(PeerStream<ReplicationFromStandby, ReplicationFromSource> stream, long sequence)
      throws PeerException {
    stream.send(
        ReplicationFromStandby.newBuilder().setAck(ReplicationAck.newBuilder().setSequence(sequence)).build());
  }

  // ---- take-over

  TakeOver takeOver(UUID id, boolean force, Optional<String> token) throws ApiException {
    var standby = standbys.get(id);
    if (standby == null) {
      return taken(id, token);
    }
    ReplicationBegin begin;
    synchronized (standby) {
      begin = standby.begin;
    }
    var request = new StateRequest(token.orElse(""), neighbours.self(), standby.scope, begin.getVariant(),
        java.util.EnumSet.allOf(StateLayout.Kind.class), false, Map.of());
    var known = jobs.known(request);
    if (known.isPresent()) {
      return new TakeOver(known.get().id, known.get().epoch);
    }
    synchronized (standby) {
      if (standby.closed) {
        throw unknown(id);
      }
      // A source that is gone was in step when last heard, if a snapshot was whole.
      boolean whole = standby.snapshots > 0 && !standby.status.equals("synchronizing");
      if (!whole && !force) {
        throw new ApiException("operation-failed", "southbound:out-of-step", "replication",
            "the standby has no whole snapshot; force takes over all the same");
      }
      checkRoom(standby);
    }
    var job = jobs.begin("take-over", Operation.REPLICATE, request);
    long epoch = Math.max(begin.getEpoch(), ownerships.epoch(standby.scope)) + 1;
    job.epoch = epoch;
    job.committed = true;
    if (standbys.get(id) != standby) {
      // Ended, or taken over by another call, meanwhile.
      job.end("failed", Replications.ENDED, "this NF is no standby of " + id + " any more");
      throw unknown(id);
    }
    try {
      promote(standby, begin, job, epoch);
      job.end("complete", "", "");
      return new TakeOver(job.id, epoch);
    } catch (PeerException failure) {
      job.end("failed", failure.appTag(), failure.getMessage());
      throw Messages.api(failure, "replication");
    } catch (RuntimeException bug) {
      job.end("failed", "southbound:internal", "an internal error; see the log");
      throw bug;
    }
  }

  /** The same call again, of a relationship that it ended. */
  private TakeOver taken(UUID id, Optional<String> token) throws ApiException {
    var promotion = promotions.get(id.toString());
    var job = promotion == null ? Optional.<Jobs.Running>empty() : jobs.find(promotion.job);
    if (job.isEmpty() || token.isEmpty() || !job.get().request.clientToken().equals(token.get())) {
      throw unknown(id);
    }
    return new TakeOver(promotion.job, promotion.epoch);
  }

  private ApiException unknown(UUID id) {
    return new ApiException("data-missing", Replications.ENDED, "replication",
        neighbours.self().nf() + " is no standby of " + id);
  }

  /** Before anybody is told: a take-over cannot be called off. */
  private void checkRoom(Standby standby) throws ApiException {
    var tables = standby.best();
    for (int schema = 0; schema < tables.size(); schema++) {
      var layout = standby.layouts.get(schema);
      long room = dataplane.workers().stream().map(worker -> worker.tables().get(layout))
          .mapToLong(table -> table.maximum() - table.size()).sum();
      if (tables.get(schema).size() > room) {
        throw new ApiException("resource-denied", "southbound:resource", "replication", "the table " + layout.schema()
            + " has room for " + room + " records, not " + tables.get(schema).size());
      }
    }
  }

  private void promote(Standby standby, ReplicationBegin begin, Jobs.Running job, long epoch) throws PeerException {
    var packets = standby.scope.direction(FlowSpace.Direction.BOTH);
    job.state("copying");
    var upstreams = begin.getUpstreamsList().stream().map(Messages::endpoint).toList();
    adoptPaths(begin, upstreams);
    var fence = FenceRequest.newBuilder().setScope(Messages.scope(packets)).setEpoch(epoch)
        .setOldOwner(standby.source.nf()).setNewOwner(Messages.endpoint(neighbours.self()))
        .setReplication(standby.id.toString()).build();
    Neighbours.Call tell = nf -> neighbours.client(nf).fence(fence);
    var guards = mover.guard(() -> new Guard(standby.id, packets, epoch, Guard.Mode.HOLD, Transfers.HOLD));
    try {
      // A source that lives stops, sends its last changes, and then what still comes to it; a dead one costs no time.
      neighbours.tell(List.of(standby.source), tell, Replications.LAST_CHANGES.multipliedBy(2));
      promotions.put(begin.getId(), new Promotion(job.id, epoch));
      ownerships.set(packets, neighbours.self().nf(), epoch, "active");
      synchronized (standby) {
        var tables = standby.best();
        for (int schema = 0; schema < tables.size(); schema++) {
          adopt(standby.layouts.get(schema), tables.get(schema), job);
        }
        standbys.remove(standby.id, standby);
        standby.close();
      }
      passing.standAlone(packets);
    } finally {
      mover.guards(guards, Worker::settle);
    }
    neighbours.tell(upstreams, tell, Replications.TOLD);
    events.accept(new Event.OwnershipChanged(standby.scope, neighbours.self().nf(), standby.source.nf(), epoch,
        job.id, "take-over"));
  }

  private void adoptPaths(ReplicationBegin begin, List<Endpoint> upstreams) throws PeerException {
    var adopted = new ArrayList<Path>();
    try {
      for (var path : begin.getPathsList()) {
        if (!dataplane.knows(path.getSpi())) {
          adopted.add(passing.adopt(path, upstreams));
        }
      }
    } catch (PeerException failure) {
      adopted.forEach(passing::disown);
      throw failure;
    }
  }

  private void adopt(StateLayout layout, RecordTable mirror, Jobs.Running job) {
    int size = mirror.recordBytes();
    int most = StateMover.SLICE / size;
    for (int id = mirror.next(0); id >= 0;) {
      byte[] records = new byte[most * size];
      var to = MemorySegment.ofArray(records);
      int n = 0;
      for (; id >= 0 && n < most; id = mirror.next(id + 1)) {
        mirror.exportRecord(id, to, (long) n++ * size, 0);
      }
      try {
        mover.importRecords(layout, java.util.Arrays.copyOf(records, n * size), size, false);
        job.flowsDone += layout.kind() == StateLayout.Kind.PER_FLOW ? n : 0;
      } catch (StateMover.TableFullException full) {
        LOG.warn("take-over {}: the table {} filled up meanwhile; some records are missing", job.id, layout.schema());
      }
    }
  }

  // ---- what others ask

  /** Whether an NF replicates a part of the scope to here. */
  boolean mirrors(FlowSpace scope, String source) {
    return standbys.values().stream()
        .anyMatch(each -> each.scope.overlaps(scope) && each.source.nf().equals(source));
  }

  /** A relationship has ended; false if there is none of that name. */
  boolean forget(UUID id) {
    var standby = standbys.remove(id);
    if (standby != null) {
      standby.close();
    }
    return standby != null;
  }

  List<Relationship> relationships() {
    return standbys.values().stream().map(Standby::relationship).toList();
  }

  void close() {
    standbys.values().forEach(Standby::close);
  }
}
