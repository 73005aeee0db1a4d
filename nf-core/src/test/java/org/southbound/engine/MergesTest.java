// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.southbound.flow.RecordTable;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

final class MergesTest {
  private static final StateLayout LAYOUT = StateLayout.of("sums", 1, Kind.MULTI_FLOW, Merge.SUM, "",
      StateLayout.U64.withName("long"), StateLayout.U32.withName("int"), StateLayout.U16.withName("short"),
      StateLayout.U8.withName("byte"));

  private static void write(MemorySegment to, long at, long number) {
    to.set(StateLayout.U64, at, number);
    to.set(StateLayout.U32, at + 8, (int) number);
    to.set(StateLayout.U16, at + 12, (short) number);
    to.set(StateLayout.U8, at + 14, (byte) number);
  }

  private static void assertSubtracted(long expected, long mine, long theirs) {
    try (var table = new RecordTable(LAYOUT.size(), 4)) {
      int id = table.insert(1, 2, 3, 4, 5, 6, 0);
      long at = table.offset(id) + RecordTable.HEADER;
      var from = MemorySegment.ofArray(new byte[LAYOUT.size()]);
      write(table.memory(), at, mine);
      write(from, 0, theirs);
      Merges.subtract(LAYOUT, table, id, from, 0);
      assertEquals(expected, table.memory().get(StateLayout.U64, at));
      assertEquals((int) expected, table.memory().get(StateLayout.U32, at + 8));
      assertEquals((short) expected, table.memory().get(StateLayout.U16, at + 12));
      assertEquals((byte) expected, table.memory().get(StateLayout.U8, at + 14));
    }
  }

  @Test
  void shouldSubtractUnsignedAndNeverBelowZero() {
    assertSubtracted(3, 103, 100);
    // A window began since: none of what was exported is in it.
    assertSubtracted(0, 1, 100);
    assertSubtracted(-3, -1, 2);
    assertSubtracted(0, 2, -1);
  }
}
