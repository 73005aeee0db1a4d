// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NetconfClientTest {
  private static final Instant ANCHOR = Instant.parse("2026-01-01T00:15:00Z");

  private static NetconfClient client(NetconfClient.Start start) {
    return new NetconfClient("one", "", List.of(target("a"), target("b"), target("c")), Duration.ofHours(24), ANCHOR,
        start, Duration.ofSeconds(5), 3);
  }

  private static NetconfClient.Target target(String name) {
    return new NetconfClient.Target(name, "192.0.2.1", 4334, null, null);
  }

  private static Duration wait(String now) {
    return client(NetconfClient.Start.FIRST_LISTED).untilNext(Instant.parse(now));
  }

  @Test
  void shouldConnectAtWholePeriodsFromTheAnchor() {
    assertEquals(Duration.ZERO, wait("2026-01-01T00:15:00Z"));
    assertEquals(Duration.ofHours(23), wait("2026-01-01T01:15:00Z"));
    assertEquals(Duration.ofMinutes(15), wait("2026-03-05T00:00:00Z"));
    assertEquals(Duration.ofMinutes(15), wait("2025-12-01T00:00:00Z"), "an anchor in the future");
  }

  @Test
  void shouldStartWhereTheStrategySays() {
    var random = new Random(1);
    assertEquals(0, client(NetconfClient.Start.FIRST_LISTED).first("b", random));
    assertEquals(1, client(NetconfClient.Start.LAST_CONNECTED).first("b", random));
    assertEquals(0, client(NetconfClient.Start.LAST_CONNECTED).first("gone", random));
    var seen = new java.util.TreeSet<Integer>();
    for (int i = 0; i < 100; i++) {
      seen.add(client(NetconfClient.Start.RANDOM_SELECTION).first("b", random));
    }
    assertEquals(java.util.Set.of(0, 1, 2), seen);
  }
}
