// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.HopState;
import org.southbound.chain.ChainingProtocol;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.ScopeException;
import org.southbound.nf.ScopeTranslation;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.Hop;
import org.southbound.peer.v1.HopReport;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;

/**
 * What the first and the later hops of a chain do alike: ask the next hop, find hops and protocols by their names, and take a
 * generation back. Any thread.
 */
final class ChainCalls {
  static final int FIRST_INDEX = 255;
  /** Bits of a path identifier that is not soon used up. */
  private static final int WIDE = 20;
  /** Lower ones are MPLS labels with meanings of their own (RFC 7274 section 3). */
  private static final int FIRST_WIDE = 16;
  private static final Duration DRAIN = Duration.ofSeconds(2);
  /** How long packets wait for those before them. */
  private static final Duration OVERTAKING = Duration.ofMillis(500);
  private static final Duration ABORTED = Duration.ofSeconds(1);

  final String name;
  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final List<ChainingProtocol> protocols;
  private final Probes probes;
  private final Ownerships ownerships;
  private final ScopeTranslation translation;
  private final Consumer<Event> events;
  private final SecureRandom random = new SecureRandom();

  ChainCalls(Dataplane dataplane, Neighbours neighbours, List<ChainingProtocol> protocols, Probes probes,
      Ownerships ownerships, ScopeTranslation translation, Consumer<Event> events) {
    this.name = neighbours.self().nf();
    this.dataplane = dataplane;
    this.neighbours = neighbours;
    this.protocols = List.copyOf(protocols);
    this.probes = probes;
    this.ownerships = ownerships;
    this.translation = translation;
    this.events = events;
  }

  /** The protocols that this NF speaks, the preferred first. */
  List<ChainingProtocol> all() {
    return protocols;
  }

  /** Names of the protocols that this NF speaks, the preferred first. */
  List<String> protocols() {
    return protocols.stream().map(ChainingProtocol::name).toList();
  }

  /** What a scope looks like behind this NF. */
  FlowSpace leaving(FlowSpace scope) throws PeerException {
    try {
      return translation.leaving(scope);
    } catch (ScopeException refused) {
      throw new PeerException(refused.appTag(), refused.getMessage(), name, 0, refused);
    }
  }

  PrepareChainRequest request(ChainReference reference, FlowSpace scope, List<Endpoint> hops, int position,
      List<String> offered, int spi, int si, Duration timeout) {
    var request = PrepareChainRequest.newBuilder().setChain(reference)
        .setUpstream(Messages.endpoint(neighbours.self())).setScope(Messages.scope(scope))
        .setSelf(hop(hops.getFirst(), position)).addAllProtocols(offered).setSpi(spi).setServiceIndex(si)
        .setTimeoutMillis((int) timeout.toMillis());
    return request.addAllRemaining(hops(hops.subList(1, hops.size()), position + 1)).build();
  }

  /** A request to the next hop with what the scope looks like by now: the NF's configuration may have changed since. */
  PrepareChainRequest translated(PrepareChainRequest request, FlowSpace scope) throws PeerException {
    return request.toBuilder().setScope(Messages.scope(leaving(scope))).build();
  }

  static List<Hop> hops(List<Endpoint> endpoints, int position) {
    var result = new ArrayList<Hop>();
    for (var endpoint : endpoints) {
      result.add(hop(endpoint, position + result.size()));
    }
    return result;
  }

  PrepareChainAccepted ask(Endpoint next, PrepareChainRequest request) throws PeerException {
    try {
      return neighbours.client(next).prepareChain(request);
    } catch (PeerException failure) {
      throw failure.at(request.getSelf().getPosition(), next.nf());
    }
  }

  static Hop hop(Endpoint endpoint, int position) {
    return Hop.newBuilder().setPosition(position).setEndpoint(Messages.endpoint(endpoint)).build();
  }

  List<Endpoint> resolve(List<Endpoint> hops) throws PeerException {
    var result = new ArrayList<Endpoint>();
    for (var hop : hops) {
      try {
        var resolved = neighbours.resolve(hop);
        if (resolved.nf().equals(name) || result.stream().anyMatch(other -> other.nf().equals(resolved.nf()))) {
          throw new PeerException("southbound:chain-loop", "the chain leads through " + resolved.nf() + " twice",
              resolved.nf(), result.size() + 1, null);
        }
        result.add(resolved);
      } catch (PeerException failure) {
        throw failure.at(result.size() + 1, hop.nf());
      }
    }
    return result;
  }

  Optional<ChainingProtocol> find(String wanted) {
    return protocols.stream().filter(each -> each.name().equals(wanted)).findFirst();
  }

  ChainingProtocol protocol(String chosen) throws PeerException {
    return find(chosen).orElseThrow(() -> new PeerException("southbound:no-common-protocol",
        "the hops chose " + chosen + ", which " + name + " does not speak", name, 0, null));
  }

  /**
   * The protocols that can carry a chain of so many hops, those first that can tell very many paths apart: a path identifier
   * that all of them can carry is found for each group.
   */
  List<List<ChainingProtocol>> byWidth(List<ChainingProtocol> offered, int hops) {
    var able = offered.stream().filter(each -> each.hops() >= hops).toList();
    return Stream.of(true, false)
        .map(wide -> able.stream().filter(each -> (each.pathBits() >= WIDE) == wide).toList())
        .filter(group -> !group.isEmpty()).toList();
  }

  /** A path identifier that is not in use here and that all of the protocols can carry. */
  int freePathIdentifier(List<ChainingProtocol> carriers) throws PeerException {
    // What carries none still has one by which control knows the path.
    int bits = carriers.stream().mapToInt(ChainingProtocol::pathBits).filter(each -> each > 0).min().orElse(WIDE);
    int first = bits < WIDE ? 1 : FIRST_WIDE;
    for (int i = 0; i < 1000; i++) {
      int spi = random.nextInt(first, Math.min(1 << bits, ChainingProtocol.BY_SCOPE));
      if (!dataplane.knows(spi)) {
        return spi;
      }
    }
    throw new PeerException("southbound:no-path-identifier", "no path identifier is left");
  }

  List<Endpoint> owners(FlowSpace scope) throws PeerException {
    var result = new ArrayList<Endpoint>();
    for (var owner : ownerships.otherOwners(scope)) {
      result.add(neighbours.resolve(new Endpoint(owner, "", 0, 0)));
    }
    return result;
  }

  static ChainReference reference(String origin, String chain, long generation) {
    return ChainReference.newBuilder().setOrigin(origin).setChain(chain).setGeneration(generation).build();
  }

  /** A step of a change, in which other hops may be asked. */
  @FunctionalInterface
  interface Step {
    void take() throws PeerException;
  }

  /**
   * Changes the way of a scope's packets so that none overtakes those before it: they wait here until the old way is empty.
   * When that takes too long, or too many wait, they go on: nothing is lost for the sake of order.
   *
   * @param confirm puts the new way in force at the later hops
   * @param change puts it in force here
   */
  void inOrder(Path old, Path made, Step confirm, Runnable change) throws PeerException {
    // Where packets do not say which path they take, no two generations may be under way at once.
    boolean emptyFirst = made.protocol().pathBits() == 0;
    if (!emptyFirst) {
      confirm.take();
    }
    var job = UUID.randomUUID();
    var guards = new ConcurrentHashMap<Worker, Guard>();
    dataplane.each(worker -> {
      var guard = new Guard(job, made.scope(), 0, Guard.Mode.HOLD, Transfers.HOLD).yielding();
      worker.add(guard);
      return guards.put(worker, guard);
    });
    try {
      if (emptyFirst) {
        flush(old);
        confirm.take();
        change.run();
      } else {
        change.run();
        flush(old);
      }
    } finally {
      dataplane.each(worker -> {
        worker.remove(guards.get(worker));
        return null;
      });
    }
  }

  private void flush(Path old) {
    if (old.next() != null) {
      probes.flush(old, OVERTAKING);
    }
  }

  /** When the last packet on an old path has passed its end, the hops forget it. In the background. */
  void drain(Path path, List<Endpoint> hops, ChainReference reference) {
    Thread.ofVirtual().name("drain-" + path.chain()).start(() -> {
      probes.flush(path, DRAIN);
      try {
        neighbours.client(hops.getFirst()).removeChain(reference);
        events.accept(new Event.ChainChanged(path.chain(), path.generation(), "drained", "", "", ""));
      } catch (PeerException failure) {
        rollBack(hops, reference);
        events.accept(new Event.ChainChanged(path.chain(), path.generation(), "status", "degraded",
            hops.getFirst().nf(), failure.appTag()));
      }
    });
  }

  /**
   * Has hops forget a generation: each is told, since one that died cannot pass it on. Who cannot be reached soon forgets
   * what it prepared by itself.
   */
  void rollBack(List<Endpoint> hops, ChainReference reference) {
    neighbours.tell(hops, hop -> neighbours.client(hop).abortChain(reference), ABORTED);
  }

  // ---- plain functions

  interface Call {
    void run() throws PeerException;
  }

  /** What was prepared at a hop that cannot be reached expires there by itself. */
  static void quietly(Call call) {
    try {
      call.run();
    } catch (PeerException unreachable) {
      // Nothing to do: see above.
    }
  }

  static ApiException hopFailed(PeerException failure) {
    var refusal = Messages.api(failure, failure.position() > 0 ? "next-hop[" + failure.position() + "]" : "next-hop");
    if (java.util.Set.of("southbound:no-common-protocol", "southbound:unknown-peer", "southbound:chain-loop")
        .contains(failure.appTag())) {
      return refusal;
    }
    String where = failure.nf().isEmpty() ? "a hop" : "hop " + failure.nf();
    return new ApiException("operation-failed", "southbound:hop-failed", refusal.path(),
        where + " failed, and the chain was rolled back: " + failure.getMessage(), refusal.info());
  }

  static boolean names(ChainUpdate wanted, String chain, FlowSpace scope) {
    return wanted.name().isEmpty() ? scope.equals(wanted.scope()) : chain.equals(wanted.name());
  }

  static void checkGeneration(ChainUpdate wanted, long generation) throws ApiException {
    if (wanted.ifGeneration() >= 0 && wanted.ifGeneration() != generation) {
      throw new ApiException("operation-failed", "southbound:generation-mismatch", "if-generation",
          "the chain is at generation " + generation);
    }
  }

  /** The same request, but that other hops follow the one that changed the chain. */
  static PrepareChainRequest withTail(PrepareChainRequest request, ChainChange change) {
    var remaining = new ArrayList<Hop>();
    boolean found = request.getSelf().getEndpoint().getNf().equals(change.getChangedBy());
    for (int i = 0; !found && i < request.getRemainingCount(); i++) {
      remaining.add(request.getRemaining(i));
      found = request.getRemaining(i).getEndpoint().getNf().equals(change.getChangedBy());
    }
    remaining.addAll(change.getHopsList());
    return found ? request.toBuilder().clearRemaining().addAllRemaining(remaining).build() : request;
  }

  static List<HopReport> joined(List<HopReport> old, ChainChange change) {
    return Stream.concat(old.stream().takeWhile(report -> !report.getNf().equals(change.getChangedBy())),
        change.getReportsList().stream()).toList();
  }

  List<HopState> hops(long generation, FlowSpace scope, List<HopReport> reports) {
    var result = new ArrayList<HopState>();
    result.add(new HopState(0, name, "up", generation, scope, ""));
    for (var report : reports) {
      FlowSpace there;
      try {
        there = Messages.scope(report.getScope());
      } catch (PeerException malformed) {
        there = scope;
      }
      result.add(new HopState(result.size(), report.getNf(), "up", generation, there, ""));
    }
    return result;
  }
}
