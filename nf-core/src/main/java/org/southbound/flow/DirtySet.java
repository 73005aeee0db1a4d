// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.southbound.packet.NativeMemory;

/**
 * Which records of a table changed since somebody looked: one bit each, and the keys of those that went. For pre-copy
 * and replication; attached by {@link RecordTable#attach}. The table's thread.
 */
public final class DirtySet implements AutoCloseable {
  private static final int KEY = 40;

  private final Arena arena = Arena.ofShared();
  private final int words;
  private final int mostGone;
  private final MemorySegment bits;
  private final MemorySegment gone;
  private int goneCount;
  private boolean overflown;

  /** A set for a table of at most {@code maximum} records; it remembers as many removals. */
  public DirtySet(int maximum) {
    words = (maximum + 63) >>> 6;
    mostGone = maximum;
    bits = NativeMemory.reserve(arena, 8L * words);
    gone = NativeMemory.reserve(arena, (long) KEY * maximum);
  }

  void mark(int id) {
    long word = 8L * (id >>> 6);
    bits.set(RecordTable.LONG, word, bits.get(RecordTable.LONG, word) | 1L << id);
  }

  void removed(int id, MemorySegment records, long at) {
    clear(id);
    if (goneCount == mostGone) {
      overflown = true;
      return;
    }
    MemorySegment.copy(records, at, gone, (long) KEY * goneCount++, KEY);
  }

  /** Whether the record changed. */
  public boolean has(int id) {
    return (bits.get(RecordTable.LONG, 8L * (id >>> 6)) >>> id & 1) != 0;
  }

  /** The first changed record with an id of at least {@code from}, or {@link RecordTable#ABSENT}. */
  public int next(int from) {
    for (int id = from; id >>> 6 < words;) {
      long rest = bits.get(RecordTable.LONG, 8L * (id >>> 6)) >>> id;
      if (rest != 0) {
        return id + Long.numberOfTrailingZeros(rest);
      }
      id = (id | 63) + 1;
    }
    return RecordTable.ABSENT;
  }

  /** Takes a record out. */
  public void clear(int id) {
    long word = 8L * (id >>> 6);
    bits.set(RecordTable.LONG, word, bits.get(RecordTable.LONG, word) & ~(1L << id));
  }

  /** How many records changed. */
  public int count() {
    int count = 0;
    for (int i = 0; i < words; i++) {
      count += Long.bitCount(bits.get(RecordTable.LONG, 8L * i));
    }
    return count;
  }

  /** How many removals are remembered, in their order; a key may since have been inserted again. */
  public int goneCount() {
    return goneCount;
  }

  /** The i-th word of the j-th removed key. */
  public long goneKey(int j, int i) {
    return gone.get(RecordTable.LONG, (long) KEY * j + 8L * i);
  }

  /** Forgets the removals. */
  public void clearGone() {
    goneCount = 0;
    overflown = false;
  }

  /** More records went than can be remembered: the other side must be compared as a whole. */
  public boolean overflown() {
    return overflown;
  }

  /** Gives the memory back; detach first. */
  @Override
  public void close() {
    arena.close();
  }
}
