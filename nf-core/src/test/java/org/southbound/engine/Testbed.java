// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.Fabric;
import org.southbound.chain.FlowTags;
import org.southbound.chain.Gre;
import org.southbound.chain.IpInIp;
import org.southbound.chain.Link;
import org.southbound.chain.MacRewrite;
import org.southbound.chain.Mpls;
import org.southbound.chain.NshEthernet;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.chain.VlanTag;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.io.Ports;
import org.southbound.metrics.Metrics;
import org.southbound.metrics.Reports;
import org.southbound.nf.NetworkFunction;
import org.southbound.packet.Checksum;
import org.southbound.packet.PacketPool;
import org.southbound.packet.Wire;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerListener;
import org.southbound.peer.PeerServer;
import org.southbound.peer.Peers;
import org.southbound.peer.Trust;
import org.southbound.transfer.Copy;
import org.southbound.transfer.Interval;
import org.southbound.transfer.LossFree;

/** Instances on loopback, with real sockets and real TLS, a source of packets before them and a sink behind. */
final class Testbed implements AutoCloseable {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final int FLOWS = 100_000;
  private static final int SERVER = 0xC000_0201;

  /** An instance. */
  final class Node implements AutoCloseable {
    final String name;
    final List<Worker> workers = new ArrayList<>();
    final Vnf vnf;
    final List<Event> events = new CopyOnWriteArrayList<>();
    final Endpoint endpoint;
    /** Called at each step of what other NFs ask of this one; throws to have it die there. */
    volatile Step step = each -> {
    };
    private final PeerServer server;
    private final Peers peers;

    Node(String name, Supplier<NetworkFunction> make, int workerCount, int maximumFlows) throws Exception {
      this.name = name;
      int port = 0;
      var link = new Link(0x0200_0000_0000L + nodes.size() + 1, LOOPBACK);
      var protocols = List.<ChainingProtocol>of(new NshVxlanGpe(), new NshEthernet(link), new Gre(link), new Mpls(link),
          new VlanTag(), new IpInIp(link), new FlowTags(link), new MacRewrite(link));
      for (int i = 0; i < workerCount; i++) {
        var worker = new Worker(name + i, make.get(), new Worker.Sizes(16_384, maximumFlows, false));
        var data = Ports.udp("data", new InetSocketAddress(LOOPBACK, port),
            new Ports.Options(Ports.Direction.BOTH, "--data-port", workerCount > 1));
        port = data.address().getPort();
        worker.data(data);
        worker.egress(data, sink.address());
        worker.fabric(hub.port(link.mac()), new Fabric(link, protocols));
        workers.add(worker);
      }
      Worker.join(workers);
      var trust = Trust.open(name, home.resolve(name), home.resolve("trust"), InstantSource.system());
      peers = new Peers(trust, PeerListener.NONE);
      var neighbours = new Neighbours(new Endpoint(name, "127.0.0.1", port, 0), (nf, host, peerPort) -> peers
          .client(org.southbound.peer.v1.Endpoint.newBuilder().setNf(nf).setHost(host).setPeerPort(peerPort).build()));
      var metrics = new Metrics();
      EngineMetrics.register(metrics, workers);
      vnf = new Vnf(new Vnf.Setup(workers, neighbours, workers.getFirst().nf().specification(),
          protocols, List.of(new Copy(), new LossFree()), List.of(new Interval()), Map.of(), metrics,
          new Reports(metrics), trust.fingerprint()));
      vnf.listen(events::add);
      server = new PeerServer(new InetSocketAddress(LOOPBACK, 0), trust, Steps.watch(vnf, each -> step.at(each)),
          PeerListener.NONE);
      endpoint = new Endpoint(name, "127.0.0.1", port, server.port(), link.text());
      neighbours.self(endpoint);
      workers.forEach(Worker::start);
      nodes.add(this);
    }

    /** No peer reaches it any more; its packets still flow. */
    void cutOff() {
      server.close();
    }

    long sum(java.util.function.ToLongFunction<WorkerCounters> what) {
      return workers.stream().map(Worker::counters).mapToLong(what).sum();
    }

    /** received + generated = sent + dropped + held. */
    boolean balanced() {
      return sum(c -> c.received.get()) + sum(c -> c.generated.get()) == sum(c -> c.sent.get())
          + sum(WorkerCounters::dropped) + sum(c -> c.held.get());
    }

    String account() {
      return name + " received " + sum(c -> c.received.get()) + " sent " + sum(c -> c.sent.get()) + " generated "
          + sum(c -> c.generated.get()) + " held " + sum(c -> c.held.get()) + " dropped "
          + workers.stream().map(each -> each.counters().drops()).toList();
    }

    @Override
    public void close() {
      server.close();
      vnf.close();
      peers.close();
      workers.forEach(Worker::close);
    }
  }

  /** What happens at a step. */
  @FunctionalInterface
  interface Step {
    void at(String step) throws PeerException;
  }

  final Path home;
  final EthernetHub hub = new EthernetHub();
  final Port sink;
  final List<Node> nodes = new ArrayList<>();
  private final DatagramSocket source;
  /** Sequence numbers that came out, by flow, in order. */
  final Map<Integer, List<Integer>> seen = new ConcurrentHashMap<>();
  /** Told each frame that comes out. */
  volatile java.util.function.Consumer<byte[]> tap = frame -> {
  };
  private volatile boolean closed;
  private final Thread receiver;
  private final java.util.concurrent.atomic.AtomicLong received = new java.util.concurrent.atomic.AtomicLong();

  Testbed(Path home) throws Exception {
    this.home = home;
    sink = Ports.udp("sink", new InetSocketAddress(LOOPBACK, 0),
        new Ports.Options(Ports.Direction.BOTH, "--sink", false));
    source = new DatagramSocket(0, LOOPBACK);
    receiver = Thread.ofPlatform().start(this::receive);
  }

  Node node(String name, Supplier<NetworkFunction> make) throws Exception {
    return new Node(name, make, 1, FLOWS);
  }

  Node node(String name, Supplier<NetworkFunction> make, int workers) throws Exception {
    return new Node(name, make, workers, FLOWS);
  }

  Node small(String name, Supplier<NetworkFunction> make, int maximumFlows) throws Exception {
    return small(name, make, 1, maximumFlows);
  }

  Node small(String name, Supplier<NetworkFunction> make, int workers, int maximumFlows) throws Exception {
    return new Node(name, make, workers, maximumFlows);
  }

  /** By a port like the instances' own: its buffer outlasts a burst that is released while another thread has the CPU. */
  private void receive() {
    try (var pool = new PacketPool(Batch.SIZE)) {
      var batch = new Batch(pool);
      while (!closed) {
        int n = sink.receive(batch);
        for (int i = 0; i < n; i++) {
          var packet = batch.get(i);
          tap.accept(packet.memory().asSlice(packet.start() + 8, packet.length() - 8).toArray(ValueLayout.JAVA_BYTE));
          boolean ethernet = Wire.u8(packet.memory(), packet.start() + 3) == 3;
          long payload = packet.start() + 8 + (ethernet ? 42 : 28);
          int flow = Wire.i32(packet.memory(), payload);
          int sequence = Wire.i32(packet.memory(), payload + 4);
          seen.computeIfAbsent(flow, each -> java.util.Collections.synchronizedList(new ArrayList<>())).add(sequence);
        }
        batch.clear();
        received.addAndGet(n);
        if (n == 0) {
          java.util.concurrent.locks.LockSupport.parkNanos(100_000);
        }
      }
    }
  }

  /** Sends the given packet of a UDP flow to an instance, as unclassified traffic. */
  void send(Node to, int flow, int sequence) throws Exception {
    send(to, udp(flow, sequence));
  }

  /** Sends a frame in VXLAN-GPE. */
  void send(Node to, byte[] frame) throws Exception {
    source.send(new DatagramPacket(frame, frame.length, LOOPBACK, to.endpoint.dataPort()));
  }

  long received() {
    return received.get();
  }

  /** An Ethernet frame in VXLAN-GPE: UDP from 10.x.y.1:1024 + flow to 192.0.2.1:53, payload flow and sequence. */
  static byte[] udp(int flow, int sequence) {
    return udp(client(flow), 1024 + (flow & 0xFFF), SERVER, 53, flow, sequence);
  }

  /** The same between other endpoints. */
  static byte[] udp(int from, int fromPort, int to, int toPort, int flow, int sequence) {
    var out = ByteBuffer.allocate(8 + 14 + 20 + 8 + 8);
    ethernet(out);
    ipv4(out, 36, sequence << 16, 17, from, to);
    out.putShort((short) fromPort).putShort((short) toPort).putShort((short) 16).putShort((short) 0);
    return out.putInt(flow).putInt(sequence).array();
  }

  /** As {@link #udp}, but in fragments of 16 octets each: the first has the ports. */
  static byte[] fragment(int flow, int identification, boolean first) {
    var out = ByteBuffer.allocate(8 + 14 + 20 + 16);
    ethernet(out);
    ipv4(out, 36, identification << 16 | (first ? 0x2000 : 2), 17, client(flow), SERVER);
    if (first) {
      ports(out, flow, 32);
    }
    return out.array();
  }

  /** The server's ICMP error, port unreachable, about a packet of a flow of {@link #udp}. */
  static byte[] unreachable(int flow) {
    var out = ByteBuffer.allocate(8 + 14 + 20 + 8 + 28);
    ethernet(out);
    ipv4(out, 56, 0, 1, SERVER, client(flow));
    out.putInt(0x0303_0000).putInt(0);
    ipv4(out, 36, 0, 17, client(flow), SERVER);
    ports(out, flow, 16);
    return out.array();
  }

  private static int client(int flow) {
    return 0x0A00_0001 + ((flow >>> 12) << 8);
  }

  private static void ethernet(ByteBuffer out) {
    out.putInt(0x0C00_0003).putInt(0);
    out.put(new byte[]{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0});
  }

  private static void ipv4(ByteBuffer out, int length, int fragment, int protocol, int from, int to) {
    int ip = out.position();
    out.putInt(0x4500_0000 | length).putInt(fragment).put((byte) 64).put((byte) protocol).putShort((short) 0);
    out.putInt(from).putInt(to);
    var segment = MemorySegment.ofBuffer(out.duplicate().clear());
    segment.set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.BIG_ENDIAN), ip + 10,
        (short) Checksum.ipv4(segment, ip));
  }

  private static void ports(ByteBuffer out, int flow, int length) {
    out.putShort((short) (1024 + (flow & 0xFFF))).putShort((short) 53).putShort((short) length).putShort((short) 0);
  }

  /** Waits for a condition; false when it did not come in time. */
  static boolean eventually(Duration timeout, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
    return true;
  }

  /** Packets of flows that came out of order, or twice, or not at all. */
  Map<String, Long> faults(int flows, int perFlow) {
    long lost = 0;
    long duplicated = 0;
    long reordered = 0;
    for (int flow = 0; flow < flows; flow++) {
      var list = seen.getOrDefault(flow, List.of());
      var distinct = new java.util.HashSet<>(list);
      lost += perFlow - distinct.size();
      duplicated += list.size() - distinct.size();
      for (int i = 1; i < list.size(); i++) {
        reordered += list.get(i) < list.get(i - 1) ? 1 : 0;
      }
    }
    var result = new LinkedHashMap<String, Long>();
    result.put("lost", lost);
    result.put("duplicated", duplicated);
    result.put("reordered", reordered);
    return result;
  }

  @Override
  public void close() {
    closed = true;
    nodes.forEach(Node::close);
    source.close();
    try {
      receiver.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    sink.close();
  }
}
