// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** What benchmarks do with the programs that they run. Linux. */
final class Programs {
  private static final MethodHandle CLOCK_GETTIME = Linker.nativeLinker().downcallHandle(
      Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

  private static final int STOP_SECONDS = 10;

  private Programs() {
  }

  /**
   * User and system time of all threads of {@code process} so far, ended ones included, to the nanosecond; what /proc tells is in
   * steps of 10 ms.
   */
  static long cpuNanos(Process process) {
    // clock_getcpuclockid(3): the scheduler's clock of a process, by its identifier.
    int clock = ~Math.toIntExact(process.pid()) << 3 | 2;
    try (var arena = Arena.ofConfined()) {
      var time = arena.allocate(ValueLayout.JAVA_LONG, 2);
      if ((int) CLOCK_GETTIME.invokeExact(clock, time) != 0) {
        throw new IllegalStateException("process " + process.pid() + " has ended");
      }
      return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000_000 + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable failure) {
      throw new AssertionError("a native call threw", failure);
    }
  }

  /** Ends {@code process}, by force if it takes too long. */
  static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The median; of an even number of values the greater one in the middle. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
