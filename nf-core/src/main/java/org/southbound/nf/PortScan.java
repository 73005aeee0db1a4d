// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.metrics.Counter;
import org.southbound.nf.Services.Alarm;
import org.southbound.nf.Specification.AlarmKind;
import org.southbound.packet.Packet;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * Finds hosts that try many ports of another host. The ports of a window are a set of {@link #BITS} bits, so that a record
 * has a fixed size and the sets of two instances unite; how many ports they stand for follows from the bits that are
 * set (linear counting: K. Whang and others, "A linear-time probabilistic counting algorithm", 1990), to some
 * percent. Worker thread.
 */
final class PortScan {
  private static final int BITS = 1024;
  private static final int WORDS = BITS / 64;
  /** With more ports than that the bits say nothing any more. */
  static final int GREATEST_THRESHOLD = 4096;
  static final int DEFAULT_THRESHOLD = 100;
  static final int DEFAULT_WINDOW_SECONDS = 60;

  static final StateLayout LAYOUT = StateLayout.of("probe", 1, Kind.MULTI_FLOW, Merge.UNION,
      "Per pair of hosts: the destination's ports that the source tried in the present window, as a set of bits, and "
          + "whether the alarm stands.",
      fields());
  static final AlarmKind KIND = new AlarmKind("port-scan", "minor",
      "The ports of one destination that a source tried within port-scan-window reached port-scan-threshold. "
          + "Clears after a whole window below the threshold.");

  private static final long RAISED = LAYOUT.offset("raised");
  private static final int LOOKS = 256;

  private final Services services;
  private final HostRecords pairs;
  private final HostRecords hosts;
  private final long hostScans;
  private final Counter found;
  private final Counter standing;
  private int neededBits;
  private int windowMillis;
  private int next;
  private int seen;

  private static java.lang.foreign.MemoryLayout[] fields() {
    var fields = new java.lang.foreign.MemoryLayout[WORDS + 1];
    for (int i = 0; i < WORDS; i++) {
      fields[i] = StateLayout.U64.withName("ports-" + i);
    }
    fields[WORDS] = StateLayout.U64.withName("raised");
    return fields;
  }

  /**
   * A watch.
   *
   * @param hostScans offset of the field of a host's record that counts its scans
   */
  PortScan(Services services, long hostScans, Counter found, Counter standing) {
    this.services = services;
    this.pairs = new HostRecords(services.table(LAYOUT));
    this.hosts = new HostRecords(services.table(Monitor.HOST));
    this.hostScans = hostScans;
    this.found = found;
    this.standing = standing;
  }

  /** Other limits. */
  void limits(long threshold, int windowMillis) {
    neededBits = Math.max(1, (int) Math.round(BITS * (1 - Math.exp(-(double) threshold / BITS))));
    this.windowMillis = windowMillis;
  }

  /** The packet's source tries a port of its destination. */
  void tried(Packet packet, int port, long nowMillis) {
    boolean room = packet.reversed
        ? pairs.at(packet.k2, packet.k3, packet.k0, packet.k1, packet.ipVersion(), nowMillis)
        : pairs.at(packet.k0, packet.k1, packet.k2, packet.k3, packet.ipVersion(), nowMillis);
    if (!room) {
      return;
    }
    int age = pairs.windowAge(nowMillis);
    if (age >= windowMillis) {
      clearIfCalm(age);
      for (int i = 0; i < WORDS; i++) {
        pairs.setLong(8L * i, 0);
      }
      pairs.beginWindow(nowMillis);
    }
    int bit = (port * 0x9E3779B1) >>> 22;
    long word = 8L * (bit >>> 6);
    pairs.setLong(word, pairs.getLong(word) | 1L << bit);
    boolean raised = pairs.getLong(RAISED) != 0;
    if (!raised && bits() >= neededBits) {
      raise();
      raised = true;
    }
    pairs.timeoutMillis(raised ? 0 : 2 * windowMillis);
    pairs.changed();
  }

  private int bits() {
    int bits = 0;
    for (int i = 0; i < WORDS; i++) {
      bits += Long.bitCount(pairs.getLong(8L * i));
    }
    return bits;
  }

  /** Ports that the bits stand for. */
  private long ports() {
    int bits = Math.min(bits(), BITS - 1);
    return Math.round(-BITS * Math.log(1 - (double) bits / BITS));
  }

  private void raise() {
    pairs.setLong(RAISED, 1);
    found.add(1);
    standing.add(1);
    scansOfSource(1);
    tell(false, pairs.host() + " tried about " + ports() + " ports of " + pairs.other() + " within "
        + windowMillis / 1000 + " s");
  }

  /** A window has ended: clears the alarm if it stayed below the threshold, or the next one did. */
  private void clearIfCalm(int age) {
    if (pairs.getLong(RAISED) != 0 && (bits() < neededBits || age >= 2L * windowMillis)) {
      pairs.setLong(RAISED, 0);
      pairs.timeoutMillis(2 * windowMillis);
      pairs.changed();
      standing.add(-1);
      scansOfSource(-1);
      tell(true, pairs.host() + " tries fewer ports of " + pairs.other());
    }
  }

  private void scansOfSource(int change) {
    if (hosts.at(pairs.first(), pairs.second(), pairs.ipVersion(), services.nowMillis())
        && hosts.getInt(hostScans) + change >= 0) {
      hosts.addInt(hostScans, change);
      hosts.changed();
    }
  }

  /** Clears alarms of hosts that have gone quiet. */
  void tick(long nowMillis) {
    for (int i = 0; i < LOOKS; i++) {
      int id = pairs.next(next);
      if (id < 0) {
        next = 0;
        standing.set(seen);
        seen = 0;
        return;
      }
      next = id + 1;
      if (pairs.getLong(RAISED) != 0) {
        int age = pairs.windowAge(nowMillis);
        if (age >= windowMillis) {
          clearIfCalm(age);
        }
        seen += pairs.getLong(RAISED) != 0 ? 1 : 0;
      }
    }
  }

  private void tell(boolean cleared, String text) {
    services.alarm(new Alarm(KIND.kind(), KIND.severity(), pairs.host(), ports(), cleared, text));
  }
}
