// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Unsigned, unaligned values in network byte order. */
public final class Wire {
  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Wire() {
  }

  /** The octet at {@code offset}. */
  public static int u8(MemorySegment segment, long offset) {
    return segment.get(U8, offset) & 0xff;
  }

  /** The 16 bits at {@code offset}. */
  public static int u16(MemorySegment segment, long offset) {
    return segment.get(U16, offset) & 0xffff;
  }

  /** The 32 bits at {@code offset}, as an int. */
  public static int i32(MemorySegment segment, long offset) {
    return segment.get(U32, offset);
  }

  /** The 32 bits at {@code offset}. */
  public static long u32(MemorySegment segment, long offset) {
    return segment.get(U32, offset) & 0xffff_ffffL;
  }

  /** The 48 bits at {@code offset}, such as a MAC address. */
  public static long u48(MemorySegment segment, long offset) {
    return u32(segment, offset) << 16 | u16(segment, offset + 4);
  }

  /** The 64 bits at {@code offset}. */
  public static long u64(MemorySegment segment, long offset) {
    return segment.get(U64, offset);
  }

  /** Writes the low 8 bits of {@code value}. */
  public static void u8(MemorySegment segment, long offset, int value) {
    segment.set(U8, offset, (byte) value);
  }

  /** Writes the low 16 bits of {@code value}. */
  public static void u16(MemorySegment segment, long offset, int value) {
    segment.set(U16, offset, (short) value);
  }

  /** Writes the 32 bits of {@code value}. */
  public static void u32(MemorySegment segment, long offset, int value) {
    segment.set(U32, offset, value);
  }

  /** Writes the low 48 bits of {@code value}. */
  public static void u48(MemorySegment segment, long offset, long value) {
    u32(segment, offset, (int) (value >>> 16));
    u16(segment, offset + 4, (int) value);
  }

  /** Writes the 64 bits of {@code value}. */
  public static void u64(MemorySegment segment, long offset, long value) {
    segment.set(U64, offset, value);
  }
}
