// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.southbound.engine.EngineMetrics;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

@Timeout(60)
class MetricsPageTest {
  private final Metrics metrics = new Metrics();
  private MetricsPage page;

  @BeforeEach
  void begin() throws IOException {
    EngineMetrics.register(metrics, List.of());
    metrics.register(Metric.counter(1000, "own.things", "things", "Things with \"quotes\",\na \\ and ü."),
        () -> 5_000_000_000L);
    metrics.register(Metric.gauge(1001, "queue-packets", "packets", "Packets queued."), () -> -7);
    page = MetricsPage.start(InetAddress.getLoopbackAddress(), 0, "fw \"1\"", metrics);
  }

  @AfterEach
  void end() {
    page.close();
  }

  @Test
  void shouldServeOpenMetrics() throws Exception {
    var answer = ask("GET", "/metrics");
    assertEquals(200, answer.statusCode());
    assertEquals("application/openmetrics-text; version=1.0.0; charset=utf-8",
        answer.headers().firstValue("Content-Type").orElseThrow());
    var samples = parse(answer.body());
    assertEquals(metrics.definitions().size(), samples.size());
    assertEquals(0, samples.get("southbound_packets_received_total"));
    assertEquals(5_000_000_000L, samples.get("southbound_own_things_total"));
    assertEquals(-7, samples.get("southbound_queue_packets"));
    assertTrue(answer.body().contains("southbound_flows{instance=\"fw \\\"1\\\"\"} 0\n"), answer.body());
    assertTrue(answer.body().contains("# UNIT southbound_queue_packets packets\n"), answer.body());
    assertTrue(answer.body().contains(
        "# HELP southbound_own_things Things with \\\"quotes\\\",\\na \\\\ and ü (unit: things)\n"), answer.body());
  }

  @Test
  void shouldServeNothingElse() throws Exception {
    assertEquals(404, ask("GET", "/").statusCode());
    assertEquals(404, ask("GET", "/metrics/more").statusCode());
    assertEquals(405, ask("POST", "/metrics").statusCode());
    var head = ask("HEAD", "/metrics");
    assertEquals(200, head.statusCode());
    assertEquals("", head.body());
    assertEquals(200, ask("GET", "/metrics?name=x").statusCode());
  }

  @Test
  void shouldNotBeHeldUpByDawdlers() throws Exception {
    var dawdlers = new ArrayList<Socket>();
    try {
      for (int i = 0; i < 4; i++) {
        var socket = new Socket(page.address().getAddress(), page.address().getPort());
        socket.getOutputStream().write("GET /metr".getBytes(StandardCharsets.US_ASCII));
        dawdlers.add(socket);
      }
      assertEquals(200, ask("GET", "/metrics").statusCode());
    } finally {
      for (var socket : dawdlers) {
        socket.close();
      }
    }
  }

  @Test
  void shouldSayWhatToDoWhenThePortIsTaken() {
    var refusal = assertThrows(IOException.class,
        () -> MetricsPage.start(page.address().getAddress(), page.address().getPort(), "b", metrics));
    assertTrue(refusal.getMessage().contains("--metrics-port"), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("\n"));
  }

  @Test
  void shouldPleasePromtool() throws Exception {
    var promtool = Path.of("/usr/bin/promtool");
    assumeTrue(Files.isExecutable(promtool), "promtool is not installed");
    var process = new ProcessBuilder(promtool.toString(), "check", "metrics").redirectErrorStream(true).start();
    // promtool reads the older text format, where a counter's family has the name of its sample, and neither UNIT nor
    // EOF nor escaped quotes are known.
    var older = page.text().replaceAll("(?m)^# UNIT .*\n", "").replace("# EOF\n", "")
        .replaceAll("(?m)^# TYPE (\\S+) counter\n# HELP \\S+ ", "# TYPE $1_total counter\n# HELP $1_total ")
        .replaceAll("(?m)(?<=^# HELP .{1,200})\\\\\"", "");
    try (var in = process.getOutputStream()) {
      in.write(older.getBytes(StandardCharsets.UTF_8));
    }
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "promtool hangs");
    // 3: parsed, with advice on style such as base units.
    assertTrue(process.exitValue() == 0 || process.exitValue() == 3, said);
    assertFalse(said.contains("error while linting"), said);
  }

  private HttpResponse<String> ask(String method, String path) throws IOException, InterruptedException {
    var base = URI.create(page.url());
    var request = HttpRequest.newBuilder(base.resolve(path)).timeout(Duration.ofSeconds(20))
        .method(method, HttpRequest.BodyPublishers.noBody()).build();
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  /** Reads the page as strictly as OpenMetrics 1.0 is written. Returns the samples by name. */
  private static Map<String, Long> parse(String text) {
    assertTrue(text.endsWith("\n# EOF\n"), text);
    var meta = Pattern.compile("# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)");
    var sample = Pattern
        .compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\{instance=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\"} (-?[0-9]+)");
    var samples = new HashMap<String, Long>();
    var types = new HashMap<String, String>();
    String family = "";
    for (String line : text.substring(0, text.length() - "# EOF\n".length()).lines().toList()) {
      var comment = meta.matcher(line);
      if (comment.matches()) {
        switch (comment.group(1)) {
          case "TYPE" -> {
            family = comment.group(2);
            assertNull(types.put(family, comment.group(3)), "two families " + family);
            assertTrue(List.of("counter", "gauge").contains(comment.group(3)), line);
          }
          case "UNIT" -> assertTrue(family.endsWith("_" + comment.group(3)), line);
          default -> assertTrue(comment.group(3).matches("(?:[^\"\\\\]|\\\\[\\\\\"n])*"), line);
        }
        assertEquals(family, comment.group(2), line);
      } else {
        var value = sample.matcher(line);
        assertTrue(value.matches(), line);
        assertEquals(types.get(family).equals("counter") ? family + "_total" : family, value.group(1), line);
        assertNull(samples.put(value.group(1), Long.valueOf(value.group(2))), line);
      }
    }
    return samples;
  }
}
