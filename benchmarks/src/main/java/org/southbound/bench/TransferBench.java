// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Job;
import org.southbound.vnf.Instance;

/**
 * A firewall's live flows move, loss-free, to its twin and back, over and over, while packets of them pass. Figures:
 * {@code job}, from the call to the report that all is done; {@code ownership}, from the call until the destination is in
 * charge; {@code pause}, how long a packet may have waited at most; {@code lost} and {@code reordered}, which must be 0.
 */
final class TransferBench {
  private static final int[] FLOWS = {500, 10_000, 100_000};
  /** Until then the compiler takes one of two CPUs. */
  private static final int WARM_ROUNDS = 250;
  private static final int ROUNDS = 50;
  private static final long BETWEEN_NANOS = 30_000_000;

  /** What one transfer took. */
  record Round(long jobNanos, long ownershipNanos, Job job) {
  }

  private TransferBench() {
  }

  /** Measures all numbers of flows. Throws IOException if a transfer fails. */
  static List<Bench.Figure> run() throws IOException, InterruptedException {
    var figures = new ArrayList<Bench.Figure>();
    for (int flows : FLOWS) {
      try (var chain = new LocalChain("firewall", flows)) {
        measure(chain, flows, figures);
      }
    }
    return figures;
  }

  private static void measure(LocalChain chain, int flows, List<Bench.Figure> figures)
      throws IOException, InterruptedException {
    var rounds = new ArrayList<Round>();
    for (int i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
      var round = i % 2 == 0 ? transfer(chain, chain.first, chain.second, "loss-free")
          : transfer(chain, chain.second, chain.first, "loss-free");
      if (i >= WARM_ROUNDS) {
        rounds.add(round);
      }
      LockSupport.parkNanos(BETWEEN_NANOS);
    }
    long lost = chain.stop();
    var params = Map.of("flows", Integer.toString(flows), "pps", Integer.toString(LocalChain.PACKETS_PER_SECOND));
    times("job", params, rounds.stream().mapToLong(Round::jobNanos).sorted().toArray(), figures);
    times("ownership", params, rounds.stream().mapToLong(Round::ownershipNanos).sorted().toArray(), figures);
    times("pause", params, rounds.stream().mapToLong(round -> round.job.pauseNanos()).sorted().toArray(), figures);
    figures.add(new Bench.Figure("TransferBench.lost", new TreeMap<>(params), lost, "packets", 0));
    figures.add(new Bench.Figure("TransferBench.reordered", new TreeMap<>(params), chain.reordered(), "packets", 0));
    figures.add(new Bench.Figure("TransferBench.octets", new TreeMap<>(params), rounds.getLast().job.octets(),
        "octets", 0));
  }

  private static void times(String name, Map<String, String> params, long[] sorted, List<Bench.Figure> figures) {
    for (int percent : new int[]{50, 99}) {
      var all = new TreeMap<>(params);
      all.put("percentile", Integer.toString(percent));
      figures.add(new Bench.Figure("TransferBench." + name, all, sorted[(sorted.length - 1) * percent / 100] / 1e6,
          "ms", 0));
    }
  }

  /** Moves all flows; throws IOException if that fails. */
  static Round transfer(LocalChain chain, Instance from, Instance to, String variant)
      throws IOException, InterruptedException {
    chain.listen();
    long began = System.nanoTime();
    try {
      from.vnf().transfer(LocalChain.request(to, variant, Map.of()));
    } catch (ApiException refusal) {
      throw new IOException(refusal.getMessage(), refusal);
    }
    long owned = chain.next(to, Event.OwnershipChanged.class).nanos();
    var end = chain.next(from, Event.JobEnded.class);
    var job = ((Event.JobEnded) end.event()).job();
    if (!job.state().equals("complete") || !job.appTag().isEmpty()) {
      throw new IOException("a transfer failed: " + job);
    }
    return new Round(end.nanos() - began, owned - began, job);
  }
}
