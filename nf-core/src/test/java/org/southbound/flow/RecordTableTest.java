// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordTableTest {
  private static void nobody(int id) {
    assertTrue(id >= 0);
  }

  /** Few bits: many keys share a hash. */
  private static int hash(long key, int bits) {
    long mixed = key * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> (64 - bits)) * 0x01000193;
  }

  private static int find(RecordTable table, long key, int bits) {
    return table.find(key, 1, 2, 3, ~key, hash(key, bits));
  }

  private static int insert(RecordTable table, long key, int bits, long now) {
    return table.insert(key, 1, 2, 3, ~key, hash(key, bits), now);
  }

  private static List<Integer> ids(RecordTable table) {
    var ids = new ArrayList<Integer>();
    for (int id = table.next(0); id >= 0; id = table.next(id + 1)) {
      ids.add(id);
    }
    return ids;
  }

  /** What the table should hold of one record. */
  private static final class Expected {
    int id;
    long lastSeen;
    int timeout;
    int version;
    long state;
  }

  @ParameterizedTest
  @CsvSource({"1,32,5000,20000", "2,32,300,3000", "3,8,2000,6000", "4,3,100,300", "5,32,1,5", "6,12,40000,60000"})
  void shouldBehaveAsAMap(long seed, int hashBits, int maximum, int keys) {
    var random = new Random(seed);
    try (var table = new RecordTable(24, maximum); var dirty = new DirtySet(maximum)) {
      Map<Long, Expected> map = new HashMap<>();
      Set<Integer> changed = new HashSet<>();
      var record = new Record();
      // Begins shortly before the clock's 32 bits run over.
      long now = 0xffffffffL - 20_000;
      table.attach(dirty);
      table.defaultTimeout(9000);
      long refused = 0;
      int steps = 120_000;
      for (int step = 0; step < steps; step++) {
        now += random.nextInt(2);
        // Grows first, then lives at its limit, then shrinks.
        boolean growing = step < steps * 2 / 3;
        long key = random.nextInt(keys);
        var expected = map.get(key);
        int id = find(table, key, hashBits);
        assertEquals(expected == null ? RecordTable.ABSENT : expected.id, id);
        int action = random.nextInt(10);
        if (expected == null && (growing || action == 0)) {
          id = insert(table, key, hashBits, now);
          assertEquals(map.size() == maximum, id == RecordTable.FULL);
          if (id == RecordTable.FULL) {
            refused++;
            continue;
          }
          var made = new Expected();
          made.id = id;
          made.lastSeen = now;
          made.timeout = 9000;
          made.state = random.nextLong();
          record.bind(table, id);
          assertEquals(0, record.getLong(0) | record.getLong(8) | record.getLong(16), "fresh state is zero");
          record.setLong(16, made.state);
          map.put(key, made);
          changed.add(id);
        } else if (expected != null && action < 5) {
          table.touch(id, now);
          expected.lastSeen = now;
          expected.version++;
          changed.add(id);
        } else if (expected != null && action < 7) {
          expected.timeout = new int[]{0, 50, 500, 20_000}[random.nextInt(4)];
          table.timeout(id, expected.timeout);
        } else if (expected != null && (!growing || action == 8)) {
          table.remove(id);
          map.remove(key);
          changed.remove(id);
          assertFalse(table.exists(id));
        }
        assertTrue(table.lastMoved() <= RecordTable.SLOTS_PER_STEP);
        if (step % 500 == 0) {
          sweep(table, map, changed, now);
          check(table, map, changed, dirty, record);
        }
      }
      sweep(table, map, changed, now);
      check(table, map, changed, dirty, record);
      assertEquals(refused, table.refused());
    }
  }

  private static void sweep(RecordTable table, Map<Long, Expected> map, Set<Integer> changed, long now) {
    var gone = new HashSet<Long>();
    table.expire(now, table.maximum(), id -> gone.add(table.key(id, 0)));
    var idle = new HashSet<Long>();
    map.forEach((key, expected) -> {
      if (expected.timeout != 0 && now - expected.lastSeen >= expected.timeout) {
        idle.add(key);
      }
    });
    assertEquals(idle, gone);
    idle.forEach(key -> changed.remove(map.remove(key).id));
  }

  private static void check(RecordTable table, Map<Long, Expected> map, Set<Integer> changed, DirtySet dirty,
      Record record) {
    assertEquals(map.size(), table.size());
    assertEquals(map.size(), ids(table).size());
    map.forEach((key, expected) -> {
      assertEquals(key, table.key(expected.id, 0));
      assertEquals(expected.version, table.header(expected.id, RecordTable.VERSION));
      assertEquals((int) expected.lastSeen, table.header(expected.id, RecordTable.LAST_SEEN));
      record.bind(table, expected.id);
      assertEquals(expected.state, record.getLong(16));
    });
    var marked = new HashSet<Integer>();
    for (int id = dirty.next(0); id >= 0; id = dirty.next(id + 1)) {
      marked.add(id);
      dirty.clear(id);
    }
    assertEquals(changed, marked);
    changed.clear();
    assertEquals(0, dirty.count());
  }

  @Test
  void shouldMoveAFewSlotsWithEachOperationWhileItGrows() {
    try (var table = new RecordTable(8, 1 << 18)) {
      int growths = 0;
      int operations = 0;
      for (int key = 0; key < 1 << 18; key++) {
        boolean before = table.growing();
        insert(table, key, 32, 0);
        assertTrue(table.lastMoved() <= RecordTable.SLOTS_PER_STEP);
        growths += table.growing() && !before ? 1 : 0;
        operations += table.growing() ? 1 : 0;
        assertNotEquals(RecordTable.ABSENT, find(table, key / 2, 32));
      }
      assertEquals(9, growths, "from 1024 slots to 524288");
      assertTrue(operations > 1000);
    }
  }

  @Test
  void shouldFindAndRemoveInTheMiddleOfAGrowth() {
    try (var table = new RecordTable(8, 4096)) {
      int key = 0;
      while (!table.growing()) {
        insert(table, key++, 32, 0);
      }
      for (int i = 0; i < key; i += 2) {
        table.remove(find(table, i, 32));
      }
      assertTrue(table.growing());
      for (int i = 0; i < key; i++) {
        assertEquals(i % 2 == 0, find(table, i, 32) == RecordTable.ABSENT);
      }
      for (int i = 0; i < 200; i++) {
        table.expire(0, 1, RecordTableTest::nobody);
      }
      assertFalse(table.growing());
      for (int i = 0; i < key; i++) {
        assertEquals(i % 2 == 0, find(table, i, 32) == RecordTable.ABSENT);
      }
    }
  }

  @Test
  void shouldSweepWithinItsBudget() {
    try (var table = new RecordTable(8, 10_000)) {
      table.defaultTimeout(100);
      for (int key = 0; key < 10_000; key++) {
        insert(table, key, 32, 0);
      }
      assertEquals(0, table.expire(99, 10_000, RecordTableTest::nobody));
      assertEquals(64, table.expire(100, 64, RecordTableTest::nobody));
      assertEquals(9936, table.size());
      for (int i = 0; i < 10_000 / 64; i++) {
        table.expire(100, 64, RecordTableTest::nobody);
      }
      assertEquals(0, table.size());
      assertEquals(0, insert(table, 1, 32, 100) - ids(table).getFirst());
    }
  }

  @Test
  void shouldKeepRecordsWithoutTimeoutForYears() {
    try (var table = new RecordTable(8, 10)) {
      int id = insert(table, 1, 32, 0);
      long now = 0;
      for (int day = 0; day < 800; day++) {
        now += 86_400_000;
        assertEquals(0, table.expire(now, 100, RecordTableTest::nobody));
        assertTrue(table.idleMillis(id, now) > 0);
      }
      table.touch(id, now);
      assertEquals(0, table.idleMillis(id, now));
      table.timeout(id, 1000);
      assertEquals(0, table.expire(now + 999, 100, RecordTableTest::nobody));
      assertEquals(1, table.expire(now + 1000, 100, RecordTableTest::nobody));
    }
  }

  @Test
  void shouldEvictTheLongestIdleWhenToldSo() {
    try (var table = new RecordTable(8, 50)) {
      var ended = new ArrayList<Integer>();
      for (int key = 0; key < 50; key++) {
        insert(table, key, 32, key);
      }
      assertEquals(RecordTable.FULL, insert(table, 100, 32, 60));
      table.evictIdle(55, ended::add);
      int first = find(table, 0, 32);
      assertEquals(first, insert(table, 100, 32, 60));
      assertEquals(List.of(first), ended);
      assertEquals(RecordTable.ABSENT, find(table, 0, 32));
      // Key 1 has been idle for 54 ms only.
      assertEquals(RecordTable.FULL, insert(table, 101, 32, 55));
      assertEquals(1, table.evicted());
      assertEquals(2, table.refused());
      assertEquals(50, table.size());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22})
  void shouldImportWhatItExported(long seed) {
    var random = new Random(seed);
    try (var from = new RecordTable(70, 3000);
        var to = new RecordTable(70, 3000);
        var back = new RecordTable(70, 3000)) {
      for (int key = 0; key < 3000; key++) {
        int id = insert(from, key, 32, 1000 + key);
        from.timeout(id, random.nextInt(100_000));
        from.header(id, RecordTable.FLAGS, random.nextInt());
        from.header(id, RecordTable.CACHE, random.nextInt());
        MemorySegment.copy(MemorySegment.ofArray(bytes(random, 70)), 0, from.memory(),
            from.offset(id) + RecordTable.HEADER, 70);
        for (int i = random.nextInt(4); i > 0; i--) {
          from.touch(id, 1000 + key);
        }
      }
      for (int i = 0; i < 700; i++) {
        int id = random.nextInt(3000);
        if (from.exists(id)) {
          from.remove(id);
        }
      }
      copy(from, 5000, to, 900_000);
      copy(to, 900_500, back, 77);
      assertEquals(from.size(), back.size());
      for (int id : ids(from)) {
        int other = find(back, from.key(id, 0), 32);
        assertArrayEquals(exported(from, id, 5000 + 500), exported(back, other, 77));
        assertEquals(0, back.header(other, RecordTable.CACHE));
      }
    }
  }

  /** Moves records in runs through a buffer that begins at an odd address, as in a message. */
  private static void copy(RecordTable from, long fromNow, RecordTable to, long toNow) {
    var buffer = MemorySegment.ofArray(new byte[16 * from.recordBytes() + 1]);
    for (int id = from.next(0); id >= 0;) {
      int count = from.exportRun(id, 16, buffer, 1, fromNow);
      assertTrue(count >= 1 && count <= 16);
      for (int i = 0; i < count; i++) {
        long at = 1 + (long) i * from.recordBytes();
        long key = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        int made = to.importRecord(buffer, at, hash(key, 32), toNow);
        assertTrue(made >= 0);
        assertEquals(from.idleMillis(id + i, fromNow), to.idleMillis(made, toNow));
      }
      id = from.next(id + count);
    }
  }

  private static byte[] exported(RecordTable table, int id, long now) {
    var bytes = new byte[table.recordBytes()];
    table.exportRecord(id, MemorySegment.ofArray(bytes), 0, now);
    return bytes;
  }

  private static byte[] bytes(Random random, int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void shouldNotLetAnOlderRecordOverwriteANewerOne() {
    try (var a = new RecordTable(8, 10); var b = new RecordTable(8, 1); var dirty = new DirtySet(1)) {
      int inA = insert(a, 1, 32, 0);
      var first = MemorySegment.ofArray(exported(a, inA, 0));
      a.touch(inA, 5);
      var second = MemorySegment.ofArray(exported(a, inA, 5));
      b.attach(dirty);
      int inB = b.importRecord(second, 0, hash(1, 32), 0);
      dirty.clear(inB);
      assertEquals(RecordTable.STALE, b.importRecord(first, 0, hash(1, 32), 0));
      assertFalse(dirty.has(inB));
      assertEquals(inB, b.importRecord(second, 0, hash(1, 32), 0));
      assertTrue(dirty.has(inB));
      insert(a, 2, 32, 0);
      var other = MemorySegment.ofArray(exported(a, find(a, 2, 32), 0));
      assertEquals(RecordTable.FULL, b.importRecord(other, 0, hash(2, 32), 0));
      assertEquals(1, b.refused());
    }
  }

  @Test
  void shouldExpireImportedRecordsWithTheirAge() {
    try (var a = new RecordTable(8, 10); var b = new RecordTable(8, 10)) {
      int id = insert(a, 1, 32, 100);
      a.timeout(id, 1000);
      b.importRecord(MemorySegment.ofArray(exported(a, id, 700)), 0, hash(1, 32), 50_000);
      assertEquals(0, b.expire(50_399, 10, RecordTableTest::nobody));
      assertEquals(1, b.expire(50_400, 10, RecordTableTest::nobody));
    }
  }

  @Test
  void shouldSurviveImportedNonsense() {
    try (var table = new RecordTable(8, 10)) {
      var record = MemorySegment.ofArray(new byte[table.recordBytes()]);
      record.fill((byte) 0xff);
      int id = table.importRecord(record, 0, 3, 0);
      assertEquals(0, table.header(id, RecordTable.TIMEOUT));
      assertEquals(0, table.idleMillis(id, 0));
      var shorter = record.asSlice(0, 100);
      assertThrows(IndexOutOfBoundsException.class, () -> table.importRecord(shorter, 0, 3, 0));
    }
  }

  @Test
  void shouldRememberKeysOfRecordsThatWent() {
    try (var table = new RecordTable(8, 2); var dirty = new DirtySet(2)) {
      table.attach(dirty);
      table.remove(insert(table, 7, 32, 0));
      table.remove(insert(table, 8, 32, 0));
      assertEquals(2, dirty.goneCount());
      assertEquals(7, dirty.goneKey(0, 0));
      assertEquals(~8L, dirty.goneKey(1, 4));
      assertEquals(RecordTable.ABSENT, dirty.next(0));
      assertFalse(dirty.overflown());
      table.remove(insert(table, 9, 32, 0));
      assertTrue(dirty.overflown());
      dirty.clearGone();
      assertFalse(dirty.overflown());
      table.detach(dirty);
      insert(table, 10, 32, 0);
      assertEquals(0, dirty.count());
    }
  }

  @Test
  void shouldRefuseImpossibleSizesAndIds() {
    assertThrows(IllegalArgumentException.class, () -> new RecordTable(8, 0));
    assertThrows(IllegalArgumentException.class, () -> new RecordTable(8, RecordTable.GREATEST_MAXIMUM + 1));
    assertThrows(IllegalArgumentException.class, () -> new RecordTable(-1, 1));
    try (var table = new RecordTable(0, 3)) {
      assertEquals(64, table.recordBytes());
      assertThrows(IllegalArgumentException.class, () -> table.remove(0));
      assertThrows(IllegalArgumentException.class, () -> table.remove(RecordTable.ABSENT));
      assertThrows(IllegalArgumentException.class, () -> table.timeout(insert(table, 1, 32, 0), -1));
      assertEquals(RecordTable.ABSENT, table.next(1));
    }
  }

  @Test
  void shouldReserveMillionsOfRecordsAtOnce() {
    try (var table = new RecordTable(192, 16_000_000)) {
      assertEquals(0, insert(table, 1, 32, 0));
      int[] candidates = new int[2];
      table.prefetch(new int[]{hash(1, 32), hash(2, 32)}, candidates, 0, 2);
      assertArrayEquals(new int[]{0, RecordTable.ABSENT}, candidates);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 32})
  void shouldFindByCandidateWhatItFindsWithout(int bits) {
    int keys = 3000;
    try (var table = new RecordTable(64, keys)) {
      int[] hashes = IntStream.rangeClosed(1, keys).map(key -> hash(key, bits)).toArray();
      int[] candidates = new int[keys];
      for (int key = 1; key <= keys; key++) {
        insert(table, key, bits, 0);
        if (key % 97 == 0) { // also while the index grows
          table.prefetch(hashes, candidates, 0, keys);
          checkCandidates(table, candidates, bits);
        }
      }
      table.prefetch(hashes, candidates, 0, keys);
      checkCandidates(table, candidates, bits);
      // Candidates that are gone when they are used, and such as have become another's.
      for (int key = 1; key <= keys; key += 3) {
        table.remove(find(table, key, bits));
      }
      checkCandidates(table, candidates, bits);
      for (int key = 1; key <= keys; key += 6) {
        insert(table, (long) keys + key, bits, 0);
      }
      checkCandidates(table, candidates, bits);
    }
  }

  private static void checkCandidates(RecordTable table, int[] candidates, int bits) {
    for (int i = 0; i < candidates.length; i++) {
      long key = i + 1L;
      assertEquals(find(table, key, bits), table.find(candidates[i], key, 1, 2, 3, ~key, hash(key, bits)));
    }
  }
}
