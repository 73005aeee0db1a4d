// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Packets that the kernel dropped because nobody took them from a UDP socket in time; from /proc/net/udp of Linux. */
final class SocketDrops {
  private static final int LOCAL = 1;
  private static final int DROPS = 12;

  private SocketDrops() {
  }

  /** Drops of all sockets of this network namespace that are bound to {@code port}; 0 where nobody can tell. */
  static long of(int port) {
    return of(Path.of("/proc/net/udp"), port) + of(Path.of("/proc/net/udp6"), port);
  }

  private static long of(Path table, int port) {
    try {
      return of(Files.readAllLines(table), port);
    } catch (IOException notLinux) {
      return 0;
    }
  }

  static long of(List<String> table, int port) {
    var suffix = String.format(":%04X", port);
    long sum = 0;
    for (var line : table) {
      var columns = line.trim().split("\\s+", -1);
      if (columns.length > DROPS && columns[LOCAL].endsWith(suffix)) {
        sum += Long.parseLong(columns[DROPS]);
      }
    }
    return sum;
  }
}
