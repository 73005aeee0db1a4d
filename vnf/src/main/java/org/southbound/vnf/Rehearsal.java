// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Job;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.state.StateLayout.Kind;

/**
 * A chain of throw-away instances in this process, over loopback and mutual TLS of their own, and a second one of its last
 * hop, which the flows move to and fro. What it does is what real instances do, so the compiler learns that from it.
 */
final class Rehearsal implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int FLOWS = 4096;

  private final String function;
  private final Path home = Files.createTempDirectory("southbound-warm-up");
  private final List<Instance> instances = new ArrayList<>();
  private final LinkedBlockingQueue<Job> ended = new LinkedBlockingQueue<>();
  private Instance owner;
  private Instance other;

  /** The chain, ready for packets; what leaves it goes to the sink. */
  Rehearsal(String function, InetSocketAddress sink) throws IOException, StartException, ApiException {
    this.function = function;
    try {
      var upstream = instance("upstream", sink);
      owner = instance("one", sink);
      other = instance("other", sink);
      upstream.vnf().serviceChain(
          new Chain("rehearsal", -1, "", FlowSpace.EVERYTHING, List.of(endpoint(owner)), false), SOON);
    } catch (StartException | ApiException failure) {
      close();
      throw failure;
    }
  }

  private Instance instance(String name, InetSocketAddress sink) throws StartException, ApiException {
    var made = new Instance(new Settings(name, function, home.resolve(name),
        InetAddress.getLoopbackAddress().getHostAddress(), 0, Optional.empty(), 0, 0, 0, 0, List.of(),
        Optional.of("udp:" + RunCommand.text(sink.getAddress(), sink.getPort())), Optional.empty(), "",
        Optional.empty(),
        Optional.of(home.resolve("trust")), Optional.empty(), "batched", false, 1, FLOWS, false));
    instances.add(made);
    made.vnf().configure(Catalog.FUNCTIONS.get(function).get().rehearsal()).run();
    made.vnf().listen(event -> {
      if (event instanceof Event.JobEnded end) {
        ended.add(end.job());
      }
    });
    made.start();
    return made;
  }

  private static Endpoint endpoint(Instance instance) {
    return instance.vnf().neighbours().self();
  }

  /** Where the chain takes packets. */
  InetSocketAddress entry() {
    return instances.getFirst().data();
  }

  /** Begins to move all flows to the instance that has not got them. */
  void transfer(String variant) throws ApiException {
    owner.vnf().transfer(new StateRequest("", endpoint(other), FlowSpace.EVERYTHING, variant,
        EnumSet.of(Kind.PER_FLOW, Kind.MULTI_FLOW), false, Map.of()));
  }

  /** Whether what was begun has ended, if it does within that time. */
  boolean ended(long millis) throws InterruptedException {
    var job = ended.poll(millis, TimeUnit.MILLISECONDS);
    if (job != null && job.state().equals("complete")) {
      var next = other;
      other = owner;
      owner = next;
    }
    return job != null;
  }

  @Override
  public void close() throws IOException {
    instances.forEach(Instance::close);
    try (var files = Files.walk(home)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
