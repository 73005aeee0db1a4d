// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Rates and delays in steps of 100 ms, for plots, and over the whole run. The receiver's thread. */
final class Timeline {
  /** Length of a step. */
  static final long STEP_NANOS = 100_000_000;
  /** Two hours; what comes later is in the totals only. */
  private static final int MOST = 72_000;
  private static final long LONGEST_NANOS = 60_000_000_000L;

  private final Histogram all = new Histogram(LONGEST_NANOS, 3);
  private final Histogram step = new Histogram(LONGEST_NANOS, 2);
  private final Histogram second = new Histogram(LONGEST_NANOS, 2);
  private final List<Long> sent = new ArrayList<>();
  private final List<Long> received = new ArrayList<>();
  private final List<Long> p50 = new ArrayList<>();
  private final List<Long> p99 = new ArrayList<>();
  private final List<Long> max = new ArrayList<>();
  private long sentBefore;

  /** A packet came back. */
  void record(long delayNanos) {
    long nanos = Math.clamp(delayNanos, 0, LONGEST_NANOS);
    all.recordValue(nanos);
    step.recordValue(nanos);
    second.recordValue(nanos);
  }

  /** Ends a step; {@code sentTotal} packets were sent since the start. */
  void endStep(long sentTotal) {
    if (sent.size() < MOST) {
      sent.add(sentTotal - sentBefore);
      received.add(step.getTotalCount());
      p50.add(micros(step, 50));
      p99.add(micros(step, 99));
      max.add(step.getMaxValue() / 1000);
    }
    sentBefore = sentTotal;
    step.reset();
  }

  /** Delays since the last call, as {@link #latency}. */
  Map<String, Long> endSecond() {
    var result = latency(second);
    second.reset();
    return result;
  }

  /** Delays of the whole run: p50, p99, max and more, microseconds. */
  Map<String, Long> latency() {
    return latency(all);
  }

  private static Map<String, Long> latency(Histogram histogram) {
    var result = new LinkedHashMap<String, Long>();
    result.put("p50", micros(histogram, 50));
    result.put("p90", micros(histogram, 90));
    result.put("p99", micros(histogram, 99));
    result.put("p999", micros(histogram, 99.9));
    result.put("max", histogram.getMaxValue() / 1000);
    result.put("mean", Math.round(histogram.getTotalCount() == 0 ? 0 : histogram.getMean() / 1000));
    return result;
  }

  private static long micros(Histogram histogram, double percentile) {
    return histogram.getTotalCount() == 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000;
  }

  /** All steps: lists of equal length. */
  Map<String, Object> series() {
    var result = new LinkedHashMap<String, Object>();
    result.put("step_ms", STEP_NANOS / 1_000_000);
    result.put("sent", sent);
    result.put("received", received);
    result.put("p50_us", p50);
    result.put("p99_us", p99);
    result.put("max_us", max);
    return result;
  }
}
