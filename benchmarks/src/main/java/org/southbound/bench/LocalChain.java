// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Config;
import org.southbound.packet.Checksum;
import org.southbound.state.StateLayout.Kind;
import org.southbound.vnf.Instance;
import org.southbound.vnf.Settings;
import org.southbound.vnf.StartException;

/**
 * Whole instances on loopback, with real sockets and real mutual TLS: an upstream monitor, the NF that is measured and
 * its twin; UDP flows at a steady rate through them, and a sink that checks every packet's place in its flow.
 *
 * <p>Packet n belongs to flow n modulo the flows, so that each flow gets the same number in equal distances.
 */
final class LocalChain implements AutoCloseable {
  /** Packets a second while state moves. */
  static final int PACKETS_PER_SECOND = 20_000;

  static final Duration SOON = Duration.ofSeconds(20);
  private static final int VXLAN = 8;
  private static final int PAYLOAD = VXLAN + 14 + 20 + 8;
  private static final int FLOWS_PER_HOST = 4096;
  private static final int GLANCE_NANOS = 100_000;
  private static final int BUFFER = 8 << 20;
  /** Flows that can begin later. */
  private static final int FRESH = 50_000;

  /** What an instance reported, when by System.nanoTime. */
  record Told(Instance instance, Event event, long nanos) {
  }

  final Instance upstream;
  final Instance first;
  final Instance second;
  private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
  private final int flows;
  private final Path home = Files.createTempDirectory("southbound-bench");
  private final DatagramChannel source = DatagramChannel.open();
  private final DatagramChannel sink = DatagramChannel.open();
  private final AtomicLong sent = new AtomicLong();
  private volatile boolean fresh;
  /** Written by the sender alone. */
  private volatile int begun;
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong reordered = new AtomicLong();
  private final Thread sender;
  private final Thread receiver;
  private volatile boolean closed;

  /** Starts the instances and the traffic; returns when every flow is known to the NF. */
  LocalChain(String function, int flows) throws IOException, InterruptedException {
    this.flows = flows;
    source.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
    sink.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
    sink.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    try {
      int port = ((InetSocketAddress) sink.getLocalAddress()).getPort();
      upstream = instance("upstream", "monitor", port);
      first = instance("first", function, port);
      second = instance("second", function, port);
      upstream.vnf().serviceChain(
          new Chain("bench", -1, "", FlowSpace.EVERYTHING, List.of(endpoint(first)), false), SOON);
    } catch (StartException | ApiException failure) {
      throw new IOException(failure.getMessage(), failure);
    }
    receiver = Thread.ofPlatform().daemon().start(this::receive);
    sender = Thread.ofPlatform().daemon().start(this::send);
    await(() -> received.get() >= flows, "the flows do not come through");
  }

  private Instance instance(String name, String function, int sinkPort) throws StartException, ApiException {
    var made = new Instance(new Settings(name, function, home.resolve(name), "127.0.0.1", 0, Optional.empty(), 0, 0, 0,
        0, List.of(), Optional.of("udp:127.0.0.1:" + sinkPort), Optional.empty(), "admin", Optional.empty(),
        Optional.of(home.resolve("trust")), Optional.empty(), "batched", false, 1, 200_000, false));
    if (function.equals("firewall")) {
      var everything = new Config(Map.of("name", "all", "action", "accept"), Map.of(), Map.of(), Map.of());
      made.vnf().configure(new Config(Map.of(), Map.of(), Map.of(), Map.of("rule", List.of(everything)))).run();
    }
    made.vnf().listen(event -> told.add(new Told(made, event, System.nanoTime())));
    made.start();
    return made;
  }

  static Endpoint endpoint(Instance instance) {
    return instance.vnf().neighbours().self();
  }

  /** A request for the whole scope of the traffic. */
  static StateRequest request(Instance destination, String variant, Map<String, String> options) {
    return new StateRequest("", endpoint(destination), FlowSpace.parse("udp"), variant,
        EnumSet.of(Kind.PER_FLOW, Kind.MULTI_FLOW), false, options);
  }

  /** Forgets what instances reported so far. */
  void listen() {
    told.clear();
  }

  /** The next report of an instance that is of that kind; throws IOException if none comes soon. */
  <E extends Event> Told next(Instance instance, Class<E> kind) throws IOException, InterruptedException {
    var seen = new ArrayList<Told>();
    for (Told each; (each = told.poll(SOON.toSeconds(), TimeUnit.SECONDS)) != null; seen.add(each)) {
      if (each.instance == instance && kind.isInstance(each.event)) {
        told.addAll(seen);
        return each;
      }
    }
    throw new IOException("no " + kind.getSimpleName() + " came");
  }

  /** Polls; throws IOException if it does not come true soon. */
  static void await(BooleanSupplier condition, String complaint) throws IOException {
    long deadline = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(complaint);
      }
      LockSupport.parkNanos(GLANCE_NANOS);
    }
  }

  // ---- traffic

  /** An Ethernet frame in VXLAN-GPE: UDP from 10.x.y.1:1024 + flow to 192.0.2.1:9, payload flow and sequence. */
  private static ByteBuffer frame() {
    var out = ByteBuffer.allocateDirect(PAYLOAD + 8);
    out.putInt(0x0C00_0003).putInt(0);
    out.put(new byte[]{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0});
    out.putInt(0x4500_0024).putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0);
    out.putInt(0).putInt(0xC000_0201);
    out.putShort((short) 0).putShort((short) 9).putShort((short) 16).putShort((short) 0);
    return out;
  }

  private void send() {
    var frame = frame();
    var segment = java.lang.foreign.MemorySegment.ofBuffer(frame.duplicate().clear());
    var to = new InetSocketAddress(InetAddress.getLoopbackAddress(), upstream.data().getPort());
    int ip = VXLAN + 14;
    long next = System.nanoTime();
    try {
      long n = 0;
      for (long total = 1; !closed; total++) {
        boolean begins = fresh && begun < FRESH;
        int flow = begins ? flows + begun : (int) (n % flows);
        int sequence = begins ? 0 : (int) (n++ / flows);
        frame.putInt(ip + 12, 0x0A00_0001 + (flow / FLOWS_PER_HOST << 8));
        frame.putShort(ip + 20, (short) (1024 + flow % FLOWS_PER_HOST));
        frame.putShort(ip + 10, (short) 0).putShort(ip + 10, (short) Checksum.ipv4(segment, ip));
        frame.putInt(PAYLOAD, flow).putInt(PAYLOAD + 4, sequence);
        frame.clear();
        source.send(frame, to);
        begun += begins ? 1 : 0;
        sent.set(total);
        next += 1_000_000_000 / PACKETS_PER_SECOND;
        long left = next - System.nanoTime();
        if (left > GLANCE_NANOS) {
          LockSupport.parkNanos(left);
        }
      }
    } catch (IOException ended) {
      closed = true;
    }
  }

  private void receive() {
    int[] expected = new int[flows + FRESH];
    var frame = ByteBuffer.allocateDirect(2048);
    try {
      while (true) {
        frame.clear();
        sink.receive(frame);
        int flow = frame.getInt(PAYLOAD);
        int sequence = frame.getInt(PAYLOAD + 4);
        if (sequence < expected[flow]) {
          reordered.incrementAndGet();
        }
        expected[flow] = Math.max(expected[flow], sequence + 1);
        received.incrementAndGet();
      }
    } catch (ClosedChannelException ended) {
      // The chain is closed.
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  /** Whether from now on every packet begins a flow of its own. */
  void fresh(boolean wanted) {
    fresh = wanted;
  }

  /** Flows so far. */
  int flows() {
    return flows + begun;
  }

  /** Packets sent so far. */
  long sent() {
    return sent.get();
  }

  /** Packets that came behind a later one of their flow, or twice. */
  long reordered() {
    return reordered.get();
  }

  /** Ends the traffic, waits for what is under way, and returns how many packets are missing. */
  long stop() throws InterruptedException {
    closed = true;
    sender.join();
    long before = -1;
    for (long now = received.get(); now != before && now < sent.get(); now = received.get()) {
      before = now;
      LockSupport.parkNanos(200_000_000);
    }
    return sent.get() - received.get();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    try {
      sender.join();
      second.close();
      first.close();
      upstream.close();
      sink.close();
      receiver.join();
      source.close();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(home)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
