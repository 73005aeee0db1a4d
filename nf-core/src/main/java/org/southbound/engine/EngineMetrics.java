// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;
import org.southbound.packet.Drop;

/**
 * The metrics that every NF has, and the NF's own counters, summed over the workers. Delays are those of the slowest
 * worker.
 */
public final class EngineMetrics {
  /** The metrics that every NF has, drops by reason apart; the index never changes its meaning. */
  private enum Common {
    PACKETS_RECEIVED(1, Metric.Kind.COUNTER, "packets", "Packets taken from ports"),

    PACKETS_SENT(2, Metric.Kind.COUNTER, "packets", "Packets handed to the network"),

    PACKETS_DROPPED(3, Metric.Kind.COUNTER, "packets", "Packets dropped, for whatever reason"),

    PACKETS_HELD(4, Metric.Kind.GAUGE, "packets", "Packets that wait for state to arrive or to be safe"),

    PACKETS_GENERATED(5, Metric.Kind.COUNTER, "packets", "Packets that the network function made itself"),

    FLOWS(6, Metric.Kind.GAUGE, "flows", "Entries of the flow table"),

    PROCESSING_DELAY_P50(7, Metric.Kind.GAUGE, "ns",
        "Median time to process a packet, from decapsulation to encapsulation; a sample is the mean of a batch that was"
            + " taken at once, and the median is that of the latest second with packets"),

    PROCESSING_DELAY_P99(8, Metric.Kind.GAUGE, "ns",
        "99th percentile of the time to process a packet, sampled as processing-delay-p50 is"),

    CPU(9, Metric.Kind.GAUGE, "%",
        "CPU time of the process over the latest second, in percent of one CPU, so that two busy CPUs are 200"),

    MEMORY(10, Metric.Kind.GAUGE, "By", "Resident memory of the process"),

    CPU_TIME(11, Metric.Kind.COUNTER, "ns", "CPU time of the process since it began"),

    HEAP(12, Metric.Kind.GAUGE, "By", "Java heap in use, garbage included"),

    CONTROL_RECEIVED(13, Metric.Kind.COUNTER, "packets",
        "Probes and marks of chains taken; they are not among the packets received"),

    CONTROL_SENT(14, Metric.Kind.COUNTER, "packets",
        "Probes and marks of chains sent; they are not among the packets sent");

    private final int index;
    private final Metric.Kind kind;
    private final String units;
    private final String description;

    Common(int index, Metric.Kind kind, String units, String description) {
      this.index = index;
      this.kind = kind;
      this.units = units;
      this.description = description;
    }

    Metric metric() {
      var indicator = switch (this) {
        case PACKETS_DROPPED, PACKETS_HELD, PROCESSING_DELAY_P50, PROCESSING_DELAY_P99, CPU -> Metric.Indicator.HIGH;
        default -> Metric.Indicator.NONE;
      };
      return new Metric(index, name().toLowerCase(Locale.ROOT).replace('_', '-'), kind, units, description, indicator);
    }
  }

  private EngineMetrics() {
  }

  /**
   * Registers the common metrics and those of the workers' NF, whose indexes must be {@link Metrics#FIRST_OWN} or more.
   * The workers must exist already; they need not run.
   */
  public static void register(Metrics metrics, List<Worker> workers) {
    var all = List.copyOf(workers);
    var usage = new Usage();
    for (var common : Common.values()) {
      metrics.register(common.metric(), switch (common) {
        case PACKETS_RECEIVED -> () -> sum(all, worker -> worker.counters().received.get());
        case PACKETS_SENT -> () -> sum(all, worker -> worker.counters().sent.get());
        case PACKETS_DROPPED -> () -> sum(all, worker -> worker.counters().dropped());
        case PACKETS_HELD -> () -> sum(all, worker -> worker.counters().held.get());
        case PACKETS_GENERATED -> () -> sum(all, worker -> worker.counters().generated.get());
        case FLOWS -> () -> sum(all, worker -> worker.flows().size());
        case PROCESSING_DELAY_P50 -> () -> slowest(all, 50);
        case PROCESSING_DELAY_P99 -> () -> slowest(all, 99);
        case CPU -> usage::cpuPercent;
        case MEMORY -> usage::residentBytes;
        case CPU_TIME -> usage::cpuNanos;
        case HEAP -> () -> Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        case CONTROL_RECEIVED -> () -> sum(all, worker -> worker.counters().controlReceived.get());
        case CONTROL_SENT -> () -> sum(all, worker -> worker.counters().controlSent.get());
      });
    }
    for (var reason : Drop.values()) {
      if (reason != Drop.FORWARD) {
        metrics.register(
            Metric.counter(Metrics.FIRST_DROP + reason.verdict(), "dropped-" + reason.text(), "packets",
                "Packets dropped because of " + reason.text()),
            () -> sum(all, worker -> worker.counters().drops(reason)));
      }
    }
    if (!all.isEmpty()) {
      for (var own : all.getFirst().nf().specification().metrics()) {
        if (own.index() < Metrics.FIRST_OWN) {
          throw new IllegalArgumentException("metric " + own.name() + " of the network function has the index "
              + own.index() + ": its own begin at " + Metrics.FIRST_OWN);
        }
        metrics.register(own, () -> sum(all, worker -> worker.services().counter(own).get()));
      }
    }
  }

  /** The metrics that every NF has, by rising index: for a specification document without an instance. */
  public static List<Metric> common() {
    var metrics = new Metrics();
    register(metrics, List.of());
    return metrics.definitions();
  }

  private static long sum(List<Worker> workers, ToLongFunction<Worker> value) {
    long sum = 0;
    for (var worker : workers) {
      sum += value.applyAsLong(worker);
    }
    return sum;
  }

  private static long slowest(List<Worker> workers, double percentile) {
    long most = 0;
    for (var worker : workers) {
      most = Math.max(most, worker.counters().delay.percentile(percentile));
    }
    return most;
  }

  /** What the process takes of the machine; looked up once a second at most, for that costs system calls. */
  private static final class Usage {
    private static final long WINDOW_NANOS = 1_000_000_000L;

    private long readNanos;
    private long cpuNanos;
    private long percent;
    private long resident;

    Usage() {
      readNanos = System.nanoTime() - 2 * WINDOW_NANOS;
      cpuNanos = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
      refresh();
    }

    synchronized long cpuPercent() {
      refresh();
      return percent;
    }

    synchronized long cpuNanos() {
      refresh();
      return cpuNanos;
    }

    synchronized long residentBytes() {
      refresh();
      return resident;
    }

    private void refresh() {
      long now = System.nanoTime();
      if (now - readNanos < WINDOW_NANOS) {
        return;
      }
      long cpu = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
      percent = Math.round(100.0 * (cpu - cpuNanos) / (now - readNanos));
      cpuNanos = cpu;
      readNanos = now;
      resident = readResident();
    }

    /** From Linux; elsewhere the Java heap is the nearest there is. */
    private static long readResident() {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
          if (line.startsWith("VmRSS:")) {
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          }
        }
      } catch (IOException | NumberFormatException notLinux) {
        return Runtime.getRuntime().totalMemory();
      }
      return Runtime.getRuntime().totalMemory();
    }
  }
}
