// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.classifier.Path.Steer;
import org.southbound.classifier.Translations;
import org.southbound.flow.FlowSpace;

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

  /** The next hop with that data address; the same object for the same address. */
  public synchronized NextHop hop(String nf, InetSocketAddress address) {
    var known = hops.get(address);
    if (known != null && (known.nf().equals(nf) || nf.isEmpty())) {
      return known;
    }
    var hop = new NextHop(known == null ? hops.size() : known.number(), nf, address);
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
    publish();
  }

  /** The path is no more. */
  public synchronized void forget(Path path) {
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
   * From now on the scope of {@code steer}, where it goes to {@code steer.from()}, goes where the steer says: on every
   * path, those that come later included. Returns those paths.
   */
  public synchronized List<Path> steer(Steer steer) {
    var result = new ArrayList<Path>();
    rules.forEach(rule -> result.add(rule.path));
    result.addAll(paths.values());
    steers.removeIf(old -> steer.scope().contains(old.scope()) && old.from().nf().equals(steer.from().nf()));
    result.removeIf(path -> !path.scope().overlaps(steer.scope()) || steered(path).stream().noneMatch(
        part -> part.to().nf().equals(steer.from().nf()) && part.scope().overlaps(steer.scope())));
    steers.add(steer);
    publish();
    return result;
  }

  /** The next hop of that name: of a path, or one that a part of a path was steered to. */
  public synchronized Optional<NextHop> toward(String nf) {
    var nominal = Stream.concat(rules.stream().map(Rule::path), paths.values().stream()).map(Path::next)
        .filter(Objects::nonNull);
    return Stream.concat(nominal, steers.stream().map(Steer::to)).filter(hop -> hop.nf().equals(nf)).findFirst();
  }

  /** Undoes {@link #steer}. */
  public synchronized void unsteer(Steer steer) {
    if (steers.remove(steer)) {
      publish();
    }
  }

  private void publish() {
    version++;
    var begin = rules.stream().map(rule -> follow(rule.path)).toList();
    var arriving = paths.values().stream().map(this::follow).toList();
    var next = new Classifier(version, begin, arriving, unclassified);
    each(worker -> {
      worker.classifier(next);
      return null;
    });
  }

  private Path follow(Path path) {
    var parts = steered(path);
    return parts.size() < 2 ? path : path.with(parts.subList(0, parts.size() - 1));
  }

  /**
   * Where the parts of a path go, the first that matches a packet decides; the last is the path itself. A steer moves what
   * goes to its {@code from} at that time, so a flow can be moved on, and back.
   */
  private List<Steer> steered(Path path) {
    var parts = new ArrayList<Steer>();
    if (path.next() == null) {
      return parts;
    }
    parts.add(new Steer(FlowSpace.EVERYTHING, path.next(), path.next()));
    for (var steer : steers) {
      if (!steer.scope().overlaps(path.scope())) {
        continue;
      }
      var moved = new ArrayList<Steer>();
      for (var part : parts) {
        if (part.to().nf().equals(steer.from().nf())) {
          part.scope().intersection(steer.scope())
              .forEach(scope -> moved.add(new Steer(scope, steer.to(), steer.from())));
        }
      }
      parts.subList(0, parts.size() - 1)
          .removeIf(part -> moved.stream().anyMatch(later -> later.scope().contains(part.scope())));
      parts.addAll(0, moved);
    }
    return parts;
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

  /** Precedence of a path that begins here. */
  public synchronized long precedence(Path path) {
    return rules.stream().filter(rule -> rule.path == path).mapToLong(Rule::precedence).findFirst().orElse(-1);
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
