// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.southbound.bench.Bench.Figure;

class BenchTest {
  @Test
  void shouldWriteFigureAsJson() {
    Figure figure = new Figure("Parse.all", Map.of("kind", "a\"b"), 12.5, "ns/op", 10);
    assertEquals("{\"name\":\"Parse.all\",\"params\":{\"kind\":\"a\\\"b\"},\"value\":12.5,\"unit\":\"ns/op\","
        + "\"reference\":10.0}", figure.json());
  }

  @Test
  void shouldPrintRatioToReference() {
    assertEquals("1.25 x reference",
        new Figure("x", Map.of(), 12.5, "ns/op", 10).line().replaceFirst(".*\\((.*)\\)", "$1"));
  }
}
