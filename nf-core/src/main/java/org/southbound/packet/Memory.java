// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Unsigned, unaligned values in network byte order within a packet, for code that has compared its length before: there
 * is no second check of bounds, so an access is one instruction where {@link Wire} takes a dozen. Only a few fixed offsets behind a length check are
 * read and written this way (the common case of {@link Parser}, of the flow key and of the tunnel headers); views and
 * NFs use the packet's own bounded memory.
 *
 * <p>With the system property {@code southbound.checked=true}, under which the tests run, every access is checked against the
 * packet's memory segment after all, so that an overrun throws, and memory may be on the heap.
 */
public final class Memory {
  private static final boolean CHECKED = Boolean.getBoolean("southbound.checked");
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  /** Addresses are smaller: who masks them with this spares the compiler the check that they are in {@link #ALL}. */
  private static final long ADDRESSES = (1L << 56) - 1;
  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Memory() {
  }

  /** Address to which offsets in {@code segment} are added. Throws IllegalArgumentException for memory on the heap. */
  static long base(MemorySegment segment) {
    if (CHECKED) {
      return 0;
    }
    if (!segment.isNative()) {
      throw new IllegalArgumentException("packets are in native memory");
    }
    return segment.address();
  }

  /** Where {@code offset} in the packet's memory is: what the accessors below take, plus or minus a small constant. */
  public static long at(Packet packet, long offset) {
    return CHECKED ? offset : packet.base + offset & ADDRESSES;
  }

  /** The octet at {@code at} of the packet. */
  public static int u8(Packet packet, long at) {
    return CHECKED ? Wire.u8(packet.memory, at) : ALL.get(U8, at) & 0xff;
  }

  /** The 16 bits at {@code at} of the packet. */
  public static int u16(Packet packet, long at) {
    return CHECKED ? Wire.u16(packet.memory, at) : ALL.get(U16, at) & 0xffff;
  }

  /** The 32 bits at {@code at} of the packet. */
  public static int i32(Packet packet, long at) {
    return CHECKED ? Wire.i32(packet.memory, at) : ALL.get(U32, at);
  }

  /** The 64 bits at {@code at} of the packet. */
  public static long u64(Packet packet, long at) {
    return CHECKED ? Wire.u64(packet.memory, at) : ALL.get(U64, at);
  }

  /** Writes 64 bits at {@code at} of the packet. */
  public static void u64(Packet packet, long at, long value) {
    if (CHECKED) {
      Wire.u64(packet.memory, at, value);
    } else {
      ALL.set(U64, at, value);
    }
  }
}
