// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.HopReport;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;

/**
 * Chains as a later hop knows them: prepares and confirms a generation with the hops behind it, forgets it, changes what
 * follows, and stands in for another NF whose state it took. The first hop's side is {@link Chains}.
 *
 * <p>Any thread.
 */
final class PassingChains {
  private final String name;
  private final ChainCalls calls;
  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final Consumer<Event> events;
  /** Generations of chains that lead through here. */
  private final Map<Key, Through> through = new LinkedHashMap<>();
  /** Paths on which this NF stands in for another, whose state it took. */
  private final Map<Path, Passage> adopted = new LinkedHashMap<>();

  private record Key(String origin, String chain, long generation) {
    static Key of(ChainReference reference) {
      return new Key(reference.getOrigin(), reference.getChain(), reference.getGeneration());
    }

    static Key of(Path path) {
      return new Key(path.origin(), path.chain(), path.generation());
    }
  }

  /** One generation of a chain that leads through here. */
  static final class Through {
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

  PassingChains(ChainCalls calls, Dataplane dataplane, Neighbours neighbours, Consumer<Event> events) {
    this.name = calls.name;
    this.calls = calls;
    this.dataplane = dataplane;
    this.neighbours = neighbours;
    this.events = events;
  }

  PrepareChainAccepted prepare(String peer, PrepareChainRequest request) throws PeerException {
    var key = Key.of(request.getChain());
    neighbours.heard(Messages.endpoint(request.getUpstream()));
    final Through known;
    final boolean adoptedHere;
    synchronized (this) {
      known = through.get(key);
      adoptedHere = adopted.keySet().stream()
          .anyMatch(path -> path.spi() == request.getSpi() && Key.of(path).equals(key));
      if (known == null && !adoptedHere && (dataplane.knows(request.getSpi()) || request.getSpi() == Worker.NO_PATH)) {
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
        var translated = calls.translated(known.nextRequest, known.path.scope());
        synchronized (this) {
          known.nextRequest = translated;
        }
        calls.ask(known.next, translated);
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
    var speaks = request.getProtocolsList().stream().filter(each -> calls.find(each).isPresent()).toList();
    if (speaks.isEmpty()) {
      throw failed(request, "southbound:no-common-protocol",
          name + " speaks " + calls.protocols());
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
      var leaving = leaving(scope, request);
      try {
        made.nextRequest = calls.request(request.getChain(), leaving, rest, position, speaks, request.getSpi(),
            request.getServiceIndex() - 1, Duration.ofMillis(request.getTimeoutMillis() * 9L / 10));
        var accepted = calls.ask(made.next, made.nextRequest);
        chosen = accepted.getProtocol();
        made.next = made.next.withMac(accepted.getData().getMac());
        reports.addAll(accepted.getHopsList());
      } catch (PeerException failure) {
        if (!adoptedHere) {
          // Not waited for: who asked waits for the reason.
          neighbours.tell(List.of(made.next), hop -> neighbours.client(hop).abortChain(request.getChain()),
              Duration.ZERO);
        }
        throw failure.at(position, made.next.nf());
      }
      nextHop = dataplane.hop(made.next);
    }
    reports.addFirst(HopReport.newBuilder().setPosition(request.getSelf().getPosition()).setNf(name)
        .setScope(request.getScope()).setProtocol(chosen).setServiceIndex(request.getServiceIndex()).build());
    made.reports = reports;
    made.path = new Path(dataplane.nextPathNumber(), key.chain, key.origin, key.generation, request.getSpi(),
        request.getServiceIndex(), calls.protocol(chosen), scope, nextHop, request.getSpi(),
        request.getServiceIndex() - 1,
        List.of());
    made.answer = PrepareChainAccepted.newBuilder().setProtocol(chosen)
        .setData(Messages.endpoint(neighbours.self())).addAllHops(reports).build();
    made.confirmed = known != null ? known.confirmed : adoptedHere;
    // What came by a transfer is in force already, and others may be beside it.
    made.fresh = !adoptedHere;
    made.standIns.addAll(calls.owners(scope));
    askStandIns(made, request);
    synchronized (this) {
      through.put(key, made);
    }
    dataplane.arrive(made.path);
    forgetAdopted(request.getChain());
    if (known != null && known.path != null && known.path.spi() != made.path.spi()) {
      dataplane.forget(known.path);
    }
    expireUnconfirmed(key, made, request.getTimeoutMillis());
    return made.answer;
  }

  private FlowSpace leaving(FlowSpace scope, PrepareChainRequest request) throws PeerException {
    try {
      return calls.leaving(scope);
    } catch (PeerException refused) {
      throw refused.at(request.getSelf().getPosition(), name);
    }
  }

  /** Who owns a part of the scope now gets its packets, and so must know the path. */
  private void askStandIns(Through made, PrepareChainRequest request) throws PeerException {
    for (var owner : List.copyOf(made.standIns)) {
      if (!request.getStandInForList().contains(owner.nf())) {
        calls.ask(owner,
            request.toBuilder().setSelf(ChainCalls.hop(owner, request.getSelf().getPosition())).addStandInFor(name)
                .build());
      }
    }
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
    var made = prepared(reference);
    if (made.next != null) {
      neighbours.client(made.next).confirmChain(made.nextReference);
    }
    for (var owner : List.copyOf(made.standIns)) {
      // One that stands in since before this generation knows the path by the transfer, and has nothing to confirm.
      ChainCalls.quietly(() -> neighbours.client(owner).confirmChain(reference));
    }
    boolean first;
    synchronized (this) {
      if (prepared(reference) != made) {
        // Forgotten, or prepared anew, while the hops behind were asked.
        throw unknown(reference);
      }
      made.confirmed = true;
      dataplane.confirm(made.path);
      first = made.fresh;
      made.fresh = false;
    }
    if (first && reference.getGeneration() == 1) {
      // The chain is set up from nothing: its first NF knows no other generation any more.
      forgetOthers(Key.of(reference));
    }
  }

  private synchronized Through prepared(ChainReference reference) throws PeerException {
    var made = through.get(Key.of(reference));
    if (made == null) {
      throw unknown(reference);
    }
    return made;
  }

  private PeerException unknown(ChainReference reference) {
    return new PeerException("southbound:unknown-chain", "nothing is prepared here for " + reference.getChain(), name,
        0, null);
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
      each.standIns.forEach(owner -> ChainCalls.quietly(() -> neighbours.client(owner).removeChain(reference)));
      if (each.next != null) {
        var further = reference.getAllGenerations() && each.nextReference.equals(each.request.getChain())
            ? reference : each.nextReference;
        ChainCalls.quietly(() -> neighbours.client(each.next).removeChain(further));
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

  /** serviceChainUpdate in the middle of a chain: a chain of this NF's own carries on from here. */
  ChainState update(Through passing, ChainUpdate wanted, Duration timeout) throws ApiException {
    var old = passing.path;
    ChainCalls.checkGeneration(wanted, old.generation());
    synchronized (this) {
      if (!passing.standIns.isEmpty() || passing.request.getStandInForCount() > 0) {
        // Who shares the scope would go on to the old next hop, which forgets the chain.
        throw new ApiException("operation-failed", "southbound:not-owner", "scope",
            "another NF has, or had, a part of the chain's scope; change the chain at " + old.origin());
      }
    }
    var oldNext = passing.next;
    var oldReference = passing.nextReference;
    int position = passing.request.getSelf().getPosition() + 1;
    var reports = new ArrayList<>(List.of(passing.reports.getFirst()));
    var reference = ChainCalls.reference(name, old.origin() + "." + old.chain(),
        old.generation() << 16 | ++passing.continuations);
    List<Endpoint> hops = List.of();
    var path = replaced(old, null, old.spi(), old.si() - 1);
    PrepareChainRequest asked = null;
    try {
      hops = calls.resolve(wanted.hops());
      if (!hops.isEmpty()) {
        int spi = calls.freePathIdentifier(List.of(old.protocol()));
        var next = hops.getFirst();
        asked = calls.request(reference, calls.leaving(old.scope()), hops, position, List.of(old.protocol().name()),
            spi,
            ChainCalls.FIRST_INDEX - 1,
            timeout);
        var accepted = calls.ask(next, asked);
        reports.addAll(accepted.getHopsList());
        path = replaced(old, dataplane.hop(next.withMac(accepted.getData().getMac())), spi,
            ChainCalls.FIRST_INDEX - 1);
      }
      var made = path;
      var first = hops;
      calls.inOrder(old, made, () -> {
        if (!first.isEmpty()) {
          neighbours.client(first.getFirst()).confirmChain(reference);
        }
      }, () -> dataplane.arrive(made));
    } catch (PeerException failure) {
      calls.rollBack(hops, reference);
      throw ChainCalls.hopFailed(failure);
    }
    synchronized (this) {
      passing.next = hops.isEmpty() ? null : hops.getFirst();
      passing.nextReference = reference;
      passing.nextRequest = asked;
      passing.reports = reports;
      passing.changed = passing.request.toBuilder().clearRemaining().addAllRemaining(ChainCalls.hops(hops, position))
          .build();
      passing.path = path;
    }
    tellUpstream(passing);
    if (oldNext != null) {
      calls.drain(old, List.of(oldNext), oldReference);
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
    ChainCalls.quietly(() -> neighbours.client(upstream).chainChanged(change));
  }

  /** A later hop changed the chain behind it: remembered here, and told to the NF before. */
  void changed(ChainChange change) throws PeerException {
    Through passing;
    synchronized (this) {
      // By the name that it has behind here: a chain that changed goes on by another.
      passing = through.values().stream().filter(each -> change.getChain().equals(each.nextReference)).findFirst()
          .orElse(null);
      if (passing != null) {
        passing.reports = ChainCalls.joined(passing.reports, change);
        passing.changed = ChainCalls.withTail(passing.current(), change);
        passing.nextRequest = passing.nextRequest == null ? null : ChainCalls.withTail(passing.nextRequest, change);
      }
    }
    if (passing == null) {
      throw new PeerException("southbound:unknown-chain", "no chain " + change.getChain().getChain() + " here", name, 0,
          null);
    }
    neighbours.client(Messages.endpoint(passing.request.getUpstream()))
        .chainChanged(change.toBuilder().setChain(passing.request.getChain()).build());
  }

  /** The newest generation of a chain that an update means, or null. */
  synchronized Through passing(ChainUpdate wanted) {
    return through.values().stream()
        .filter(each -> each.confirmed && ChainCalls.names(wanted, each.path.chain(), each.path.scope()))
        .max(Comparator.comparingLong(each -> each.path.generation())).orElse(null);
  }

  /** A path of an NF whose scope moves here: this NF stands in for it at the same place of the chain. */
  Path adopt(org.southbound.peer.v1.Path handed, List<Endpoint> upstreams) throws PeerException {
    var reference = handed.getChain();
    var next = handed.hasNext() ? Messages.endpoint(handed.getNext()) : null;
    var path = new Path(dataplane.nextPathNumber(), reference.getChain(), reference.getOrigin(),
        reference.getGeneration(), handed.getSpi(), handed.getServiceIndex(), calls.protocol(handed.getProtocol()),
        Messages.scope(handed.getScope()), next == null ? null : dataplane.hop(next),
        handed.getNextSpi(), handed.getNextServiceIndex(), List.of());
    synchronized (this) {
      adopted.put(path, new Passage(path, Optional.ofNullable(next), upstreams, -1));
    }
    dataplane.arrive(path);
    dataplane.confirm(path);
    return path;
  }

  /** Undoes {@link #adopt}. */
  void disown(Path path) {
    synchronized (this) {
      adopted.remove(path);
    }
    dataplane.forget(path);
  }

  /** Paths of other NFs' chains that lead through here and overlap a scope. */
  synchronized List<Passage> passages(FlowSpace scope) {
    var result = new ArrayList<Passage>();
    for (var each : through.values()) {
      if (each.path.scope().overlaps(scope)) {
        result.add(new Passage(each.path, Optional.ofNullable(each.next), List.copyOf(each.upstreams), -1));
      }
    }
    adopted.values().stream().filter(each -> each.path().scope().overlaps(scope)).forEach(result::add);
    return result;
  }

  /** Chains that this NF continues on its own. */
  synchronized List<ChainState> states() {
    return through.values().stream().filter(each -> each.continuations > 0).map(this::state).toList();
  }

  private ChainState state(Through each) {
    var path = each.path;
    var hops = each.reports.stream().skip(1).map(report -> new Endpoint(report.getNf(), "", 0, 0)).toList();
    return new ChainState(new Chain(path.chain(), -1, path.protocol().name(), path.scope(), hops, true), "up",
        path.generation(), path.protocol().name(), path.spi(), path.si(), dataplane.packets(path),
        dataplane.octets(path),
        calls.hops(path.generation(), path.scope(), each.reports.subList(1, each.reports.size())),
        "");
  }

  synchronized String status(Path path) {
    var each = through.get(Key.of(path));
    if (each != null && !each.confirmed) {
      return "prepared";
    }
    boolean newer = through.keySet().stream().anyMatch(key -> key.origin.equals(path.origin())
        && key.chain.equals(path.chain()) && key.generation > path.generation());
    return newer ? "draining" : "active";
  }
}
