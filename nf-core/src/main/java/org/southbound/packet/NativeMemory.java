// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zeroed memory straight from the kernel (mmap, anonymous): pages exist once they are touched, so that a table can
 * reserve its limit and a process pays for what it uses.
 */
public final class NativeMemory {
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
  private static final MethodHandle MMAP = call("mmap",
      FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
          ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP = call("munmap",
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle MADVISE = call("madvise", FunctionDescriptor.of(ValueLayout.JAVA_INT,
      ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
  private static final int MADV_HUGEPAGE = 14;
  /** From this size on huge pages are asked for: smaller memory gains nothing and would only take more. */
  private static final long HUGE = 1L << 20;

  private NativeMemory() {
  }

  private static MethodHandle call(String name, FunctionDescriptor type) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type);
  }

  /** {@code octets} of zeroed memory that lives as long as {@code arena}. Throws OutOfMemoryError. */
  public static MemorySegment reserve(Arena arena, long octets) {
    try {
      long address = (long) MMAP.invokeExact(0L, octets, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
      if (address == -1) {
        throw new OutOfMemoryError("cannot reserve " + octets + " octets");
      }
      if (octets >= HUGE) {
        // A refusal does no harm: pages are small then, and random access to many of them slower.
        int ignored = (int) MADVISE.invokeExact(address, octets, MADV_HUGEPAGE);
      }
      return MemorySegment.ofAddress(address).reinterpret(octets, arena, segment -> release(segment.address(), octets));
    } catch (Throwable failure) {
      throw failure instanceof Error error ? error : new AssertionError(failure);
    }
  }

  private static void release(long address, long octets) {
    try {
      int ignored = (int) MUNMAP.invokeExact(address, octets);
    } catch (Throwable failure) {
      throw new AssertionError(failure);
    }
  }
}
