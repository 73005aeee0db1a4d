// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
import org.southbound.flow.DirtySet;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.Delta;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.Heartbeat;
import org.southbound.peer.v1.ReplicationAck;
import org.southbound.peer.v1.ReplicationBegin;
import org.southbound.peer.v1.ReplicationBegun;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.StateSchema;
import org.southbound.peer.v1.TransferEnd;
import org.southbound.state.StateLayout;
import org.southbound.transfer.ReplicateVariant;

/**
 * replicate(destination, scope, variant), on both sides, and take-over. The standby keeps the mirrored records apart
 * from its own, and puts them into its tables when it takes over.
 */
final class Replications {
  private static final Logger LOG = LoggerFactory.getLogger(Replications.class);
  private static final Duration RECONNECT = Duration.ofMillis(500);
  private static final int HEARTBEAT_MILLIS = 100;
  private static final Duration LAST_CHANGES = Duration.ofMillis(500);
  private static final Duration UPSTREAMS_TOLD = Duration.ofSeconds(2);
  private static final Duration SILENCE = Duration.ofMillis(10L * HEARTBEAT_MILLIS);

  private final Dataplane dataplane;
  private final StateMover mover;
  private final Neighbours neighbours;
  private final Chains chains;
  private final Jobs jobs;
  private final Ownerships ownerships;
  private final Map<String, ReplicateVariant> variants = new LinkedHashMap<>();
  private final Specification specification;
  private final Consumer<Event> events;
  private final Map<UUID, Source> sources = new ConcurrentHashMap<>();
  private final Map<UUID, Standby> standbys = new ConcurrentHashMap<>();

  Replications(Dataplane dataplane, StateMover mover, Neighbours neighbours, Chains chains, Jobs jobs,
      Ownerships ownerships, List<ReplicateVariant> variants, Specification specification, Consumer<Event> events) {
    this.dataplane = dataplane;
    this.mover = mover;
    this.neighbours = neighbours;
    this.chains = chains;
    this.jobs = jobs;
    this.ownerships = ownerships;
    variants.forEach(variant -> this.variants.put(variant.name(), variant));
    this.specification = specification;
    this.events = events;
  }

  List<ReplicateVariant> variants() {
    return List.copyOf(variants.values());
  }

  // ---- the source

  UUID start(StateRequest request) throws ApiException {
    var variant = variants.get(request.variant());
    if (variant == null) {
      throw new ApiException("invalid-value", "southbound:unknown-variant", "variant",
          "no variant " + request.variant() + "; there are " + String.join(", ", variants.keySet()));
    }
    for (var option : request.options().keySet()) {
      if (!variant.options().contains(option)) {
        throw new ApiException("invalid-value", "southbound:option-not-applicable", "options/" + option,
            "the variant " + variant.name() + " does not take " + option);
      }
    }
    long micros;
    try {
      micros = variant.intervalMicros(request.options());
    } catch (IllegalArgumentException wrong) {
      throw new ApiException("invalid-value", "southbound:option-not-applicable", "options", wrong.getMessage());
    }
    var known = jobs.known(request);
    if (known.isPresent()) {
      return known.get().id;
    }
    Endpoint destination;
    try {
      destination = neighbours.resolve(request.destination());
      var described = neighbours.client(destination).description();
      if (!described.getNfType().equals(specification.type())) {
        throw new PeerException("southbound:type-mismatch",
            described.getNf() + " is a " + described.getNfType() + ", not a " + specification.type());
      }
      if (described.getNf().equals(neighbours.self().nf())) {
        throw new PeerException(PeerException.UNKNOWN, "the destination is this NF itself");
      }
      destination = new Endpoint(described.getNf(), destination.host(), destination.dataPort(),
          destination.peerPort());
    } catch (PeerException failure) {
      throw Messages.api(failure, "destination");
    }
    checkNew(request, destination);
    var job = jobs.begin("replicate", Operation.REPLICATE, request);
    var source = new Source(job, destination, micros);
    sources.put(job.id, source);
    Thread.ofVirtual().name("replicate-" + job.id).start(source::run);
    return job.id;
  }

  private void checkNew(StateRequest request, Endpoint destination) throws ApiException {
    var other = ownerships.otherOwner(request.scope());
    if (other != null) {
      throw new ApiException("operation-failed", "southbound:not-owner", "scope",
          "a part of the scope belongs to " + other);
    }
    for (var standby : standbys.values()) {
      if (standby.scope.overlaps(request.scope()) && standby.source.nf().equals(destination.nf())) {
        throw new ApiException("invalid-value", "southbound:replication-cycle", "destination",
            destination.nf() + " replicates this scope to here");
      }
    }
    for (var source : sources.values()) {
      if (source.job.request.scope().equals(request.scope()) && source.destination.nf().equals(destination.nf())) {
        throw new ApiException("data-exists", "southbound:already-replicated", "scope",
            "the scope is replicated to " + destination.nf() + " already");
      }
    }
  }

  /** A relationship as its source sees it. */
  private final class Source {
    final Jobs.Running job;
    final Endpoint destination;
    private final long micros;
    private final List<StateLayout> layouts;
    private final long epoch;
    private volatile boolean stopped;
    private volatile String status = "synchronizing";
    private volatile long sequence;
    private volatile long acknowledged;
    private volatile long updates;
    private volatile long resyncs = -1;
    private volatile Instant lastSync;
    private volatile boolean resync;
    private final CountDownLatch flushed = new CountDownLatch(1);

    Source(Jobs.Running job, Endpoint destination, long micros) {
      this.job = job;
      this.destination = destination;
      this.micros = micros;
      this.layouts = mover.layouts(job.request.parts());
      this.epoch = ownerships.epoch(job.request.scope());
    }

    void run() {
      job.state("preparing");
      while (!stopped && !job.cancelled) {
        try (var stream = neighbours.client(destination).replicate()) {
          session(stream);
        } catch (PeerException failure) {
          if (!failure.unreachable()) {
            end("failed", failure.appTag(), failure.getMessage());
            return;
          }
          status("disconnected");
          LockSupport.parkNanos(RECONNECT.toNanos());
        } catch (RuntimeException bug) {
          LOG.error("replication {} failed", job.id, bug);
          end("failed", "southbound:internal", "an internal error; see the log");
          return;
        }
      }
      end(job.cancelled ? "cancelled" : "complete", "", "");
    }

    private void status(String next) {
      if (!status.equals(next)) {
        status = next;
        events.accept(new Event.ReplicationChanged(job.id, next, sequence - acknowledged));
      }
    }

    private void end(String state, String appTag, String message) {
      sources.remove(job.id, this);
      job.end(state, appTag, message);
      events.accept(new Event.ReplicationChanged(job.id, "", 0));
    }

    /** One connection: a snapshot, then what changed, until it is cut. */
    private void session(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream) throws PeerException {
      var begin = ReplicationBegin.newBuilder().setId(job.id.toString())
          .setSource(Messages.endpoint(neighbours.self())).setNfType(specification.type())
          .setScope(Messages.scope(job.request.scope())).setParts(Messages.parts(job.request.parts()))
          .setVariant(job.request.variant()).setIntervalMicros((int) micros).setEpoch(epoch)
          .setHeartbeatMillis(HEARTBEAT_MILLIS);
      layouts.forEach(layout -> begin.addSchemas(schema(layout)));
      for (var passage : chains.passages(job.request.scope())) {
        begin.addPaths(Transfers.path(passage));
        passage.upstreams().forEach(upstream -> begin.addUpstreams(Messages.endpoint(upstream)));
      }
      stream.send(ReplicationFromSource.newBuilder().setBegin(begin).build());
      answer(stream);
      var dirty = mover.track(layouts);
      try {
        snapshot(stream);
        job.state("standby");
        status("in-step");
        long next = System.nanoTime();
        long beat = next;
        while (!stopped && !job.cancelled) {
          next += micros * 1000;
          LockSupport.parkNanos(next - System.nanoTime());
          if (resync) {
            resync = false;
            snapshot(stream);
          }
          if (update(stream, dirty)) {
            beat = System.nanoTime();
          } else if (System.nanoTime() - beat > HEARTBEAT_MILLIS * 1_000_000L) {
            beat = System.nanoTime();
            stream.send(ReplicationFromSource.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder().setSequence(sequence).setEpoch(epoch)).build());
            answer(stream);
          }
          next = Math.max(next, System.nanoTime() - micros * 1000);
        }
        // The scope was taken over, or the relationship ends: what changed up to now is the last that is sent.
        update(stream, dirty);
        flushed.countDown();
        stream.finish();
      } finally {
        mover.untrack(layouts, dirty);
      }
    }

    private void answer(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream) throws PeerException {
      var message = stream.receive(PeerStream.STEP);
      if (message == null) {
        throw new PeerException(PeerException.UNREACHABLE, destination.nf() + " closed the replication");
      }
      switch (message.getStepCase()) {
        case BEGUN -> {
        }
        case ACK -> {
          acknowledged = message.getAck().getSequence();
          lastSync = Instant.now();
        }
        case PROMOTED -> {
          stopped = true;
        }
        case FAILED -> throw PeerException.of(message.getFailed(), destination.nf());
        case STEP_NOT_SET -> throw new PeerException(PeerException.REFUSED, "an unknown answer");
      }
    }

    private void snapshot(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream) throws PeerException {
      status("synchronizing");
      var checksum = new CRC32C();
      long[] counts = mover.<PeerException>export(layouts, job.request.scope(), (schema, count, records, length) -> {
        checksum.update(records, 0, length);
        job.octets += length;
        stream.send(ReplicationFromSource.newBuilder().setChunk(Chunk.newBuilder().setSchema(schema).setCount(count)
            .setRecords(Messages.bytes(records, length))).build());
      });
      var end = TransferEnd.newBuilder().setChecksum((int) checksum.getValue()).setFinal(true);
      for (int i = 0; i < counts.length; i++) {
        end.addCounts(counts[i]);
        job.flowsTotal = layouts.get(i).kind() == StateLayout.Kind.PER_FLOW ? counts[i] : job.flowsTotal;
      }
      job.flowsDone = job.flowsTotal;
      stream.send(ReplicationFromSource.newBuilder().setEnd(end).build());
      answer(stream);
      resyncs++;
      status("in-step");
    }

    /** Sends what changed since the last time; false if nothing did. */
    private boolean update(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream,
        List<List<DirtySet>> dirty) throws PeerException {
      long number = sequence + 1;
      long[] parts = {0};
      long records = mover.<PeerException>exportDirty(layouts, job.request.scope(), dirty,
          (schema, count, bytes, length) -> {
            parts[0]++;
            job.octets += length;
            stream.send(message(delta(number, schema).setCount(count).setRecords(Messages.bytes(bytes, length))));
          }, (schema, keys) -> {
            parts[0]++;
            stream.send(message(delta(number, schema).setRemoved(Messages.bytes(keys, keys.length))));
          });
      if (parts[0] == 0) {
        return false;
      }
      sequence = number;
      updates += records;
      stream.send(message(delta(number, 0).setLast(true)));
      answer(stream);
      return true;
    }

    private ReplicationFromSource message(Delta.Builder delta) {
      return ReplicationFromSource.newBuilder().setDelta(delta).build();
    }

    private Delta.Builder delta(long number, int schema) {
      return Delta.newBuilder().setSequence(number).setSchema(schema);
    }

    /** Nothing of the scope is processed here any more: the standby gets the last changes, if it can be reached soon. */
    void stopAfterLastChanges() {
      stopped = true;
      try {
        if (!flushed.await(LAST_CHANGES.toMillis(), TimeUnit.MILLISECONDS)) {
          LOG.warn("replication {} ended before its last changes were confirmed", job.id);
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    Relationship relationship() {
      return new Relationship(job.id, true, neighbours.self(), destination, job.request.scope(),
          job.request.variant(), epoch, status, sequence - acknowledged, 0, Optional.ofNullable(lastSync), updates,
          job.octets, Math.max(0, resyncs));
    }
  }

  private StateSchema schema(StateLayout layout) {
    return Messages.schema(layout, dataplane.workers().getFirst().tables().get(layout));
  }

  // ---- the standby

  /** A relationship as its standby sees it. Guarded by itself. */
  private final class Standby {
    final UUID id;
    final Endpoint source;
    final FlowSpace scope;
    final ReplicationBegin begin;
    final List<StateLayout> layouts;
    final List<RecordTable> mirror = new ArrayList<>();
    String status = "synchronizing";
    long updates;
    long octets;
    long snapshots = -1;
    Instant lastSync;
    boolean closed;

    Standby(ReplicationBegin begin, List<StateLayout> layouts) throws PeerException {
      this.id = UUID.fromString(begin.getId());
      this.source = Messages.endpoint(begin.getSource());
      this.scope = Messages.scope(begin.getScope());
      this.begin = begin;
      this.layouts = layouts;
      for (var layout : layouts) {
        mirror.add(new RecordTable(layout.size(), dataplane.workers().getFirst().tables().get(layout).maximum()));
      }
    }

    synchronized void status(String next) {
      if (!status.equals(next) && !closed) {
        status = next;
        events.accept(new Event.ReplicationChanged(id, next, 0));
      }
    }

    /** Puts records into the mirror. */
    synchronized void records(int schema, byte[] records) throws PeerException {
      if (schema >= mirror.size()) {
        throw new PeerException("southbound:schema-mismatch", "no schema has the index " + schema);
      }
      if (closed) {
        return;
      }
      int size = begin.getSchemas(schema).getRecordSize();
      var from = MemorySegment.ofArray(records);
      octets += records.length;
      for (long at = 0; at + size <= records.length; at += size) {
        updates++;
        if (mirror.get(schema).importRecord(from, at, hash(from, at), 0) == RecordTable.FULL) {
          throw new PeerException("southbound:resource", "the standby's table is full");
        }
      }
    }

    synchronized void removed(int schema, byte[] keys) {
      var from = MemorySegment.ofArray(keys);
      var table = mirror.get(schema);
      for (long at = 0; at + StateMover.KEY <= keys.length; at += StateMover.KEY) {
        int id = table.find(word(from, at, 0), word(from, at, 1), word(from, at, 2), word(from, at, 3),
            word(from, at, 4), hash(from, at));
        if (id >= 0) {
          table.remove(id);
        }
      }
    }

    synchronized void clear() {
      for (var table : mirror) {
        for (int id = table.next(0); id >= 0; id = table.next(id + 1)) {
          table.remove(id);
        }
      }
    }

    /** Nothing is mirrored any more. */
    synchronized void close() {
      if (!closed) {
        closed = true;
        mirror.forEach(RecordTable::close);
        events.accept(new Event.ReplicationChanged(id, "", 0));
      }
    }

    synchronized Relationship relationship() {
      long age = lastSync == null || status.equals("in-step") ? 0
          : Duration.between(lastSync, Instant.now()).toNanos() / 1000;
      return new Relationship(id, false, source, neighbours.self(), scope, begin.getVariant(), begin.getEpoch(),
          status, 0, age, Optional.ofNullable(lastSync), updates, octets, Math.max(0, snapshots));
    }
  }

  private static long word(MemorySegment from, long at, int i) {
    return from.get(StateLayout.U64, at + 8L * i);
  }

  private static int hash(MemorySegment from, long at) {
    return FlowKey.hash(word(from, at, 0), word(from, at, 1), word(from, at, 2), word(from, at, 3),
        word(from, at, 4));
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
          .filter(layout -> schema(layout).equals(wanted)).findFirst()
          .orElseThrow(() -> new PeerException("southbound:schema-mismatch",
              "the state " + wanted.getName() + " of version " + wanted.getVersion() + " cannot be imported")));
    }
    var scope = Messages.scope(begin.getScope());
    if (begin.getEpoch() < ownerships.epoch(scope)) {
      ownerships.stale(scope);
      throw new PeerException("southbound:not-owner", "the scope was given by a later epoch");
    }
    neighbours.heard(Messages.endpoint(begin.getSource()));
    begin.getUpstreamsList().forEach(each -> neighbours.heard(Messages.endpoint(each)));
    var standby = new Standby(begin, layouts);
    var before = standbys.put(standby.id, standby);
    if (before != null) {
      standby.snapshots = before.snapshots;
      before.close();
    }
    stream.send(ReplicationFromStandby.newBuilder()
        .setBegun(ReplicationBegun.newBuilder().setData(Messages.endpoint(neighbours.self()))
            .addAllSchemaVersions(layouts.stream().map(StateLayout::version).toList()))
        .build());
    try {
      mirror(standby, stream);
    } catch (PeerException cut) {
      standby.status("disconnected");
      throw cut;
    }
  }

  private static void mirror(Standby standby, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream)
      throws PeerException {
    boolean snapshot = true;
    var checksum = new CRC32C();
    var pending = new ArrayList<Delta>();
    while (true) {
      var message = stream.receive(SILENCE);
      if (standby.closed) {
        promoted(standby, stream);
        return;
      }
      if (message == null) {
        standby.status("disconnected");
        return;
      }
      switch (message.getStepCase()) {
        case CHUNK -> {
          if (!snapshot) {
            snapshot = true;
            standby.status("synchronizing");
            standby.clear();
          }
          byte[] records = message.getChunk().getRecords().toByteArray();
          checksum.update(records);
          standby.records(message.getChunk().getSchema(), records);
        }
        case END -> {
          if (message.getEnd().getChecksum() != (int) checksum.getValue()) {
            throw new PeerException("southbound:checksum", "the snapshot was damaged on the way");
          }
          checksum = new CRC32C();
          snapshot = false;
          standby.snapshots++;
          standby.lastSync = Instant.now();
          standby.status("in-step");
          ack(stream, 0);
        }
        case DELTA -> {
          pending.add(message.getDelta());
          if (message.getDelta().getLast()) {
            if (!apply(standby, pending)) {
              promoted(standby, stream);
              return;
            }
            pending.clear();
            ack(stream, message.getDelta().getSequence());
          }
        }
        case HEARTBEAT -> {
          standby.lastSync = Instant.now();
          ack(stream, message.getHeartbeat().getSequence());
        }
        default -> throw new PeerException(PeerException.REFUSED, "unexpected " + message.getStepCase());
      }
    }
  }

  private static void promoted(Standby standby, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream)
      throws PeerException {
    stream.send(ReplicationFromStandby.newBuilder()
        .setPromoted(org.southbound.peer.v1.Promoted.newBuilder().setEpoch(standby.begin.getEpoch() + 1)).build());
  }

  /** A sequence is applied as a whole: what it removes goes first. False: this NF took over meanwhile. */
  private static boolean apply(Standby standby, List<Delta> sequence) throws PeerException {
    synchronized (standby) {
      if (standby.closed) {
        return false;
      }
      for (var delta : sequence) {
        standby.removed(delta.getSchema(), delta.getRemoved().toByteArray());
        standby.records(delta.getSchema(), delta.getRecords().toByteArray());
      }
      standby.lastSync = Instant.now();
      return true;
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
      throw new ApiException("data-missing", "southbound:unknown-replication", "replication",
          "this NF is no standby of " + id);
    }
    synchronized (standby) {
      // A source that is gone was in step when last heard, if a snapshot was whole.
      boolean whole = standby.snapshots >= 0 && !standby.status.equals("synchronizing");
      if (!whole && !force) {
        throw new ApiException("operation-failed", "southbound:out-of-step", "replication",
            "the standby has no whole snapshot; force takes over all the same");
      }
    }
    var request = new StateRequest(token.orElse(""), neighbours.self(), standby.scope, standby.begin.getVariant(),
        java.util.EnumSet.allOf(StateLayout.Kind.class), false, Map.of());
    var known = jobs.known(request);
    if (known.isPresent()) {
      return new TakeOver(known.get().id, known.get().epoch);
    }
    var job = jobs.begin("take-over", Operation.REPLICATE, request);
    long epoch = Math.max(standby.begin.getEpoch(), ownerships.epoch(standby.scope)) + 1;
    job.epoch = epoch;
    job.committed = true;
    try {
      promote(standby, job, epoch);
      job.end("complete", "", "");
      return new TakeOver(job.id, epoch);
    } catch (PeerException | StateMover.TableFullException failure) {
      job.end("failed", "southbound:resource", String.valueOf(failure.getMessage()));
      throw new ApiException("operation-failed", "southbound:resource", "", "the tables are full");
    }
  }

  private void promote(Standby standby, Jobs.Running job, long epoch)
      throws PeerException, StateMover.TableFullException {
    var packets = standby.scope.direction(FlowSpace.Direction.BOTH);
    job.state("copying");
    for (var path : standby.begin.getPathsList()) {
      if (!dataplane.knows(path.getSpi())) {
        chains.adopt(path, standby.begin.getUpstreamsList().stream().map(Messages::endpoint).toList());
      }
    }
    var fence = FenceRequest.newBuilder().setScope(Messages.scope(packets)).setEpoch(epoch)
        .setOldOwner(standby.source.nf()).setNewOwner(Messages.endpoint(neighbours.self()))
        .setReplication(standby.id.toString()).build();
    var guards = mover.guard(() -> new Guard(standby.id, packets, epoch, Guard.Mode.HOLD, Transfers.HOLD));
    try {
      // A source that lives stops, sends its last changes, and then what still comes to it; a dead one costs no time.
      join(List.of(tell(standby.source, fence)), LAST_CHANGES);
      synchronized (standby) {
        for (int schema = 0; schema < standby.layouts.size(); schema++) {
          adopt(standby.layouts.get(schema), standby.mirror.get(schema), job);
        }
        standbys.remove(standby.id, standby);
        standby.close();
      }
      ownerships.set(packets, neighbours.self().nf(), epoch, "active");
      chains.standAlone(packets);
    } finally {
      mover.guards(guards, Worker::settle);
    }
    join(standby.begin.getUpstreamsList().stream().map(Messages::endpoint).distinct().map(each -> tell(each, fence))
        .toList(), UPSTREAMS_TOLD);
    events.accept(new Event.OwnershipChanged(standby.scope, neighbours.self().nf(), standby.source.nf(), epoch,
        job.id, "take-over"));
  }

  private void adopt(StateLayout layout, RecordTable mirror, Jobs.Running job)
      throws StateMover.TableFullException {
    int size = mirror.recordBytes();
    int most = StateMover.SLICE / size;
    for (int id = mirror.next(0); id >= 0;) {
      byte[] records = new byte[most * size];
      var to = MemorySegment.ofArray(records);
      int n = 0;
      for (; id >= 0 && n < most; id = mirror.next(id + 1)) {
        mirror.exportRecord(id, to, (long) n++ * size, 0);
      }
      mover.importRecords(layout, java.util.Arrays.copyOf(records, n * size), size, false);
      job.flowsDone += layout.kind() == StateLayout.Kind.PER_FLOW ? n : 0;
    }
  }

  private static void join(List<Thread> threads, Duration most) {
    for (var thread : threads) {
      try {
        thread.join(most);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Thread tell(Endpoint nf, FenceRequest fence) {
    return Thread.ofVirtual().start(() -> {
      try {
        neighbours.client(nf).fence(fence);
      } catch (PeerException failure) {
        LOG.warn("{} was not told of the take-over: {}", nf.nf(), failure.getMessage());
      }
    });
  }

  /** Another NF has taken a scope over: told to its old owner, and to the neighbours upstream. */
  void fenced(FenceRequest fence) throws PeerException {
    var scope = Messages.scope(fence.getScope());
    var owner = Messages.endpoint(fence.getNewOwner());
    neighbours.heard(owner);
    if (fence.getEpoch() <= ownerships.epoch(scope)) {
      ownerships.stale(scope);
      throw new PeerException("southbound:not-owner", "the scope was given by a later epoch");
    }
    var to = dataplane.hop(owner.nf(), Neighbours.data(owner));
    if (fence.getOldOwner().equals(neighbours.self().nf())) {
      var id = UUID.fromString(fence.getReplication());
      ownerships.set(scope, owner.nf(), fence.getEpoch(), "fenced");
      chains.standIn(scope, owner);
      mover.guard(() -> {
        var guard = new Guard(id, scope, fence.getEpoch(), Guard.Mode.REDIRECT, 0);
        guard.to(to);
        return guard;
      });
      var source = sources.get(id);
      if (source != null) {
        source.stopAfterLastChanges();
        mover.remove(source.layouts, scope);
      }
      events.accept(new Event.OwnershipChanged(scope, owner.nf(), neighbours.self().nf(), fence.getEpoch(), id,
          "take-over"));
    } else {
      dataplane.steer(scope, fence.getOldOwner(), to);
    }
  }

  // ---- both

  void stop(UUID id) throws ApiException {
    var source = sources.get(id);
    var standby = standbys.remove(id);
    if (source == null && standby == null) {
      throw new ApiException("data-missing", "southbound:unknown-replication", "replication",
          "this NF has no relationship " + id);
    }
    if (source != null) {
      source.stopped = true;
      try {
        neighbours.client(source.destination).stopReplication(id.toString());
      } catch (PeerException gone) {
        LOG.info("the standby {} was not told that replication {} has ended", source.destination.nf(), id);
      }
    }
    if (standby != null) {
      standby.close();
    }
  }

  /** The source has ended a relationship. */
  void forget(String id) {
    var standby = standbys.remove(UUID.fromString(id));
    if (standby != null) {
      standby.close();
    }
  }

  UUID resync(UUID id) throws ApiException {
    var source = sources.get(id);
    if (source == null) {
      throw new ApiException("data-missing", "southbound:unknown-replication", "replication",
          "this NF is not the source of " + id);
    }
    source.resync = true;
    return id;
  }

  List<Relationship> relationships() {
    var result = new ArrayList<Relationship>();
    sources.values().forEach(each -> result.add(each.relationship()));
    standbys.values().forEach(each -> result.add(each.relationship()));
    return result;
  }

  void close() {
    sources.values().forEach(source -> source.stopped = true);
    standbys.values().forEach(Standby::close);
  }
}
