// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.notification.ReplayLog.Bounds;
import org.southbound.netconf.notification.ReplayLog.Stored;

/** Past events on disk. */
@Timeout(60)
class ReplayLogTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Bounds ROOMY = new Bounds(1 << 20, Duration.ofDays(1), 1 << 16);

  @TempDir
  Path home;
  private Instant now = START;

  private ReplayLog open(Bounds bounds) throws IOException {
    return new ReplayLog(home.resolve("events"), bounds, () -> now);
  }

  /** Stores events, one each second, and closes. */
  private void store(Bounds bounds, int events, int size) throws IOException {
    ReplayLog disk = open(bounds);
    var log = new EventLog(events + 1, 1 << 30, disk.next());
    for (int i = 0; i < events; i++) {
      log.add(now, null, "x".repeat(size).getBytes(StandardCharsets.UTF_8));
      now = now.plusSeconds(1);
    }
    disk.follow(log);
    disk.close();
  }

  private List<Stored> read(ReplayLog disk, Instant from) throws IOException {
    var all = new ArrayList<Stored>();
    ReplayLog.Reader reader = disk.since(from);
    for (List<Stored> some = reader.read(500); !some.isEmpty(); some = reader.read(500)) {
      all.addAll(some);
    }
    return all;
  }

  private List<Path> files() throws IOException {
    try (var list = Files.list(home.resolve("events"))) {
      return list.filter(each -> each.toString().endsWith(".events")).sorted().toList();
    }
  }

  @Test
  void shouldKeepEventsAndNumbersOverARestart() throws IOException {
    store(ROOMY, 10, 100);
    store(ROOMY, 5, 100);
    try (ReplayLog disk = open(ROOMY)) {
      assertEquals(15, disk.next());
      assertEquals(START, disk.created());
      assertNull(disk.aged());
      List<Stored> all = read(disk, Instant.EPOCH);
      assertEquals(15, all.size());
      for (int i = 0; i < 15; i++) {
        assertEquals(i, all.get(i).number);
        assertEquals(START.plusSeconds(i), all.get(i).time);
      }
      assertEquals(4, read(disk, START.plusSeconds(11)).size());
      assertEquals(0, read(disk, START.plusSeconds(99)).size());
    }
    assertEquals(1, files().size());
  }

  @Test
  void shouldCutOffATornOrCorruptEnd() throws IOException {
    store(ROOMY, 10, 100);
    Path file = files().getLast();
    byte[] whole = Files.readAllBytes(file);
    for (int length = whole.length - 1; length > whole.length - 128; length -= 7) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      try (ReplayLog disk = open(ROOMY)) {
        assertEquals(9, disk.next());
        assertEquals(9, read(disk, Instant.EPOCH).size());
      }
    }
    byte[] corrupt = whole.clone();
    corrupt[whole.length - 5] ^= 1;
    Files.write(file, corrupt);
    store(ROOMY, 2, 100);
    try (ReplayLog disk = open(ROOMY)) {
      assertEquals(11, read(disk, Instant.EPOCH).size());
    }
    Files.write(file, new byte[]{1, 2, 3}, StandardOpenOption.TRUNCATE_EXISTING);
    try (ReplayLog disk = open(ROOMY)) {
      assertEquals(0, disk.next());
    }
  }

  @Test
  void shouldForgetTheOldestBySize() throws IOException {
    var small = new Bounds(4000, Duration.ofDays(1), 1000);
    store(small, 200, 100);
    try (ReplayLog disk = open(small)) {
      List<Stored> all = read(disk, Instant.EPOCH);
      assertEquals(199, all.getLast().number);
      assertTrue(all.size() < 50 && all.size() > 20, all.size() + " are left");
      assertEquals(all.getFirst().time.minusSeconds(1), disk.aged());
      assertEquals(START, disk.created());
      assertEquals(200, disk.next());
    }
  }

  @Test
  void shouldForgetTheOldestByAge() throws IOException {
    var brief = new Bounds(1 << 20, Duration.ofSeconds(80), 1 << 16);
    store(brief, 200, 10);
    now = now.plusSeconds(30);
    try (ReplayLog disk = open(brief)) {
      List<Stored> all = read(disk, Instant.EPOCH);
      assertNotNull(disk.aged());
      assertTrue(all.size() >= 50 && all.size() <= 75, all.size() + " are left");
      assertEquals(199, all.getLast().number);
    }
  }
}
