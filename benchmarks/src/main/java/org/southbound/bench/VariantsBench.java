// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Relationship;
import org.southbound.flow.FlowSpace;
import org.southbound.state.StateLayout.Kind;
import org.southbound.vnf.Catalog;
import org.southbound.vnf.Instance;

/**
 * The three numbers of every variant of every NF, which {@code getVariants} returns, at 10,000 flows and 20,000 packets a
 * second:
 *
 * <ul>
 * <li>performance: flows per millisecond; of a transfer from the call to its end, of a replication until the standby is in
 * step,
 * <li>accuracy: of 100 packets that arrive while the state moves, how many are forwarded, in their flow's order, and leave
 * their mark on the state at the destination; of a replication, of the last 100 packets at any time, how many are in the standby's state,
 * <li>resource: octets of records sent for a flow; of a replication in its first second.
 * </ul>
 *
 * A packet's mark: at the monitor its flow's counter; at the firewall, which counts none, the record of a flow that begins.
 */
final class VariantsBench {
  private static final Path FILE = Path.of(System.getProperty("southbound.root", ""), "vnf", "src", "main", "resources",
      "org", "southbound", "vnf", "variants.properties");
  private static final int FLOWS = 10_000;
  private static final int WARM_ROUNDS = 10;
  private static final int ROUNDS = 21;
  private static final int REPLICATIONS = 3;
  private static final int SAMPLES = 297;
  private static final long BETWEEN_NANOS = 30_000_000;
  private static final long SECOND = 1_000_000_000;

  /** The numbers of one variant. */
  private record Numbers(String name, long performance, long accuracy, long resource) {
  }

  private VariantsBench() {
  }

  /** Measures all variants; writes them to the sources if asked. Throws IOException if an operation fails. */
  static List<Bench.Figure> run(boolean write) throws IOException, InterruptedException {
    measure(); // The compiler has seen all variants before one of them is compared with another.
    var all = measure();
    if (write) {
      write(all);
    }
    var figures = new ArrayList<Bench.Figure>();
    for (var each : all) {
      var params = new TreeMap<>(Map.of("variant", each.name));
      figures.add(new Bench.Figure("VariantsBench.performance", params, each.performance, "flows/ms", 0));
      figures.add(new Bench.Figure("VariantsBench.accuracy", params, each.accuracy, "packets of 100", 0));
      figures.add(new Bench.Figure("VariantsBench.resource", params, each.resource, "octets/flow", 0));
    }
    return figures;
  }

  private static List<Numbers> measure() throws IOException, InterruptedException {
    var all = new ArrayList<Numbers>();
    for (var function : Catalog.FUNCTIONS.keySet()) {
      for (var variant : Catalog.TRANSFERS) {
        all.add(transfer(function, variant.name()));
      }
      for (var variant : Catalog.REPLICATIONS) {
        all.add(replicate(function, variant.name()));
      }
    }
    return all;
  }

  private static void write(List<Numbers> all) throws IOException {
    var text = new StringBuilder("""
        # SPDX-License-Identifier: Apache-2.0
        # Written by ./southbound bench variants --write: NF.OPERATION.VARIANT=PERFORMANCE ACCURACY RESOURCE
        """);
    for (var each : all) {
      text.append(each.name).append('=').append(each.performance).append(' ').append(each.accuracy).append(' ')
          .append(each.resource).append('\n');
    }
    Files.writeString(FILE, text);
  }

  private static Numbers transfer(String function, String variant) throws IOException, InterruptedException {
    try (var chain = new LocalChain(function, FLOWS)) {
      var flowsPerMilli = new double[ROUNDS];
      long inTransit = 0;
      long octetsPerFlow = 0;
      var owner = chain.first;
      for (int i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
        var next = owner == chain.first ? chain.second : chain.first;
        long before = chain.sent();
        chain.fresh(function.equals("firewall"));
        var round = TransferBench.transfer(chain, owner, next, variant);
        chain.fresh(false);
        inTransit += chain.sent() - before;
        if (i >= WARM_ROUNDS) {
          flowsPerMilli[i - WARM_ROUNDS] = round.job().flowsDone() * 1e6 / round.jobNanos();
        }
        octetsPerFlow = round.job().octets() / Math.max(1, round.job().flowsDone());
        owner = next;
        LockSupport.parkNanos(BETWEEN_NANOS);
      }
      long missing = chain.stop() + chain.reordered() + unmarked(chain, owner, function);
      java.util.Arrays.sort(flowsPerMilli);
      return new Numbers(function + ".transfer." + variant, Math.round(flowsPerMilli[ROUNDS / 2]),
          Math.clamp(Math.round(100.0 * (inTransit - missing) / inTransit), 0, 100), octetsPerFlow);
    }
  }

  /** Packets of which the owner's state does not know. */
  private static long unmarked(LocalChain chain, Instance owner, String function) {
    var records = owner.vnf().readState(FlowSpace.EVERYTHING, EnumSet.of(Kind.PER_FLOW), Integer.MAX_VALUE);
    return function.equals("firewall") ? chain.flows() - records.size()
        : chain.sent()
            - records.stream().mapToLong(each -> Long.parseLong(each.fields().get("initiator-packets"))).sum();
  }

  private static Numbers replicate(String function, String variant) throws IOException, InterruptedException {
    try (var chain = new LocalChain(function, FLOWS)) {
      long flowsPerMilli = 0;
      long octetsPerFlow = 0;
      double kept = 0;
      for (int i = 0; i < REPLICATIONS; i++) {
        chain.listen();
        long began = System.nanoTime();
        var id = chain.first.vnf().replicate(LocalChain.request(chain.second, variant, Map.of()));
        long inStep = began;
        for (var status = ""; !status.equals("in-step");) {
          var told = chain.next(chain.first, Event.ReplicationChanged.class);
          status = ((Event.ReplicationChanged) told.event()).status();
          inStep = told.nanos();
        }
        flowsPerMilli = Math.max(flowsPerMilli, FLOWS * 1_000_000L / (inStep - began));
        kept = 0;
        for (int sample = 0; sample < SAMPLES; sample++) {
          LockSupport.parkNanos(began + (sample + 1) * SECOND / SAMPLES - System.nanoTime());
          kept += kept(relationship(chain.second, id));
        }
        octetsPerFlow = relationship(chain.first, id).octets() / FLOWS;
        chain.first.vnf().stopReplication(id);
        chain.next(chain.first, Event.JobEnded.class);
      }
      return new Numbers(function + ".replicate." + variant, flowsPerMilli, Math.round(kept / SAMPLES), octetsPerFlow);
    } catch (ApiException refusal) {
      throw new IOException(refusal.getMessage(), refusal);
    }
  }

  private static Relationship relationship(Instance of, UUID id) throws IOException {
    return of.vnf().relationships().stream().filter(each -> each.id().equals(id)).findFirst()
        .orElseThrow(() -> new IOException("the replication ended"));
  }

  /** Of the last 100 packets, those that came before the standby's state was last brought up to date. */
  private static double kept(Relationship standby) {
    double seconds = standby.lastSync().map(at -> Duration.between(at, Instant.now()).toNanos() / 1e9).orElse(1.0);
    return Math.clamp(100 - seconds * LocalChain.PACKETS_PER_SECOND, 0, 100);
  }
}
