// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.chain.Link;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.classifier.Path.Steer;
import org.southbound.classifier.Translations;
import org.southbound.flow.FlowSpace;
import org.southbound.peer.PeerException;

/**
 * The instance's workers as control sees them: keeps the classifier's rules and gives every worker each new snapshot.
 * Any thread; calls return when all workers act by what was asked.
 */
public final class Dataplane {
  private static final int ANSWER_SECONDS = 10;

  /** A path that begins here. */
  private record Rule(long precedence, Path path) {
  }

  private final List<Worker> workers;
  private final Map<InetSocketAddress, NextHop> hops = new HashMap<>();
  private final List<Rule> rules = new ArrayList<>();
  private final Map<Integer, Path> paths = new HashMap<>();
  /** Of them those in force whose packets carry no identifier, the newest first. */
  private final List<Path> byScope = new ArrayList<>();
  private final List<Steer> steers = new ArrayList<>();
  private Classifier.Unclassified unclassified = Classifier.Unclassified.PROCESS;
  private int version;
  private int pathNumbers;

  /** The control side of {@code workers}. */
  public Dataplane(List<Worker> workers) {
    this.workers = List.copyOf(workers);
  }

  /** The workers. */
  public List<Worker> workers() {
    return workers;
  }

  /**
   * The next hop at an endpoint; the same object for the same data address.
   *
   * @throws PeerException southbound:unknown-peer: its host has no address
   */
  public NextHop hop(Endpoint endpoint) throws PeerException {
    var address = Neighbours.data(endpoint);
    try {
      var link = endpoint.mac().isEmpty() ? null : new Link(Link.mac(endpoint.mac()), address.getAddress());
      return hop(endpoint.nf(), address, link);
    } catch (IllegalArgumentException malformed) {
      throw new PeerException(PeerException.UNKNOWN, endpoint.nf() + " gave no MAC address: " + endpoint.mac(),
          endpoint.nf(), 0, malformed);
    }
  }

  /** The next hop with that data address; the same object for the same address. A link of null is not known. */
  public synchronized NextHop hop(String nf, InetSocketAddress address, Link link) {
    var known = hops.get(address);
    if (known != null && (known.nf().equals(nf) || nf.isEmpty()) && (link == null || link.equals(known.link()))) {
      return known;
    }
    var hop = new NextHop(known == null ? hops.size() : known.number(), nf, address, link);
    hops.put(address, hop);
    return hop;
  }

  /** A number for a new path. */
  public synchronized int nextPathNumber() {
    return pathNumbers++;
  }

  /** A path begins here, in place of {@code old} (null: of none). */
  public synchronized void begin(long precedence, Path path, Path old) {
    rules.removeIf(rule -> rule.path == old);
    rules.add(new Rule(precedence, path));
    rules.sort(Comparator.comparingLong(Rule::precedence));
    publish();
  }

  /** A path begins here no more. */
  public synchronized void end(Path path) {
    rules.removeIf(rule -> rule.path == path);
    publish();
  }

  /** Packets that arrive with the path's identifier and index take it. */
  public synchronized void arrive(Path path) {
    paths.put(path.spi() << 8 | path.si(), path);
    byScope.replaceAll(old -> old.number() == path.number() ? path : old);
    publish();
  }

  /** A path that arrives is in force: where packets carry no identifier, those of its scope take it and no older one. */
  public synchronized void confirm(Path path) {
    if (path.protocol().pathBits() == 0 && byScope.stream().noneMatch(other -> other.number() == path.number())) {
      byScope.addFirst(path);
      publish();
    }
  }

  /** The path is no more. */
  public synchronized void forget(Path path) {
    byScope.remove(path);
    if (paths.remove(path.spi() << 8 | path.si(), path)) {
      publish();
    }
  }

  /** Whether packets arrive, or leave, with that path identifier. */
  public synchronized boolean knows(int spi) {
    return rules.stream().anyMatch(rule -> rule.path.spi() == spi)
        || paths.values().stream().anyMatch(path -> path.spi() == spi || path.nextSpi() == spi);
  }

  /** What becomes of packets that are on no path. */
  public synchronized void unclassified(Classifier.Unclassified policy) {
    unclassified = policy;
    publish();
  }

  /**
   * The state of a scope has moved from one NF to another: on every path, those that come later included, packets of the
   * scope that went to the one go to the other. Returns the paths that lead to the former owner.
   *
   * @param epoch by which the new owner has the scope
   * @throws PeerException southbound:not-owner: the former owner's part has moved by a later epoch
   */
  public synchronized List<Path> steer(FlowSpace scope, String from, NextHop to, long epoch) throws PeerException {
    var former = hop(from);
    // Epochs are the owners' own: those of other NFs, and of this one, say nothing.
    if (steers.stream().anyMatch(old -> old.epoch() > epoch && old.scope().overlaps(scope)
        && (old.from().nf().equals(from) || old.to().nf().equals(from)))) {
      throw new PeerException("southbound:not-owner", "a part of the scope has moved by a later epoch than " + epoch);
    }
    var affected = leadingTo(from, scope);
    // What had come to the former owner goes on at once, and what goes back where it came from goes straight.
    steers.replaceAll(old -> scope.contains(old.scope()) && old.to().nf().equals(from)
        ? new Steer(old.scope(), to, old.from(), epoch) : old);
    steers.removeIf(old -> old.from().nf().equals(old.to().nf())
        || (scope.contains(old.scope()) && old.from().nf().equals(from)));
    steers.addLast(new Steer(scope, to, former, epoch));
    publish();
    return affected;
  }

  /** The next hop of that name; one that was never used has no address. */
  private NextHop hop(String nf) {
    return hopTo(nf).orElseGet(() -> new NextHop(-1, nf, new InetSocketAddress(0), null));
  }

  /** Where packets go, or went, that are on their way to an NF. */
  public synchronized Optional<NextHop> hopTo(String nf) {
    // One that came back at another address: the newest is where it is.
    return hops.values().stream().filter(hop -> hop.nf().equals(nf)).max(Comparator.comparingInt(NextHop::number));
  }

  /** The paths that lead to an NF for a part of a scope, or did before its state moved. */
  public synchronized List<Path> leadingTo(String nf, FlowSpace scope) {
    var result = new ArrayList<Path>();
    rules.forEach(rule -> result.add(steered(rule.path)));
    paths.values().forEach(path -> result.add(steered(path)));
    result.removeIf(path -> !path.leadsTo(nf, scope));
    return result;
  }

  /** Where a path's packets go from here: to its next hop, and to who has a part of its scope from there. */
  public synchronized List<NextHop> targets(Path path) {
    var targets = new LinkedHashSet<NextHop>();
    if (path.next() != null) {
      targets.add(path.next());
      for (var steer : steered(path).steers()) {
        if (targets.stream().anyMatch(hop -> hop.nf().equals(steer.from().nf()))) {
          targets.add(steer.to());
        }
      }
    }
    return List.copyOf(targets);
  }

  private void publish() {
    version++;
    var begin = rules.stream().map(rule -> steered(rule.path)).toList();
    var arriving = paths.values().stream().map(this::steered).toList();
    var scoped = byScope.stream().map(this::steered).toList();
    var next = new Classifier(version, begin, arriving, scoped, unclassified);
    each(worker -> {
      worker.classifier(next);
      return null;
    });
  }

  private Path steered(Path path) {
    if (path.next() == null || steers.isEmpty()) {
      return path;
    }
    var mine = steers.stream().filter(steer -> steer.scope().overlaps(path.scope())).toList();
    return mine.isEmpty() ? path : path.with(mine);
  }

  /** Puts other translation rules in force; each worker gets rules with counters of its own. */
  public void translations(Function<Worker, Translations> make) {
    each(worker -> {
      worker.translations(make.apply(worker));
      return null;
    });
  }

  /** The paths that begin here, in order. */
  public synchronized List<Path> beginning() {
    return rules.stream().map(Rule::path).toList();
  }

  /** The paths that arrive here. */
  public synchronized List<Path> arriving() {
    return List.copyOf(paths.values());
  }

  /** Packets that took a path. */
  public long packets(Path path) {
    return workers.stream().mapToLong(worker -> worker.counters().pathPackets(path.number())).sum();
  }

  /** Octets that took a path. */
  public long octets(Path path) {
    return workers.stream().mapToLong(worker -> worker.counters().pathOctets(path.number())).sum();
  }

  /** Runs something on every worker, all at once, and returns what each says. */
  public <T> List<T> each(Function<Worker, T> command) {
    var answers = new ArrayList<CompletableFuture<T>>();
    for (var worker : workers) {
      answers.add(worker.call(() -> command.apply(worker)));
    }
    return answers.stream().map(Dataplane::await).toList();
  }

  /** Runs something on one worker and returns what it says. */
  public static <T> T on(Worker worker, Callable<T> command) {
    return await(worker.call(command));
  }

  private static <T> T await(CompletableFuture<T> answer) {
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      throw new IllegalStateException(failure.getCause());
    } catch (TimeoutException stuck) {
      throw new IllegalStateException("a worker does not answer", stuck);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", interrupted);
    }
  }
}
