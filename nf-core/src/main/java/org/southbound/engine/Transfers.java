// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.classifier.NextHop;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.SteerReply;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.TransferEnd;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;
import org.southbound.peer.v1.TransferOwn;
import org.southbound.peer.v1.TransferPrepare;
import org.southbound.state.StateLayout;
import org.southbound.transfer.TransferVariant.CancelledException;
import org.southbound.transfer.TransferVariant;

/**
 * transfer(destination, scope, variant), at the source, and what the neighbours upstream do for it. Ownership changes at
 * one step, when the destination answers Own: before it any failure leaves the source in charge and the destination
 * forgets; after it the destination is. The other side is {@link IncomingTransfers}.
 */
final class Transfers {
  /** Packets a transfer may hold, unless its option says otherwise. */
  static final int HOLD = 8192;

  /** Longest time until a manager that steers has done so. */
  static final Duration BY_MANAGER = Duration.ofHours(1);

  private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);
  private static final Duration RETRY = Duration.ofMillis(100);

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
  private final Map<String, TransferVariant> variants;
  private final IncomingTransfers incoming;

  Transfers(Engine engine, List<TransferVariant> variants, IncomingTransfers incoming) {
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
    this.variants = TransferVariant.byName(variants);
    this.incoming = incoming;
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
    var destination = engine.destination(request);
    var job = begin(request);
    var outgoing = new Outgoing(job, variant, destination, hold);
    Thread.ofVirtual().name("transfer-" + job.id).start(outgoing::run);
    return job.id;
  }

  private Jobs.Running begin(StateRequest request) throws ApiException {
    // Not at the same moment as a transfer to here is let in.
    synchronized (incoming) {
      engine.checkOwner(request.scope());
      if (incoming.overlaps(request.scope().direction(FlowSpace.Direction.BOTH))) {
        throw new ApiException("in-use", "southbound:scope-in-use", "scope",
            "a part of the scope is on its way to here; try again when it has come");
      }
      return jobs.begin("transfer", org.southbound.api.VnfApi.Operation.TRANSFER, request);
    }
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
    private NextHop to;
    /** Each takes out here what was sent of state that other flows share. */
    private final List<Runnable> removals = new ArrayList<>();
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
      layouts.forEach(layout -> prepare.addSchemas(engine.schema(layout)));
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
      var data = Messages.endpoint(answer(TransferFromDestination.StepCase.PREPARED).getPrepared().getData());
      // Now, while all can still be called off.
      to = dataplane.hop(data);
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
      long[] counts = mover.<PeerException>export(layouts, scope, (worker, schema, count, records, length) -> {
        checksum.update(records, 0, length);
        stream.send(TransferFromSource.newBuilder().setChunk(Chunk.newBuilder().setSchema(schema).setCount(count)
            .setRecords(Messages.bytes(records, length))).build());
        job.octets += length;
        if (layouts.get(schema).kind() == StateLayout.Kind.PER_FLOW) {
          job.flowsDone += count;
        } else {
          removals.add(() -> mover.removeExported(layouts.get(schema), worker, records, count));
        }
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
      var own = TransferOwn.newBuilder().setEpoch(epoch + 1);
      seal(own);
      synchronized (job) {
        if (job.cancelled) {
          throw new CancelledException();
        }
        job.committed = true;
      }
      try {
        stream.send(TransferFromSource.newBuilder().setOwn(own).build());
        answer(TransferFromDestination.StepCase.OWNED);
      } catch (PeerException unheard) {
        if (!owned()) {
          job.committed = false;
          throw unheard;
        }
      }
      job.epoch = epoch + 1;
    }

    /** A hold that overflowed has opened, and the state that was copied is old: ownership must not change on top of it. */
    private void seal(TransferOwn.Builder own) throws PeerException {
      boolean closed = true;
      for (int i = 0; i < dataplane.workers().size(); i++) {
        var worker = dataplane.workers().get(i);
        var guard = guards.isEmpty() ? null : guards.get(i);
        closed &= Dataplane.on(worker, () -> {
          for (long word : worker.fragments().export(packets, worker.nowMillis())) {
            own.addFragments(word);
          }
          return guard == null || guard.seal();
        });
      }
      if (!closed) {
        throw new PeerException("southbound:resource",
            "more than " + hold + " packets had to wait; raise the option hold");
      }
    }

    /**
     * Asks until it is known whether the destination heard Own; meanwhile the packets wait. Only who knows that the
     * destination is gone for good can end that, and cancels the job.
     */
    private boolean owned() throws CancelledException {
      job.committed = false;
      while (!job.cancelled) {
        try {
          boolean owned = neighbours.client(destination).outcome(job.id.toString())
              .getState() == OutcomeReply.State.OWNED;
          job.committed = owned;
          return owned;
        } catch (PeerException unknown) {
          LockSupport.parkNanos(RETRY.toNanos());
        }
      }
      // Should the destination have become the owner, and return: its epoch is past.
      ownerships.set(packets, neighbours.self().nf(), epoch + 2, "active");
      throw new CancelledException();
    }

    @Override
    public void redirect() {
      job.state("draining");
      ownerships.set(packets, destination.nf(), job.epoch, "forwarding");
      passing.standIn(packets, destination);
      if (guards.isEmpty()) {
        guards = mover.guard(() -> new Guard(job.id, packets, job.epoch, Guard.Mode.HOLD, hold));
      }
      job.held = mover.guards(guards, (worker, guard) -> {
        guard.to(to);
        guard.mode(Guard.Mode.REDIRECT);
        worker.supersede(guard);
        worker.release(guard);
      });
      job.pauseNanos = holdNanos == 0 ? 0 : System.nanoTime() - holdNanos;
      mover.remove(layouts.stream().filter(layout -> layout.kind() == StateLayout.Kind.PER_FLOW).toList(), scope);
      removals.forEach(Runnable::run);
      events.accept(new Event.OwnershipChanged(scope, destination.nf(), neighbours.self().nf(), job.epoch, job.id,
          "transfer"));
    }

    @Override
    public void awaitDrained() throws PeerException {
      var wait = job.request.steeringByManager() ? BY_MANAGER : PeerStream.STEP;
      var message = stream.receive(wait);
      if (message != null && message.hasDrained()) {
        long drained = message.getDrained().getPauseMicros() * 1000;
        job.pauseNanos = Math.max(job.pauseNanos, drained);
      }
    }
  }

  /** A path that leads through here, for an NF that stands in. */
  static org.southbound.peer.v1.Path path(Passage passage) {
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

  // ---- the neighbour upstream

  /** Packets of a scope that went to one NF go to another, and a mark goes the old way behind the last of them. */
  SteerReply steer(SteerRequest request) throws PeerException {
    if (request.getAction() != SteerRequest.Action.STEER) {
      throw new PeerException("southbound:option-not-applicable", "this NF steers, it does not hold for others");
    }
    var scope = Messages.scope(request.getScope());
    var to = Messages.endpoint(request.getTo());
    neighbours.heard(to);
    var former = dataplane.hopTo(request.getFrom()).orElse(null);
    if (former == null || dataplane.leadingTo(request.getFrom(), scope).isEmpty()) {
      throw new PeerException("southbound:unknown-scope", "no path leads from here to " + request.getFrom(),
          neighbours.self().nf(), 0, null);
    }
    var paths = dataplane.steer(scope, request.getFrom(), dataplane.hop(to),
        request.getEpoch());
    int marks = request.getMark()
        ? Marks.send(dataplane, paths, former, UUID.fromString(request.getJob()), request.getAttempt(), scope)
        : paths.size();
    return SteerReply.newBuilder().setPaths(marks).build();
  }
}
