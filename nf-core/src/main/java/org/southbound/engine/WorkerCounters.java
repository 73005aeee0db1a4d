// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.southbound.classifier.Classifier;
import org.southbound.io.Port;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Delay;
import org.southbound.packet.Drop;

/** What a worker counts. The worker writes, any thread reads. */
public final class WorkerCounters {
  /** Packets taken from ports. */
  public final Counter received = new Counter();
  /** Packets handed to the network. */
  public final Counter sent = new Counter();
  /** Packets the NF made. */
  public final Counter generated = new Counter();
  /** Flows that got a record because a packet of theirs came. */
  public final Counter flows = new Counter();
  /** Packets that wait now. */
  public final Counter held = new Counter();
  /** Control frames taken; not among the received. */
  public final Counter controlReceived = new Counter();
  /** Control frames sent; not among the sent. */
  public final Counter controlSent = new Counter();
  /** Time to process a packet, the mean of a batch. */
  public final Delay delay = new Delay();

  private static final Drop[] DISCARDS = {Drop.OVERSIZE, Drop.TRUNCATED, Drop.RING_FULL};

  private final IdentityHashMap<Port, long[]> discarded = new IdentityHashMap<>();
  private final Counter[] drops = new Counter[Drop.count()];
  private volatile Counter[] pathPackets = {};
  private volatile Counter[] pathOctets = {};

  WorkerCounters() {
    Arrays.setAll(drops, i -> new Counter());
  }

  void dropped(int verdict, int n) {
    drops[verdict].add(n);
  }

  /** Counts what a port took and could not hand on. */
  void discarded(Port port) {
    long[] before = discarded.computeIfAbsent(port, unseen -> new long[DISCARDS.length]);
    for (int i = 0; i < DISCARDS.length; i++) {
      long now = port.discarded(DISCARDS[i]);
      received.add(now - before[i]);
      drops[DISCARDS[i].ordinal()].add(now - before[i]);
      before[i] = now;
    }
  }

  /** Makes counters for all paths of a snapshot. */
  void reserve(Classifier classifier) {
    int most = -1;
    for (var path : classifier.paths()) {
      most = Math.max(most, path.number());
    }
    for (var path : classifier.rules()) {
      most = Math.max(most, path.number());
    }
    pathOctets = grown(pathOctets, most + 1);
    pathPackets = grown(pathPackets, most + 1);
  }

  private static Counter[] grown(Counter[] counters, int size) {
    if (size <= counters.length) {
      return counters;
    }
    var more = Arrays.copyOf(counters, Math.max(size, 2 * counters.length));
    for (int i = counters.length; i < more.length; i++) {
      more[i] = new Counter();
    }
    return more;
  }

  void path(int number, long packets, long octets) {
    pathPackets[number].add(packets);
    pathOctets[number].add(octets);
  }

  /** Packets dropped for a reason. */
  public long drops(Drop reason) {
    return drops[reason.ordinal()].get();
  }

  /** Packets dropped, by reason; reasons that did not occur are left out. */
  public Map<Drop, Long> drops() {
    var result = new EnumMap<Drop, Long>(Drop.class);
    for (var reason : Drop.values()) {
      if (drops(reason) > 0) {
        result.put(reason, drops(reason));
      }
    }
    return result;
  }

  /** Packets dropped in all. */
  public long dropped() {
    long sum = 0;
    for (var counter : drops) {
      sum += counter.get();
    }
    return sum;
  }

  /** Packets that took a path. */
  public long pathPackets(int number) {
    var counters = pathPackets;
    return number < counters.length ? counters[number].get() : 0;
  }

  /** Octets that took a path, inner frames. */
  public long pathOctets(int number) {
    var counters = pathOctets;
    return number < counters.length ? counters[number].get() : 0;
  }
}
