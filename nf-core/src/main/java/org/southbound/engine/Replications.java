// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

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
import org.southbound.flow.DirtySet;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.Delta;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.Heartbeat;
import org.southbound.peer.v1.ReplicationBegin;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.TransferEnd;
import org.southbound.state.StateLayout;
import org.southbound.transfer.ReplicateVariant;

/**
 * replicate(destination, scope, variant), at the source: a snapshot, then what changed, until it ends or the standby takes
 * over. The other side is {@link Standbys}.
 */
final class Replications {
  private static final Logger LOG = LoggerFactory.getLogger(Replications.class);
  private static final Duration RECONNECT = Duration.ofMillis(500);
  static final int HEARTBEAT_MILLIS = 100;
  private static final long HEARTBEAT = HEARTBEAT_MILLIS * 1_000_000L;
  /** The other side has ended the relationship. */
  static final String ENDED = "southbound:unknown-replication";
  /** How long a source that lives tries to send its last changes; who takes over waits twice as long. */
  static final Duration LAST_CHANGES = Duration.ofSeconds(1);
  static final Duration TOLD = Duration.ofSeconds(2);

  private final Engine engine;
  private final Dataplane dataplane;
  private final StateMover mover;
  private final Neighbours neighbours;
  private final Chains chains;
  private final PassingChains passing;
  private final Jobs jobs;
  private final Ownerships ownerships;
  private final Specification specification;
  private final Consumer<Event> events;
  private final Map<String, ReplicateVariant> variants = new LinkedHashMap<>();
  private final Standbys standbys;
  private final Map<UUID, Source> sources = new ConcurrentHashMap<>();

  Replications(Engine engine, List<ReplicateVariant> variants, Standbys standbys) {
    this.engine = engine;
    dataplane = engine.dataplane();
    mover = engine.mover();
    neighbours = engine.neighbours();
    chains = engine.chains();
    passing = engine.passing();
    jobs = engine.jobs();
    ownerships = engine.ownerships();
    specification = engine.specification();
    events = engine.events();
    variants.forEach(variant -> this.variants.put(variant.name(), variant));
    this.standbys = standbys;
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
    var destination = engine.destination(request);
    checkNew(request, destination);
    var job = jobs.begin("replicate", Operation.REPLICATE, request);
    var source = new Source(job, destination, micros);
    sources.put(job.id, source);
    Thread.ofVirtual().name("replicate-" + job.id).start(source::run);
    return job.id;
  }

  private void checkNew(StateRequest request, Endpoint destination) throws ApiException {
    engine.checkOwner(request.scope());
    if (standbys.mirrors(request.scope(), destination.nf())) {
      throw new ApiException("invalid-value", "southbound:replication-cycle", "destination",
          destination.nf() + " replicates this scope to here");
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
    private volatile Thread thread;

    Source(Jobs.Running job, Endpoint destination, long micros) {
      this.job = job;
      this.destination = destination;
      this.micros = micros;
      this.layouts = mover.layouts(job.request.parts());
      this.epoch = ownerships.epoch(job.request.scope());
    }

    void run() {
      thread = Thread.currentThread();
      job.state("preparing");
      while (!ends()) {
        try (var stream = neighbours.client(destination).replicate()) {
          session(stream);
        } catch (PeerException failure) {
          if (failure.appTag().equals(ENDED)) {
            break;
          }
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
      var owner = ownerships.givenTo(job.request.scope());
      if (job.cancelled || owner != null) {
        neighbours.tell(List.of(destination), peer -> neighbours.client(peer).stopReplication(job.id.toString()),
            TOLD);
      }
      if (job.cancelled) {
        end("cancelled", "", "");
      } else {
        end("complete", "", owner == null ? "" : "the scope belongs to " + owner + " now");
      }
    }

    private boolean ends() {
      return stopped || job.cancelled || ownerships.givenTo(job.request.scope()) != null;
    }

    /** Sends what changed up to now, and ends. */
    void stop() {
      stopped = true;
      LockSupport.unpark(thread);
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
      layouts.forEach(layout -> begin.addSchemas(engine.schema(layout)));
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
        long period = micros * 1000;
        long update = System.nanoTime() + period;
        long beat = System.nanoTime() + HEARTBEAT;
        while (!ends()) {
          LockSupport.parkNanos(Math.min(update, beat) - System.nanoTime());
          if (resync) {
            resync = false;
            snapshot(stream);
          }
          if (System.nanoTime() - update >= 0) {
            if (update(stream, dirty)) {
              beat = System.nanoTime() + HEARTBEAT;
            }
            update = Math.max(update + period, System.nanoTime());
          }
          if (System.nanoTime() - beat >= 0) {
            stream.send(ReplicationFromSource.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder().setSequence(sequence).setEpoch(epoch)).build());
            answer(stream);
            beat = System.nanoTime() + HEARTBEAT;
          }
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
          superseded(message.getPromoted().getEpoch());
        }
        case FAILED -> throw PeerException.of(message.getFailed(), destination.nf());
        case STEP_NOT_SET -> throw new PeerException(PeerException.REFUSED, "an unknown answer");
      }
    }

    /** The standby took over while it could not tell: this NF stops, and what still comes to it goes there. */
    private void superseded(long newEpoch) throws PeerException {
      var packets = job.request.scope().direction(FlowSpace.Direction.BOTH);
      if (newEpoch > ownerships.epoch(packets)) {
        yieldTo(destination, packets, newEpoch, job.id);
        mover.remove(layouts, packets);
      }
    }

    private void snapshot(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream) throws PeerException {
      status("synchronizing");
      var checksum = new CRC32C();
      long[] counts = mover.<PeerException>export(layouts, job.request.scope(),
          (worker, schema, count, records, length) -> {
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
      // What was sent before is in the snapshot, which has no number of its own.
      acknowledged = sequence;
      resyncs++;
      status("in-step");
    }

    /** Sends what changed since the last time; false if nothing did. */
    private boolean update(PeerStream<ReplicationFromSource, ReplicationFromStandby> stream,
        List<List<DirtySet>> dirty) throws PeerException {
      long number = sequence + 1;
      long[] parts = {0};
      long records = mover.<PeerException>exportDirty(layouts, job.request.scope(), dirty,
          (worker, schema, count, bytes, length) -> {
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
      stop();
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

  // ---- the old owner, and the neighbours upstream

  /** Another NF has taken a scope over: told to its old owner, and to the neighbours upstream. */
  void fenced(FenceRequest fence) throws PeerException {
    var scope = Messages.scope(fence.getScope());
    var owner = Messages.endpoint(fence.getNewOwner());
    neighbours.heard(owner);
    if (fence.getOldOwner().equals(neighbours.self().nf())) {
      if (fence.getEpoch() <= ownerships.epoch(scope)) {
        ownerships.stale(scope);
        throw new PeerException("southbound:not-owner", "the scope was given by a later epoch");
      }
      var id = UUID.fromString(fence.getReplication());
      yieldTo(owner, scope, fence.getEpoch(), id);
      var source = sources.get(id);
      if (source != null) {
        source.stopAfterLastChanges();
        mover.remove(source.layouts, scope);
      }
    } else {
      dataplane.steer(scope, fence.getOldOwner(), dataplane.hop(owner),
          fence.getEpoch());
    }
  }

  /** From here on another NF processes the scope. */
  private void yieldTo(Endpoint owner, FlowSpace scope, long epoch, UUID id) throws PeerException {
    var to = dataplane.hop(owner);
    ownerships.set(scope, owner.nf(), epoch, "fenced");
    passing.standIn(scope, owner);
    mover.guard(() -> {
      var guard = new Guard(id, scope, epoch, Guard.Mode.REDIRECT, 0);
      guard.to(to);
      return guard;
    });
    events.accept(
        new Event.OwnershipChanged(scope, owner.nf(), neighbours.self().nf(), epoch, id, "take-over"));
  }

  // ---- what operators ask

  void stop(UUID id) throws ApiException {
    var source = sources.get(id);
    boolean standby = standbys.forget(id);
    if (source == null && !standby) {
      throw new ApiException("data-missing", "southbound:unknown-replication", "replication",
          "this NF has no relationship " + id);
    }
    if (source != null) {
      source.stop();
      try {
        neighbours.client(source.destination).stopReplication(id.toString());
      } catch (PeerException gone) {
        LOG.info("the standby {} was not told that replication {} has ended", source.destination.nf(), id);
      }
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
    result.addAll(standbys.relationships());
    return result;
  }

  void close() {
    sources.values().forEach(Source::stop);
  }
}
