// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.southbound.flow.Flow;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.nf.Specification.Context;
import org.southbound.nf.Specification.Value;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * Counts flows, hosts and labels, and finds port scans. Forwards every packet, without IP too; what it cannot count
 * because a table is full it forwards all the same.
 *
 * <p><b>Configuration</b>: container {@code monitor} of southbound-nf. <b>State</b>: {@code flow} per flow; {@code host} per
 * host, {@code probe} per pair of hosts, {@code label} per label, all multi-flow. <b>Labels</b>: produces
 * {@code traffic-class} and {@code host-class}; counts those that packets carry. <b>Metrics</b>: 1000 and up.
 * <b>Alarm</b>: {@code port-scan}.
 */
public final class Monitor implements NetworkFunction {
  /** Per-flow state: both directions' counters. */
  public static final StateLayout FLOW = StateLayout.of("flow", 1, Kind.PER_FLOW, Merge.REPLACE,
      "Packets and octets (of IP) from the initiator and from the responder; flags: all TCP flags seen from either.",
      StateLayout.U64.withName("initiator-packets"), StateLayout.U64.withName("initiator-octets"),
      StateLayout.U64.withName("responder-packets"), StateLayout.U64.withName("responder-octets"),
      StateLayout.U32.withName("duration-millis"), StateLayout.U8.withName("initiator-tcp-flags"),
      StateLayout.U8.withName("responder-tcp-flags"));
  /** Multi-flow state: a host's counters. */
  public static final StateLayout HOST = StateLayout.of("host", 1, Kind.MULTI_FLOW, Merge.SUM,
      "Per host: flows that it opened and that it was asked for, packets and octets (of IP) sent and received, and "
          + "port scans of it whose alarm stands.",
      StateLayout.U64.withName("flows-opened"), StateLayout.U64.withName("flows-taken"),
      StateLayout.U64.withName("packets-sent"), StateLayout.U64.withName("octets-sent"),
      StateLayout.U64.withName("packets-received"), StateLayout.U64.withName("octets-received"),
      StateLayout.U32.withName("scans"));
  /** Multi-flow state: packets by label. */
  public static final StateLayout LABEL = StateLayout.of("label", 1, Kind.MULTI_FLOW, Merge.SUM,
      "Per label, which is the first word of the key: packets that carried it.", StateLayout.U64.withName("packets"));

  /** Values of the context traffic-class. */
  static final List<Value> TRAFFIC_CLASSES = List.of(new Value("web", "HTTP, HTTPS: ports 80, 443, 8080, 8443."),
      new Value("dns", "DNS: port 53, 853."), new Value("ssh", "SSH: port 22."), new Value("other", "All else."));
  /** Values of the context host-class. */
  static final List<Value> HOST_CLASSES = List.of(new Value("normal", "Nothing is known against it."),
      new Value("suspect", "It scans ports: the alarm port-scan stands."));

  private static final int TRAFFIC_CLASS = 0;
  private static final int HOST_CLASS = 1;
  private static final int WEB = 0;
  private static final int DNS = 1;
  private static final int SSH = 2;
  private static final int OTHER = 3;

  private static final Metric FLOWS = Metric.counter(1000, "flows-seen", "flows", "Flows that began.");
  private static final Metric IP_OCTETS = Metric.counter(1001, "octets-seen", "octets",
      "Octets of IP packets, IP header included.");
  private static final Metric NOT_IP = Metric.counter(1002, "frames-without-ip", "packets",
      "Frames that carry no IP, such as ARP.");
  private static final Metric LABELLED = Metric.counter(1003, "packets-labelled", "packets",
      "Packets that carry a label that is counted.");
  private static final Metric RESETS = Metric.counter(1004, "tcp-resets", "packets", "TCP segments with RST.");
  private static final Metric SCANS = Metric.counter(1005, "port-scans", "scans", "Port scans found.");
  private static final Metric SCANNING = Metric.gauge(1006, "port-scans-now", "scans",
      "Port scans whose alarm stands.");
  private static final Metric HOSTS = Metric.gauge(1007, "hosts", "hosts", "Hosts that are counted now.");
  private static final Metric UNCOUNTED = Metric.counter(1008, "packets-uncounted", "packets",
      "Packets that could not be counted by flow or host because the table was full.");

  private static final Specification SPECIFICATION = new Specification("monitor", "southbound", "southbound monitor",
      "0.1.0",
      """
          Counts packets and octets of every flow, host and label, finds port scans, and forwards everything. Tells the NFs behind \
          it the application of a flow and what it thinks of the flow's initiator.""",
      List.of(
          new Context("traffic-class", "Application of the flow, by the responder's port.", true, false, false,
              TRAFFIC_CLASSES),
          new Context("host-class", "What the monitor thinks of the flow's initiator.", true, false, true,
              HOST_CLASSES)),
      List.of(FLOWS, IP_OCTETS, NOT_IP, LABELLED, RESETS, SCANS, SCANNING, HOSTS, UNCOUNTED),
      List.of(FLOW, HOST, PortScan.LAYOUT, LABEL), List.of(PortScan.KIND), false);

  private static final long INITIATOR_PACKETS = FLOW.offset("initiator-packets");
  private static final long INITIATOR_OCTETS = FLOW.offset("initiator-octets");
  private static final long DIRECTION = FLOW.offset("responder-packets");
  private static final long DURATION = FLOW.offset("duration-millis");
  private static final long INITIATOR_FLAGS = FLOW.offset("initiator-tcp-flags");
  private static final long FLOWS_OPENED = HOST.offset("flows-opened");
  private static final long FLOWS_TAKEN = HOST.offset("flows-taken");
  private static final long PACKETS_SENT = HOST.offset("packets-sent");
  private static final long OCTETS_SENT = HOST.offset("octets-sent");
  private static final long PACKETS_RECEIVED = HOST.offset("packets-received");
  private static final long OCTETS_RECEIVED = HOST.offset("octets-received");
  private static final long HOST_SCANS = HOST.offset("scans");
  private static final long LABEL_PACKETS = LABEL.offset("packets");

  private static final int FORWARD = Drop.FORWARD.verdict();
  private static final int FLOW_IDLE_MILLIS = 300_000;
  private static final int TCP_IDLE_MILLIS = 7_440_000;
  private static final int TCP_ENDED_MILLIS = 120_000;
  private static final int HOST_IDLE_MILLIS = 3_600_000;

  /**
   * Packets by label.
   *
   * @param label the label
   * @param packets packets that carried it
   */
  public record LabelCount(int label, long packets) {
  }

  private Services services;
  private HostRecords sources;
  private HostRecords destinations;
  private HostRecords labels;
  private PortScan scans;
  private long scanThreshold = PortScan.DEFAULT_THRESHOLD;
  private int scanWindowMillis = PortScan.DEFAULT_WINDOW_SECONDS * 1000;
  /** Labels to count, sorted; empty: all. */
  private int[] counted = {};
  private volatile Map<Integer, Long> labelCounts = Map.of();
  private long labelsReadMillis;

  private Counter flows;
  private Counter octets;
  private Counter notIp;
  private Counter labelled;
  private Counter resets;
  private Counter hostCount;
  private Counter uncounted;

  @Override
  public Specification specification() {
    return SPECIFICATION;
  }

  @Override
  public void start(Services services) {
    this.services = services;
    sources = new HostRecords(services.table(HOST));
    destinations = new HostRecords(services.table(HOST));
    labels = new HostRecords(services.table(LABEL));
    scans = new PortScan(services, HOST_SCANS, services.counter(SCANS), services.counter(SCANNING));
    scans.limits(scanThreshold, scanWindowMillis);
    flows = services.counter(FLOWS);
    octets = services.counter(IP_OCTETS);
    notIp = services.counter(NOT_IP);
    labelled = services.counter(LABELLED);
    resets = services.counter(RESETS);
    hostCount = services.counter(HOSTS);
    uncounted = services.counter(UNCOUNTED);
  }

  @Override
  public Runnable configure(Config config) throws ConfigException {
    long threshold = config.number("port-scan-threshold", PortScan.DEFAULT_THRESHOLD, 1, PortScan.GREATEST_THRESHOLD,
        "");
    int window = (int) config.number("port-scan-window", PortScan.DEFAULT_WINDOW_SECONDS, 1, 65_535, "") * 1000;
    var texts = config.leafList("count-label");
    var only = new int[texts.size()];
    for (int i = 0; i < only.length; i++) {
      only[i] = (int) Config.number(texts.get(i), 1, 0xffffff, "count-label");
    }
    Arrays.sort(only);
    return () -> {
      scanThreshold = threshold;
      scanWindowMillis = window;
      scans.limits(threshold, window);
      counted = only;
    };
  }

  // ---- packets

  @Override
  public int process(Packet packet, Flow flow) {
    long now = services.nowMillis();
    int length = packet.ipLength();
    octets.add(length);
    boolean tcp = packet.protocol() == Protocol.TCP && packet.fragment() != 2;
    int flags = tcp ? Tcp.flags(packet.memory(), packet.l4()) : 0;
    resets.add(flags >>> 2 & 1);
    boolean countable = flow.create();
    boolean forward = flow.fromInitiator();
    if (countable) {
      count(flow, forward, length, flags);
      flow.timeoutMillis(!tcp ? FLOW_IDLE_MILLIS
          : (flags & (Tcp.FIN | Tcp.RST)) != 0 ? TCP_ENDED_MILLIS : TCP_IDLE_MILLIS);
    }
    countable &= hosts(packet, flow, forward, length, now);
    if (!countable) {
      uncounted.add(1);
    } else if (flow.isNew() && opens(packet, tcp, flags)) {
      scans.tried(packet, flow.responderPort(), now);
    }
    countLabels(packet, now);
    services.produce(packet, TRAFFIC_CLASS, trafficClass(flow.responderPort()));
    services.produce(packet, HOST_CLASS, suspect(forward ? sources : destinations) ? 1 : 0);
    return FORWARD;
  }

  private static void count(Flow flow, boolean forward, int length, int flags) {
    long side = forward ? 0 : DIRECTION;
    flow.addLong(INITIATOR_PACKETS + side, 1);
    flow.addLong(INITIATOR_OCTETS + side, length);
    flow.addInt(DURATION, flow.idleMillis());
    long at = INITIATOR_FLAGS + (forward ? 0 : 1);
    flow.setByte(at, flow.getByte(at) | flags);
  }

  /** Counts for source and destination; false if one of them found no room. */
  private boolean hosts(Packet packet, Flow flow, boolean forward, int length, long now) {
    int version = packet.ipVersion();
    boolean begins = flow.isNew();
    boolean both = packet.reversed ? sources.at(packet.k2, packet.k3, version, now)
        : sources.at(packet.k0, packet.k1, version, now);
    if (both) {
      sources.addLong(PACKETS_SENT, 1);
      sources.addLong(OCTETS_SENT, length);
      used(sources, begins ? forward ? FLOWS_OPENED : FLOWS_TAKEN : -1, now);
    }
    if (packet.reversed ? !destinations.at(packet.k0, packet.k1, version, now)
        : !destinations.at(packet.k2, packet.k3, version, now)) {
      return false;
    }
    destinations.addLong(PACKETS_RECEIVED, 1);
    destinations.addLong(OCTETS_RECEIVED, length);
    used(destinations, begins ? forward ? FLOWS_TAKEN : FLOWS_OPENED : -1, now);
    return both;
  }

  private void used(HostRecords host, long flowCounter, long now) {
    if (flowCounter >= 0) {
      host.addLong(flowCounter, 1);
      flows.add(host == sources ? 1 : 0);
    }
    host.timeoutMillis(HOST_IDLE_MILLIS);
    host.used(now);
  }

  private static boolean suspect(HostRecords initiator) {
    return initiator.exists() && initiator.getInt(HOST_SCANS) != 0;
  }

  /** Whether the packet tries a port; a TCP flow that was under way before does not. */
  private static boolean opens(Packet packet, boolean tcp, int flags) {
    return tcp ? (flags & (Tcp.SYN | Tcp.ACK)) == Tcp.SYN
        : packet.fragment() != 2 && Protocol.hasPorts(packet.protocol());
  }

  private void countLabels(Packet packet, long now) {
    boolean any = false;
    for (int i = 0; i < Packet.LABELS && packet.label(i) != 0; i++) {
      int label = packet.label(i);
      if (counted.length == 0 || Arrays.binarySearch(counted, label) >= 0) {
        any = true;
        if (labels.at(label, 0, 0, now)) {
          labels.addLong(LABEL_PACKETS, 1);
          labels.changed();
        }
      }
    }
    labelled.add(any ? 1 : 0);
  }

  private static int trafficClass(int port) {
    return switch (port) {
      case 80, 443, 8080, 8443 -> WEB;
      case 53, 853 -> DNS;
      case 22 -> SSH;
      default -> OTHER;
    };
  }

  @Override
  public int processOther(Packet packet) {
    notIp.add(1);
    countLabels(packet, services.nowMillis());
    return FORWARD;
  }

  @Override
  public void tick(long nowMillis) {
    hostCount.set(sources.size());
    scans.tick(nowMillis);
    if (nowMillis - labelsReadMillis >= 1000) {
      labelsReadMillis = nowMillis;
      var counts = new TreeMap<Integer, Long>();
      for (int id = labels.next(0); id >= 0; id = labels.next(id + 1)) {
        counts.put((int) labels.first(), labels.getLong(LABEL_PACKETS));
      }
      labelCounts = counts;
    }
  }

  /** Packets by label, at most a second old; any thread. */
  public List<LabelCount> labelCounts() {
    return labelCounts.entrySet().stream().map(entry -> new LabelCount(entry.getKey(), entry.getValue())).toList();
  }
}
