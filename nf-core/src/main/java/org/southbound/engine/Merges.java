// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.southbound.flow.RecordTable;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Merge;

/** Merges an imported record into one that exists, field by field, as the layout says. */
final class Merges {
  private Merges() {
  }

  /**
   * Takes the fields at {@code from}, which are numbers, off those of record {@code id}. Never below 0: a field that has
   * become less since, as one that counts in windows does, has none of what is taken off.
   */
  static void subtract(StateLayout layout, RecordTable table, int id, MemorySegment from, long at) {
    var memory = table.memory();
    long state = table.offset(id) + RecordTable.HEADER;
    long offset = 0;
    for (var field : layout.fields().memberLayouts()) {
      long mine = state + offset;
      long theirs = at + offset;
      switch (field) {
        case ValueLayout.OfLong wide -> memory.set(wide, mine, less(memory.get(wide, mine), from.get(wide, theirs)));
        case ValueLayout.OfInt word -> memory.set(word, mine, (int) less(
            Integer.toUnsignedLong(memory.get(word, mine)), Integer.toUnsignedLong(from.get(word, theirs))));
        case ValueLayout.OfShort half -> memory.set(half, mine,
            (short) less(memory.get(half, mine) & 0xFFFF, from.get(half, theirs) & 0xFFFF));
        case ValueLayout.OfByte octet -> memory.set(octet, mine,
            (byte) less(memory.get(octet, mine) & 0xFF, from.get(octet, theirs) & 0xFF));
        default -> {
          // A set of bits: what the other has as well does no harm.
        }
      }
      offset += field.byteSize();
    }
  }

  private static long less(long mine, long theirs) {
    return Long.compareUnsigned(mine, theirs) > 0 ? mine - theirs : 0;
  }

  /** Adds the fields at {@code from} to those of record {@code id}, or keeps the greater ones. */
  static void into(StateLayout layout, RecordTable table, int id, MemorySegment from, long at) {
    var memory = table.memory();
    long state = table.offset(id) + RecordTable.HEADER;
    long offset = 0;
    for (var field : layout.fields().memberLayouts()) {
      switch (field) {
        case ValueLayout.OfLong wide -> memory.set(wide, state + offset,
            merged(layout.merge(), memory.get(wide, state + offset), from.get(wide, at + offset)));
        case ValueLayout.OfInt word -> memory.set(word, state + offset, (int) Math.min(0xFFFF_FFFFL, merged(
            layout.merge(), Integer.toUnsignedLong(memory.get(word, state + offset)),
            Integer.toUnsignedLong(from.get(word, at + offset)))));
        case ValueLayout.OfShort half -> memory.set(half, state + offset, (short) Math.min(0xFFFF,
            merged(layout.merge(), memory.get(half, state + offset) & 0xFFFF, from.get(half, at + offset) & 0xFFFF)));
        case ValueLayout.OfByte octet -> memory.set(octet, state + offset, (byte) Math.min(0xFF,
            merged(layout.merge(), memory.get(octet, state + offset) & 0xFF, from.get(octet, at + offset) & 0xFF)));
        default -> {
          // An array of octets is no number: a set of bits, which is united.
          for (long i = 0; i < field.byteSize(); i++) {
            byte both = (byte) (memory.get(ValueLayout.JAVA_BYTE, state + offset + i)
                | from.get(ValueLayout.JAVA_BYTE, at + offset + i));
            memory.set(ValueLayout.JAVA_BYTE, state + offset + i, both);
          }
        }
      }
      offset += field.byteSize();
    }
  }

  private static long merged(Merge merge, long own, long other) {
    return switch (merge) {
      case SUM -> own + other;
      case UNION -> own | other;
      case MAXIMUM, REPLACE -> Math.max(own, other);
    };
  }
}
