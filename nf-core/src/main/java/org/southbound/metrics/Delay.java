// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/** Delays of the last seconds, as percentiles. One thread records, any thread reads. */
public final class Delay {
  private static final long LONGEST_NANOS = 60_000_000_000L;
  private static final long WINDOW_NANOS = 1_000_000_000L;

  private final SingleWriterRecorder recorder = new SingleWriterRecorder(LONGEST_NANOS, 2);
  private Histogram window = new Histogram(LONGEST_NANOS, 2);
  private long windowEnds;

  /** Records one delay; the owning thread only. */
  public void record(long nanos) {
    recorder.recordValue(Math.clamp(nanos, 0, LONGEST_NANOS));
  }

  /** The percentile of the latest window of about a second that held samples, ns; 0 before the first sample. */
  public synchronized long percentile(double percentile) {
    long now = System.nanoTime();
    if (windowEnds - now <= 0) {
      var latest = recorder.getIntervalHistogram();
      if (latest.getTotalCount() > 0) {
        window = latest;
      }
      windowEnds = now + WINDOW_NANOS;
    }
    return window.getTotalCount() == 0 ? 0 : window.getValueAtPercentile(percentile);
  }
}
