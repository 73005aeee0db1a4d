// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;
import org.southbound.metrics.Counter;
import org.southbound.packet.NativeMemory;

/**
 * Records of fixed size under a key of five words, off heap: the flows of a worker, or the hosts, pools and other sets
 * of flows that an NF counts. One worker thread; only {@link #size}, {@link #refused}, {@link #evicted} and
 * {@link #maximum} may be called by others.
 *
 * <pre>
 *   index  | hash 32 | id + 1 32 |   open addressing, linear probing, at most half full
 *   record |  0 key, five words                      | 40 last seen, ms | 44 idle timeout, ms, 0 never |
 *          | 48 version | 52 label 24, 55 DSCP | 56 cache of the classifier | 60 flags   |
 *          | 64 state, as the NF's layout says ... up to a multiple of 64 octets
 * </pre>
 *
 * All fields are little endian, so that a record moves between hosts as bytes. The index is separate from the records:
 * it grows while records keep their place, a few slots with each operation. Memory is reserved for the limit at once and
 * costs nothing until it is touched.
 */
public final class RecordTable implements AutoCloseable {
  /** Of {@link #find}: there is no such record. */
  public static final int ABSENT = -1;
  /** Of {@link #insert}: the table is full. */
  public static final int FULL = -2;
  /** Of {@link #importRecord}: the table's own record is newer. */
  public static final int STALE = -3;
  /** Greatest limit. */
  public static final int GREATEST_MAXIMUM = 1 << 28;

  /** Octets of a record's header; the state follows. */
  public static final int HEADER = 64;
  /** Offsets in the header. */
  public static final int LAST_SEEN = 40;
  public static final int TIMEOUT = 44;
  public static final int VERSION = 48;
  /** First label of the flow's first packet in the lower 24 bits, its DSCP in the upper 8. */
  public static final int LABEL_DSCP = 52;
  public static final int CACHE = 56;
  public static final int FLAGS = 60;
  /** {@link #FLAGS}: the flow's first packet went from the key's second endpoint to its first. */
  public static final int INITIATOR_IS_SECOND = 1;
  /** {@link #FLAGS}: the IPv6 flow label of the first packet is in the bits from here. */
  public static final int FLOW_LABEL_SHIFT = 12;

  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * All memory, for the index and the keys: an access through it is one instruction, and through a table's own segment a
   * dozen, which decides how many lookups, and so cache misses, the processor has under way at once. Only offsets that the
   * table makes itself, by mask or from a slot, go this way.
   */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  /** Addresses are smaller: who masks them with this spares the compiler the check that they are in {@link #ALL}. */
  static final long ADDRESSES = (1L << 56) - 1;
  /** Index of a closed table: empty. */
  private static final long NOWHERE = Arena.global().allocate(64, 64).address();

  /** Slots of the old index that one operation looks at, at most. */
  static final int SLOTS_PER_STEP = 32;
  private static final int FIRST_SLOTS = 1024;
  /** Records that eviction compares. */
  private static final int EVICTION_SAMPLE = 64;
  /** Longest timeout and idle time, ms: half of what an int can compare. */
  private static final int FARTHEST = 1 << 30;
  /** When the sweep looks again after a record that never expires, ms; soon enough to keep its idle time in range. */
  private static final int NEVER_HORIZON = 1 << 29;

  private final Arena arena = Arena.ofShared();
  private final int stateBytes;
  private final int recordBytes;
  /** Where state begins in a record; 0 if there is none. */
  private final int firstState;
  private final int maximum;
  private final int mostSlots;

  private final MemorySegment records;
  /** Address of the records. */
  private final long keys;
  /** Per id the time to look whether it is idle, ms; not later than when it is. Apart, so that a sweep is short. */
  private final MemorySegment deadlines;
  /** Per occupied id its hash; per free id the next free id + 1. */
  private final MemorySegment hashes;
  private final MemorySegment occupied;

  /**
   * The two indexes take turns: growth moves slot by slot from one to the other, and leaves the old one empty, hence
   * zero, ready to be the next. So nothing is allocated or zeroed when the table grows.
   */
  private long index;
  private int mask;
  private long other;
  /** Mask of the other index while it still has slots to move; else 0. */
  private int otherMask;
  private int otherNext;

  private int fresh;
  private int freeList;
  private int sweepNext;
  private int evictNext;
  private int lastMoved;

  private int defaultTimeout;
  private int evictionIdle;
  private IntConsumer evictionCallback;
  private DirtySet[] dirtySets = {};

  private final Counter size = new Counter();
  private final Counter refused = new Counter();
  private final Counter evicted = new Counter();
  private final Counter inserted = new Counter();

  /**
   * An empty table.
   *
   * @param stateBytes octets of state in each record
   * @param maximum records at most
   */
  public RecordTable(int stateBytes, int maximum) {
    if (maximum < 1 || maximum > GREATEST_MAXIMUM || stateBytes < 0 || stateBytes > 1 << 20) {
      throw new IllegalArgumentException(maximum + " records with " + stateBytes + " octets of state");
    }
    this.stateBytes = stateBytes;
    this.recordBytes = (HEADER + stateBytes + 63) & -64;
    this.firstState = stateBytes == 0 ? 0 : HEADER;
    this.maximum = maximum;
    this.mostSlots = Math.max(8, Integer.highestOneBit(2 * maximum - 1) << 1);
    records = NativeMemory.reserve(arena, (long) maximum * recordBytes);
    deadlines = NativeMemory.reserve(arena, 4L * maximum);
    hashes = NativeMemory.reserve(arena, 4L * maximum);
    occupied = NativeMemory.reserve(arena, 8L * ((maximum + 63) >>> 6));
    index = NativeMemory.reserve(arena, 8L * mostSlots).address();
    other = NativeMemory.reserve(arena, 8L * mostSlots).address();
    keys = records.address();
    mask = Math.min(mostSlots, FIRST_SLOTS) - 1;
  }

  // ---- lookup

  /** The record of a key, or {@link #ABSENT}. */
  public int find(long k0, long k1, long k2, long k3, long k4, int hash) {
    int id = find(index, mask, k0, k1, k2, k3, k4, hash);
    if (id == ABSENT && otherMask != 0) {
      return find(other, otherMask, k0, k1, k2, k3, k4, hash);
    }
    return id;
  }

  /** {@link #find} with what {@link #prefetch} found for the key's hash, which in most cases is the record. */
  public int find(int candidate, long k0, long k1, long k2, long k3, long k4, int hash) {
    return candidate >= 0 && holds(candidate, k0, k1, k2, k3, k4) ? candidate : find(k0, k1, k2, k3, k4, hash);
  }

  private int find(long slots, int mask, long k0, long k1, long k2, long k3, long k4, int hash) {
    for (int i = hash & mask;; i = (i + 1) & mask) {
      long slot = slot(slots, i);
      if (slot == 0) {
        return ABSENT;
      }
      if ((int) (slot >>> 32) == hash && holds((int) slot - 1, k0, k1, k2, k3, k4)) {
        return (int) slot - 1;
      }
    }
  }

  private static long slot(long slots, int i) {
    return ALL.get(LONG, slots + ((long) i << 3) & ADDRESSES);
  }

  private boolean holds(int id, long k0, long k1, long k2, long k3, long k4) {
    long at = address(id);
    return ((ALL.get(LONG, at) ^ k0) | (ALL.get(LONG, at + 8) ^ k1) | (ALL.get(LONG, at + 16) ^ k2)
        | (ALL.get(LONG, at + 24) ^ k3) | (ALL.get(LONG, at + 32) ^ k4)) == 0;
  }

  /**
   * Brings what {@link #find} will need for the keys with {@code hashes[from]} to {@code hashes[to - 1]} into the cache, and the
   * beginning of the records' state: first the index, then, once it is known which, the records. Loops that wait for
   * memory do nothing else: the fewer instructions between two cache misses, the more of them the processor has under way
   * at once. And a branch that is guessed wrong while its operand is on the way would end that, so there is none on a miss.
   *
   * @param candidates receives in the place of each hash the record to try first, or {@link #ABSENT}
   * @return the sum of what was read; the caller stores it somewhere, or the compiler drops the reads
   */
  public long prefetch(int[] hashes, int[] candidates, int from, int to) {
    long slots = index;
    int mask = this.mask;
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += slot(slots, hashes[i] & mask);
    }
    for (int i = from; i < to; i++) {
      candidates[i] = candidate(slots, mask, hashes[i]);
    }
    for (int i = from; i < to; i++) {
      long record = address(Math.max(candidates[i], 0));
      sum += ALL.get(LONG, record) + ALL.get(LONG, record + firstState);
    }
    return sum;
  }

  private static int candidate(long slots, int mask, int hash) {
    int i = hash & mask;
    long first = slot(slots, i);
    long second = slot(slots, i + 1 & mask);
    // All ones if the first slot has another hash: which of the two it is nobody can predict.
    long other = -(first >>> 32 ^ hash & 0xffff_ffffL) >> 63;
    long slot = first ^ (first ^ second) & other;
    for (i += 2; (int) (slot >>> 32) != hash && first != 0 && second != 0; i++) {
      second = slot(slots, i & mask);
      slot = second;
    }
    return (int) (slot >>> 32) == hash ? (int) slot - 1 : ABSENT;
  }

  /** {@link #find}, then {@link #insert} if absent. */
  public int findOrInsert(long k0, long k1, long k2, long k3, long k4, int hash, long nowMillis) {
    int id = find(k0, k1, k2, k3, k4, hash);
    return id == ABSENT ? insert(k0, k1, k2, k3, k4, hash, nowMillis) : id;
  }

  // ---- insert and remove

  /**
   * Makes a record of zeros; the key must be absent. Returns its id, or {@link #FULL}, which is counted, when the limit is
   * reached and nothing may be evicted.
   */
  public int insert(long k0, long k1, long k2, long k3, long k4, int hash, long nowMillis) {
    int id = takeId((int) nowMillis);
    if (id == FULL) {
      return FULL;
    }
    long at = offset(id);
    records.set(LONG, at, k0);
    records.set(LONG, at + 8, k1);
    records.set(LONG, at + 16, k2);
    records.set(LONG, at + 24, k3);
    records.set(LONG, at + 32, k4);
    records.set(INT, at + LAST_SEEN, (int) nowMillis);
    records.set(INT, at + TIMEOUT, defaultTimeout);
    admit(id, hash, (int) nowMillis + horizon(defaultTimeout));
    inserted.add(1);
    return id;
  }

  /** Takes a free id, its record zeroed. */
  private int takeId(int now) {
    if (freeList == 0 && fresh == maximum && !evict(now)) {
      refused.add(1);
      return FULL;
    }
    if (freeList == 0) {
      return fresh++;
    }
    int id = freeList - 1;
    freeList = hashes.get(INT, 4L * id);
    long at = offset(id);
    for (long end = at + recordBytes; at < end; at += 8) {
      records.set(LONG, at, 0);
    }
    return id;
  }

  /** Enters a record, whose key is written, into index and side tables. */
  private void admit(int id, int hash, int deadline) {
    hashes.set(INT, 4L * id, hash);
    deadlines.set(INT, 4L * id, deadline);
    long word = 8L * (id >>> 6);
    occupied.set(LONG, word, occupied.get(LONG, word) | 1L << id);
    size.add(1);
    grow();
    place(index, mask, (long) hash << 32 | (id + 1));
    for (var dirty : dirtySets) {
      dirty.mark(id);
    }
  }

  private static void place(long slots, int mask, long slot) {
    int i = (int) (slot >>> 32) & mask;
    while (ALL.get(LONG, slots + ((long) i << 3)) != 0) {
      i = (i + 1) & mask;
    }
    ALL.set(LONG, slots + ((long) i << 3), slot);
  }

  /** Removes a record. Its key is handed to the dirty sets. Throws IllegalArgumentException if there is none. */
  public void remove(int id) {
    if (!exists(id)) {
      throw new IllegalArgumentException("no record " + id);
    }
    int hash = hashes.get(INT, 4L * id);
    if (!unlink(index, mask, hash, id) && !unlink(other, otherMask, hash, id)) {
      throw new IllegalStateException("record " + id + " is in no index");
    }
    for (var dirty : dirtySets) {
      dirty.removed(id, records, offset(id));
    }
    long word = 8L * (id >>> 6);
    occupied.set(LONG, word, occupied.get(LONG, word) & ~(1L << id));
    // No key has this word: who tries the record as a candidate does not find it.
    records.set(LONG, offset(id) + 32, -1);
    hashes.set(INT, 4L * id, freeList);
    freeList = id + 1;
    size.add(-1);
  }

  private static boolean unlink(long slots, int mask, int hash, int id) {
    for (int i = hash & mask;; i = (i + 1) & mask) {
      long slot = ALL.get(LONG, slots + ((long) i << 3));
      if (slot == 0) {
        return false;
      }
      if ((int) slot == id + 1) {
        vacate(slots, mask, i);
        return true;
      }
    }
  }

  /** Empties a slot and closes the gap, so that every probe sequence stays without holes; no tombstones. */
  private static void vacate(long slots, int mask, int gap) {
    for (int i = (gap + 1) & mask;; i = (i + 1) & mask) {
      long slot = ALL.get(LONG, slots + ((long) i << 3));
      if (slot == 0) {
        break;
      }
      int home = (int) (slot >>> 32) & mask;
      if (((i - home) & mask) >= ((i - gap) & mask)) {
        ALL.set(LONG, slots + ((long) gap << 3), slot);
        gap = i;
      }
    }
    ALL.set(LONG, slots + ((long) gap << 3), 0);
  }

  /** Begins to grow when the index is half full, and goes on with a growth that has begun. */
  private void grow() {
    if (otherMask == 0 && 2 * size.get() > mask + 1 && mask + 1 < mostSlots) {
      var emptied = other;
      other = index;
      otherMask = mask;
      otherNext = 0;
      index = emptied;
      mask = 2 * mask + 1;
    }
    move();
  }

  /** Moves slots to the new index: at most {@link #SLOTS_PER_STEP}. */
  private void move() {
    lastMoved = 0;
    if (otherMask == 0) {
      return;
    }
    while (lastMoved < SLOTS_PER_STEP) {
      lastMoved++;
      // Closing the gap may bring another entry into this slot; behind otherNext all stays empty.
      long slot = ALL.get(LONG, other + ((long) otherNext << 3));
      if (slot != 0) {
        place(index, mask, slot);
        vacate(other, otherMask, otherNext);
      } else if (++otherNext > otherMask) {
        otherMask = 0;
        return;
      }
    }
  }

  // ---- time

  /** Idle timeout that {@link #insert} gives a record, ms; 0: never. */
  public void defaultTimeout(int millis) {
    defaultTimeout = millis;
  }

  /** A packet of the record's flow came, or its state changes: notes the time, counts the version, marks it dirty. */
  public void touch(int id, long nowMillis) {
    long at = address(id);
    ALL.set(INT, at + LAST_SEEN, (int) nowMillis);
    ALL.set(INT, at + VERSION, ALL.get(INT, at + VERSION) + 1);
    for (var dirty : dirtySets) {
      dirty.mark(id);
    }
  }

  /** Sets how long the record may be idle, ms; 0: for ever. At most 12 days. */
  public void timeout(int id, int millis) {
    if (millis < 0 || millis > FARTHEST) {
      throw new IllegalArgumentException("idle timeout of " + millis + " ms");
    }
    long at = address(id);
    if (ALL.get(INT, at + TIMEOUT) == millis) {
      return;
    }
    ALL.set(INT, at + TIMEOUT, millis);
    // A later deadline is noticed by the sweep; only an earlier one must be written.
    int deadline = ALL.get(INT, at + LAST_SEEN) + horizon(millis);
    if (deadline - deadlines.get(INT, 4L * id) < 0) {
      deadlines.set(INT, 4L * id, deadline);
    }
  }

  private static int horizon(int timeout) {
    return timeout == 0 ? NEVER_HORIZON : timeout;
  }

  /**
   * Goes on with the sweep for idle records, and with a growth that has begun.
   *
   * @param budget ids to look at, at most
   * @param ending told each record that is about to go; it may read the record, but not insert or remove
   * @return records that went
   */
  public int expire(long nowMillis, int budget, IntConsumer ending) {
    move();
    int now = (int) nowMillis;
    int gone = 0;
    for (int left = Math.min(budget, fresh); left > 0; left--) {
      if (sweepNext >= fresh) {
        sweepNext = 0;
      }
      int id = sweepNext++;
      if (deadlines.get(INT, 4L * id) - now <= 0 && isIdle(id, now)) {
        ending.accept(id);
        remove(id);
        gone++;
      }
    }
    return gone;
  }

  /** Whether a record whose deadline has come is idle; if not, it has a new deadline. */
  private boolean isIdle(int id, int now) {
    if (!exists(id)) {
      deadlines.set(INT, 4L * id, now + NEVER_HORIZON);
      return false;
    }
    long at = offset(id);
    int timeout = records.get(INT, at + TIMEOUT);
    int idle = now - records.get(INT, at + LAST_SEEN);
    if (timeout != 0 && idle >= timeout) {
      return true;
    }
    if (idle >= FARTHEST) {
      // Never expires: keep the idle time within what an int can hold.
      records.set(INT, at + LAST_SEEN, now - FARTHEST);
      idle = FARTHEST;
    }
    deadlines.set(INT, 4L * id, timeout == 0 ? now + NEVER_HORIZON : now - idle + timeout);
    return false;
  }

  /** How long no packet came, ms. */
  public int idleMillis(int id, long nowMillis) {
    return (int) nowMillis - ALL.get(INT, address(id) + LAST_SEEN);
  }

  /**
   * What a full table does. By default it refuses new records. With eviction, the record that is idle for longest among
   * the next {@value #EVICTION_SAMPLE} goes, if it has been idle for {@code minimumIdleMillis}: so a flood of new flows
   * cannot push out flows that are alive.
   *
   * @param ending told the record that is about to go, as in {@link #expire}; null: no eviction
   */
  public void evictIdle(int minimumIdleMillis, IntConsumer ending) {
    evictionIdle = minimumIdleMillis;
    evictionCallback = ending;
  }

  private boolean evict(int now) {
    if (evictionCallback == null) {
      return false;
    }
    int victim = ABSENT;
    int longest = evictionIdle - 1;
    for (int i = 0; i < EVICTION_SAMPLE && i < maximum; i++) {
      evictNext = evictNext + 1 < maximum ? evictNext + 1 : 0;
      int idle = idleMillis(evictNext, now);
      if (idle > longest) {
        longest = idle;
        victim = evictNext;
      }
    }
    if (victim == ABSENT) {
      return false;
    }
    evictionCallback.accept(victim);
    remove(victim);
    evicted.add(1);
    return true;
  }

  // ---- access

  /** Where the record's header begins in {@link #memory}; its state begins {@link #HEADER} octets later. */
  public long offset(int id) {
    return (long) id * recordBytes;
  }

  private long address(int id) {
    return keys + offset(id) & ADDRESSES;
  }

  /** Address of the record's state, for {@link Record}; the memory is the table's while it is open. */
  long stateAddress(int id) {
    return address(id) + HEADER;
  }

  /** The memory of all records. */
  public MemorySegment memory() {
    return records;
  }

  /** Octets of state in a record. */
  public int stateBytes() {
    return stateBytes;
  }

  /** Octets of a record, as exported: header, state, padding. */
  public int recordBytes() {
    return recordBytes;
  }

  /** Whether there is a record with that id. */
  public boolean exists(int id) {
    return id >= 0 && id < maximum && (occupied.get(LONG, 8L * (id >>> 6)) >>> id & 1) != 0;
  }

  /** The first record with an id of at least {@code from}, or {@link #ABSENT}. Ids below {@link #idLimit} occur. */
  public int next(int from) {
    for (int id = Math.max(0, from); id < fresh;) {
      long rest = occupied.get(LONG, 8L * (id >>> 6)) >>> id;
      if (rest != 0) {
        return id + Long.numberOfTrailingZeros(rest);
      }
      id = (id | 63) + 1;
    }
    return ABSENT;
  }

  /** All ids are less. */
  public int idLimit() {
    return fresh;
  }

  /** The i-th word of the record's key. */
  public long key(int id, int i) {
    return ALL.get(LONG, address(id) + 8L * i);
  }

  /** Hash of the record's key, as given by who inserted it. */
  public int hash(int id) {
    return hashes.get(INT, 4L * id);
  }

  /** One of the header's fields: {@link #LAST_SEEN}, {@link #TIMEOUT}, {@link #VERSION} and so on. */
  public int header(int id, int field) {
    return ALL.get(INT, address(id) + field);
  }

  /** Sets {@link #CACHE}, {@link #LABEL_DSCP} or {@link #FLAGS}. */
  public void header(int id, int field, int value) {
    ALL.set(INT, address(id) + field, value);
  }

  /** Records in the table; any thread. */
  public int size() {
    return (int) size.get();
  }

  /** Records at most. */
  public int maximum() {
    return maximum;
  }

  /** Inserts and imports refused because the table was full; any thread. */
  public long refused() {
    return refused.get();
  }

  /** Records made by {@link #insert} since the start; any thread. */
  public long inserted() {
    return inserted.get();
  }

  /** Records that gave way to new ones; any thread. */
  public long evicted() {
    return evicted.get();
  }

  /** Slots that the last operation moved: the measure of the pause. */
  int lastMoved() {
    return lastMoved;
  }

  /** Whether the index is about to move. */
  boolean growing() {
    return otherMask != 0;
  }

  // ---- dirty sets

  /** From now on {@code dirty} is told of every change. */
  public void attach(DirtySet dirty) {
    var more = java.util.Arrays.copyOf(dirtySets, dirtySets.length + 1);
    more[dirtySets.length] = dirty;
    dirtySets = more;
  }

  /** {@code dirty} is told no more. */
  public void detach(DirtySet dirty) {
    dirtySets = java.util.Arrays.stream(dirtySets).filter(each -> each != dirty).toArray(DirtySet[]::new);
  }

  // ---- export and import

  /**
   * Copies a record to {@code to}: {@link #recordBytes} octets, with the idle time in place of the time last seen, so that
   * the two clocks need not agree, and without the classifier's cache.
   */
  public void exportRecord(int id, MemorySegment to, long at, long nowMillis) {
    exportRun(id, 1, to, at, nowMillis);
  }

  /**
   * Copies the records from {@code id} on that follow one another without a gap, as one piece, at most {@code limit};
   * returns how many. {@code id} must exist.
   */
  public int exportRun(int id, int limit, MemorySegment to, long at, long nowMillis) {
    if (!exists(id)) {
      throw new IllegalArgumentException("no record " + id);
    }
    int count = 1;
    while (count < limit && exists(id + count)) {
      count++;
    }
    MemorySegment.copy(records, offset(id), to, at, (long) count * recordBytes);
    for (int i = 0; i < count; i++, at += recordBytes) {
      to.set(Record.U32, at + LAST_SEEN, idleMillis(id + i, nowMillis));
      to.set(Record.U32, at + CACHE, 0);
    }
    return count;
  }

  /**
   * Takes an exported record over, in place of the one with the same key if that is not newer.
   *
   * @param hash hash of its key, by this process
   * @return its id, {@link #FULL}, or {@link #STALE}
   */
  public int importRecord(MemorySegment from, long at, int hash, long nowMillis) {
    int now = (int) nowMillis;
    int id = find(from.get(Record.U64, at), from.get(Record.U64, at + 8), from.get(Record.U64, at + 16),
        from.get(Record.U64, at + 24), from.get(Record.U64, at + 32), hash);
    boolean present = id != ABSENT;
    if (present && header(id, VERSION) - from.get(Record.U32, at + VERSION) > 0) {
      return STALE;
    }
    if (!present) {
      id = takeId(now);
      if (id == FULL) {
        return FULL;
      }
    }
    long to = offset(id);
    MemorySegment.copy(from, at, records, to, recordBytes);
    int timeout = Math.clamp(records.get(INT, to + TIMEOUT), 0, FARTHEST);
    int lastSeen = now - Math.clamp(records.get(INT, to + LAST_SEEN), 0, FARTHEST);
    records.set(INT, to + TIMEOUT, timeout);
    records.set(INT, to + LAST_SEEN, lastSeen);
    records.set(INT, to + CACHE, 0);
    int deadline = timeout == 0 ? now + NEVER_HORIZON : lastSeen + timeout;
    if (present) {
      deadlines.set(INT, 4L * id, deadline);
      for (var dirty : dirtySets) {
        dirty.mark(id);
      }
    } else {
      admit(id, hash, deadline);
    }
    return id;
  }

  /** Gives the memory back. Nobody may use the table afterwards. */
  @Override
  public void close() {
    index = NOWHERE;
    mask = 0;
    otherMask = 0;
    arena.close();
  }
}
