// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.southbound.api.VnfApi.TraceHop;
import org.southbound.chain.ControlFrame;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.packet.Packet;

/**
 * Probes that travel a path as its packets do (RFC 9516): every hop answers the sender and passes the probe on. They
 * trace a chain, and they show that all packets before them have passed.
 */
final class Probes {
  private static final int FIRST_INDEX = 255;

  private final Dataplane dataplane;
  private final Neighbours neighbours;
  private final Map<UUID, BlockingQueue<Answer>> waiting = new ConcurrentHashMap<>();

  /**
   * What a hop answered.
   *
   * @param round which probe
   * @param si service index on arrival there
   * @param last the path ends there
   * @param text name, protocol, spi and labels, separated by spaces
   * @param nanos from sending the probe to the answer
   */
  private record Answer(int round, int si, boolean last, String text, long nanos) {
  }

  Probes(Dataplane dataplane, Neighbours neighbours) {
    this.dataplane = dataplane;
    this.neighbours = neighbours;
  }

  /** Waits until every packet that took the path before has passed its last hop; false when that is not sure in time. */
  boolean flush(Path path, Duration timeout) {
    var targets = dataplane.targets(path);
    int workers = dataplane.workers().size();
    int expected = workers * targets.size();
    return run(path, targets, workers, timeout, 1, false).stream().filter(Answer::last).count() >= expected;
  }

  /** The hops that probes met, this NF first. */
  List<TraceHop> trace(Path path, int probes, Duration timeout) {
    var answers = run(path, dataplane.targets(path).stream().limit(1).toList(), 1, timeout, probes, true);
    var result = new ArrayList<TraceHop>();
    result.add(new TraceHop(0, neighbours.self().nf(), path.protocol().name(), path.spi(), path.si(), List.of(), 0, 0));
    answers.stream().mapToInt(Answer::si).distinct().sorted().map(si -> -si).sorted().map(si -> -si).forEach(si -> {
      var mine = answers.stream().filter(answer -> answer.si == si).toList();
      long[] delays = mine.stream().mapToLong(answer -> answer.nanos / 2).sorted().toArray();
      String[] words = mine.getFirst().text.split(" ", -1);
      var labels = Arrays.stream(words).skip(3).filter(word -> !word.isEmpty()).map(Integer::valueOf).toList();
      result.add(new TraceHop(FIRST_INDEX - si, words[0], words[1], Integer.parseInt(words[2]), si, labels,
          delays[delays.length / 2], Math.max(0, probes - mine.size())));
    });
    return result;
  }

  /** Whether the last hop of a trace was reached. */
  boolean complete(List<TraceHop> hops, int expected) {
    return hops.size() == expected + 1;
  }

  /** @param all waits for the hops in between too, whose answers may come behind that of the last */
  private List<Answer> run(Path path, List<NextHop> targets, int workers, Duration timeout, int probes, boolean all) {
    var id = UUID.randomUUID();
    var queue = new LinkedBlockingQueue<Answer>();
    waiting.put(id, queue);
    var answers = new ArrayList<Answer>();
    try {
      String sender = neighbours.self().host() + " " + neighbours.self().dataPort();
      for (int round = 0; round < probes; round++) {
        long sent = System.nanoTime();
        for (int i = 0; i < workers; i++) {
          var worker = dataplane.workers().get(i);
          long value = (long) round;
          Dataplane.on(worker, () -> {
            targets.forEach(target -> send(worker, path, target, id, value, sender));
            return null;
          });
        }
        int last = 0;
        int between = 0;
        while (last < workers * targets.size() || (all && between > 0)) {
          var answer = queue.poll(timeout.toNanos() - (System.nanoTime() - sent), TimeUnit.NANOSECONDS);
          if (answer == null) {
            break;
          }
          answers.add(new Answer(answer.round, answer.si, answer.last, answer.text, System.nanoTime() - sent));
          if (answer.round == round) {
            // The index tells how many hops there were on the way to the last (RFC 8300 section 3).
            last += answer.last ? 1 : 0;
            between += answer.last ? path.nextSi() - answer.si : -1;
          }
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      waiting.remove(id);
    }
    return answers;
  }

  private static void send(Worker worker, Path path, NextHop to, UUID id, long value, String sender) {
    var packet = worker.controlFrame();
    if (packet != null) {
      ControlFrame.write(packet, ControlFrame.PROBE, id, value, sender);
      worker.sendControl(packet, path, to);
    }
  }

  /** A probe came: passed on at once, in its place among the packets; answered apart. Worker thread. */
  void probed(Worker worker, Packet packet, Path path) {
    var id = ControlFrame.id(packet);
    long round = ControlFrame.value(packet);
    var sender = ControlFrame.text(packet);
    int si = packet.si;
    var text = new StringBuilder(neighbours.self().nf() + " " + path.protocol().name() + " " + packet.spi);
    for (int i = 0; i < Packet.LABELS && packet.label(i) != 0; i++) {
      text.append(' ').append(packet.label(i));
    }
    boolean last = path.next() == null;
    if (!last) {
      worker.sendControl(packet, path, path.next());
    }
    int spi = packet.spi;
    Thread.ofVirtual().start(() -> answer(worker, sender, id, round << 16 | (last ? 1 << 8 : 0) | si, spi, text));
  }

  private void answer(Worker worker, String sender, UUID id, long value, int spi, StringBuilder text) {
    int blank = sender.lastIndexOf(' ');
    NextHop to;
    try {
      // Numeric addresses only: a probe must not make this NF ask a name server.
      var address = java.net.InetAddress.ofLiteral(sender.substring(0, Math.max(0, blank)));
      to = dataplane.hop("", new InetSocketAddress(address, Integer.parseInt(sender.substring(blank + 1))), null);
    } catch (IllegalArgumentException malformed) {
      return;
    }
    worker.execute(() -> {
      var packet = worker.controlFrame();
      if (packet != null) {
        ControlFrame.write(packet, ControlFrame.PROBE_REPLY, id, value, text.toString());
        worker.sendControl(packet, spi, 1, to);
      }
    });
  }

  /** A hop answered. Worker thread. */
  void answered(Packet packet) {
    var queue = waiting.get(ControlFrame.id(packet));
    if (queue != null && queue.size() < 10_000) {
      long value = ControlFrame.value(packet);
      queue.add(
          new Answer((int) (value >>> 16), (int) value & 0xFF, (value >>> 8 & 1) != 0, ControlFrame.text(packet), 0));
    }
  }
}
