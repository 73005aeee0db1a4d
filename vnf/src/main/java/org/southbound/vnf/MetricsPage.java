// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

/**
 * The metrics for Prometheus and its kin: OpenMetrics 1.0 at {@code /metrics}, over HTTP, without secrets. A metric
 * {@code packets-received} is {@code southbound_packets_received} with the label {@code instance}; a counter's sample
 * ends in {@code _total}.
 */
public final class MetricsPage implements AutoCloseable {
  /** The content type of OpenMetrics 1.0. */
  static final String CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private static final String PATH = "/metrics";
  private static final int BACKLOG = 16;

  static {
    // Of the whole process, but nothing else in it serves by this server: clients that dawdle cannot
    // hold it up.
    setDefault("sun.net.httpserver.maxReqTime", "5");
    setDefault("sun.net.httpserver.maxRspTime", "10");
    setDefault("jdk.httpserver.maxConnections", "64");
  }

  private final String instance;
  private final Metrics metrics;
  private final HttpServer server;
  private final InetSocketAddress address;
  private final ExecutorService threads;

  private MetricsPage(String instance, Metrics metrics, HttpServer server, InetAddress address) {
    this.instance = instance;
    this.metrics = metrics;
    this.server = server;
    this.address = new InetSocketAddress(address, server.getAddress().getPort());
    // One for each connection, whose number is limited above.
    threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("metrics page ", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /**
   * Serves the page.
   *
   * @param port TCP port; 0: any free one
   * @param instance value of the label {@code instance}
   * @throws IOException the address cannot be had; the message says what to do
   */
  public static MetricsPage start(InetAddress address, int port, String instance, Metrics metrics) throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(address, port), BACKLOG);
    } catch (SocketException e) {
      throw new IOException("the metrics page cannot listen on " + address.getHostAddress() + " port " + port + " ("
          + e.getMessage() + "): give another port with --metrics-port", e);
    }
    return new MetricsPage(instance, metrics, server, address);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  /** The page's URL. */
  public String url() {
    return "http://" + RunCommand.text(address.getAddress(), address.getPort()) + PATH;
  }

  /** Stops at once. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean head = "HEAD".equals(exchange.getRequestMethod());
      if (!PATH.equals(exchange.getRequestURI().getPath())) {
        send(exchange, 404, "text/plain; charset=utf-8", "the metrics are at " + PATH + "\n", head);
      } else if (!head && !"GET".equals(exchange.getRequestMethod())) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, 405, "text/plain; charset=utf-8", "only GET and HEAD\n", false);
      } else {
        send(exchange, 200, CONTENT_TYPE, text(), head);
      }
    }
  }

  private static void send(HttpExchange exchange, int status, String type, String text, boolean head)
      throws IOException {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, head ? -1 : octets.length);
    if (!head) {
      exchange.getResponseBody().write(octets);
    }
  }

  /** The page. */
  String text() {
    var values = metrics.values();
    var label = "{instance=\"" + escaped(instance) + "\"} ";
    var page = new StringBuilder(128 * values.size());
    for (var metric : metrics.definitions()) {
      var value = values.get(metric.name());
      if (value != null) {
        boolean counter = metric.kind() == Metric.Kind.COUNTER;
        var name = "southbound_" + metric.name().replaceAll("[^A-Za-z0-9_]", "_");
        page.append("# TYPE ").append(name).append(counter ? " counter\n" : " gauge\n");
        // OpenMetrics has a UNIT only where the name ends in it; elsewhere the help text tells it.
        if (isSuffix(metric.units(), name)) {
          page.append("# UNIT ").append(name).append(' ').append(metric.units()).append('\n');
        }
        page.append("# HELP ").append(name).append(' ').append(escaped(help(metric))).append('\n');
        page.append(name).append(counter ? "_total" : "").append(label).append(value).append('\n');
      }
    }
    return page.append("# EOF\n").toString();
  }

  private static boolean isSuffix(String units, String name) {
    return !units.isEmpty() && units.chars().allMatch(c -> c < 128 && Character.isLetterOrDigit(c))
        && name.endsWith("_" + units);
  }

  private static String help(Metric metric) {
    var text = metric.description().strip().replaceAll("\\.$", "");
    return metric.units().isEmpty() ? text : text + " (unit: " + metric.units() + ")";
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "");
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
