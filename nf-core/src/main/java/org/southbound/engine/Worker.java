// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.ControlFrame;
import org.southbound.chain.Decapsulator;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.classifier.Classifier;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.classifier.Translations;
import org.southbound.flow.Flow;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;
import org.southbound.flow.RecordTable;
import org.southbound.io.Batch;
import org.southbound.io.Poller;
import org.southbound.io.Port;
import org.southbound.nf.NetworkFunction;
import org.southbound.nf.Specification;
import org.southbound.packet.Drop;
import org.southbound.packet.Offload;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.state.StateLayout;

/**
 * One packet's way, top to bottom, run to completion on one thread: receive, decapsulate, parse, find the flow and the
 * path, let the NF process, encapsulate, send. Nobody else touches the packets, the flow table and the NF's state;
 * control reaches them only as commands, which run between two batches.
 *
 * <p>Every packet is accounted for: received + generated = sent + dropped, by reason + held.
 */
public final class Worker implements AutoCloseable {
  /** Path identifier of redirected packets that are on no path; reserved, never given to a chain. */
  public static final int NO_PATH = 0xFF_FFFF;

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final int TICK_MILLIS = 10;
  private static final int COMMANDS_PER_ROUND = 64;
  private static final int EXPIRED_PER_TICK = 16_384;
  private static final int IDLE_MILLIS = 10;
  /** Packets that are never held: without them nothing could be received, and no mark would end the hold. */
  private static final int RESERVE = 2 * Batch.SIZE;
  private static final int HANDED_OVER = -1;
  private static final int IS_CONTROL = -2;

  private final String name;
  private final NetworkFunction nf;
  private final WorkerCounters counters = new WorkerCounters();
  private final PacketPool pool;
  private final Batch batch;
  private final int[] verdicts = new int[Batch.SIZE];
  private final int[] hashes = new int[Batch.SIZE];
  /** Per packet of the round the record that is probably its flow's. */
  private final int[] candidates = new int[Batch.SIZE];
  private final RecordTable flows;
  private final Flow flow = new Flow();
  private final Flow relatedFlow = new Flow();
  private final FragmentTable fragments = new FragmentTable();
  private final Map<StateLayout, RecordTable> tables = new LinkedHashMap<>();
  private final NfServices services;
  private final NshVxlanGpe tunnel = new NshVxlanGpe();
  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final long originNanos = System.nanoTime();

  private final List<Port> inputs = new ArrayList<>();
  private Port[] polled = {};
  /** Of several workers: this one's place, the others, and the way to each. */
  private int place;
  private Worker[] all = {this};
  private Ring[] rings = {null};
  private Port data;
  private Port fabric;
  private Port.Destination fabricDestination;
  private Decapsulator fabricProtocols;
  private Port egress;
  private Port.Destination egressDestination;
  /** The number among the inputs of an egress from which packets come too, or -1; and where those leave. */
  private int egressInput = -1;
  private Port back;
  private Port.Destination backDestination;
  /** Every port that sends, once. */
  private Port[] outputs = {};
  private Port.Destination ingressDestination;
  private Port.Destination[] destinations = new Port.Destination[16];
  /** The hops that {@link #destinations} were made for. */
  private NextHop[] hops = new NextHop[16];
  private NextHop lastHop;
  private Port.Destination lastDestination;
  private Poller poller;
  private ControlListener control = (packet, path) -> {
  };

  private Classifier classifier = Classifier.EMPTY;
  private Translations translations = Translations.NONE;
  private Guard[] guards = {};
  private Path currentPath;
  /** The path on which the last packet arrived, and its identifier and index; most packets come as the one before. */
  private Path arrivedPath;
  private int arrivedKey;
  /** Packets and octets that are not yet in the counters of their path. */
  private Path countedPath;
  /** Part of its scope goes elsewhere. */
  private boolean steered;
  private long countedPackets;
  private long countedOctets;
  private Packet[] loose = new Packet[Batch.SIZE];
  private int looseCount;
  private int queued;
  private long nowMillis;
  private long nextTickMillis;
  private long prefetched;
  private long bugs;
  private boolean receiving = true;
  private volatile boolean running = true;
  private volatile boolean inputEnded;
  private Thread thread;

  /** Takes control frames that arrive; runs on the worker's thread. */
  @FunctionalInterface
  public interface ControlListener {
    /** The path is null where the packet came without one that is known here. */
    void received(Packet packet, Path path);
  }

  /**
   * Sizes of a worker.
   *
   * @param packets packets in the pool
   * @param maximumFlows most flows
   * @param evictIdle a full table evicts the idlest flow instead of refusing new ones
   */
  public record Sizes(int packets, int maximumFlows, boolean evictIdle) {
    /** The default sizes. */
    public static final Sizes DEFAULT = new Sizes(16_384, 1_000_000, false);
  }

  /** A worker that runs {@code nf}; add ports, then {@link #start} it or call {@link #doWork}. */
  public Worker(String name, NetworkFunction nf, Sizes sizes) {
    this.name = name;
    this.nf = nf;
    pool = new PacketPool(sizes.packets);
    batch = new Batch(pool);
    Specification specification = nf.specification();
    var perFlow = specification.perFlow();
    flows = new RecordTable(perFlow == null ? 0 : perFlow.size(), sizes.maximumFlows);
    if (sizes.evictIdle) {
      flows.evictIdle(1000, this::expired);
    }
    for (var layout : specification.states()) {
      if (layout.kind() == StateLayout.Kind.PER_FLOW) {
        tables.put(layout, flows);
      } else {
        tables.put(layout, new RecordTable(layout.size(),
            layout.kind() == StateLayout.Kind.ALL_FLOWS ? 16 : sizes.maximumFlows));
      }
    }
    services = new NfServices(this, specification);
    nf.start(services);
  }

  // ---- set-up, before the start or by command

  /** The port for tunnel packets of chains; also an input. */
  public void data(Port port) {
    data = port;
    input(port);
  }

  /** The port for the frames of chains whose protocol is not over UDP; also an input. */
  public void fabric(Port port, Decapsulator protocols) {
    fabric = port;
    fabricDestination = port.destination(null);
    fabricProtocols = protocols;
    input(port);
    output(port);
  }

  /** A port to take packets from. */
  public void input(Port port) {
    inputs.add(port);
    polled = inputs.toArray(Port[]::new);
    if (port == data || port.twoWay()) {
      output(port);
    }
  }

  private void output(Port port) {
    if (!List.of(outputs).contains(port)) {
      outputs = Arrays.copyOf(outputs, outputs.length + 1);
      outputs[outputs.length - 1] = port;
    }
  }

  /** Where packets of the last hop go; the address is null for a port with one other side. */
  public void egress(Port port, InetSocketAddress address) {
    egress = port;
    egressDestination = port.destination(address);
    egressInput = port.twoWay() ? inputs.indexOf(port) : -1;
    output(port);
  }

  /** Where packets go that come in by the egress, an input of this worker; the address as in {@link #egress}. */
  public void back(Port port, InetSocketAddress address) {
    back = port;
    backDestination = port.destination(address);
    output(port);
  }

  /** Where tunnel packets that are on no path come from: answers of the NF go back there. */
  public void ingress(InetSocketAddress address) {
    ingressDestination = data.destination(address);
  }

  /** Number of the input of that name, or -1. */
  int inputNumber(String portName) {
    for (int i = 0; i < polled.length; i++) {
      if (polled[i].name().equals(portName)) {
        return i;
      }
    }
    return -1;
  }

  /** The port for tunnel packets. */
  public Port dataPort() {
    return data;
  }

  /** Makes workers share the flows: each packet goes to the worker that its flow's hash names. Before they start. */
  public static void join(List<Worker> workers) {
    int n = workers.size();
    for (int from = 0; from < n; from++) {
      var worker = workers.get(from);
      worker.place = from;
      worker.all = workers.toArray(Worker[]::new);
      worker.rings = new Ring[n];
      for (int to = 0; to < n; to++) {
        if (to != from) {
          worker.rings[to] = new Ring(from, to);
          workers.get(to).input(worker.rings[to]);
        }
      }
    }
  }

  /** Who takes control frames. */
  public void control(ControlListener listener) {
    control = listener;
  }

  /** Puts other rules in force: the packets before saw the old ones, those after see the new ones. */
  void classifier(Classifier next) {
    countPath(null);
    classifier = next;
    arrivedKey = 0;
    counters.reserve(next);
  }

  void translations(Translations next) {
    translations = next;
  }

  // ---- the thread

  /** Starts the worker's thread. */
  @SuppressWarnings("ThreadPriorityCheck") // nothing depends on it but how long packets wait
  public void start() {
    poller = Poller.open(inputs);
    // Where the JVM may set it (-XX:ThreadPriorityPolicy=1, CAP_SYS_NICE), packets come before all else.
    thread = Thread.ofPlatform().name("worker-" + name).priority(Thread.MAX_PRIORITY).start(this::run);
  }

  private void run() {
    try {
      while (running) {
        int work;
        try {
          work = doWork();
        } catch (RuntimeException bug) {
          work = 1;
          log(bug);
          flush();
          batch.clear();
        }
        if (work == 0) {
          poller.await(IDLE_MILLIS);
        }
      }
    } finally {
      stopped.countDown();
    }
  }

  private void log(RuntimeException bug) {
    if (bugs++ == 0) {
      LOG.error("worker {} failed; further failures are only counted", name, bug);
    }
  }

  /** Runs {@code command} on the worker's thread between two batches; any thread. */
  public void execute(Runnable command) {
    commands.add(command);
    if (poller != null && Thread.currentThread() != thread) {
      poller.wake();
    }
  }

  /** Runs {@code command} on the worker's thread and hands over its result; any thread. */
  public <T> CompletableFuture<T> call(Callable<T> command) {
    var result = new CompletableFuture<T>();
    execute(() -> {
      try {
        result.complete(command.call());
      } catch (Exception failure) {
        result.completeExceptionally(failure);
      }
    });
    return result;
  }

  /** One round; returns how much was done, 0 if nothing. Called by the worker's thread, or by tests in its place. */
  public int doWork() {
    nowMillis = (System.nanoTime() - originNanos) / 1_000_000;
    int work = runCommands();
    for (int i = 0; i < polled.length; i++) {
      // What another worker has taken goes on even when nothing more is taken from outside.
      if (receiving || polled[i] instanceof Ring) {
        work += round(polled[i], i);
      }
    }
    if (receiving && !inputEnded && ended()) {
      countDiscarded();
      inputEnded = true;
    }
    if (nowMillis >= nextTickMillis) {
      tick();
    }
    return work;
  }

  private int runCommands() {
    int n = 0;
    for (Runnable command; n < COMMANDS_PER_ROUND && (command = commands.poll()) != null; n++) {
      try {
        command.run();
      } catch (RuntimeException failure) {
        LOG.error("a command of worker {} failed", name, failure);
      }
    }
    if (n > 0) {
      flush();
    }
    return n;
  }

  private boolean ended() {
    boolean any = false;
    for (var port : polled) {
      if (port != data && !port.twoWay() && !(port instanceof Ring)) {
        any = true;
        if (!port.ended()) {
          return false;
        }
      }
    }
    return any;
  }

  private void tick() {
    nextTickMillis = nowMillis + TICK_MILLIS;
    flows.expire(nowMillis, EXPIRED_PER_TICK, this::expired);
    for (var table : tables.values()) {
      if (table != flows) {
        table.expire(nowMillis, EXPIRED_PER_TICK, id -> {
        });
      }
    }
    nf.tick(nowMillis);
    flush();
    countDiscarded();
  }

  private void countDiscarded() {
    for (var port : polled) {
      counters.discarded(port);
    }
  }

  private void expired(int id) {
    flow.bind(flows, id);
    nf.flowEnded(flow);
  }

  // ---- the packet path

  /** Takes a batch through, stride by stride; returns how many packets came. */
  private int round(Port port, int number) {
    int n = port.receive(batch);
    if (n == 0) {
      return 0;
    }
    long begin = System.nanoTime();
    boolean ring = port instanceof Ring;
    for (int from = 0; from < n;) {
      int to = Math.min(from + Batch.STRIDE, n);
      stride(port, number, from, to, ring);
      from = to;
      if (from == n) {
        n += port.more(batch);
      }
    }
    counters.delay.record((System.nanoTime() - begin) / n);
    flush();
    batch.clear();
    return n;
  }

  /** First what every packet needs, so that their cache misses overlap, then one by one. */
  private void stride(Port port, int number, int from, int to, boolean ring) {
    int traffic = port.tunnel() ? chained(tunnel, ring ? -1 : number, from, to)
        : port == fabric ? chained(fabricProtocols, number, from, to) : bare(number, from, to);
    if (!ring) {
      counters.received.add(traffic);
    }
    prefetched = flows.prefetch(hashes, candidates, from, to);
    for (int next = from; next < to;) {
      next = each(next, to, ring);
    }
  }

  /** One packet after the other; returns where to go on. A bug outside of the NF costs the packet, not the worker. */
  private int each(int from, int to, boolean ring) {
    int i = from;
    try {
      for (; i < to; i++) {
        var packet = batch.get(i);
        int verdict = verdicts[i];
        if (verdict != 0) {
          aside(packet, verdict, ring);
        } else if (handle(packet, candidates[i])) {
          batch.take(i);
        }
      }
    } catch (RuntimeException bug) {
      log(bug);
      if (verdicts[i] > IS_CONTROL) {
        drop(Drop.NF_ERROR.verdict());
      }
      i++;
    }
    return i;
  }

  /** Returns how many packets are no control frames; an ingress of -1: they know where they came in. */
  private int chained(Decapsulator protocol, int ingress, int from, int to) {
    int traffic = 0;
    for (int i = from; i < to; i++) {
      var packet = batch.get(i);
      if (ingress >= 0) {
        packet.ingress = ingress;
      }
      int verdict = protocol.decapsulate(packet);
      if ((packet.flags & Packet.CONTROL) != 0) {
        verdicts[i] = IS_CONTROL - verdict;
      } else {
        traffic++;
        verdicts[i] = verdict == 0 ? admit(packet, i) : verdict;
      }
    }
    return traffic;
  }

  private int bare(int ingress, int from, int to) {
    for (int i = from; i < to; i++) {
      var packet = batch.get(i);
      packet.ingress = ingress;
      verdicts[i] = admit(packet, i);
    }
    return to - from;
  }

  /** Parses the i-th packet and notes its hash; 0, a verdict, or handed over. */
  private int admit(Packet packet, int i) {
    int verdict = parse(packet);
    hashes[i] = packet.hash;
    if (rings.length > 1 && verdict == 0 && packet.ipVersion() != 0 && ownerOf(packet) != place) {
      return handOver(packet);
    }
    return verdict;
  }

  /** What is not to be processed. */
  private void aside(Packet packet, int verdict, boolean ring) {
    if (verdict > 0) {
      drop(verdict);
    } else if (verdict <= IS_CONTROL) {
      control(packet, IS_CONTROL - verdict, ring);
    }
  }

  /** Gives a packet to the worker that owns its flow. */
  private int handOver(Packet packet) {
    if (packet.offload != 0 && !completed(packet, false)) {
      return HANDED_OVER;
    }
    wrap(packet);
    int to = ownerOf(packet);
    if (!rings[to].offer(packet)) {
      return Drop.WORKER_QUEUE.verdict();
    }
    all[to].poller.wake();
    return HANDED_OVER;
  }

  /** The rings take what the data port takes. */
  private void wrap(Packet packet) {
    if (packet.outer == 0) {
      if (packet.spi == 0) {
        NshVxlanGpe.encapsulateBare(packet);
      } else {
        tunnel.encapsulate(packet, packet.spi, packet.si, null);
      }
      packet.outer = (int) (packet.frame() - packet.start());
    }
  }

  private int parse(Packet packet) {
    int verdict = Parser.parse(packet);
    if (verdict != 0 || packet.ipVersion() == 0) {
      return verdict;
    }
    if (Parser.isIcmpError(packet)) {
      // It must not overtake the flow that it is about.
      packet.flags |= Packet.ORDERED;
    }
    return FlowKey.extract(packet, fragments, nowMillis);
  }

  /** Whose flow the packet belongs to: of an ICMP error, the one that it is about. */
  private int ownerOf(Packet packet) {
    boolean related = (packet.flags & Packet.ORDERED) != 0 && FlowKey.related(packet, embedded) == 0;
    return owner(related ? embedded.hash : packet.hash, rings.length);
  }

  /** Finds flow and path; returns true if the packet is held, and then belongs to a guard. */
  private boolean handle(Packet packet, int candidate) {
    int id = packet.ipVersion() == 0 ? RecordTable.ABSENT
        : flows.find(candidate, packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.hash);
    Path path;
    if (packet.spi == 0 || packet.spi == NO_PATH) {
      path = classify(packet, id);
      if (packet.offload != 0 && !leavesAsItIs(packet, path) && !completed(packet, true)) {
        return false;
      }
      if (path == null && classifier.unclassified() != Classifier.Unclassified.PROCESS) {
        unclassified(packet);
        return false;
      }
    } else {
      path = packet.spi == ChainingProtocol.BY_SCOPE ? recognize(packet) : arriving(packet.spi << 8 | packet.si);
      if (path == null) {
        drop(Drop.UNKNOWN_PATH.verdict());
        return false;
      }
      if (packet.offload != 0 && !completed(packet, true)) {
        return false;
      }
    }
    var guard = guards.length == 0 ? null : guardOf(packet);
    if (guard != null && !passes(guard, packet)) {
      return guarded(guard, packet, path);
    }
    process(packet, path, id);
    return false;
  }

  /** Finds the path of a packet that does not say it; from then on it is as if it had. */
  private Path recognize(Packet packet) {
    var path = classifier.arriving(packet);
    if (path != null) {
      path.protocol().recognized(packet);
      packet.spi = path.spi();
      packet.si = path.si();
    }
    return path;
  }

  /** Whether what the sender left undone can stay so: the packet is not kept here, and leaves by a port that gets it done. */
  private boolean leavesAsItIs(Packet packet, Path path) {
    var exit = exit(packet);
    return guards.length == 0 && (path == null || path.next() == null) && exit != null && exit.offloads();
  }

  /**
   * Does what the sender left undone. False if the packet stood for several: those went on, each like one that was received,
   * {@code here} or to the worker that owns them.
   */
  private boolean completed(Packet packet, boolean here) {
    if (!Offload.isSegmented(packet.offload)) {
      Offload.complete(packet);
      return true;
    }
    int n = Offload.segments(packet);
    if (n == 0) {
      drop(Drop.OVERSIZE.verdict());
      return false;
    }
    counters.generated.add(n - 1);
    for (int i = 0; i < n; i++) {
      var segment = pool.take();
      if (segment == null) {
        drop(Drop.NO_BUFFER.verdict());
        continue;
      }
      Offload.segment(packet, i, segment);
      int verdict = parse(segment);
      if (verdict == 0 && !here) {
        verdict = handOver(segment);
      }
      if (verdict > 0) {
        drop(verdict);
      }
      if (verdict != 0 || !handle(segment, RecordTable.ABSENT)) {
        done(segment);
      }
    }
    return false;
  }

  private Path arriving(int key) {
    if (key != arrivedKey) {
      arrivedPath = classifier.arriving(key >>> 8, key & 0xFF);
      arrivedKey = key;
    }
    return arrivedPath;
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

  private void unclassified(Packet packet) {
    if (classifier.unclassified() == Classifier.Unclassified.BYPASS) {
      out(packet);
    } else {
      drop(Drop.UNCLASSIFIED.verdict());
    }
  }

  private void process(Packet packet, Path path, int id) {
    currentPath = path;
    packet.flags &= ~Packet.REDIRECTED;
    int verdict;
    try {
      verdict = packet.ipVersion() == 0 ? nf.processOther(packet) : processIp(packet, id);
    } catch (RuntimeException bug) {
      verdict = Drop.NF_ERROR.verdict();
      if (counters.drops(Drop.NF_ERROR) == 0) {
        LOG.error("{} failed on a packet; further failures are only counted", name, bug);
      }
    }
    if (verdict != 0) {
      drop(verdict);
    } else {
      forward(packet, path);
    }
  }

  private int processIp(Packet packet, int id) {
    flow.bind(flows, packet, id, nowMillis);
    int verdict = nf.process(packet, flow);
    int after = flow.id();
    if (after >= 0) {
      // An NF may count a packet to another flow than it came with; see FlowKey.rename.
      if (flow.isNew() && isFlow(packet)) {
        counters.flows.add(1);
      }
      if (flow.ends()) {
        nf.flowEnded(flow);
        flows.remove(after);
      } else {
        // A packet that is dropped may change the state, but does not keep the flow alive.
        flows.touch(after, verdict == 0 ? nowMillis : flows.header(after, RecordTable.LAST_SEEN));
      }
    }
    return verdict;
  }

  /** Whether the packet is of a 5-tuple, or of an ICMP query: errors and neighbour discovery have no flow of their own. */
  private static boolean isFlow(Packet packet) {
    boolean icmp = packet.protocol() == (packet.ipVersion() == 4 ? Protocol.ICMP : Protocol.ICMPV6);
    return !icmp || packet.k4 >>> 32 != 0;
  }

  /** Sends a processed packet to the next hop, or out. */
  private void forward(Packet packet, Path path) {
    if (path != null) {
      if (path != countedPath) {
        countPath(path);
      }
      countedPackets++;
      countedOctets += packet.frameLength();
      var next = steered ? path.nextOf(packet) : path.next();
      if (next != null) {
        send(packet, path, next, path.nextSpi(), path.nextSi());
        return;
      }
    }
    out(packet);
  }

  private void send(Packet packet, Path path, NextHop next, int spi, int si) {
    int verdict = si == 0 ? Drop.SERVICE_INDEX.verdict() : path.protocol().encapsulate(packet, spi, si, next.link());
    if (verdict != 0) {
      drop(verdict);
      return;
    }
    transmit(packet, path, next);
    queued++;
  }

  private void transmit(Packet packet, Path path, NextHop next) {
    if (path.onFabric()) {
      fabric.send(packet, fabricDestination);
    } else {
      data.send(packet, destination(next));
    }
  }

  private void out(Packet packet) {
    var exit = exit(packet);
    if (exit == null) {
      drop(Drop.NO_EGRESS.verdict());
      return;
    }
    if (exit.tunnel()) {
      NshVxlanGpe.encapsulateBare(packet);
    }
    exit.send(packet, exit == back ? backDestination : egressDestination);
    queued++;
  }

  /** Where a packet leaves that goes to no other NF. */
  private Port exit(Packet packet) {
    return packet.ingress == egressInput ? back : egress;
  }

  /** Hands what was counted to the counters of its path, and counts for {@code next} from now on. */
  private void countPath(Path next) {
    if (countedPath != null) {
      counters.path(countedPath.number(), countedPackets, countedOctets);
    }
    countedPath = next;
    steered = next != null && !next.steers().isEmpty();
    countedPackets = 0;
    countedOctets = 0;
  }

  private void flush() {
    countPath(null);
    if (queued > 0) {
      int refused = flushPorts();
      counters.sent.add(queued - refused);
      counters.dropped(Drop.SEND_FAILED.verdict(), refused);
      queued = 0;
    }
    for (int i = 0; i < looseCount; i++) {
      pool.give(loose[i]);
      loose[i] = null;
    }
    looseCount = 0;
  }

  private int flushPorts() {
    int refused = 0;
    for (var port : outputs) {
      refused += port.flush();
    }
    return refused;
  }

  private void drop(int verdict) {
    counters.dropped(verdict, 1);
  }

  private Port.Destination destination(NextHop next) {
    if (next != lastHop) {
      lastDestination = lookUp(next);
      lastHop = next;
    }
    return lastDestination;
  }

  private Port.Destination lookUp(NextHop next) {
    int number = next.number();
    if (number >= destinations.length) {
      int size = Math.max(number + 1, 2 * destinations.length);
      destinations = Arrays.copyOf(destinations, size);
      hops = Arrays.copyOf(hops, size);
    }
    // By identity: to compare addresses would cost as much as to find the flow.
    if (hops[number] != next) {
      hops[number] = next;
      destinations[number] = data.destination(next.address());
    }
    return destinations[number];
  }

  // ---- scopes whose state is on the move

  private Guard guardOf(Packet packet) {
    var subject = FlowKey.subject(packet, embedded);
    for (var guard : guards) {
      if (guard.scope.matches(subject)) {
        return guard;
      }
    }
    return null;
  }

  private static boolean passes(Guard guard, Packet packet) {
    return guard.mode() == Guard.Mode.OPEN || (guard.mode() == Guard.Mode.AWAIT_MARKS && !guard.holds(packet));
  }

  private boolean guarded(Guard guard, Packet packet, Path path) {
    switch (guard.mode()) {
      case HOLD, AWAIT_MARKS -> {
        if (guard.hold(packet, free() > RESERVE)) {
          counters.held.add(1);
          return true;
        }
        if (guard.yields()) {
          guard.mode(Guard.Mode.OPEN);
          release(guard);
          return handle(packet, RecordTable.ABSENT);
        }
        drop(Drop.HOLD_FULL.verdict());
      }
      case REDIRECT -> redirect(packet, path, guard.to());
      case FENCED -> drop(Drop.NOT_OWNER.verdict());
      case OPEN -> throw new IllegalStateException("an open guard lets packets pass");
    }
    return false;
  }

  /** Sends a packet that came here although its scope has moved to the new owner, as it arrived. */
  private void redirect(Packet packet, Path path, NextHop owner) {
    packet.flags |= Packet.REDIRECTED;
    int spi = path == null ? NO_PATH : path.spi();
    int si = path == null ? 255 : path.si();
    int verdict = tunnel.encapsulate(packet, spi, si, null);
    if (verdict != 0) {
      drop(verdict);
      return;
    }
    data.send(packet, destination(owner));
    queued++;
  }

  /** The newest guard goes first: it knows better. */
  void add(Guard guard) {
    var more = new Guard[guards.length + 1];
    more[0] = guard;
    System.arraycopy(guards, 0, more, 1, guards.length);
    guards = more;
  }

  /** Removes a guard; what it still holds is processed here, the redirected packets first. */
  void remove(Guard guard) {
    guards = Arrays.stream(guards).filter(other -> other != guard).toArray(Guard[]::new);
    guard.mode(Guard.Mode.OPEN);
    release(guard);
  }

  /** This NF owns a guard's scope: what waited is processed, and what older guards say of it holds no more. */
  void settle(Guard guard) {
    guard.mode(Guard.Mode.OPEN);
    supersede(guard);
    int place = Arrays.asList(guards).indexOf(guard);
    boolean shadows = Arrays.stream(guards).skip(place + 1L).anyMatch(older -> older.scope.overlaps(guard.scope));
    if (shadows) {
      release(guard);
    } else {
      remove(guard);
    }
  }

  /** Removes what older guards say for good, where a newer one says it for all of their scope. */
  void supersede(Guard newer) {
    int place = Arrays.asList(guards).indexOf(newer);
    var kept = new ArrayList<>(Arrays.asList(guards).subList(0, place + 1));
    for (var older : Arrays.asList(guards).subList(place + 1, guards.length)) {
      boolean lasting = older.mode() != Guard.Mode.HOLD && older.mode() != Guard.Mode.AWAIT_MARKS;
      if (!lasting || !newer.scope.contains(older.scope)) {
        kept.add(older);
      }
    }
    guards = kept.toArray(Guard[]::new);
  }

  /** Lets go what a guard held, in order, by whatever the guard's mode now says. */
  void release(Guard guard) {
    for (Packet packet; (packet = guard.nextRedirected()) != null;) {
      again(packet);
    }
    if (guard.mode() != Guard.Mode.AWAIT_MARKS) {
      for (Packet packet; (packet = guard.nextDirect()) != null;) {
        again(packet);
      }
    }
    flush();
    if (guard.mode() == Guard.Mode.REDIRECT) {
      for (Guard.Mark mark; (mark = guard.nextMark()) != null;) {
        var packet = controlFrame();
        if (packet != null) {
          ControlFrame.write(packet, ControlFrame.MARK, mark.marker(), mark.attempt(), mark.scope());
          packet.flags |= Packet.REDIRECTED;
          sendControl(packet, mark.spi(), mark.si(), guard.to());
        }
      }
    }
  }

  /**
   * A scope was to move here and did not. What came on the paths of its owner goes back there; all else is this NF's own,
   * or of an older guard.
   */
  void giveBack(Guard guard, NextHop owner, List<Path> paths) {
    guards = Arrays.stream(guards).filter(other -> other != guard).toArray(Guard[]::new);
    guard.mode(Guard.Mode.OPEN);
    for (Packet packet; (packet = guard.nextRedirected()) != null || (packet = guard.nextDirect()) != null;) {
      var path = classifier.arriving(packet.spi, packet.si);
      if (path != null && paths.stream().anyMatch(each -> each.number() == path.number())) {
        counters.held.add(-1);
        redirect(packet, path, owner);
        done(packet);
      } else {
        again(packet);
      }
    }
    flush();
  }

  private void again(Packet packet) {
    counters.held.add(-1);
    if (!handle(packet, RecordTable.ABSENT)) {
      done(packet);
    }
  }

  private void done(Packet packet) {
    loose(packet);
    if (looseCount >= Batch.SIZE) {
      flush();
    }
  }

  private void loose(Packet packet) {
    if (looseCount == loose.length) {
      loose = Arrays.copyOf(loose, 2 * loose.length);
    }
    loose[looseCount++] = packet;
  }

  List<Guard> guards() {
    return List.of(guards);
  }

  // ---- control frames

  private void control(Packet packet, int verdict, boolean handedOver) {
    counters.controlReceived.add(1);
    if (verdict != 0 || ControlFrame.type(packet) == 0) {
      return;
    }
    if (!handedOver && ControlFrame.type(packet) == ControlFrame.MARK) {
      // A mark keeps its place behind the packets of every worker.
      wrap(packet);
      for (int to = 0; to < rings.length; to++) {
        if (rings[to] != null && rings[to].offer(packet)) {
          all[to].poller.wake();
        }
      }
    }
    control.received(packet, classifier.arriving(packet.spi, packet.si));
  }

  /** Sends a control frame that was made by {@link #controlFrame} to another NF, over the data port. */
  void sendControl(Packet packet, int spi, int si, NextHop to) {
    if (tunnel.encapsulate(packet, spi, si, null) == 0) {
      data.send(packet, destination(to));
      flushControl();
    }
  }

  /** Sends a control frame along a path, in its place among the path's packets. */
  void sendControl(Packet packet, Path path, NextHop to) {
    if (path.protocol().encapsulate(packet, path.nextSpi(), path.nextSi(), to.link()) == 0) {
      transmit(packet, path, to);
      flushControl();
    }
  }

  private void flushControl() {
    // Control frames are no traffic: they are counted apart, and the books balance without them.
    int refused = flushPorts();
    counters.sent.add(queued - Math.min(queued, refused));
    counters.dropped(Drop.SEND_FAILED.verdict(), Math.min(queued, refused));
    queued = 0;
    counters.controlSent.add(1);
  }

  /** A packet for a control frame; null when no memory is left. It goes back to the pool by itself. */
  Packet controlFrame() {
    return newPacket();
  }

  Packet newPacket() {
    var packet = pool.take();
    if (packet != null) {
      loose(packet);
    }
    return packet;
  }

  // ---- for the NF's services

  /** A packet of the NF's own: onwards, or back to where {@code cause} came from, if that can be reached. */
  void emit(Packet packet, Packet cause, boolean reply) {
    counters.generated.add(1);
    packet.ingress = cause.ingress;
    int verdict = parse(packet);
    if (verdict != 0) {
      drop(verdict);
    } else if (reply && cause.spi == 0 && polled[cause.ingress].twoWay()) {
      polled[cause.ingress].send(packet, polled[cause.ingress].destination(null));
      queued++;
    } else if (reply && cause.spi == 0 && ingressDestination != null) {
      NshVxlanGpe.encapsulateBare(packet);
      data.send(packet, ingressDestination);
      queued++;
    } else {
      // Behind the first NF the way back is the fabric's: the packet leaves at the end of the chain, and is routed.
      forward(packet, currentPath);
    }
  }

  /** The flow that an ICMP error is about; absent if unknown. */
  Flow related(Packet error) {
    int verdict = FlowKey.related(error, embedded);
    int id = verdict != 0 ? RecordTable.ABSENT
        : flows.find(embedded.k0, embedded.k1, embedded.k2, embedded.k3, embedded.k4, embedded.hash);
    relatedFlow.bind(flows, embedded, id, nowMillis);
    return relatedFlow;
  }

  private final Packet embedded = Packet.of(MemorySegment.NULL);

  void produce(Packet packet, int context, int value) {
    translations.produce(packet, context, value, currentPath == null ? null : currentPath.chain());
  }

  int consume(Packet packet, int context) {
    return translations.consume(packet, context, currentPath == null ? null : currentPath.chain());
  }

  RecordTable table(StateLayout layout) {
    return tables.get(layout);
  }

  // ---- what others read

  /** Which of {@code workers} a flow's packets and state belong to. */
  static int owner(int hash, int workers) {
    return Integer.remainderUnsigned(hash * 0x9E3779B9, workers);
  }

  /** Milliseconds since this worker began, as of the present batch. */
  public long nowMillis() {
    return nowMillis;
  }

  /** What first fragments said; worker thread only. */
  FragmentTable fragments() {
    return fragments;
  }

  /** The flow table; worker thread only, but for its size. */
  public RecordTable flows() {
    return flows;
  }

  /** The tables of all declared layouts; worker thread only. */
  public Map<StateLayout, RecordTable> tables() {
    return tables;
  }

  /** Bidirectional 5-tuples, and ICMP queries by identifier, that got a record by a packet; any thread. */
  public long flowsSeen() {
    return counters.flows.get();
  }

  /** The NF. */
  public NetworkFunction nf() {
    return nf;
  }

  /** The NF's services. */
  NfServices services() {
    return services;
  }

  /** What this worker counted; any thread. */
  public WorkerCounters counters() {
    return counters;
  }

  /** Whether all inputs but the data port have come to their end; any thread. */
  public boolean inputEnded() {
    return inputEnded;
  }

  /** Packets left in the pool; worker thread only. */
  int free() {
    return pool.available() + batch.spare();
  }

  /** Keeps the compiler from dropping the prefetch. */
  long prefetched() {
    return prefetched;
  }

  /** No packet is taken any more; what was taken goes on. Before the start, or by command. */
  public void stopReceiving() {
    receiving = false;
  }

  /** Packets are taken from now on. By command. */
  public void receive() {
    receiving = true;
  }

  /** Stops the thread and closes ports and memory. */
  @Override
  public void close() {
    running = false;
    if (thread != null) {
      poller.wake();
      try {
        stopped.await();
      } catch (InterruptedException interrupted) {
        // The thread ends by itself; what it uses must not be taken away before.
        Thread.currentThread().interrupt();
        return;
      }
      poller.close();
    }
    for (var port : inputs) {
      port.close();
    }
    if (egress != null && !inputs.contains(egress)) {
      egress.close();
    }
    for (var table : tables.values()) {
      table.close();
    }
    if (!tables.containsValue(flows)) {
      flows.close();
    }
    pool.close();
  }
}
