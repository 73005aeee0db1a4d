// SPDX-License-Identifier: Apache-2.0
package org.southbound.classifier;

import java.util.List;
import org.southbound.packet.Packet;

/**
 * The classifier's rules at one moment (RFC 7665 section 4.7): which path a packet takes. Immutable, so that every packet
 * sees either all of a change or nothing of it; a worker swaps it between two packets.
 */
public final class Classifier {
  /** What becomes of a packet that is on no path and in no chain's scope. */
  public enum Unclassified {
    /** The NF processes it, and the egress takes it. */
    PROCESS,
    /** It goes to the egress, unprocessed. */
    BYPASS,
    /** It is dropped, and counted. */
    DROP
  }

  /** No rules. */
  public static final Classifier EMPTY = new Classifier(0, List.of(), List.of(), List.of(), Unclassified.PROCESS);

  private static final int UNKNOWN = 0;
  private static final int NONE = 0xFFFF;

  private final int version;
  private final Path[] rules;
  private final Path[] paths;
  /** Paths whose packets carry no identifier, the newest first. */
  private final Path[] byScope;
  private final int[] keys;
  private final Path[] slots;
  private final Unclassified unclassified;
  private final boolean cacheable;

  /**
   * A snapshot.
   *
   * @param version number of the snapshot, other than that of the one before
   * @param rules paths that begin here, the first whose scope matches wins
   * @param paths paths on which packets arrive, by SPI and SI
   * @param byScope those of them whose packets carry neither, the newest first
   */
  public Classifier(int version, List<Path> rules, List<Path> paths, List<Path> byScope, Unclassified unclassified) {
    this.byScope = byScope.toArray(Path[]::new);
    this.version = version & 0x7FFF;
    this.rules = rules.toArray(Path[]::new);
    this.paths = paths.toArray(Path[]::new);
    this.unclassified = unclassified;
    // What depends on the packet rather than the flow cannot be remembered with the flow.
    this.cacheable = rules.stream().allMatch(path -> path.scope().perFlow()) && rules.size() < NONE - 1;
    int size = Integer.highestOneBit(Math.max(4, 4 * this.paths.length));
    keys = new int[size];
    slots = new Path[size];
    for (var path : this.paths) {
      int key = path.spi() << 8 | path.si();
      int i = slot(key);
      keys[i] = key;
      slots[i] = path;
    }
  }

  private int slot(int key) {
    int mask = keys.length - 1;
    int i = (key * 0x9E3779B9 >>> 7) & mask;
    while (slots[i] != null && keys[i] != key) {
      i = i + 1 & mask;
    }
    return i;
  }

  /** The path of a packet that arrived with a path identifier; null: unknown here. */
  public Path arriving(int spi, int si) {
    return slots[slot(spi << 8 | si)];
  }

  /** The path of a packet that arrived by a protocol that carries no path identifier; null: none. */
  public Path arriving(Packet packet) {
    for (var path : byScope) {
      if (path.scope().matches(packet)) {
        return path;
      }
    }
    return null;
  }

  /** The path of a packet that arrived without one: the first rule whose scope matches; null: none. */
  public Path classify(Packet packet) {
    for (var path : rules) {
      if (path.scope().matches(packet)) {
        return path;
      }
    }
    return null;
  }

  /** Whether a flow's record may remember what {@link #classify} said. */
  public boolean cacheable() {
    return cacheable;
  }

  /** What to remember in a flow's record: this snapshot's version and the path's place in it. */
  public int remember(Path path) {
    if (path == null) {
      return version << 16 | NONE;
    }
    for (int i = 0; i < rules.length; i++) {
      if (rules[i] == path) {
        return version << 16 | i + 1;
      }
    }
    return UNKNOWN;
  }

  /** Whether {@code remembered} was made by this snapshot. */
  public boolean remembers(int remembered) {
    return remembered >>> 16 == version && (remembered & 0xFFFF) != UNKNOWN;
  }

  /** The path that {@link #remember} noted; null: none. */
  public Path recall(int remembered) {
    int i = remembered & 0xFFFF;
    return i == NONE ? null : rules[i - 1];
  }

  /** Number of the snapshot. */
  public int version() {
    return version;
  }

  /** Paths that begin here, in order of precedence. */
  public List<Path> rules() {
    return List.of(rules);
  }

  /** Paths on which packets arrive. */
  public List<Path> paths() {
    return List.of(paths);
  }

  /** What becomes of a packet that is on no path and in no chain's scope. */
  public Unclassified unclassified() {
    return unclassified;
  }
}
