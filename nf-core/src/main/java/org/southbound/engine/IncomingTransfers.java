// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.StateSchema;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.TransferDrained;
import org.southbound.peer.v1.TransferEnd;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;
import org.southbound.peer.v1.TransferImported;
import org.southbound.peer.v1.TransferOwn;
import org.southbound.peer.v1.TransferOwned;
import org.southbound.peer.v1.TransferPrepare;
import org.southbound.peer.v1.TransferPrepared;
import org.southbound.state.StateLayout;
import org.southbound.transfer.TransferVariant;

/**
 * transfer(destination, scope, variant), at the destination: makes ready, takes the records, becomes the owner by Own, and
 * holds what comes directly until the marks say that nothing more comes by way of the former owner.
 */
final class IncomingTransfers {
  private static final Logger LOG = LoggerFactory.getLogger(IncomingTransfers.class);
  private static final int OUTCOMES = 1000;
  private static final Duration DECIDED = Duration.ofSeconds(1);
  private static final int MARK_TRIES = 20;
  private static final Duration MARK = Duration.ofMillis(250);

  private final Engine engine;
  private final Dataplane dataplane;
  private final StateMover mover;
  private final Neighbours neighbours;
  private final PassingChains passing;
  private final Jobs jobs;
  private final Ownerships ownerships;
  private final Specification specification;
  private final Consumer<Event> events;
  private final Map<String, TransferVariant> variants;
  private final Map<String, OutcomeReply> outcomes = java.util.Collections.synchronizedMap(new LinkedHashMap<>() {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, OutcomeReply> eldest) {
      return size() > OUTCOMES;
    }
  });
  private final Map<String, Incoming> incoming = new ConcurrentHashMap<>();

  IncomingTransfers(Engine engine, List<TransferVariant> variants) {
    this.engine = engine;
    dataplane = engine.dataplane();
    mover = engine.mover();
    neighbours = engine.neighbours();
    passing = engine.passing();
    jobs = engine.jobs();
    ownerships = engine.ownerships();
    specification = engine.specification();
    events = engine.events();
    this.variants = TransferVariant.byName(variants);
  }

  /** A transfer as its destination sees it. */
  private static final class Incoming {
    final TransferPrepare prepare;
    final UUID id;
    final FlowSpace scope;
    final FlowSpace packets;
    final List<StateLayout> layouts;
    final List<Path> adopted = new ArrayList<>();
    final MarkCount marks = new MarkCount();
    /** Who had the scope before. */
    final NextHop former;
    /** State that others share: merged when this NF is in charge, since a merge cannot be taken back. */
    final List<Shared> shared = new ArrayList<>();
    List<Guard> guards = List.of();
    /** The outcome is known, and told to who asks. */
    private final CountDownLatch ended = new CountDownLatch(1);
    private boolean closed;

    /** Records of one chunk. */
    record Shared(StateLayout layout, ByteString records, int size) {
    }

    Incoming(TransferPrepare prepare, List<StateLayout> layouts, NextHop former) throws PeerException {
      this.prepare = prepare;
      this.former = former;
      this.id = id(prepare);
      this.layouts = layouts;
      this.scope = Messages.scope(prepare.getScope());
      this.packets = scope.direction(FlowSpace.Direction.BOTH);
    }

    private static UUID id(TransferPrepare prepare) throws PeerException {
      try {
        return UUID.fromString(prepare.getJob());
      } catch (IllegalArgumentException malformed) {
        throw new PeerException(PeerException.REFUSED, "a job is named by a UUID, not " + prepare.getJob());
      }
    }

    /** The job's end is decided; true for who decides it. */
    synchronized boolean close() {
      boolean first = !closed;
      closed = true;
      return first;
    }
  }

  /** Whether a part of a scope is on its way here. Who decides by it holds this object's lock meanwhile. */
  boolean overlaps(FlowSpace packets) {
    return incoming.values().stream().anyMatch(job -> job.packets.overlaps(packets));
  }

  void receive(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream) throws PeerException {
    var first = stream.receive(PeerStream.STEP);
    if (first == null || !first.hasPrepare()) {
      throw new PeerException(PeerException.REFUSED, "a transfer begins with Prepare");
    }
    var job = admitted(first.getPrepare());
    String id = job.prepare.getJob();
    try {
      prepare(job);
      stream.send(TransferFromDestination.newBuilder().setPrepared(TransferPrepared.newBuilder()
          .setData(Messages.endpoint(neighbours.self()))
          .addAllSchemaVersions(job.layouts.stream().map(StateLayout::version).toList())).build());
      own(job, take(job, stream));
    } catch (PeerException | RuntimeException failure) {
      String tag = failure instanceof PeerException refused ? refused.appTag() : "southbound:internal";
      forget(job, new PeerException(tag, String.valueOf(failure.getMessage())));
      throw failure;
    }
    TransferDrained drained;
    try {
      serve(job, peer);
      stream.send(TransferFromDestination.newBuilder()
          .setOwned(TransferOwned.newBuilder().setEpoch(outcomes.get(id).getEpoch())).build());
    } catch (PeerException cut) {
      // The source asks Outcome; this NF is in charge all the same.
      LOG.info("transfer {}: the source is gone after the change of owner: {}", id, cut.getMessage());
    } finally {
      drained = drain(job);
    }
    try {
      stream.send(TransferFromDestination.newBuilder().setDrained(drained).build());
    } catch (PeerException cut) {
      LOG.info("transfer {}: the source is gone before it heard that all drained", id);
    }
  }

  /** Checks a Prepare, and lets it in. */
  private Incoming admitted(TransferPrepare prepare) throws PeerException {
    if (!variants.containsKey(prepare.getVariant())) {
      throw new PeerException("southbound:unknown-variant", "no variant " + prepare.getVariant());
    }
    if (!prepare.getNfType().equals(specification.type())) {
      throw new PeerException("southbound:type-mismatch",
          neighbours.self().nf() + " is a " + specification.type() + ", not a " + prepare.getNfType());
    }
    var layouts = new ArrayList<StateLayout>();
    for (var schema : prepare.getSchemasList()) {
      layouts.add(matching(schema));
    }
    var source = Messages.endpoint(prepare.getSource());
    var job = new Incoming(prepare, layouts, dataplane.hop(source));
    if (prepare.getEpoch() < ownerships.epoch(job.packets)) {
      ownerships.stale(job.packets);
      throw new PeerException("southbound:not-owner", "the scope was given by a later epoch than "
          + prepare.getEpoch());
    }
    int room = dataplane.workers().stream().mapToInt(worker -> worker.flows().maximum() - worker.flows().size()).sum();
    if (prepare.getFlows() > room) {
      throw new PeerException("southbound:resource", "the flow table has room for " + room + " flows, not "
          + prepare.getFlows());
    }
    synchronized (this) {
      if (!jobs.conflicts(job.packets).isEmpty() || overlaps(job.packets)) {
        throw new PeerException("southbound:scope-in-use", "another operation here concerns a part of the scope");
      }
      incoming.put(prepare.getJob(), job);
    }
    return job;
  }

  /** Gets ready for the paths, the packets and the records that will come. */
  private void prepare(Incoming job) throws PeerException {
    var prepare = job.prepare;
    neighbours.heard(Messages.endpoint(prepare.getSource()));
    var upstreams = prepare.getUpstreamsList().stream().map(Messages::endpoint).toList();
    upstreams.forEach(neighbours::heard);
    for (var path : prepare.getPathsList()) {
      if (!dataplane.knows(path.getSpi())) {
        job.adopted.add(passing.adopt(path, upstreams));
      }
    }
    if (variants.get(prepare.getVariant()).destinationHolds()) {
      job.guards = mover
          .guard(() -> new Guard(job.id, job.packets, prepare.getEpoch(), Guard.Mode.HOLD, Transfers.HOLD));
    }
  }

  /** The own layout that takes records of a schema. */
  private StateLayout matching(StateSchema schema) throws PeerException {
    for (var layout : dataplane.workers().getFirst().tables().keySet()) {
      if (layout.schema().equals(schema.getName())) {
        if (engine.schema(layout).equals(schema)) {
          return layout;
        }
        throw new PeerException("southbound:schema-mismatch", "the state " + schema.getName() + " of version "
            + schema.getVersion() + " cannot be imported; this NF has version " + layout.version());
      }
    }
    throw new PeerException("southbound:schema-mismatch", "this NF has no state " + schema.getName());
  }

  /** Takes the records, up to Own. */
  private TransferOwn take(Incoming job, PeerStream<TransferFromDestination, TransferFromSource> stream)
      throws PeerException {
    long[] counts = new long[job.layouts.size()];
    var checksum = new CRC32C();
    while (true) {
      var message = stream.receive(PeerStream.STEP);
      if (message == null) {
        throw new PeerException(PeerException.UNREACHABLE, "the source closed the transfer");
      }
      switch (message.getStepCase()) {
        case CHUNK -> take(job, message.getChunk(), counts, checksum);
        case END -> {
          check(message.getEnd(), counts, checksum);
          var imported = TransferImported.newBuilder().setRound(message.getEnd().getRound());
          for (long count : counts) {
            imported.addCounts(count);
          }
          stream.send(TransferFromDestination.newBuilder().setImported(imported).build());
        }
        case OWN -> {
          if (message.getOwn().getEpoch() <= job.prepare.getEpoch()) {
            throw new PeerException("southbound:not-owner", "the new epoch does not rise");
          }
          return message.getOwn();
        }
        case CANCEL -> throw PeerException.of(message.getCancel(), stream.peer());
        default -> throw new PeerException(PeerException.REFUSED, "unexpected " + message.getStepCase());
      }
    }
  }

  private void take(Incoming job, Chunk chunk, long[] counts, CRC32C checksum) throws PeerException {
    if (chunk.getSchema() >= counts.length) {
      throw new PeerException("southbound:schema-mismatch", "no schema has the index " + chunk.getSchema());
    }
    var layout = job.layouts.get(chunk.getSchema());
    int size = job.prepare.getSchemas(chunk.getSchema()).getRecordSize();
    if (layout.kind() != StateLayout.Kind.PER_FLOW) {
      share(job, layout, chunk, size);
      checksum.update(chunk.getRecords().asReadOnlyByteBuffer());
      counts[chunk.getSchema()] += chunk.getCount();
      return;
    }
    byte[] records = chunk.getRecords().toByteArray();
    if (records.length != (long) chunk.getCount() * size) {
      throw new PeerException("southbound:checksum", "a chunk holds other than it says");
    }
    checksum.update(records);
    try {
      counts[chunk.getSchema()] += mover.importRecords(layout, records, size, true);
    } catch (StateMover.TableFullException full) {
      throw new PeerException("southbound:resource", "the table " + layout.schema() + " is full");
    }
  }

  private void share(Incoming job, StateLayout layout, Chunk chunk, int size) throws PeerException {
    if (chunk.getRecords().size() != (long) chunk.getCount() * size) {
      throw new PeerException("southbound:checksum", "a chunk holds other than it says");
    }
    job.shared.add(new Incoming.Shared(layout, chunk.getRecords(), size));
    long wanted = job.shared.stream().filter(each -> each.layout == layout)
        .mapToLong(each -> each.records.size() / each.size).sum();
    long room = dataplane.workers().stream().map(worker -> worker.tables().get(layout))
        .mapToLong(table -> table.maximum() - table.size()).sum();
    if (wanted > room) {
      throw new PeerException("southbound:resource", "the table " + layout.schema() + " has room for " + room
          + " records");
    }
  }

  private static void check(TransferEnd end, long[] counts, CRC32C checksum) throws PeerException {
    for (int i = 0; i < counts.length; i++) {
      if (i >= end.getCountsCount() || end.getCounts(i) != counts[i]) {
        throw new PeerException("southbound:checksum", "records of schema " + i + " are missing");
      }
    }
    if (end.getChecksum() != (int) checksum.getValue()) {
      throw new PeerException("southbound:checksum", "the records were damaged on the way");
    }
  }

  /** This NF is in charge from here on. */
  private void own(Incoming job, TransferOwn own) throws PeerException {
    if (!job.close()) {
      throw new PeerException("southbound:not-owner", "the source was told that the transfer has ended");
    }
    mover.settle(job.layouts, job.scope);
    for (var each : job.shared) {
      try {
        mover.importRecords(each.layout, each.records.toByteArray(), each.size, false);
      } catch (StateMover.TableFullException full) {
        LOG.warn("transfer {}: the table {} filled up meanwhile; some records are missing", job.id,
            each.layout.schema());
      }
    }
    long[] fragments = own.getFragmentsList().stream().mapToLong(Long::longValue).toArray();
    dataplane.each(worker -> {
      worker.fragments().include(fragments, worker.nowMillis());
      return null;
    });
    long epoch = own.getEpoch();
    ownerships.set(job.packets, neighbours.self().nf(), epoch, "active");
    outcomes.put(job.prepare.getJob(),
        OutcomeReply.newBuilder().setState(OutcomeReply.State.OWNED).setEpoch(epoch).build());
    job.ended.countDown();
  }

  /** As the owner: takes what the former one redirects, while what comes directly waits for the marks. */
  private void serve(Incoming job, String source) {
    long epoch = ownerships.epoch(job.packets);
    if (job.guards.isEmpty()) {
      mover.regain(job.packets, job.id, epoch);
    }
    passing.standAlone(job.packets);
    mover.guards(job.guards, (worker, guard) -> {
      guard.mode(Guard.Mode.AWAIT_MARKS);
      worker.release(guard);
    });
    events.accept(
        new Event.OwnershipChanged(job.scope, neighbours.self().nf(), source, epoch, job.id, "transfer"));
  }

  /** Before this NF was in charge: as if nothing had been. */
  private void forget(Incoming job, PeerException why) {
    job.close();
    outcomes.putIfAbsent(job.prepare.getJob(),
        OutcomeReply.newBuilder().setState(OutcomeReply.State.FAILED).setFailure(why.failure()).build());
    job.ended.countDown();
    try {
      mover.guards(job.guards, (worker, guard) -> worker.giveBack(guard, job.former, job.adopted));
      mover.unstage(job.layouts, job.scope);
    } finally {
      job.adopted.forEach(passing::disown);
      incoming.remove(job.prepare.getJob(), job);
    }
  }

  /** Has the neighbours upstream send the scope here, and waits for the marks behind what went the old way. */
  private TransferDrained drain(Incoming job) {
    long began = System.nanoTime();
    long held;
    try {
      awaitMarks(job);
    } finally {
      held = mover.guards(job.guards, Worker::settle);
      incoming.remove(job.prepare.getJob(), job);
    }
    long micros = (System.nanoTime() - began) / 1000;
    return TransferDrained.newBuilder().setHeld(held).setReleased(held).setPauseMicros(held > 0 ? micros : 0)
        .setDrainMicros(micros).setMarksSeen(job.marks.total()).build();
  }

  private void awaitMarks(Incoming job) {
    boolean manager = job.prepare.getSteerByManager();
    var upstreams = job.prepare.getUpstreamsList().stream().map(Messages::endpoint).toList();
    // Every worker of the source passes each mark on, and every worker here sees it.
    int copies = Math.max(1, job.prepare.getWorkers()) * dataplane.workers().size();
    try {
      if (manager) {
        job.marks.expect(0, Math.max(1, upstreams.size()) * copies);
        job.marks.await(job.guards.isEmpty() ? Duration.ZERO : Transfers.BY_MANAGER);
        return;
      }
      for (int attempt = 1; attempt <= MARK_TRIES; attempt++) {
        int marks = steer(job, upstreams, attempt);
        if (job.guards.isEmpty() || marks == 0) {
          return;
        }
        job.marks.expect(attempt, marks * copies);
        if (job.marks.await(MARK)) {
          return;
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns how many marks will come. */
  private int steer(Incoming job, List<Endpoint> upstreams, int attempt) {
    int marks = 0;
    for (var upstream : upstreams) {
      var request = SteerRequest.newBuilder().setJob(job.prepare.getJob()).setScope(Messages.scope(job.packets))
          .setFrom(job.prepare.getSource().getNf()).setTo(Messages.endpoint(neighbours.self()))
          .setEpoch(ownerships.epoch(job.packets)).setMark(!job.guards.isEmpty())
          .setAttempt(attempt).build();
      try {
        marks += neighbours.client(upstream).steer(request).getPaths();
      } catch (PeerException failure) {
        LOG.warn("{} does not steer the scope {} here; it comes by way of {}: {}", upstream.nf(), job.scope,
            job.prepare.getSource().getNf(), failure.getMessage());
      }
    }
    return marks;
  }

  /** How a transfer to here ended; if it has not, it does by this. */
  OutcomeReply outcome(String id) throws PeerException {
    var job = incoming.get(id);
    var known = outcomes.get(id);
    if (known != null) {
      return known;
    }
    if (job == null) {
      return OutcomeReply.newBuilder().setState(OutcomeReply.State.UNKNOWN).build();
    }
    if (job.close()) {
      outcomes.put(id, OutcomeReply.newBuilder().setState(OutcomeReply.State.FAILED).setFailure(
          new PeerException("southbound:not-owner", "the source asked before it was heard").failure()).build());
      return OutcomeReply.newBuilder().setState(OutcomeReply.State.PREPARED).build();
    }
    // Own is being carried out at this moment.
    try {
      if (job.ended.await(DECIDED.toMillis(), TimeUnit.MILLISECONDS)) {
        return outcomes.get(id);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    throw new PeerException(PeerException.UNREACHABLE, "it is not known yet; ask again");
  }

  /** A mark came the old way for the scope of a transfer to this NF. Any thread. */
  void marked(UUID marker, int attempt, FlowSpace scope) {
    var job = incoming.get(marker.toString());
    if (job != null) {
      job.marks.seen(attempt);
      return;
    }
    // A manager that steers gives the marks names of its own.
    incoming.values().stream().filter(each -> each.prepare.getSteerByManager() && each.packets.overlaps(scope))
        .forEach(each -> each.marks.seen(0));
  }
}
