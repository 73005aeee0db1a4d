// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;
import org.southbound.io.Batch;
import org.southbound.metrics.Metrics;
import org.southbound.metrics.Reports;
import org.southbound.nf.Config;
import org.southbound.nf.Firewall;
import org.southbound.nf.Monitor;
import org.southbound.nf.NetworkFunction;
import org.southbound.packet.Drop;
import org.southbound.peer.PeerException;

/**
 * Any octets whatever, through whole workers: no exception leaves them, nothing is read out of a packet's bounds, and
 * every packet is accounted for, at every moment.
 */
final class WorkerFuzzTest {
  private static final int POOL = 4096;
  private static final int FLOWS = 2000;
  private static final int ROUNDS_HELD = 5;

  /** A worker with an instance's control behind it, driven by the test's thread. */
  private static final class Subject implements AutoCloseable {
    final MemoryPort bare = new MemoryPort("bare", false);
    final MemoryPort data = new MemoryPort("data", true);
    final Worker worker;
    private final Vnf vnf;
    private Guard guard;
    private int rounds;
    long offered;

    Subject(NetworkFunction nf, Config config) throws Exception {
      worker = new Worker("fuzz", nf, new Worker.Sizes(POOL, FLOWS, true));
      nf.configure(config).run();
      worker.data(data);
      worker.input(bare);
      worker.egress(bare, null);
      var neighbours = new Neighbours(new Endpoint("fuzz", "127.0.0.1", 4790, 4791), (name, host, port) -> {
        throw new PeerException(PeerException.UNREACHABLE, "no peers here");
      });
      var metrics = new Metrics();
      vnf = new Vnf(new Vnf.Setup(List.of(worker), neighbours, nf.specification(), List.of(new NshVxlanGpe()),
          List.of(), List.of(), Map.of(), metrics, new Reports(metrics), ""));
      var next = new NextHop(0, "next", new InetSocketAddress(InetAddress.getLoopbackAddress(), 4790), null);
      var begins = path(0, "ipv4 10.0.0.0/8 -> any", 7, 255, next);
      worker.classifier(new Classifier(1, List.of(begins),
          List.of(path(1, "any", Samples.SPI, 254, next), path(2, "any", Samples.SPI, 253, null)), List.of(),
          Classifier.Unclassified.PROCESS));
    }

    private static Path path(int number, String scope, int spi, int si, NextHop next) {
      return new Path(number, "chain", "first", 1, spi, si, new NshVxlanGpe(), FlowSpace.parse(scope), next, spi,
          si - 1, List.of());
    }

    /** Handles what was offered, and checks the books. */
    void round() {
      // Now and then a scope's packets wait, and a link is full.
      if (++rounds % (4 * ROUNDS_HELD) == 0) {
        guard = new Guard(UUID.randomUUID(), FlowSpace.parse("udp"), 0, Guard.Mode.HOLD, 300);
        worker.add(guard);
      } else if (guard != null && rounds % ROUNDS_HELD == 0) {
        worker.remove(guard);
        guard = null;
      }
      data.refuse = rounds % 7 == 0 ? 1 : 0;
      worker.doWork();
      var counters = worker.counters();
      assertEquals(0, counters.drops(Drop.NF_ERROR));
      assertEquals(offered, counters.received.get() + counters.controlReceived.get());
      assertEquals(counters.received.get() + counters.generated.get(),
          counters.sent.get() + counters.dropped() + counters.held.get());
      assertEquals(POOL - counters.held.get(), worker.free());
    }

    void offer(MemoryPort port, byte[] octets, int length) {
      offered += port.offer(octets, length) ? 1 : 0;
    }

    /** Nothing is left behind. */
    @Override
    public void close() {
      if (guard != null) {
        worker.remove(guard);
        guard = null;
      }
      round();
      assertEquals(0, worker.counters().held.get());
      assertEquals(POOL, worker.free());
      assertTrue(worker.flows().size() <= FLOWS);
      vnf.close();
      worker.close();
    }
  }

  private static Config open() {
    return new Config(Map.of("default-action", "accept", "mid-stream", "true", "denied-flood-threshold", "10"),
        Map.of(),
        Map.of(), Map.of());
  }

  private static List<Subject> subjects() throws Exception {
    return List.of(new Subject(new Firewall(), open()), new Subject(new Firewall(), Config.EMPTY),
        new Subject(new Monitor(), Config.EMPTY));
  }

  @Test
  void shouldSurviveEveryPacketCutAtEveryOctet() throws Exception {
    var frames = Samples.frames();
    var tunnels = Samples.tunnels(frames);
    long packets = 0;
    for (var subject : subjects()) {
      try (subject) {
        packets += cut(subject, subject.bare, frames);
        packets += cut(subject, subject.data, tunnels);
        packets += cut(subject, subject.data, frames);
      }
    }
    assertTrue(packets > 500_000, () -> "only a few packets");
  }

  private static long cut(Subject subject, MemoryPort port, List<byte[]> samples) {
    long before = subject.offered;
    int n = 0;
    for (byte[] sample : samples) {
      // Behind the headers one octet is as good as another.
      for (int length = sample.length; length >= 0; length = length > 200 ? length - 97 : length - 1) {
        subject.offer(port, sample, length);
        if (++n % Batch.SIZE == 0) {
          subject.round();
        }
      }
    }
    subject.round();
    return subject.offered - before;
  }

  @Test
  void shouldSurviveMutations() throws Exception {
    mutate(Long.getLong("southbound.mutations", 300_000), 1);
  }

  @Tag("soak")
  @Test
  void shouldSurviveTenMillionMutations() throws Exception {
    mutate(Long.getLong("southbound.mutations", 10_000_000), 2);
  }

  private static void mutate(long packets, long seed) throws Exception {
    var frames = Samples.frames();
    var tunnels = Samples.tunnels(frames);
    var all = new ArrayList<>(frames);
    all.addAll(tunnels);
    var bare = new Samples.Mutations(all, seed);
    var tunnel = new Samples.Mutations(tunnels, seed + 1);
    long run = 0;
    long began = System.nanoTime();
    var subjects = subjects();
    while (run < packets) {
      for (var subject : subjects) {
        for (int i = 0; i < Batch.SIZE / 2; i++) {
          bare.next();
          subject.offer(subject.bare, bare.octets, bare.length);
          tunnel.next();
          subject.offer(subject.data, tunnel.octets, tunnel.length);
        }
        subject.round();
        run += Batch.SIZE;
      }
    }
    long forwarded = subjects.stream().mapToLong(subject -> subject.worker.counters().sent.get()).sum();
    subjects.forEach(Subject::close);
    assertEquals(run, subjects.stream().mapToLong(subject -> subject.offered).sum());
    assertTrue(forwarded > run / 10, () -> "too few packets get past the parser");
    System.out.println(run + " mutated packets in " + (System.nanoTime() - began) / 1_000_000 + " ms, " + forwarded
        + " forwarded");
  }
}
