// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.southbound.flow.Flow;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;
import org.southbound.flow.RecordTable;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;
import org.southbound.packet.Parser;
import org.southbound.state.StateLayout;

/** Runs an NF as a worker does, packet by packet, with a clock of its own. */
final class Rig implements Services, AutoCloseable {
  static final Path MIXED = capture("mixed.pcap.gz");
  static final Path EDGE = capture("edge.pcap.gz");

  final NetworkFunction nf;
  final RecordTable flows;
  final Map<StateLayout, RecordTable> tables = new HashMap<>();
  final Flow flow = new Flow();
  final List<Alarm> alarms = new ArrayList<>();
  final List<byte[]> emitted = new ArrayList<>();
  final Map<Integer, Integer> produced = new HashMap<>();
  final Map<Integer, Integer> consumed = new HashMap<>();
  final Map<String, Integer> ports = new HashMap<>();
  long now;
  int[] labels = {};
  int ingress;
  private int length;

  private final Map<String, Counter> counters = new HashMap<>();
  private final FragmentTable fragments = new FragmentTable();
  private final PacketPool pool = new PacketPool(8);
  private final Packet packet;
  private final Flow relatedFlow = new Flow();
  private final Packet embedded = Packet.of(MemorySegment.ofArray(new byte[0]));
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(Packet.CAPACITY, 64);

  Rig(NetworkFunction nf) {
    this(nf, 10_000);
  }

  Rig(NetworkFunction nf, int maximum) {
    this.nf = nf;
    flows = new RecordTable(nf.specification().perFlow().size(), maximum);
    for (var layout : nf.specification().states()) {
      tables.put(layout,
          layout.kind() == StateLayout.Kind.PER_FLOW ? flows : new RecordTable(layout.size(), maximum));
    }
    nf.specification().metrics().forEach(metric -> counters.put(metric.name(), new Counter()));
    packet = pool.take();
    nf.start(this);
  }

  void configure(Config config) {
    try {
      nf.configure(config).run();
    } catch (ConfigException refused) {
      throw new AssertionError(refused.path(), refused);
    }
  }

  /** Verdict on a frame. */
  Drop send(byte[] frame) {
    MemorySegment.copy(frame, 0, buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, frame.length);
    length = frame.length;
    return Drop.of(send(buffer, frame.length));
  }

  /** The last frame, as the NF left it. */
  byte[] left() {
    return buffer.asSlice(0, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  int send(MemorySegment memory, int length) {
    packet.clear();
    packet.window(memory, 0, length, 0);
    packet.ingress = ingress;
    for (int label : labels) {
      packet.add(label);
    }
    int verdict = Parser.parse(packet);
    if (verdict != 0) {
      return verdict;
    }
    if (packet.ipVersion() == 0) {
      return nf.processOther(packet);
    }
    verdict = FlowKey.extract(packet, fragments, now);
    if (verdict != 0) {
      return verdict;
    }
    flow.bind(flows, packet,
        flows.find(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.hash), now);
    verdict = nf.process(packet, flow);
    int after = flow.id();
    if (after >= 0) {
      if (flow.ends()) {
        nf.flowEnded(flow);
        flows.remove(after);
      } else {
        flows.touch(after, verdict == 0 ? now : flows.header(after, RecordTable.LAST_SEEN));
      }
    }
    return verdict;
  }

  void pass(long millis) {
    now += millis;
    for (var table : tables.values()) {
      table.expire(now, 1 << 20, id -> {
        if (table == flows) {
          flow.bind(flows, id);
          nf.flowEnded(flow);
        }
      });
    }
    for (int i = 0; i < 100; i++) {
      nf.tick(now);
    }
  }

  long count(String metric) {
    return counters.get(metric).get();
  }

  @Override
  public long nowMillis() {
    return now;
  }

  @Override
  public RecordTable table(StateLayout layout) {
    return tables.get(layout);
  }

  @Override
  public Counter counter(Metric metric) {
    return counters.get(metric.name());
  }

  @Override
  public void produce(Packet packet, int context, int value) {
    produced.put(context, value);
  }

  @Override
  public int consume(Packet packet, int context) {
    return consumed.getOrDefault(context, -1);
  }

  @Override
  public int port(String name) {
    return ports.getOrDefault(name, -1);
  }

  @Override
  public Flow related(Packet icmpError) {
    int verdict = FlowKey.related(icmpError, embedded);
    int id = verdict != 0 ? RecordTable.ABSENT
        : flows.find(embedded.k0, embedded.k1, embedded.k2, embedded.k3, embedded.k4, embedded.hash);
    relatedFlow.bind(flows, embedded, id, now);
    return relatedFlow;
  }

  @Override
  public Packet newPacket() {
    return pool.take();
  }

  @Override
  public void emit(Packet made, Packet cause, boolean reply) {
    emitted.add(made.memory().asSlice(made.frame(), made.frameLength())
        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    pool.give(made);
  }

  @Override
  public void alarm(Alarm alarm) {
    alarms.add(alarm);
  }

  @Override
  public void close() {
    tables.values().forEach(RecordTable::close);
    pool.close();
    arena.close();
  }

  // ---- captures

  /**
   * A captured frame.
   *
   * @param micros time since the first frame
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares frames
  record Frame(long micros, byte[] octets) {
  }

  private static Path capture(String name) {
    return Path.of("").toAbsolutePath().resolveSibling("vnf/src/main/traffic").resolve(name);
  }

  /** A frame in memory off the heap, where an NF finds its packets. */
  static MemorySegment offHeap(Arena arena, Frame frame) {
    var copy = arena.allocate(frame.octets().length);
    MemorySegment.copy(frame.octets(), 0, copy, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, frame.octets().length);
    return copy;
  }

  /** The frames of a pcap file, which may be compressed. */
  static List<Frame> read(Path file) throws IOException {
    var frames = new ArrayList<Frame>();
    var raw = Files.newInputStream(file);
    try (var in = new DataInputStream(
        new BufferedInputStream(file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw))) {
      var header = in.readNBytes(24);
      boolean little = header[0] == (byte) 0xd4 || header[0] == 0x4d;
      int perMicro = header[little ? 0 : 3] == 0x4d ? 1000 : 1;
      long first = -1;
      for (var each = in.readNBytes(16); each.length == 16; each = in.readNBytes(16)) {
        var words = java.nio.ByteBuffer.wrap(each).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long micros = words.getInt() * 1_000_000L + words.getInt() / perMicro;
        first = first < 0 ? micros : first;
        frames.add(new Frame(micros - first, in.readNBytes(words.getInt())));
      }
    }
    return frames;
  }
}
