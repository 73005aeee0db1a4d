// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.HopState;
import org.southbound.api.VnfApi.PathState;
import org.southbound.chain.ChainingProtocol;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.Hop;
import org.southbound.peer.v1.HopReport;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;

/**
 * Sets up and changes service chains with the other hops (the paper's section 4.1). The first NF gets the whole list; each
 * hop prepares the next one before itself, so that the tail is ready first, and the first NF's classifier is switched
 * last, in one step: a packet travels wholly on the old or wholly on the new path.
 *
 * <p>Any thread; changes of one chain exclude one another.
 */
final class Chains {
  private static final int FIRST_INDEX = 255;
  private static final int PATH_IDENTIFIER_TRIES = 8;
  private static final Duration DRAIN = Duration.ofSeconds(2);
  private static final Duration ABORTED = Duration.ofSeconds(1);

  private final String name;
  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final List<ChainingProtocol> protocols;
  private final Probes probes;
  private final Ownerships ownerships;
  private final Consumer<Event> events;
  private final SecureRandom random = new SecureRandom();

  /** Chains that begin here, by name. */
  private final Map<String, Own> own = new LinkedHashMap<>();
  /** Chains that are being set up. */
  private final Map<String, Chain> reserved = new HashMap<>();
  /** Generations of chains that lead through here. */
  private final Map<Key, Through> through = new LinkedHashMap<>();
  /** Paths on which this NF stands in for another, whose state it took. */
  private final Map<Path, Passage> adopted = new LinkedHashMap<>();
  private final java.util.Set<String> changing = new HashSet<>();
  /**
   * The last generation of each name. A chain that is removed and set up again goes on from it: hops may still drain the
   * one before.
   */
  private final Map<String, Long> generations = new HashMap<>();

  private record Key(String origin, String chain, long generation) {
    static Key of(ChainReference reference) {
      return new Key(reference.getOrigin(), reference.getChain(), reference.getGeneration());
    }
  }

  /** A chain that begins here, in force. */
  private static final class Own {
    Chain chain;
    long generation;
    Path path;
    /** The hops, with names and addresses. */
    List<Endpoint> hops = List.of();
    PrepareChainRequest nextRequest;
    List<HopReport> reports = List.of();
    String status = "up";
    String error = "";

    Endpoint next() {
      return hops.getFirst();
    }
  }

  /** One generation of a chain that leads through here. */
  private static final class Through {
    /** As it was first asked for. */
    final PrepareChainRequest request;
    /** As the NFs before ask since the chain changed behind here; else null. */
    PrepareChainRequest changed;
    Path path;
    Endpoint next;
    ChainReference nextReference;
    PrepareChainRequest nextRequest;
    List<HopReport> reports;
    PrepareChainAccepted answer;
    final java.util.Set<Endpoint> upstreams = new java.util.LinkedHashSet<>();
    /** NFs that took a part of the scope's state from here, and so a part of its packets. */
    final java.util.Set<Endpoint> standIns = new java.util.LinkedHashSet<>();
    boolean confirmed;
    /** Nobody has confirmed this since it was prepared, though the one before may have been. */
    boolean fresh = true;
    long continuations;

    Through(PrepareChainRequest request) {
      this.request = request;
      upstreams.add(Messages.endpoint(request.getUpstream()));
    }

    /** Whether a request asks for the same; who stands in for the NF before asks too. */
    boolean answers(PrepareChainRequest other) {
      return answer != null && (same(request).equals(same(other)) || !isOutdated(other));
    }

    /** Whether the NF before does not know that the chain changed behind here. */
    boolean isOutdated(PrepareChainRequest other) {
      return changed == null || !same(changed).equals(same(other));
    }

    PrepareChainRequest current() {
      return changed == null ? request : changed;
    }

    private static PrepareChainRequest same(PrepareChainRequest request) {
      return request.toBuilder().clearUpstream().clearTimeoutMillis().clearStandInFor().build();
    }
  }

  Chains(Dataplane dataplane, Neighbours neighbours, List<ChainingProtocol> protocols, Probes probes,
      Ownerships ownerships, Consumer<Event> events) {
    this.name = neighbours.self().nf();
    this.dataplane = dataplane;
    this.neighbours = neighbours;
    this.protocols = protocols;
    this.probes = probes;
    this.ownerships = ownerships;
    this.events = events;
  }

  // ---- as the first NF

  ChainState setUp(Chain wanted, Duration timeout) throws ApiException {
    checkHops(wanted.hops(), true);
    var chain = reserve(wanted);
    try {
      var made = new Own();
      made.chain = chain;
      made.generation = generations.getOrDefault(chain.name(), 0L) + 1;
      establish(made, timeout);
      dataplane.begin(chain.precedence(), made.path, null);
      putInForce(made);
      events.accept(new Event.ChainChanged(chain.name(), made.generation, "created", "up", "", ""));
      return state(made);
    } finally {
      synchronized (this) {
        reserved.remove(chain.name());
      }
      leave(chain.name());
    }
  }

  /** Takes name, scope and precedence, so that calls at the same time do not choose the same. */
  private synchronized Chain reserve(Chain wanted) throws ApiException {
    var others = others("");
    String chainName = wanted.name().isEmpty() ? freeName() : wanted.name();
    if (own.containsKey(chainName) || others.stream().anyMatch(other -> other.scope().equals(wanted.scope()))) {
      throw new ApiException("data-exists", "southbound:chain-exists", "scope",
          "there is a chain of that name or scope; use service-chain-update to change it");
    }
    long precedence = wanted.precedence() >= 0 ? wanted.precedence()
        : others.stream().mapToLong(Chain::precedence).max().orElse(0) + 10;
    checkPrecedence(chainName, precedence);
    enter(chainName);
    var chain = new Chain(chainName, precedence, wanted.protocol(), wanted.scope(), wanted.hops(), false);
    reserved.put(chainName, chain);
    return chain;
  }

  /** Chains that begin here or are being set up, but the one of that name. */
  private List<Chain> others(String chainName) {
    return Stream.concat(own.values().stream().map(each -> each.chain), reserved.values().stream())
        .filter(other -> !other.name().equals(chainName)).toList();
  }

  private void checkPrecedence(String chainName, long precedence) throws ApiException {
    if (others(chainName).stream().anyMatch(other -> other.precedence() == precedence)) {
      throw new ApiException("data-exists", "southbound:precedence-in-use", "precedence",
          "another chain has the precedence " + precedence);
    }
  }

  private synchronized void putInForce(Own made) {
    own.put(made.chain.name(), made);
    generations.put(made.chain.name(), made.generation);
  }

  /** Prepares and confirms all hops of a generation; on failure nothing of it is left anywhere. */
  private void establish(Own made, Duration timeout) throws ApiException {
    var chain = made.chain;
    var reference = reference(name, chain.name(), made.generation);
    var offered = offer(chain.protocol());
    var asked = new ArrayList<Endpoint>();
    try {
      made.hops = resolve(chain.hops());
      asked.addAll(made.hops);
      var owners = owners(chain.scope());
      asked.addAll(owners);
      PeerException refused = null;
      for (int i = 0; i < PATH_IDENTIFIER_TRIES; i++) {
        int spi = freePathIdentifier();
        try {
          made.nextRequest = request(reference, chain.scope(), made.hops, 1, offered, spi, FIRST_INDEX - 1, timeout);
          var accepted = ask(made.next(), made.nextRequest);
          neighbours.client(made.next()).confirmChain(reference);
          for (var owner : owners) {
            var first = new ArrayList<>(List.of(owner));
            first.addAll(made.hops);
            ask(owner, request(reference, chain.scope(), first, 0, offered, spi, FIRST_INDEX, timeout).toBuilder()
                .addStandInFor(name).build());
            neighbours.client(owner).confirmChain(reference);
          }
          var protocol = protocol(accepted.getProtocol());
          made.reports = accepted.getHopsList();
          made.path = new Path(dataplane.nextPathNumber(), chain.name(), name, made.generation, spi, FIRST_INDEX,
              protocol, chain.scope(), dataplane.hop(made.next().nf(), Neighbours.data(made.next())), spi,
              FIRST_INDEX - 1, List.of());
          return;
        } catch (PeerException failure) {
          refused = failure;
          if (!failure.appTag().equals("southbound:path-identifier-in-use")) {
            throw failure;
          }
        }
      }
      throw refused;
    } catch (PeerException failure) {
      rollBack(asked, reference);
      throw hopFailed(failure);
    }
  }

  private static ApiException hopFailed(PeerException failure) {
    var refusal = Messages.api(failure, failure.position() > 0 ? "next-hop[" + failure.position() + "]" : "next-hop");
    if (java.util.Set.of("southbound:no-common-protocol", "southbound:unknown-peer", "southbound:chain-loop")
        .contains(failure.appTag())) {
      return refusal;
    }
    String where = failure.nf().isEmpty() ? "a hop" : "hop " + failure.nf();
    return new ApiException("operation-failed", "southbound:hop-failed", refusal.path(),
        where + " failed, and the chain was rolled back: " + failure.getMessage(), refusal.info());
  }

  ChainState update(ChainUpdate wanted, Duration timeout) throws ApiException {
    checkHops(wanted.hops(), false);
    String chainName = nameOf(wanted);
    enter(chainName);
    try {
      // Only now: another change may just have ended.
      var mine = mine(wanted);
      if (mine != null) {
        return updateOwn(mine, wanted, timeout);
      }
      var passing = passing(wanted);
      if (passing != null) {
        return updateThrough(passing, wanted, timeout);
      }
      throw unknown(wanted);
    } finally {
      leave(chainName);
    }
  }

  private String nameOf(ChainUpdate wanted) throws ApiException {
    var mine = mine(wanted);
    if (mine != null) {
      return mine.chain.name();
    }
    var passing = passing(wanted);
    if (passing != null) {
      return passing.path.chain();
    }
    throw unknown(wanted);
  }

  private static ApiException unknown(ChainUpdate wanted) {
    return new ApiException("data-missing", "southbound:unknown-chain", wanted.name().isEmpty() ? "scope" : "name",
        "no chain has this name, or exactly this scope");
  }

  private synchronized Own mine(ChainUpdate wanted) {
    return own.values().stream().filter(each -> names(wanted, each.chain.name(), each.chain.scope())).findFirst()
        .orElse(null);
  }

  private synchronized Through passing(ChainUpdate wanted) {
    return through.values().stream()
        .filter(each -> each.confirmed && names(wanted, each.path.chain(), each.path.scope()))
        .max(Comparator.comparingLong(each -> each.path.generation())).orElse(null);
  }

  private static boolean names(ChainUpdate wanted, String chain, FlowSpace scope) {
    return wanted.name().isEmpty() ? scope.equals(wanted.scope()) : chain.equals(wanted.name());
  }

  private static void checkGeneration(ChainUpdate wanted, long generation) throws ApiException {
    if (wanted.ifGeneration() >= 0 && wanted.ifGeneration() != generation) {
      throw new ApiException("operation-failed", "southbound:generation-mismatch", "if-generation",
          "the chain is at generation " + generation);
    }
  }

  private ChainState updateOwn(Own old, ChainUpdate wanted, Duration timeout) throws ApiException {
    checkGeneration(wanted, old.generation);
    if (wanted.hops().isEmpty()) {
      var last = state(old);
      tearDown(old);
      return last;
    }
    long precedence = wanted.precedence() < 0 ? old.chain.precedence() : wanted.precedence();
    var scope = wanted.name().isEmpty() ? old.chain.scope() : wanted.scope();
    var changed = new Chain(old.chain.name(), precedence, wanted.protocol(), scope, wanted.hops(), false);
    if (changed.equals(old.chain)) {
      return state(old);
    }
    synchronized (this) {
      checkPrecedence(changed.name(), precedence);
    }
    var made = new Own();
    made.chain = changed;
    made.generation = old.generation + 1;
    establish(made, timeout);
    dataplane.begin(precedence, made.path, old.path);
    putInForce(made);
    events.accept(new Event.ChainChanged(changed.name(), made.generation, "updated", "up", "", ""));
    drain(old.path, old.hops, reference(name, changed.name(), old.generation));
    return state(made);
  }

  /** Sees that all hops still know a chain; one that was restarted learns it anew. */
  void refresh(String chainName) {
    var mine = inForce(chainName);
    if (mine == null) {
      return;
    }
    var reference = reference(name, chainName, mine.generation);
    String status = "up";
    String error = "";
    String hop = "";
    String appTag = "";
    try {
      ask(mine.next(), mine.nextRequest);
      neighbours.client(mine.next()).confirmChain(reference);
    } catch (PeerException failure) {
      status = "degraded";
      error = failure.getMessage();
      hop = failure.nf();
      appTag = failure.appTag();
    }
    if (inForce(chainName) != mine) {
      // Changed meanwhile: what the hops were reminded of is past, and they may have forgotten it before.
      drain(mine.path, mine.hops, reference);
      return;
    }
    boolean changed = !status.equals(mine.status);
    mine.status = status;
    mine.error = error;
    if (changed) {
      events.accept(new Event.ChainChanged(chainName, mine.generation, "status", status, hop, appTag));
    }
  }

  private synchronized Own inForce(String chainName) {
    return own.get(chainName);
  }

  void remove(String chainName) throws ApiException {
    enter(chainName);
    try {
      var old = inForce(chainName);
      if (old == null) {
        throw new ApiException("data-missing", "southbound:unknown-chain", "name", "no chain " + chainName + " here");
      }
      tearDown(old);
    } finally {
      leave(chainName);
    }
  }

  private void tearDown(Own old) {
    dataplane.end(old.path);
    synchronized (this) {
      own.remove(old.chain.name());
    }
    events.accept(new Event.ChainChanged(old.chain.name(), old.generation, "removed", "down", "", ""));
    drain(old.path, old.hops, reference(name, old.chain.name(), old.generation));
  }

  /** When the last packet on an old path has passed its end, the hops forget it. In the background. */
  private void drain(Path path, List<Endpoint> hops, ChainReference reference) {
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
  private void rollBack(List<Endpoint> hops, ChainReference reference) {
    neighbours.tell(hops, hop -> neighbours.client(hop).abortChain(reference), ABORTED);
  }

  // ---- as a later hop

  PrepareChainAccepted prepare(String peer, PrepareChainRequest request) throws PeerException {
    var key = Key.of(request.getChain());
    neighbours.heard(Messages.endpoint(request.getUpstream()));
    final Through known;
    synchronized (this) {
      known = through.get(key);
      if (known == null && (dataplane.knows(request.getSpi()) || request.getSpi() == Worker.NO_PATH)) {
        throw failed(request, "southbound:path-identifier-in-use", "the path identifier is in use here");
      }
    }
    if (known != null && known.answers(request)) {
      synchronized (this) {
        known.upstreams.add(Messages.endpoint(request.getUpstream()));
      }
      if (known.changed != null && known.isOutdated(request)) {
        Thread.ofVirtual().start(() -> tellUpstream(known));
      }
      // Asked again to see that all is well: so the next hop is asked, which may have forgotten.
      if (known.next != null) {
        ask(known.next, known.nextRequest);
      }
      askStandIns(known, request);
      return known.answer;
    }
    String wantedName = request.getSelf().getEndpoint().getNf();
    if (!wantedName.isEmpty() && !wantedName.equals(name)) {
      throw failed(request, PeerException.UNKNOWN, "this NF is " + name + ", not " + wantedName);
    }
    if (key.origin.equals(name)
        || request.getRemainingList().stream().anyMatch(hop -> hop.getEndpoint().getNf().equals(name))) {
      throw failed(request, "southbound:chain-loop", "the chain leads through " + name + " twice");
    }
    var speaks = request.getProtocolsList().stream().filter(each -> find(each).isPresent()).toList();
    if (speaks.isEmpty()) {
      throw failed(request, "southbound:no-common-protocol",
          name + " speaks " + protocols.stream().map(ChainingProtocol::name).toList());
    }
    var made = new Through(request);
    var scope = Messages.scope(request.getScope());
    String chosen = speaks.getFirst();
    var reports = new ArrayList<HopReport>();
    org.southbound.classifier.NextHop nextHop = null;
    if (request.getRemainingCount() > 0) {
      var hops = request.getRemainingList().stream().map(hop -> Messages.endpoint(hop.getEndpoint())).toList();
      int position = request.getSelf().getPosition() + 1;
      made.next = neighbours.resolve(hops.getFirst());
      var rest = new ArrayList<>(hops);
      rest.set(0, made.next);
      made.nextReference = request.getChain();
      try {
        made.nextRequest = request(request.getChain(), scope, rest, position, speaks, request.getSpi(),
            request.getServiceIndex() - 1, Duration.ofMillis(request.getTimeoutMillis() * 9L / 10));
        var accepted = ask(made.next, made.nextRequest);
        chosen = accepted.getProtocol();
        reports.addAll(accepted.getHopsList());
      } catch (PeerException failure) {
        // Not waited for: who asked waits for the reason.
        neighbours.tell(List.of(made.next), hop -> neighbours.client(hop).abortChain(request.getChain()),
            Duration.ZERO);
        throw failure.at(position, made.next.nf());
      }
      nextHop = dataplane.hop(made.next.nf(), Neighbours.data(made.next));
    }
    reports.addFirst(HopReport.newBuilder().setPosition(request.getSelf().getPosition()).setNf(name)
        .setScope(request.getScope()).setProtocol(chosen).setServiceIndex(request.getServiceIndex()).build());
    made.reports = reports;
    made.path = new Path(dataplane.nextPathNumber(), key.chain, key.origin, key.generation, request.getSpi(),
        request.getServiceIndex(), protocol(chosen), scope, nextHop, request.getSpi(), request.getServiceIndex() - 1,
        List.of());
    made.answer = PrepareChainAccepted.newBuilder().setProtocol(chosen)
        .setData(Messages.endpoint(neighbours.self())).addAllHops(reports).build();
    made.confirmed = known != null && known.confirmed;
    made.standIns.addAll(owners(scope));
    askStandIns(made, request);
    synchronized (this) {
      through.put(key, made);
    }
    dataplane.arrive(made.path);
    if (known != null && known.path != null && known.path.spi() != made.path.spi()) {
      dataplane.forget(known.path);
    }
    expireUnconfirmed(key, made, request.getTimeoutMillis());
    return made.answer;
  }

  /** Who owns a part of the scope now gets its packets, and so must know the path. */
  private void askStandIns(Through made, PrepareChainRequest request) throws PeerException {
    for (var owner : List.copyOf(made.standIns)) {
      if (!request.getStandInForList().contains(owner.nf())) {
        ask(owner, request.toBuilder().setSelf(hop(owner, request.getSelf().getPosition())).addStandInFor(name)
            .build());
      }
    }
  }

  private List<Endpoint> owners(FlowSpace scope) throws PeerException {
    var result = new ArrayList<Endpoint>();
    for (var owner : ownerships.otherOwners(scope)) {
      result.add(neighbours.resolve(new Endpoint(owner, "", 0, 0)));
    }
    return result;
  }

  /** The scope's state went to another NF: it stands in for this one from now on. */
  synchronized void standIn(FlowSpace scope, Endpoint owner) {
    // New chains lead through here as well, and must find it by its name.
    neighbours.heard(owner);
    through.values().stream().filter(each -> each.path.scope().overlaps(scope))
        .forEach(each -> each.standIns.add(owner));
  }

  /** The scope's state came here: nobody stands in for this NF any more. */
  synchronized void standAlone(FlowSpace scope) {
    through.values().stream().filter(each -> scope.contains(each.path.scope())).forEach(each -> each.standIns.clear());
  }

  private PeerException failed(PrepareChainRequest request, String appTag, String message) {
    return new PeerException(appTag, message, name, request.getSelf().getPosition(), null);
  }

  /** What nobody confirms is forgotten. */
  private void expireUnconfirmed(Key key, Through made, long timeoutMillis) {
    java.util.concurrent.CompletableFuture.delayedExecutor(2 * timeoutMillis + 1000,
        java.util.concurrent.TimeUnit.MILLISECONDS).execute(() -> {
          boolean stale;
          synchronized (this) {
            stale = !made.confirmed && through.remove(key, made);
          }
          if (stale) {
            dataplane.forget(made.path);
          }
        });
  }

  void confirm(ChainReference reference) throws PeerException {
    Through made;
    synchronized (this) {
      made = through.get(Key.of(reference));
    }
    if (made == null) {
      throw new PeerException("southbound:unknown-chain", "nothing is prepared here for " + reference.getChain(), name,
          0, null);
    }
    if (made.next != null) {
      neighbours.client(made.next).confirmChain(made.nextReference);
    }
    for (var owner : List.copyOf(made.standIns)) {
      // One that stands in since before this generation knows the path by the transfer, and has nothing to confirm.
      quietly(() -> neighbours.client(owner).confirmChain(reference));
    }
    made.confirmed = true;
    boolean first;
    synchronized (this) {
      first = made.fresh;
      made.fresh = false;
    }
    if (first && reference.getGeneration() == 1) {
      // The chain is set up from nothing: its first NF knows no other generation any more.
      forgetOthers(Key.of(reference));
    }
  }

  private void forgetOthers(Key kept) {
    var gone = new ArrayList<Through>();
    synchronized (this) {
      through.entrySet().removeIf(entry -> {
        var key = entry.getKey();
        boolean old = key.origin.equals(kept.origin) && key.chain.equals(kept.chain) && !key.equals(kept);
        if (old) {
          gone.add(entry.getValue());
        }
        return old;
      });
    }
    gone.forEach(each -> dataplane.forget(each.path));
  }

  /** Forgets a generation, or all, and tells the hops behind. */
  void forget(ChainReference reference) {
    var gone = new ArrayList<Through>();
    synchronized (this) {
      through.entrySet().removeIf(entry -> {
        var key = entry.getKey();
        boolean meant = key.origin.equals(reference.getOrigin()) && key.chain.equals(reference.getChain())
            && (reference.getAllGenerations() || key.generation == reference.getGeneration());
        if (meant) {
          gone.add(entry.getValue());
        }
        return meant;
      });
    }
    forgetAdopted(reference);
    for (var each : gone) {
      dataplane.forget(each.path);
      each.standIns.forEach(owner -> quietly(() -> neighbours.client(owner).removeChain(reference)));
      if (each.next != null) {
        var further = reference.getAllGenerations() && each.nextReference.equals(each.request.getChain())
            ? reference : each.nextReference;
        quietly(() -> neighbours.client(each.next).removeChain(further));
      }
    }
  }

  private void forgetAdopted(ChainReference reference) {
    var gone = new ArrayList<Path>();
    synchronized (this) {
      adopted.keySet().stream()
          .filter(path -> path.origin().equals(reference.getOrigin()) && path.chain().equals(reference.getChain())
              && (reference.getAllGenerations() || path.generation() == reference.getGeneration()))
          .forEach(gone::add);
      gone.forEach(adopted::remove);
    }
    gone.forEach(dataplane::forget);
  }

  private interface Call {
    void run() throws PeerException;
  }

  /** What was prepared at a hop that cannot be reached expires there by itself. */
  private static void quietly(Call call) {
    try {
      call.run();
    } catch (PeerException unreachable) {
      // Nothing to do: see above.
    }
  }

  /** serviceChainUpdate in the middle of a chain: a chain of this NF's own carries on from here. */
  private ChainState updateThrough(Through passing, ChainUpdate wanted, Duration timeout) throws ApiException {
    var old = passing.path;
    checkGeneration(wanted, old.generation());
    var oldNext = passing.next;
    var oldReference = passing.nextReference;
    int position = passing.request.getSelf().getPosition() + 1;
    var reports = new ArrayList<>(List.of(passing.reports.getFirst()));
    var reference = reference(name, old.origin() + "." + old.chain(),
        old.generation() << 16 | ++passing.continuations);
    List<Endpoint> hops = List.of();
    var path = replaced(old, null, old.spi(), old.si() - 1);
    PrepareChainRequest asked = null;
    try {
      hops = resolve(wanted.hops());
      if (!hops.isEmpty()) {
        int spi = freePathIdentifier();
        var next = hops.getFirst();
        asked = request(reference, old.scope(), hops, position, List.of(old.protocol().name()), spi, FIRST_INDEX - 1,
            timeout);
        reports.addAll(ask(next, asked).getHopsList());
        neighbours.client(next).confirmChain(reference);
        path = replaced(old, dataplane.hop(next.nf(), Neighbours.data(next)), spi, FIRST_INDEX - 1);
      }
    } catch (PeerException failure) {
      rollBack(hops, reference);
      throw hopFailed(failure);
    }
    synchronized (this) {
      passing.next = hops.isEmpty() ? null : hops.getFirst();
      passing.nextReference = reference;
      passing.nextRequest = asked;
      passing.reports = reports;
      passing.changed = passing.request.toBuilder().clearRemaining().addAllRemaining(hops(hops, position)).build();
      passing.path = path;
    }
    dataplane.arrive(path);
    tellUpstream(passing);
    if (oldNext != null) {
      drain(old, List.of(oldNext), oldReference);
    }
    events.accept(new Event.ChainChanged(old.chain(), old.generation(), "updated", "up", "", ""));
    return state(passing);
  }

  private static Path replaced(Path old, org.southbound.classifier.NextHop next, int spi, int si) {
    return new Path(old.number(), old.chain(), old.origin(), old.generation(), old.spi(), old.si(), old.protocol(),
        old.scope(), next, spi, si, List.of());
  }

  private void tellUpstream(Through passing) {
    var change = ChainChange.newBuilder().setChain(passing.request.getChain()).setChangedBy(name)
        .addAllHops(passing.current().getRemainingList()).addAllReports(passing.reports).build();
    var upstream = Messages.endpoint(passing.request.getUpstream());
    quietly(() -> neighbours.client(upstream).chainChanged(change));
  }

  /** A later hop changed the chain behind it: remembered here, so that a hop that is restarted learns the new chain. */
  void changed(ChainChange change) throws PeerException {
    var key = Key.of(change.getChain());
    Through passing;
    Own mine;
    synchronized (this) {
      passing = through.get(key);
      mine = key.origin.equals(name) ? own.get(key.chain) : null;
      if (mine != null) {
        remember(mine, change);
      } else if (passing != null) {
        passing.reports = joined(passing.reports, change);
        passing.changed = withTail(passing.current(), change);
        passing.nextRequest = passing.nextRequest == null ? null : withTail(passing.nextRequest, change);
      }
    }
    if (mine != null) {
      events.accept(new Event.ChainChanged(key.chain, mine.generation, "updated", "up", "", ""));
    } else if (passing != null) {
      neighbours.client(Messages.endpoint(passing.request.getUpstream())).chainChanged(change);
    } else {
      throw new PeerException("southbound:unknown-chain", "no chain " + key.chain + " here", name, 0, null);
    }
  }

  private static void remember(Own mine, ChainChange change) {
    var hops = new ArrayList<Endpoint>();
    for (var hop : mine.chain.hops()) {
      hops.add(hop);
      if (hop.nf().equals(change.getChangedBy()) || named(mine, hops.size(), change.getChangedBy())) {
        break;
      }
    }
    change.getHopsList().forEach(hop -> hops.add(Messages.endpoint(hop.getEndpoint())));
    var chain = mine.chain;
    mine.chain = new Chain(chain.name(), chain.precedence(), chain.protocol(), chain.scope(), hops, false);
    mine.nextRequest = withTail(mine.nextRequest, change);
    mine.reports = joined(mine.reports, change);
  }

  /** The same request, but that other hops follow the one that changed the chain. */
  private static PrepareChainRequest withTail(PrepareChainRequest request, ChainChange change) {
    var remaining = new ArrayList<Hop>();
    boolean found = request.getSelf().getEndpoint().getNf().equals(change.getChangedBy());
    for (int i = 0; !found && i < request.getRemainingCount(); i++) {
      remaining.add(request.getRemaining(i));
      found = request.getRemaining(i).getEndpoint().getNf().equals(change.getChangedBy());
    }
    remaining.addAll(change.getHopsList());
    return found ? request.toBuilder().clearRemaining().addAllRemaining(remaining).build() : request;
  }

  private static boolean named(Own mine, int position, String nf) {
    return position <= mine.reports.size() && mine.reports.get(position - 1).getNf().equals(nf);
  }

  private static List<HopReport> joined(List<HopReport> old, ChainChange change) {
    return Stream.concat(old.stream().takeWhile(report -> !report.getNf().equals(change.getChangedBy())),
        change.getReportsList().stream()).toList();
  }

  // ---- both

  private PrepareChainRequest request(ChainReference reference, FlowSpace scope, List<Endpoint> hops, int position,
      List<String> offered, int spi, int si, Duration timeout) {
    var request = PrepareChainRequest.newBuilder().setChain(reference)
        .setUpstream(Messages.endpoint(neighbours.self())).setScope(Messages.scope(scope))
        .setSelf(hop(hops.getFirst(), position)).addAllProtocols(offered).setSpi(spi).setServiceIndex(si)
        .setTimeoutMillis((int) timeout.toMillis());
    return request.addAllRemaining(hops(hops.subList(1, hops.size()), position + 1)).build();
  }

  private static List<Hop> hops(List<Endpoint> endpoints, int position) {
    var result = new ArrayList<Hop>();
    for (var endpoint : endpoints) {
      result.add(hop(endpoint, position + result.size()));
    }
    return result;
  }

  private PrepareChainAccepted ask(Endpoint next, PrepareChainRequest request) throws PeerException {
    try {
      return neighbours.client(next).prepareChain(request);
    } catch (PeerException failure) {
      throw failure.at(request.getSelf().getPosition(), next.nf());
    }
  }

  private static Hop hop(Endpoint endpoint, int position) {
    return Hop.newBuilder().setPosition(position).setEndpoint(Messages.endpoint(endpoint)).build();
  }

  private List<Endpoint> resolve(List<Endpoint> hops) throws PeerException {
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

  private static void checkHops(List<Endpoint> hops, boolean needed) throws ApiException {
    if (needed && hops.isEmpty()) {
      throw new ApiException("invalid-value", "southbound:no-next-hop", "next-hop", "a chain needs a next hop");
    }
    for (int i = 0; i < hops.size(); i++) {
      if (hops.get(i).nf().isEmpty() && hops.get(i).host().isEmpty()) {
        throw new ApiException("invalid-value", "southbound:hop-without-peer", "next-hop[" + (i + 1) + "]",
            "a hop needs an NF's name or an IP address");
      }
    }
  }

  private List<String> offer(String wanted) throws ApiException {
    if (wanted.isEmpty()) {
      return protocols.stream().map(ChainingProtocol::name).toList();
    }
    if (find(wanted).isEmpty()) {
      throw new ApiException("operation-failed", "southbound:no-common-protocol", "protocol",
          name + " speaks " + protocols.stream().map(ChainingProtocol::name).toList() + ", not " + wanted);
    }
    return List.of(wanted);
  }

  private Optional<ChainingProtocol> find(String wanted) {
    return protocols.stream().filter(each -> each.name().equals(wanted)).findFirst();
  }

  private ChainingProtocol protocol(String chosen) throws PeerException {
    return find(chosen).orElseThrow(() -> new PeerException("southbound:no-common-protocol",
        "the hops chose " + chosen + ", which " + name + " does not speak", name, 0, null));
  }

  private int freePathIdentifier() throws PeerException {
    for (int i = 0; i < 1000; i++) {
      int spi = random.nextInt(1, Worker.NO_PATH);
      if (!dataplane.knows(spi)) {
        return spi;
      }
    }
    throw new PeerException("southbound:no-path-identifier", "no path identifier is left");
  }

  private synchronized String freeName() {
    for (int i = 1;; i++) {
      if (!own.containsKey("chain" + i) && !reserved.containsKey("chain" + i)) {
        return "chain" + i;
      }
    }
  }

  private void enter(String chain) throws ApiException {
    synchronized (changing) {
      if (!changing.add(chain)) {
        throw new ApiException("in-use", "southbound:scope-in-use", "name",
            "another change of " + chain + " is under way; try again");
      }
    }
  }

  private void leave(String chain) {
    synchronized (changing) {
      changing.remove(chain);
    }
  }

  private static ChainReference reference(String origin, String chain, long generation) {
    return ChainReference.newBuilder().setOrigin(origin).setChain(chain).setGeneration(generation).build();
  }

  // ---- for state operations

  /** Paths of other NFs' chains that lead through here and overlap a scope, with the next hop and the NFs before. */
  record Passage(Path path, Optional<Endpoint> next, List<Endpoint> upstreams, long precedence) {
  }

  synchronized List<Passage> passages(FlowSpace scope) {
    var result = new ArrayList<Passage>();
    for (var each : through.values()) {
      if (each.path.scope().overlaps(scope)) {
        result.add(new Passage(each.path, Optional.ofNullable(each.next), List.copyOf(each.upstreams), -1));
      }
    }
    adopted.values().stream().filter(each -> each.path.scope().overlaps(scope)).forEach(result::add);
    for (var each : own.values()) {
      if (each.chain.scope().overlaps(scope)) {
        result.add(new Passage(each.path, Optional.of(each.next()), List.of(), each.chain.precedence()));
      }
    }
    return result;
  }

  /** A path of an NF whose scope moves here: this NF stands in for it at the same place of the chain. */
  Path adopt(org.southbound.peer.v1.Path handed, List<Endpoint> upstreams) throws PeerException {
    var reference = handed.getChain();
    var next = handed.hasNext() ? Messages.endpoint(handed.getNext()) : null;
    var path = new Path(dataplane.nextPathNumber(), reference.getChain(), reference.getOrigin(),
        reference.getGeneration(), handed.getSpi(), handed.getServiceIndex(), protocol(handed.getProtocol()),
        Messages.scope(handed.getScope()), next == null ? null : dataplane.hop(next.nf(), Neighbours.data(next)),
        handed.getNextSpi(), handed.getNextServiceIndex(), List.of());
    synchronized (this) {
      adopted.put(path, new Passage(path, Optional.ofNullable(next), upstreams, -1));
    }
    dataplane.arrive(path);
    return path;
  }

  /** Undoes {@link #adopt}. */
  void disown(Path path) {
    synchronized (this) {
      adopted.remove(path);
    }
    dataplane.forget(path);
  }

  /** The chain whose probes {@link Probes} sends. */
  Path path(String chain) throws ApiException {
    synchronized (this) {
      var mine = own.get(chain);
      if (mine != null) {
        return mine.path;
      }
    }
    throw new ApiException("data-missing", "southbound:unknown-chain", "name", "no chain " + chain + " begins here");
  }

  synchronized List<HopReport> reports(String chain) {
    var mine = own.get(chain);
    return mine == null ? List.of() : mine.reports;
  }

  // ---- what others read

  synchronized List<ChainState> states() {
    var result = new ArrayList<ChainState>();
    own.values().forEach(each -> result.add(state(each)));
    through.values().stream().filter(each -> each.continuations > 0).forEach(each -> result.add(state(each)));
    return result;
  }

  private ChainState state(Own each) {
    return new ChainState(each.chain, each.status, each.generation, each.path.protocol().name(), each.path.spi(),
        each.path.si(), dataplane.packets(each.path), dataplane.octets(each.path),
        hops(each.generation, each.chain.scope(), each.reports),
        each.error);
  }

  private ChainState state(Through each) {
    var path = each.path;
    var hops = each.reports.stream().skip(1).map(report -> new Endpoint(report.getNf(), "", 0, 0)).toList();
    return new ChainState(new Chain(path.chain(), -1, path.protocol().name(), path.scope(), hops, true), "up",
        path.generation(), path.protocol().name(), path.spi(), path.si(), dataplane.packets(path),
        dataplane.octets(path), hops(path.generation(), path.scope(), each.reports.subList(1, each.reports.size())),
        "");
  }

  private List<HopState> hops(long generation, FlowSpace scope, List<HopReport> reports) {
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

  List<PathState> paths() {
    var result = new ArrayList<PathState>();
    Stream.concat(dataplane.beginning().stream(), dataplane.arriving().stream()).forEach(path -> {
      var next = path.next() == null ? Optional.<Endpoint>empty()
          : Optional.of(new Endpoint(path.next().nf(), path.next().address().getAddress().getHostAddress(),
              path.next().address().getPort(), 0));
      result.add(new PathState("p" + path.number(), path.chain(), path.origin(), path.generation(), status(path),
          path.protocol().name(), path.spi(), path.si(), path.scope(), next, dataplane.packets(path)));
    });
    return result;
  }

  private synchronized String status(Path path) {
    var each = through.get(new Key(path.origin(), path.chain(), path.generation()));
    if (each != null && !each.confirmed) {
      return "prepared";
    }
    boolean newer = through.keySet().stream().anyMatch(key -> key.origin.equals(path.origin())
        && key.chain.equals(path.chain()) && key.generation > path.generation());
    return newer ? "draining" : "active";
  }
}
