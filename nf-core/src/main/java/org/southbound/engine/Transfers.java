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
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.StateSchema;
import org.southbound.peer.v1.SteerReply;
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
import org.southbound.transfer.TransferVariant.CancelledException;

/**
 * transfer(destination, scope, variant), on both sides. Ownership changes at one step, when the destination answers Own:
 * before it any failure leaves the source in charge and the destination forgets; after it the destination is in charge.
 */
final class Transfers {
  /** Packets a transfer may hold, unless its option says otherwise. */
  static final int HOLD = 8192;

  private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);
  private static final Duration OUTCOME_KNOWN = Duration.ofMinutes(5);
  private static final int OUTCOMES = 1000;
  private static final long RETRY_MILLIS = 100;
  private static final int MARK_TRIES = 20;
  private static final long MARK_MILLIS = 250;

  private final Dataplane dataplane;
  private final StateMover mover;
  private final Neighbours neighbours;
  private final Chains chains;
  private final Jobs jobs;
  private final Ownerships ownerships;
  private final Map<String, TransferVariant> variants = new LinkedHashMap<>();
  private final Specification specification;
  private final Consumer<Event> events;
  private final Map<String, OutcomeReply> outcomes = java.util.Collections.synchronizedMap(new LinkedHashMap<>() {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, OutcomeReply> eldest) {
      return size() > OUTCOMES;
    }
  });
  private final Map<String, Incoming> incoming = new ConcurrentHashMap<>();

  Transfers(Dataplane dataplane, StateMover mover, Neighbours neighbours, Chains chains, Jobs jobs,
      Ownerships ownerships, List<TransferVariant> variants, Specification specification, Consumer<Event> events) {
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

  List<TransferVariant> variants() {
    return List.copyOf(variants.values());
  }

  // ---- the source

  UUID start(StateRequest request) throws ApiException {
    var variant = variants.get(request.variant());
    if (variant == null) {
      throw new ApiException("invalid-value", "southbound:unknown-variant", "variant",
          "no variant " + request.variant() + "; there are " + String.join(", ", variants.keySet()));
    }
    int hold = hold(request.options(), variant);
    var known = jobs.known(request);
    if (known.isPresent()) {
      return known.get().id;
    }
    Endpoint destination;
    try {
      destination = neighbours.resolve(request.destination());
      var described = neighbours.client(destination).description();
      if (described.getNf().equals(neighbours.self().nf())) {
        throw new PeerException(PeerException.UNKNOWN, "the destination is this NF itself");
      }
      if (!described.getNfType().equals(specification.type())) {
        throw new PeerException("southbound:type-mismatch",
            destination.nf() + " is a " + described.getNfType() + ", not a " + specification.type());
      }
      destination = new Endpoint(described.getNf(), destination.host(), destination.dataPort(),
          destination.peerPort());
    } catch (PeerException failure) {
      throw Messages.api(failure, "destination");
    }
    var other = ownerships.otherOwner(request.scope());
    if (other != null) {
      throw new ApiException("operation-failed", "southbound:not-owner", "scope",
          "a part of the scope belongs to " + other);
    }
    var job = jobs.begin("transfer", org.southbound.api.VnfApi.Operation.TRANSFER, request);
    var outgoing = new Outgoing(job, variant, destination, hold);
    Thread.ofVirtual().name("transfer-" + job.id).start(outgoing::run);
    return job.id;
  }

  private static int hold(Map<String, String> options, TransferVariant variant) throws ApiException {
    for (var name : options.keySet()) {
      if (!name.equals("hold") || !variant.destinationHolds()) {
        throw new ApiException("invalid-value", "southbound:option-not-applicable", "options/" + name,
            "the variant " + variant.name() + " does not take " + name);
      }
    }
    var text = options.getOrDefault("hold", Integer.toString(HOLD));
    if (!text.matches("[0-9]{1,7}")) {
      throw new ApiException("invalid-value", "southbound:option-not-applicable", "options/hold",
          "at most 9999999 packets can wait, not " + text);
    }
    return Integer.parseInt(text);
  }

  /** A transfer as its source sees it. */
  private final class Outgoing implements TransferVariant.Source {
    private final Jobs.Running job;
    private final TransferVariant variant;
    private final Endpoint destination;
    private final int hold;
    private final FlowSpace scope;
    private final FlowSpace packets;
    private final List<StateLayout> layouts;
    private PeerStream<TransferFromSource, TransferFromDestination> stream;
    private Endpoint data;
    private List<Guard> guards = List.of();
    private long holdNanos;
    private long epoch;

    Outgoing(Jobs.Running job, TransferVariant variant, Endpoint destination, int hold) {
      this.job = job;
      this.variant = variant;
      this.destination = destination;
      this.hold = hold;
      this.scope = job.request.scope();
      // A flow's state serves both directions, so both move.
      this.packets = scope.direction(FlowSpace.Direction.BOTH);
      this.layouts = mover.layouts(job.request.parts());
    }

    void run() {
      try (var opened = neighbours.client(destination).transfer()) {
        stream = opened;
        variant.run(this);
        stream.finish();
        job.end("complete", "", "");
      } catch (CancelledException cancelled) {
        restore();
        job.end("cancelled", "", "cancelled; the source keeps the scope");
      } catch (PeerException failure) {
        failed(failure.appTag(), failure.getMessage());
      } catch (RuntimeException bug) {
        LOG.error("transfer {} failed", job.id, bug);
        failed("southbound:internal", "an internal error; see the log");
      }
    }

    private void failed(String appTag, String message) {
      if (job.committed) {
        // The destination is in charge; only the rest of the old way is unknown.
        job.end("complete", appTag, "the destination owns the scope, but did not report that it drained: " + message);
      } else {
        restore();
        job.end("failed", appTag, message + "; the source keeps the scope");
      }
    }

    /** What waited here is processed here. */
    private void restore() {
      mover.guards(guards, Worker::remove);
      guards = List.of();
    }

    private void checkCancelled() throws CancelledException {
      synchronized (job) {
        if (job.cancelled) {
          throw new CancelledException();
        }
      }
    }

    @Override
    public void prepare() throws PeerException, CancelledException {
      checkCancelled();
      job.state("preparing");
      var counts = mover.count(layouts, scope);
      for (int i = 0; i < layouts.size(); i++) {
        if (layouts.get(i).kind() == StateLayout.Kind.PER_FLOW) {
          job.flowsTotal = counts.get(i)[0];
        }
      }
      epoch = ownerships.epoch(scope);
      var prepare = TransferPrepare.newBuilder().setJob(job.id.toString())
          .setSource(Messages.endpoint(neighbours.self())).setNfType(specification.type())
          .setScope(Messages.scope(scope)).setParts(Messages.parts(job.request.parts()))
          .setVariant(variant.name()).setFlows(job.flowsTotal)
          .setOctets(counts.stream().mapToLong(count -> count[1]).sum()).setEpoch(epoch)
          .setSteerByManager(job.request.steeringByManager()).setWorkers(dataplane.workers().size());
      layouts.forEach(layout -> prepare.addSchemas(schema(layout)));
      for (var passage : chains.passages(packets)) {
        prepare.addPaths(path(passage));
        for (var upstream : passage.upstreams()) {
          var message = Messages.endpoint(upstream);
          // Who stood in before the destination did is no way to it.
          if (!prepare.getUpstreamsList().contains(message) && !upstream.nf().equals(destination.nf())) {
            prepare.addUpstreams(message);
          }
        }
      }
      stream.send(TransferFromSource.newBuilder().setPrepare(prepare).build());
      data = Messages.endpoint(answer(TransferFromDestination.StepCase.PREPARED).getPrepared().getData());
    }

    private TransferFromDestination answer(TransferFromDestination.StepCase expected) throws PeerException {
      var message = stream.receive(PeerStream.STEP);
      if (message == null) {
        throw new PeerException(PeerException.UNREACHABLE, destination.nf() + " closed the transfer");
      }
      if (message.hasFailed()) {
        throw PeerException.of(message.getFailed(), destination.nf());
      }
      if (message.getStepCase() != expected) {
        throw new PeerException(PeerException.REFUSED, destination.nf() + " answered " + message.getStepCase()
            + " where " + expected + " was due");
      }
      return message;
    }

    @Override
    public void hold() throws CancelledException {
      checkCancelled();
      guards = mover.guard(() -> new Guard(job.id, packets, epoch, Guard.Mode.HOLD, hold).yielding());
      holdNanos = System.nanoTime();
    }

    @Override
    public void copyState() throws PeerException, CancelledException {
      checkCancelled();
      job.state("copying");
      var checksum = new CRC32C();
      long[] counts = mover.<PeerException>export(layouts, scope, (schema, count, records, length) -> {
        checksum.update(records, 0, length);
        stream.send(TransferFromSource.newBuilder().setChunk(Chunk.newBuilder().setSchema(schema).setCount(count)
            .setRecords(Messages.bytes(records, length))).build());
        job.octets += length;
        job.flowsDone += layouts.get(schema).kind() == StateLayout.Kind.PER_FLOW ? count : 0;
        job.progress();
      });
      var end = TransferEnd.newBuilder().setChecksum((int) checksum.getValue()).setRound(1).setFinal(true);
      for (long count : counts) {
        end.addCounts(count);
      }
      stream.send(TransferFromSource.newBuilder().setEnd(end).build());
      answer(TransferFromDestination.StepCase.IMPORTED);
    }

    @Override
    public void giveOwnership() throws PeerException, CancelledException {
      checkFull();
      synchronized (job) {
        if (job.cancelled) {
          throw new CancelledException();
        }
        job.committed = true;
      }
      try {
        stream.send(TransferFromSource.newBuilder().setOwn(TransferOwn.newBuilder().setEpoch(epoch + 1)).build());
        answer(TransferFromDestination.StepCase.OWNED);
      } catch (PeerException unheard) {
        if (!owned(unheard)) {
          job.committed = false;
          throw unheard;
        }
      }
      job.epoch = epoch + 1;
    }

    /** A hold that overflowed has opened, and the state that was copied is old: ownership must not change on top of it. */
    private void checkFull() throws PeerException {
      boolean closed = true;
      for (int i = 0; i < guards.size(); i++) {
        closed &= Dataplane.on(dataplane.workers().get(i), guards.get(i)::seal);
      }
      if (!closed) {
        throw new PeerException("southbound:resource",
            "more than " + hold + " packets had to wait; raise the option hold");
      }
    }

    /** Asks until it is known whether the destination heard Own; meanwhile the packets wait. */
    private boolean owned(PeerException unheard) throws PeerException {
      long deadline = System.nanoTime() + OUTCOME_KNOWN.toNanos();
      while (System.nanoTime() < deadline) {
        try {
          return neighbours.client(destination).outcome(job.id.toString()).getState() == OutcomeReply.State.OWNED;
        } catch (PeerException unreachable) {
          if (!unreachable.unreachable()) {
            throw unreachable;
          }
          pause(RETRY_MILLIS);
        }
      }
      throw unheard;
    }

    @Override
    public void redirect() {
      job.state("draining");
      ownerships.set(packets, destination.nf(), job.epoch, "forwarding");
      chains.standIn(packets, destination);
      events.accept(new Event.OwnershipChanged(scope, destination.nf(), neighbours.self().nf(), job.epoch, job.id,
          "transfer"));
      try {
        var to = dataplane.hop(destination.nf(), Neighbours.data(data));
        if (guards.isEmpty()) {
          guards = mover.guard(() -> new Guard(job.id, packets, job.epoch, Guard.Mode.HOLD, hold));
        }
        long[] held = new long[1];
        mover.guards(guards, (worker, guard) -> {
          held[0] += guard.held();
          guard.to(to);
          guard.mode(Guard.Mode.REDIRECT);
          worker.supersede(guard);
          worker.release(guard);
        });
        job.pauseNanos = holdNanos == 0 ? 0 : System.nanoTime() - holdNanos;
        job.held = held[0];
      } catch (PeerException unknownHost) {
        mover.guards(guards, (worker, guard) -> guard.mode(Guard.Mode.FENCED));
        LOG.error("the new owner {} cannot be reached: {}", destination.nf(), unknownHost.getMessage());
      }
      mover.remove(layouts, scope);
    }

    @Override
    public void awaitDrained() throws PeerException {
      var wait = job.request.steeringByManager() ? Duration.ofHours(1) : PeerStream.STEP;
      var message = stream.receive(wait);
      if (message != null && message.hasDrained()) {
        long drained = message.getDrained().getPauseMicros() * 1000;
        job.pauseNanos = Math.max(job.pauseNanos, drained);
      }
    }
  }

  /** A path that leads through here, for an NF that stands in. */
  static org.southbound.peer.v1.Path path(Chains.Passage passage) {
    var path = passage.path();
    var out = org.southbound.peer.v1.Path.newBuilder()
        .setChain(org.southbound.peer.v1.ChainReference.newBuilder().setOrigin(path.origin())
            .setChain(path.chain()).setGeneration(path.generation()))
        .setSpi(path.spi()).setServiceIndex(path.si()).setProtocol(path.protocol().name())
        .setScope(Messages.scope(path.scope())).setNextSpi(path.nextSpi()).setNextServiceIndex(path.nextSi())
        .setPrecedence((int) Math.max(0, passage.precedence()));
    passage.next().ifPresent(next -> out.setNext(Messages.endpoint(next)));
    return out.build();
  }

  private StateSchema schema(StateLayout layout) {
    return Messages.schema(layout, dataplane.workers().getFirst().tables().get(layout));
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the destination

  /** A transfer as its destination sees it. */
  private static final class Incoming {
    final TransferPrepare prepare;
    final FlowSpace scope;
    final FlowSpace packets;
    final List<StateLayout> layouts;
    final List<Path> adopted = new ArrayList<>();
    final CountDownLatch marked = new CountDownLatch(1);
    /** State that others share: merged when this NF is in charge, since a merge cannot be taken back. */
    final List<Shared> shared = new ArrayList<>();
    List<Guard> guards = List.of();
    private int marksSeen;
    private int marksExpected = -1;
    private boolean closed;

    /** Records of one chunk. */
    record Shared(StateLayout layout, ByteString records, int size) {
    }

    Incoming(TransferPrepare prepare, List<StateLayout> layouts) throws PeerException {
      this.prepare = prepare;
      this.layouts = layouts;
      this.scope = Messages.scope(prepare.getScope());
      this.packets = scope.direction(FlowSpace.Direction.BOTH);
    }

    /** A mark came the old way. Any thread. */
    synchronized void mark() {
      marksSeen++;
      if (marksExpected >= 0 && marksSeen >= marksExpected) {
        marked.countDown();
      }
    }

    synchronized void expect(int marks) {
      marksExpected = marks;
      if (marksSeen >= marks) {
        marked.countDown();
      }
    }

    synchronized int seen() {
      return marksSeen;
    }

    /** The job's end is decided; true for who decides it. */
    synchronized boolean close() {
      boolean first = !closed;
      closed = true;
      return first;
    }
  }

  void receive(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream) throws PeerException {
    var first = stream.receive(PeerStream.STEP);
    if (first == null || !first.hasPrepare()) {
      throw new PeerException(PeerException.REFUSED, "a transfer begins with Prepare");
    }
    var job = prepared(first.getPrepare());
    String id = job.prepare.getJob();
    try {
      stream.send(TransferFromDestination.newBuilder().setPrepared(TransferPrepared.newBuilder()
          .setData(Messages.endpoint(neighbours.self()))
          .addAllSchemaVersions(job.layouts.stream().map(StateLayout::version).toList())).build());
      long epoch = take(job, stream);
      own(job, peer, epoch);
    } catch (PeerException | RuntimeException failure) {
      String tag = failure instanceof PeerException refused ? refused.appTag() : "southbound:internal";
      forget(job, new PeerException(tag, String.valueOf(failure.getMessage())));
      throw failure;
    } finally {
      incoming.remove(id, job);
    }
    incoming.put(id, job);
    try {
      stream.send(TransferFromDestination.newBuilder()
          .setOwned(TransferOwned.newBuilder().setEpoch(outcomes.get(id).getEpoch())).build());
    } catch (PeerException cut) {
      // The source asks Outcome; this NF is in charge all the same.
      LOG.info("transfer {}: the source is gone after the change of owner: {}", id, cut.getMessage());
    }
    var drained = drain(job);
    incoming.remove(id);
    try {
      stream.send(TransferFromDestination.newBuilder().setDrained(drained).build());
    } catch (PeerException cut) {
      LOG.info("transfer {}: the source is gone before it heard that all drained", id);
    }
  }

  /** Checks a Prepare and gets ready for it. */
  private Incoming prepared(TransferPrepare prepare) throws PeerException {
    var variant = variants.get(prepare.getVariant());
    if (variant == null) {
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
    var job = new Incoming(prepare, layouts);
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
    if (!jobs.conflicts(job.packets).isEmpty()
        || incoming.values().stream().anyMatch(other -> other.packets.overlaps(job.packets))) {
      throw new PeerException("southbound:scope-in-use", "another operation here concerns a part of the scope");
    }
    neighbours.heard(Messages.endpoint(prepare.getSource()));
    prepare.getUpstreamsList().forEach(each -> neighbours.heard(Messages.endpoint(each)));
    for (var path : prepare.getPathsList()) {
      if (!dataplane.knows(path.getSpi())) {
        job.adopted.add(
            chains.adopt(path, prepare.getUpstreamsList().stream().map(Messages::endpoint).toList()));
      }
    }
    incoming.put(prepare.getJob(), job);
    if (variant.destinationHolds()) {
      var id = UUID.fromString(prepare.getJob());
      job.guards = mover.guard(() -> new Guard(id, job.packets, prepare.getEpoch(), Guard.Mode.HOLD, HOLD));
    }
    return job;
  }

  /** The own layout that takes records of a schema. */
  private StateLayout matching(StateSchema schema) throws PeerException {
    for (var layout : dataplane.workers().getFirst().tables().keySet()) {
      if (layout.schema().equals(schema.getName())) {
        if (schema(layout).equals(schema)) {
          return layout;
        }
        throw new PeerException("southbound:schema-mismatch", "the state " + schema.getName() + " of version "
            + schema.getVersion() + " cannot be imported; this NF has version " + layout.version());
      }
    }
    throw new PeerException("southbound:schema-mismatch", "this NF has no state " + schema.getName());
  }

  /** Takes the records, up to Own; returns the epoch. */
  private long take(Incoming job, PeerStream<TransferFromDestination, TransferFromSource> stream)
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
          return message.getOwn().getEpoch();
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
  private void own(Incoming job, String source, long epoch) throws PeerException {
    if (!job.close()) {
      throw new PeerException("southbound:not-owner", "the source was told that the transfer has ended");
    }
    mover.settle(job.layouts, job.scope);
    for (var each : job.shared) {
      try {
        mover.importRecords(each.layout, each.records.toByteArray(), each.size, false);
      } catch (StateMover.TableFullException full) {
        LOG.warn("transfer {}: the table {} filled up meanwhile; some records are missing", job.prepare.getJob(),
            each.layout.schema());
      }
    }
    ownerships.set(job.packets, neighbours.self().nf(), epoch, "active");
    outcomes.put(job.prepare.getJob(),
        OutcomeReply.newBuilder().setState(OutcomeReply.State.OWNED).setEpoch(epoch).build());
    if (job.guards.isEmpty()) {
      mover.regain(job.packets, UUID.fromString(job.prepare.getJob()), epoch);
    }
    chains.standAlone(job.packets);
    mover.guards(job.guards, (worker, guard) -> {
      guard.mode(Guard.Mode.AWAIT_MARKS);
      worker.release(guard);
    });
    events.accept(new Event.OwnershipChanged(job.scope, neighbours.self().nf(), source, epoch,
        UUID.fromString(job.prepare.getJob()), "transfer"));
  }

  /** Before this NF was in charge: as if nothing had been. */
  private void forget(Incoming job, PeerException why) {
    if (job.close()) {
      outcomes.put(job.prepare.getJob(),
          OutcomeReply.newBuilder().setState(OutcomeReply.State.FAILED).setFailure(why.failure()).build());
    }
    try {
      var source = Messages.endpoint(job.prepare.getSource());
      var back = dataplane.hop(source.nf(), Neighbours.data(source));
      mover.guards(job.guards, (worker, guard) -> {
        guard.to(back);
        guard.mode(Guard.Mode.REDIRECT);
        worker.release(guard);
        worker.remove(guard);
      });
    } catch (PeerException unknownHost) {
      mover.discard(job.guards, org.southbound.packet.Drop.NOT_OWNER);
    }
    mover.unstage(job.layouts, job.scope);
    job.adopted.forEach(chains::disown);
  }

  /** Has the neighbours upstream send the scope here, and waits for the marks behind what went the old way. */
  private TransferDrained drain(Incoming job) {
    long began = System.nanoTime();
    boolean manager = job.prepare.getSteerByManager();
    var upstreams = job.prepare.getUpstreamsList().stream().map(Messages::endpoint).toList();
    boolean marked = false;
    for (int attempt = 0; !marked && attempt < (manager ? 1 : MARK_TRIES); attempt++) {
      int expected = manager ? Math.max(1, upstreams.size()) : steer(job, upstreams);
      if (job.guards.isEmpty() || expected == 0) {
        break;
      }
      // Every worker of the source passes each mark on, and every worker here sees it.
      job.expect(expected * Math.max(1, job.prepare.getWorkers()) * dataplane.workers().size());
      try {
        marked = job.marked.await(manager ? TimeUnit.HOURS.toMillis(1) : MARK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    long[] released = new long[1];
    mover.guards(job.guards, (worker, guard) -> {
      released[0] += guard.held();
      worker.settle(guard);
    });
    long held = released[0];
    long micros = (System.nanoTime() - began) / 1000;
    return TransferDrained.newBuilder().setHeld(held).setReleased(held).setPauseMicros(held > 0 ? micros : 0)
        .setDrainMicros(micros).setMarksSeen(job.seen()).build();
  }

  /** Returns how many marks will come. */
  private int steer(Incoming job, List<Endpoint> upstreams) {
    int marks = 0;
    for (var upstream : upstreams) {
      var request = SteerRequest.newBuilder().setJob(job.prepare.getJob()).setScope(Messages.scope(job.packets))
          .setFrom(job.prepare.getSource().getNf()).setTo(Messages.endpoint(neighbours.self()))
          .setEpoch(ownerships.epoch(job.packets)).setMark(!job.guards.isEmpty()).build();
      try {
        marks += neighbours.client(upstream).steer(request).getPaths();
      } catch (PeerException failure) {
        LOG.warn("{} does not steer the scope {} here; it comes by way of {}: {}", upstream.nf(), job.scope,
            job.prepare.getSource().getNf(), failure.getMessage());
      }
    }
    return marks;
  }

  OutcomeReply outcome(String id) {
    var job = incoming.get(id);
    var known = outcomes.get(id);
    if (known != null) {
      return known;
    }
    if (job != null && job.close()) {
      return OutcomeReply.newBuilder().setState(OutcomeReply.State.PREPARED).build();
    }
    return outcomes.getOrDefault(id, OutcomeReply.newBuilder().setState(OutcomeReply.State.UNKNOWN).build());
  }

  /** A mark came the old way for the scope of a transfer to this NF; false: there is none. Any thread. */
  boolean marked(UUID marker, FlowSpace scope) {
    for (var job : incoming.values()) {
      if (job.prepare.getJob().equals(marker.toString()) || job.packets.overlaps(scope)) {
        job.mark();
        return true;
      }
    }
    return false;
  }

  // ---- the neighbour upstream

  /** Packets of a scope that went to one NF go to another, and a mark goes the old way behind the last of them. */
  SteerReply steer(SteerRequest request) throws PeerException {
    if (request.getAction() != SteerRequest.Action.STEER) {
      throw new PeerException("southbound:option-not-applicable", "this NF steers, it does not hold for others");
    }
    var scope = Messages.scope(request.getScope());
    var to = Messages.endpoint(request.getTo());
    neighbours.heard(to);
    var known = ownerships.epoch(scope);
    if (request.getEpoch() < known) {
      throw new PeerException("southbound:not-owner", "the scope was given by epoch " + known);
    }
    var former = dataplane.hopTo(request.getFrom()).orElse(null);
    if (former == null || dataplane.leadingTo(request.getFrom(), scope).isEmpty()) {
      throw new PeerException("southbound:unknown-scope", "no path leads from here to " + request.getFrom(),
          neighbours.self().nf(), 0, null);
    }
    var paths = dataplane.steer(scope, request.getFrom(), dataplane.hop(to.nf(), Neighbours.data(to)));
    int marks = request.getMark()
        ? Marks.send(dataplane, paths, former, UUID.fromString(request.getJob()), scope) : paths.size();
    return SteerReply.newBuilder().setPaths(marks).build();
  }
}
