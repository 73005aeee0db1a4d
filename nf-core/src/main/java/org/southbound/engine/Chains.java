// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Duration;
import java.util.ArrayList;
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
import org.southbound.api.VnfApi.PathState;
import org.southbound.chain.ChainingProtocol;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.HopReport;
import org.southbound.peer.v1.PrepareChainRequest;

/**
 * Sets up and changes service chains with the other hops (the paper's section 4.1). The first NF gets the whole list; each
 * hop prepares the next one before itself, so that the tail is ready first, and the first NF's classifier is switched
 * last, in one step: a packet travels wholly on the old or wholly on the new path.
 *
 * <p>The later hops' side is {@link PassingChains}. Any thread; changes of one chain exclude one another.
 */
final class Chains {
  private static final int PATH_IDENTIFIER_TRIES = 8;

  private final String name;
  private final ChainCalls calls;
  private final PassingChains passing;
  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final Consumer<Event> events;

  /** Chains that begin here, by name. */
  private final Map<String, Own> own = new LinkedHashMap<>();
  /** Chains that are being set up. */
  private final Map<String, Chain> reserved = new HashMap<>();
  private final java.util.Set<String> changing = new HashSet<>();
  /**
   * The last generation of each name. A chain that is removed and set up again goes on from it: hops may still drain the
   * one before.
   */
  private final Map<String, Long> generations = new HashMap<>();

  /** A chain that begins here, in force. */
  private static final class Own {
    Chain chain;
    long generation;
    Path path;
    /** The hops, with names and addresses. */
    List<Endpoint> hops = List.of();
    /** NFs that have a part of the scope, and so begin the chain as well. */
    List<Endpoint> owners = List.of();
    PrepareChainRequest nextRequest;
    List<HopReport> reports = List.of();
    String status = "up";
    String error = "";

    Endpoint next() {
      return hops.getFirst();
    }
  }

  Chains(ChainCalls calls, PassingChains passing, Dataplane dataplane, Neighbours neighbours, Consumer<Event> events) {
    this.name = calls.name;
    this.calls = calls;
    this.passing = passing;
    this.dataplane = dataplane;
    this.neighbours = neighbours;
    this.events = events;
  }

  ChainState setUp(Chain wanted, Duration timeout) throws ApiException {
    checkHops(wanted.hops(), true);
    var chain = reserve(wanted);
    try {
      var made = new Own();
      made.chain = chain;
      synchronized (this) {
        made.generation = generations.getOrDefault(chain.name(), 0L) + 1;
      }
      establish(made, timeout);
      confirm(made, () -> confirmHops(made));
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

  private void confirmHops(Own made) throws PeerException {
    var reference = made.nextRequest.getChain();
    neighbours.client(made.next()).confirmChain(reference);
    for (var owner : made.owners) {
      neighbours.client(owner).confirmChain(reference);
    }
  }

  /** Puts a generation in force that all hops have prepared; on failure nothing of it is left anywhere. */
  private void confirm(Own made, ChainCalls.Step step) throws ApiException {
    try {
      step.take();
    } catch (PeerException failure) {
      calls.rollBack(asked(made), made.nextRequest.getChain());
      throw ChainCalls.hopFailed(failure);
    }
  }

  private static List<Endpoint> asked(Own made) {
    return Stream.concat(made.hops.stream(), made.owners.stream()).toList();
  }

  /** Has all hops prepare a generation; on failure nothing of it is left anywhere. */
  private void establish(Own made, Duration timeout) throws ApiException {
    var chain = made.chain;
    var reference = ChainCalls.reference(name, chain.name(), made.generation);
    var offered = offer(chain.protocol());
    var leaving = leaving(chain.scope());
    try {
      made.hops = calls.resolve(chain.hops());
      made.owners = calls.owners(chain.scope());
      var groups = calls.byWidth(offered, made.hops.size());
      if (groups.isEmpty()) {
        throw new PeerException("southbound:no-common-protocol",
            "no protocol carries a chain of " + made.hops.size() + " hops", name, 0, null);
      }
      for (var group : groups) {
        try {
          prepare(made, group, reference, leaving, timeout);
          return;
        } catch (PeerException failure) {
          if (!failure.appTag().equals("southbound:no-common-protocol") || group == groups.getLast()) {
            throw failure;
          }
        }
      }
    } catch (PeerException failure) {
      calls.rollBack(asked(made), reference);
      throw ChainCalls.hopFailed(failure);
    }
  }

  /** Has all hops prepare for one of the protocols, which the last hop chooses. */
  private void prepare(Own made, List<ChainingProtocol> group, ChainReference reference, FlowSpace leaving,
      Duration timeout) throws PeerException {
    var chain = made.chain;
    var offered = group.stream().map(ChainingProtocol::name).toList();
    PeerException refused = null;
    for (int i = 0; i < PATH_IDENTIFIER_TRIES; i++) {
      int spi = calls.freePathIdentifier(group);
      try {
        made.nextRequest = calls.request(reference, leaving, made.hops, 1, offered, spi,
            ChainCalls.FIRST_INDEX - 1, timeout);
        var accepted = calls.ask(made.next(), made.nextRequest);
        for (var owner : made.owners) {
          var first = new ArrayList<>(List.of(owner));
          first.addAll(made.hops);
          calls.ask(owner,
              calls.request(reference, chain.scope(), first, 0, offered, spi, ChainCalls.FIRST_INDEX, timeout)
                  .toBuilder()
                  .addStandInFor(name).build());
        }
        var protocol = calls.protocol(accepted.getProtocol());
        made.hops = new ArrayList<>(made.hops);
        made.hops.set(0, made.next().withMac(accepted.getData().getMac()));
        made.reports = accepted.getHopsList();
        made.path = new Path(dataplane.nextPathNumber(), chain.name(), name, made.generation, spi,
            ChainCalls.FIRST_INDEX,
            protocol, chain.scope(), dataplane.hop(made.next()), spi,
            ChainCalls.FIRST_INDEX - 1, List.of());
        return;
      } catch (PeerException failure) {
        refused = failure;
        if (!failure.appTag().equals("southbound:path-identifier-in-use")) {
          throw failure;
        }
      }
    }
    throw refused;
  }

  private FlowSpace leaving(FlowSpace scope) throws ApiException {
    try {
      return calls.leaving(scope);
    } catch (PeerException refused) {
      throw new ApiException("invalid-value", refused.appTag(), "scope", refused.getMessage());
    }
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
      var through = passing.passing(wanted);
      if (through != null) {
        return passing.update(through, wanted, timeout);
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
    var through = passing.passing(wanted);
    if (through != null) {
      return through.path.chain();
    }
    throw unknown(wanted);
  }

  private static ApiException unknown(ChainUpdate wanted) {
    return new ApiException("data-missing", "southbound:unknown-chain", wanted.name().isEmpty() ? "scope" : "name",
        "no chain has this name, or exactly this scope");
  }

  private synchronized Own mine(ChainUpdate wanted) {
    return own.values().stream().filter(each -> ChainCalls.names(wanted, each.chain.name(), each.chain.scope()))
        .findFirst()
        .orElse(null);
  }

  private ChainState updateOwn(Own old, ChainUpdate wanted, Duration timeout) throws ApiException {
    ChainCalls.checkGeneration(wanted, old.generation);
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
    confirm(made, () -> calls.inOrder(old.path, made.path, () -> confirmHops(made),
        () -> dataplane.begin(precedence, made.path, old.path)));
    putInForce(made);
    events.accept(new Event.ChainChanged(changed.name(), made.generation, "updated", "up", "", ""));
    calls.drain(old.path, old.hops, ChainCalls.reference(name, changed.name(), old.generation));
    return state(made);
  }

  /** Sees that all hops still know a chain; one that was restarted learns it anew. */
  void refresh(String chainName) {
    var mine = inForce(chainName);
    if (mine == null) {
      return;
    }
    var reference = ChainCalls.reference(name, chainName, mine.generation);
    String status = "up";
    String error = "";
    String hop = "";
    String appTag = "";
    try {
      var translated = calls.translated(mine.nextRequest, mine.chain.scope());
      synchronized (this) {
        mine.nextRequest = translated;
      }
      calls.ask(mine.next(), translated);
      neighbours.client(mine.next()).confirmChain(reference);
    } catch (PeerException failure) {
      status = "degraded";
      error = failure.getMessage();
      hop = failure.nf();
      appTag = failure.appTag();
    }
    if (inForce(chainName) != mine) {
      // Changed meanwhile: what the hops were reminded of is past, and they may have forgotten it before.
      calls.drain(mine.path, mine.hops, reference);
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
    calls.drain(old.path, old.hops, ChainCalls.reference(name, old.chain.name(), old.generation));
  }

  /** A later hop changed the chain behind it: remembered here, so that a hop that is restarted learns the new chain. */
  void changed(ChainChange change) throws PeerException {
    String chainName = change.getChain().getChain();
    Own mine;
    synchronized (this) {
      mine = change.getChain().getOrigin().equals(name) ? own.get(chainName) : null;
      if (mine != null && mine.generation != change.getChain().getGeneration()) {
        mine = null;
      }
      if (mine != null) {
        remember(mine, change);
      }
    }
    if (mine == null) {
      passing.changed(change);
    } else {
      events.accept(new Event.ChainChanged(chainName, mine.generation, "updated", "up", "", ""));
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
    mine.nextRequest = ChainCalls.withTail(mine.nextRequest, change);
    mine.reports = ChainCalls.joined(mine.reports, change);
  }

  private static boolean named(Own mine, int position, String nf) {
    return position <= mine.reports.size() && mine.reports.get(position - 1).getNf().equals(nf);
  }

  // ---- both

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

  private List<ChainingProtocol> offer(String wanted) throws ApiException {
    if (wanted.isEmpty()) {
      return calls.all();
    }
    return List.of(calls.find(wanted)
        .orElseThrow(() -> new ApiException("operation-failed", "southbound:no-common-protocol", "protocol",
            name + " speaks " + calls.protocols() + ", not " + wanted)));
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

  // ---- for state operations

  /** Paths that lead through here, or begin here, and overlap a scope. */
  List<Passage> passages(FlowSpace scope) {
    var result = new ArrayList<>(passing.passages(scope));
    synchronized (this) {
      own.values().stream().filter(each -> each.chain.scope().overlaps(scope)).forEach(each -> result
          .add(new Passage(each.path, Optional.of(each.next()), List.of(), each.chain.precedence())));
    }
    return result;
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

  List<ChainState> states() {
    var result = new ArrayList<ChainState>();
    synchronized (this) {
      own.values().forEach(each -> result.add(state(each)));
    }
    result.addAll(passing.states());
    return result;
  }

  private ChainState state(Own each) {
    return new ChainState(each.chain, each.status, each.generation, each.path.protocol().name(), each.path.spi(),
        each.path.si(), dataplane.packets(each.path), dataplane.octets(each.path),
        calls.hops(each.generation, each.chain.scope(), each.reports),
        each.error);
  }

  List<PathState> paths() {
    var result = new ArrayList<PathState>();
    Stream.concat(dataplane.beginning().stream(), dataplane.arriving().stream()).forEach(path -> {
      var next = path.next() == null ? Optional.<Endpoint>empty()
          : Optional.of(new Endpoint(path.next().nf(), path.next().address().getAddress().getHostAddress(),
              path.next().address().getPort(), 0));
      result
          .add(new PathState("p" + path.number(), path.chain(), path.origin(), path.generation(), passing.status(path),
              path.protocol().name(), path.spi(), path.si(), path.scope(), next, dataplane.packets(path)));
    });
    return result;
  }
}
