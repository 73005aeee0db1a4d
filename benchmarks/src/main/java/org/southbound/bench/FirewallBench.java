// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.Path;
import org.southbound.flow.Flow;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.FragmentTable;
import org.southbound.flow.RecordTable;
import org.southbound.io.Batch;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.nf.ConfigException;
import org.southbound.nf.Firewall;
import org.southbound.nf.Services;
import org.southbound.packet.Ethernet;
import org.southbound.packet.Ipv4;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.packet.Wire;
import org.southbound.state.StateLayout;

/**
 * What a packet costs between receive and send: parse, flow key, lookup, classify, stateful firewall, as a worker does it,
 * in batches of 256, stride by stride. Packets belong to established TCP flows in random order, both directions, and move the
 * connection on. The packets are written between the measurements.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx512m"})
public class FirewallBench implements Services {
  private static final int BATCH = Batch.SIZE;
  private static final int SLOT = 2048 + 64;
  private static final int DATA = 20;
  private static final int LENGTH = Ethernet.LENGTH + Ipv4.LENGTH + Tcp.LENGTH + DATA;
  private static final int L3 = Ethernet.LENGTH;
  private static final int L4 = L3 + Ipv4.LENGTH;
  private static final int CLIENT_SEQUENCE = 1000;
  private static final int SERVER_SEQUENCE = 5000;
  private static final int WINDOW = 65_535;
  private static final int SERVER = 0xC633_640A;

  /** Established flows. */
  @Param({"1000", "100000", "1000000"})
  public int flowCount;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate((long) BATCH * SLOT, 4096);
  private final Packet[] packets = new Packet[BATCH];
  private final int[] verdicts = new int[BATCH];
  private final int[] hashes = new int[BATCH];
  private final int[] candidates = new int[BATCH];
  private final FragmentTable fragments = new FragmentTable();
  private final Flow flow = new Flow();
  private final Map<Metric, Counter> counters = new HashMap<>();
  private final Map<StateLayout, RecordTable> tables = new HashMap<>();
  private final Firewall firewall = new Firewall();
  private final Classifier classifier = new Classifier(1,
      List.of(new Path(0, "bench", "bench", 1, 1, 255, new NshVxlanGpe(),
          FlowSpace.EVERYTHING, null, 1, 254, List.of())),
      List.of(), List.of(), Classifier.Unclassified.PROCESS);
  private RecordTable flows;
  private SplittableRandom random;
  private long nowMillis = 1;
  private int sequence = CLIENT_SEQUENCE + 1;
  private int forwarded;
  private long touched;

  /** Opens all connections. */
  @Setup(Level.Trial)
  public void open() throws ConfigException {
    random = new SplittableRandom(1);
    flows = new RecordTable(Firewall.CONNECTION.size(), flowCount + 1);
    firewall.specification().metrics().forEach(metric -> counters.put(metric, new Counter()));
    for (var layout : firewall.specification().states()) {
      tables.put(layout,
          layout.kind() == StateLayout.Kind.PER_FLOW ? flows : new RecordTable(layout.size(), 1000));
    }
    firewall.start(this);
    firewall.configure(firewall.rehearsal()).run();
    for (int i = 0; i < BATCH; i++) {
      long at = (long) i * SLOT;
      Ethernet.write(memory, at, 0x020000000002L, 0x020000000001L, Ethernet.IPV4);
      packets[i] = Packet.of(memory);
    }
    for (int i = 0; i < flowCount; i++) {
      handshake(i);
    }
    for (int i = 0; i < BATCH; i++) {
      write((long) i * SLOT, 0, false, Tcp.LENGTH + DATA);
      Tcp.write(memory, (long) i * SLOT + L4, 0, 0, 0, 0, Tcp.ACK | Tcp.PSH, WINDOW);
    }
    if (flows.size() != flowCount) {
      throw new IllegalStateException(flows.size() + " flows instead of " + flowCount);
    }
  }

  private void handshake(int number) {
    one(number, false, CLIENT_SEQUENCE, 0, Tcp.SYN);
    one(number, true, SERVER_SEQUENCE, CLIENT_SEQUENCE + 1, Tcp.SYN | Tcp.ACK);
    one(number, false, CLIENT_SEQUENCE + 1, SERVER_SEQUENCE + 1, Tcp.ACK);
    one(number, true, SERVER_SEQUENCE + 1, CLIENT_SEQUENCE + 1, Tcp.ACK);
  }

  /** A packet of the handshake; SYNs have the option of the greatest window scale. */
  private void one(int number, boolean reply, int seq, int ack, int flags) {
    int options = (flags & Tcp.SYN) == 0 ? 0 : 4;
    write(0, number, reply, Tcp.LENGTH + options);
    Tcp.write(memory, L4, reply ? 80 : port(number), reply ? port(number) : 80, seq, ack, flags, WINDOW);
    if (options > 0) {
      new Tcp(memory, L4).headerLength(Tcp.LENGTH + options);
      Wire.u32(memory, L4 + Tcp.LENGTH, 3 << 24 | 3 << 16 | 14 << 8);
    }
    packets[0].window(memory, 0, L4 + Tcp.LENGTH + options, 0);
    if (handle(packets[0], parse(packets[0]), RecordTable.ABSENT) != 0) {
      throw new IllegalStateException("the firewall refuses a handshake");
    }
  }

  private static int client(int number) {
    return 0x0A00_0000 | number >>> 4;
  }

  private static int port(int number) {
    return 1024 + (number & 15);
  }

  private void write(long at, int number, boolean reply, int length) {
    Ipv4.write(memory, at + L3, 0, Ipv4.LENGTH + length, 0, 64, Protocol.TCP, reply ? SERVER : client(number),
        reply ? client(number) : SERVER);
  }

  /** One batch. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public int batch() {
    for (int from = 0; from < BATCH; from += Batch.STRIDE) {
      stride(from, from + Batch.STRIDE);
    }
    return forwarded;
  }

  private void stride(int from, int to) {
    for (int i = from; i < to; i++) {
      var packet = packets[i];
      verdicts[i] = parse(packet);
      hashes[i] = packet.hash;
    }
    touched = flows.prefetch(hashes, candidates, from, to);
    for (int i = from; i < to; i++) {
      verdicts[i] = handle(packets[i], verdicts[i], candidates[i]);
      forwarded += verdicts[i] == 0 ? 1 : 0;
    }
  }

  /** Packets of random flows. A batch takes long enough to be timed by itself. */
  @Setup(Level.Invocation)
  public void fill() {
    // Seldom enough that a flow which was not hit for long is still within its window.
    sequence += 1;
    for (int i = 0; i < BATCH; i++) {
      int number = (int) ((random.nextInt() & 0xffff_ffffL) * flowCount >>> 32);
      boolean reply = (number >>> 3 & 1) != 0;
      long at = (long) i * SLOT;
      long client = client(number) & 0xffff_ffffL;
      long server = SERVER & 0xffff_ffffL;
      Wire.u64(memory, at + L3 + 12, reply ? server << 32 | client : client << 32 | server);
      Wire.u32(memory, at + L4, reply ? 80 << 16 | port(number) : port(number) << 16 | 80);
      Wire.u32(memory, at + L4 + 4, reply ? sequence + SERVER_SEQUENCE - CLIENT_SEQUENCE : sequence);
      Wire.u32(memory, at + L4 + 8, reply ? CLIENT_SEQUENCE + 1 : SERVER_SEQUENCE + 1);
      packets[i].window(memory, at, LENGTH, at);
    }
  }

  private int parse(Packet packet) {
    int verdict = Parser.parse(packet);
    return verdict == 0 && packet.ipVersion() != 0 ? FlowKey.extract(packet, fragments, nowMillis) : verdict;
  }

  private int handle(Packet packet, int verdict, int candidate) {
    if (verdict != 0) {
      return verdict;
    }
    int id = flows.find(candidate, packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.hash);
    if (classify(packet, id) == null) {
      return 1;
    }
    flow.bind(flows, packet, id, nowMillis);
    int result = firewall.process(packet, flow);
    int after = flow.id();
    if (after >= 0) {
      if (flow.ends()) {
        flows.remove(after);
      } else {
        flows.touch(after, result == 0 ? nowMillis : flows.header(after, RecordTable.LAST_SEEN));
      }
    }
    return result;
  }

  private Path classify(Packet packet, int id) {
    if (id < 0 || !classifier.cacheable()) {
      return classifier.classify(packet);
    }
    int remembered = flows.header(id, RecordTable.CACHE);
    if (classifier.remembers(remembered)) {
      return classifier.recall(remembered);
    }
    var path = classifier.classify(packet);
    flows.header(id, RecordTable.CACHE, classifier.remember(path));
    return path;
  }

  /** Every packet must have been forwarded, or the figure is of something else. */
  @TearDown(Level.Trial)
  public void check() {
    for (var counter : counters.entrySet()) {
      boolean fine = List.of("packets-accepted", "flows-accepted").contains(counter.getKey().name());
      if (!fine && counter.getValue().get() != 0) {
        throw new IllegalStateException(counter.getKey().name() + " " + counter.getValue().get());
      }
    }
    tables.values().forEach(RecordTable::close);
    arena.close();
  }

  /** The sum of what prefetching read; keeps it from being optimised away. */
  public long touched() {
    return touched;
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }

  @Override
  public RecordTable table(StateLayout layout) {
    return tables.get(layout);
  }

  @Override
  public Counter counter(Metric metric) {
    return counters.get(metric);
  }

  @Override
  public void produce(Packet packet, int context, int value) {
  }

  @Override
  public int consume(Packet packet, int context) {
    return -1;
  }

  @Override
  public Flow related(Packet icmpError) {
    throw new IllegalStateException("no ICMP here");
  }

  @Override
  public Packet newPacket() {
    return null;
  }

  @Override
  public void emit(Packet packet, Packet cause, boolean reply) {
  }

  @Override
  public void alarm(Alarm alarm) {
  }
}
