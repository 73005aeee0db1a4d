// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The state of one record of a table, by fields: offsets are those of {@code StateLayout.offset}. One object serves all
 * records, one after the other. Every access is checked to stay within the record's state; without a record there is
 * none. The table's thread.
 *
 * <p>Whoever changes state calls {@link RecordTable#touch}, or the change stays here when the record is replicated; for
 * the flow of a packet the worker does it.
 */
@SuppressWarnings("JavaLangClash") // the name that tables of records suggest; nobody needs java.lang.Record by name
public class Record {
  static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final MemorySegment ALL = RecordTable.ALL;

  RecordTable table;
  int id = RecordTable.ABSENT;
  private long base;
  private int length;

  /** Points to a record; {@code id} may be {@link RecordTable#ABSENT} or {@link RecordTable#FULL}. */
  public void bind(RecordTable table, int id) {
    this.table = table;
    this.id = id;
    if (id < 0) {
      length = 0;
      base = 0;
    } else {
      length = table.stateBytes();
      base = table.stateAddress(id);
    }
  }

  /** Whether there is a record. */
  public boolean exists() {
    return id >= 0;
  }

  /** The record's id, or negative. */
  public int id() {
    return id;
  }

  private long at(long offset, int width) {
    if (offset < 0 || offset > length - width) {
      throw new IndexOutOfBoundsException(
          "offset " + offset + ", width " + width + " of a record with " + length + " octets of state");
    }
    return base + offset & RecordTable.ADDRESSES;
  }

  /** A field of 8 bits, unsigned. */
  public int getByte(long offset) {
    return ALL.get(U8, at(offset, 1)) & 0xff;
  }

  /** A field of 16 bits, unsigned. */
  public int getShort(long offset) {
    return ALL.get(U16, at(offset, 2)) & 0xffff;
  }

  /** A field of 32 bits. */
  public int getInt(long offset) {
    return ALL.get(U32, at(offset, 4));
  }

  /** A field of 64 bits. */
  public long getLong(long offset) {
    return ALL.get(U64, at(offset, 8));
  }

  /** Sets a field of 8 bits. */
  public void setByte(long offset, int value) {
    ALL.set(U8, at(offset, 1), (byte) value);
  }

  /** Sets a field of 16 bits. */
  public void setShort(long offset, int value) {
    ALL.set(U16, at(offset, 2), (short) value);
  }

  /** Sets a field of 32 bits. */
  public void setInt(long offset, int value) {
    ALL.set(U32, at(offset, 4), value);
  }

  /** Sets a field of 64 bits. */
  public void setLong(long offset, long value) {
    ALL.set(U64, at(offset, 8), value);
  }

  /** Adds to a field of 32 bits and returns the sum, modulo 2^32. */
  public int addInt(long offset, int n) {
    long at = at(offset, 4);
    int sum = ALL.get(U32, at) + n;
    ALL.set(U32, at, sum);
    return sum;
  }

  /** Adds to a field of 64 bits and returns the sum. */
  public long addLong(long offset, long n) {
    long at = at(offset, 8);
    long sum = ALL.get(U64, at) + n;
    ALL.set(U64, at, sum);
    return sum;
  }
}
