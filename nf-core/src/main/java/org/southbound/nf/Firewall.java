// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.southbound.flow.Flow;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.nf.FirewallRules.Action;
import org.southbound.nf.Specification.Context;
import org.southbound.nf.Specification.Value;
import org.southbound.packet.Drop;
import org.southbound.packet.Ethernet;
import org.southbound.packet.Icmp;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Wire;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * Stateful firewall for IPv4 and IPv6.
 *
 * <p><b>Flows.</b> The first packet of a flow is compared with the rules in their order; the first that matches decides,
 * else the default action. Further packets of an accepted flow, in both directions, pass by the state of their
 * connection: TCP by {@link TcpTracker}; UDP, ICMP queries and other protocols until they are idle. ICMP errors pass if
 * they are about a known flow and go to the host that sent what they quote. Later fragments follow their first.
 *
 * <p><b>Link control.</b> ARP, IPv6 neighbour and router discovery (hop limit 255, so it comes from the link, RFC 4861), MLD
 * and IGMP (hop limit 1) pass without rules, or nothing would work behind a firewall that is a hop of a link; leaf
 * {@code link-control} turns that off. Redirects and other frames without IP do not belong to it: redirects are up to
 * the rules, the frames are dropped.
 *
 * <p><b>Configuration</b>: container {@code firewall} of southbound-nf. <b>State</b>: {@code connection} per flow,
 * {@code denied-source} per host. <b>Labels</b>: consumes {@code status}, {@code traffic-class}, {@code host-class} by
 * translation rules, and any label by number; rules that look at labels are asked for each packet. <b>Metrics</b>: 2000 and
 * up. <b>Alarm</b>: {@code denied-flood}.
 */
public final class Firewall implements NetworkFunction {
  /** Per-flow state: one connection. */
  public static final StateLayout CONNECTION = StateLayout.of("connection", 1, Kind.PER_FLOW, Merge.REPLACE,
      "TCP: per side the sequence number behind all it sent (end), the one that the other's window admits (limit), the greatest "
          + "window it offered, its greatest acknowledgment (acked), window scale (255: none), shut (1 FIN sent, 2 "
          + "acknowledged); challenge: a SYN within the connection; state: 1 syn-sent, 2 syn-both, 3 syn-received, 4 "
          + "established, 5 closing, 6 last-ack, 7 time-wait, 8 closed; flags: 1 picked up mid-stream, 2 challenged. ICMP "
          + "queries: state has a bit for each side that asked. Rules: fingerprint of the rules that accepted the flow.",
      Stream.concat(Stream.of(TcpTracker.FIELDS), Stream.of(StateLayout.U32.withName("rules")))
          .toArray(java.lang.foreign.MemoryLayout[]::new));

  private static final long RULES = CONNECTION.offset("rules");
  private static final long STATE = TcpTracker.STATE;

  private static final Metric ACCEPTED = Metric.counter(2000, "packets-accepted", "packets",
      "Packets that the firewall let pass.");
  private static final Metric DENIED = Metric.counter(2001, "packets-denied", "packets",
      "Packets dropped by a rule or the default action, rejected ones included.");
  private static final Metric REJECTED = Metric.counter(2002, "packets-rejected", "packets",
      "Refused packets that were answered by a TCP reset or an ICMP error.");
  private static final Metric OUT_OF_WINDOW = Metric.counter(2003, "tcp-out-of-window", "packets",
      "TCP segments dropped because they lie outside the window.");
  private static final Metric WRONG_STATE = Metric.counter(2004, "tcp-wrong-state", "packets",
      "TCP segments dropped because they do not fit the connection's state, or belong to no known connection.");
  private static final Metric OPENED = Metric.counter(2005, "flows-accepted", "flows", "New flows that were accepted.");
  private static final Metric PICKED_UP = Metric.counter(2006, "flows-picked-up", "flows",
      "TCP flows accepted although their SYN was not seen.");
  private static final Metric RELATED = Metric.counter(2007, "icmp-errors-related", "packets",
      "ICMP errors that passed because they are about a known flow.");
  private static final Metric LINK_CONTROL = Metric.counter(2008, "link-control", "packets",
      "ARP, neighbour discovery, MLD and IGMP that passed without a rule.");
  private static final Metric DENIED_BY_LABEL = Metric.counter(2009, "packets-denied-by-label", "packets",
      "Packets of accepted flows dropped by a rule that looks at labels.");
  private static final Metric RECHECKED = Metric.counter(2010, "flows-rechecked-out", "flows",
      "Accepted flows ended because changed rules no longer accept them.");
  private static final Metric UNTRACKED = Metric.counter(2011, "flows-refused-table-full", "flows",
      "New flows dropped because the flow table was full.");
  private static final Metric FLOODS = Metric.gauge(2012, "denied-floods", "hosts",
      "Source hosts whose alarm denied-flood stands.");

  private static final Specification SPECIFICATION = new Specification("firewall", "southbound", "southbound firewall",
      "0.1.0",
      """
          Stateful firewall for IPv4 and IPv6. Ordered rules decide on new flows; packets of accepted flows pass by the state of \
          their connection, TCP with window checks. Rules can match context labels, which are looked at for each packet.""",
      List.of(
          new Context("status", "Whether a cache had what was asked for.", false, true, true,
              List.of(new Value("hit", "It had it."), new Value("miss", "It had not."))),
          new Context("traffic-class", "Application of the flow, by the responder's port.", false, true, false,
              Monitor.TRAFFIC_CLASSES),
          new Context("host-class", "What the monitor thinks of the flow's initiator.", false, true, true,
              Monitor.HOST_CLASSES)),
      List.of(ACCEPTED, DENIED, REJECTED, OUT_OF_WINDOW, WRONG_STATE, OPENED, PICKED_UP, RELATED, LINK_CONTROL,
          DENIED_BY_LABEL,
          RECHECKED, UNTRACKED, FLOODS),
      List.of(CONNECTION, DeniedFlood.LAYOUT), List.of(DeniedFlood.KIND), false);

  private static final int FORWARD = Drop.FORWARD.verdict();
  /** A connection that was reset stays that long, for what is still on its way. */
  private static final int CLOSED_MILLIS = 10_000;
  /** Twice the maximum segment lifetime that hosts use. */
  private static final int TIME_WAIT_MILLIS = 120_000;
  static final int GREATEST_TIMEOUT_SECONDS = 1_000_000;

  /**
   * The configuration.
   *
   * @param midStream a TCP flow may begin without its SYN
   * @param windowCheck segments outside the window are dropped
   * @param icmpErrors ICMP errors about known flows pass
   * @param recheck known flows are asked again when the rules have changed
   * @param linkControl what keeps the link working passes
   * @param established idle timeout of an established TCP connection, ms
   * @param transitory idle timeout of one that opens or closes, ms
   */
  private record Settings(boolean midStream, boolean windowCheck, boolean icmpErrors, boolean recheck,
      boolean linkControl,
      int established, int transitory, int udpTimeout, int icmpTimeout, int otherTimeout, long floodThreshold,
      int floodWindowMillis) {
    /** Idle timeout of a TCP connection in a state, ms. */
    int tcpTimeout(int state) {
      return switch (state) {
        case TcpTracker.ESTABLISHED -> established;
        case TcpTracker.TIME_WAIT -> Math.min(transitory, TIME_WAIT_MILLIS);
        case TcpTracker.CLOSED -> Math.min(transitory, CLOSED_MILLIS);
        default -> transitory;
      };
    }
  }

  /**
   * A rule's operational data.
   *
   * @param packets packets it decided on
   * @param expiresInMillis how long it stays in force; 0: for ever
   */
  public record RuleCount(String name, long packets, long expiresInMillis) {
  }

  private final TcpTracker tcp = new TcpTracker();
  private volatile FirewallRules rules = FirewallRules.NONE;
  private Settings settings;
  private boolean perPacket;
  private boolean recheck;
  private int fingerprint;

  private Services services;
  private Rejection rejection;
  private DeniedFlood flood;
  private Counter accepted;
  private Counter denied;
  private Counter rejected;
  private Counter outOfWindow;
  private Counter wrongState;
  private Counter opened;
  private Counter pickedUp;
  private Counter related;
  private Counter linkControl;
  private Counter deniedByLabel;
  private Counter rechecked;
  private Counter untracked;

  /** A firewall with the default configuration: it has no rules, and drops. */
  public Firewall() {
    try {
      settings = read(Config.EMPTY);
    } catch (ConfigException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Override
  public Specification specification() {
    return SPECIFICATION;
  }

  @Override
  public void start(Services services) {
    this.services = services;
    rejection = new Rejection(services);
    flood = new DeniedFlood(services, services.table(DeniedFlood.LAYOUT), services.counter(FLOODS));
    flood.limits(settings.floodThreshold, settings.floodWindowMillis);
    accepted = services.counter(ACCEPTED);
    denied = services.counter(DENIED);
    rejected = services.counter(REJECTED);
    outOfWindow = services.counter(OUT_OF_WINDOW);
    wrongState = services.counter(WRONG_STATE);
    opened = services.counter(OPENED);
    pickedUp = services.counter(PICKED_UP);
    related = services.counter(RELATED);
    linkControl = services.counter(LINK_CONTROL);
    deniedByLabel = services.counter(DENIED_BY_LABEL);
    rechecked = services.counter(RECHECKED);
    untracked = services.counter(UNTRACKED);
  }

  // ---- configuration

  @Override
  public java.util.Map<String, Long> ruleHits() {
    var hits = new java.util.LinkedHashMap<String, Long>();
    ruleCounts().forEach(rule -> hits.put(rule.name(), rule.packets()));
    return hits;
  }

  @Override
  public Config rehearsal() {
    var all = new Config(Map.of("name", "all", "action", "accept"), Map.of(), Map.of(), Map.of());
    return new Config(Map.of(), Map.of(), Map.of(), Map.of("rule", List.of(all)));
  }

  @Override
  public Runnable configure(Config config) throws ConfigException {
    var read = read(config);
    var readRules = FirewallRules.read(config, SPECIFICATION.contexts());
    return () -> {
      settings = read;
      recheck = read.recheck;
      flood.limits(read.floodThreshold, read.floodWindowMillis);
      enforce(readRules.inForce(rules, services));
    };
  }

  private void enforce(FirewallRules next) {
    rules = next;
    perPacket = next.perPacket();
    fingerprint = next.fingerprint();
  }

  private static Settings read(Config config) throws ConfigException {
    var related = Set.of(config.leaf("related", "icmp-error ftp").split(" "));
    var timeouts = config.container("timeouts");
    return new Settings(config.flag("mid-stream", false, ""), config.flag("window-check", true, ""),
        related.contains("icmp-error"), config.flag("recheck", false, ""), linkControl(config),
        millis(timeouts, "tcp-established", 7440), millis(timeouts, "tcp-transitory", 240),
        millis(timeouts, "udp", 300), millis(timeouts, "icmp", 60), millis(timeouts, "other", 600),
        config.number("denied-flood-threshold", 1000, 0, 0xffffffffL, ""),
        (int) config.number("denied-flood-window", 10, 1, 65_535, "") * 1000);
  }

  private static boolean linkControl(Config config) throws ConfigException {
    var text = config.leaf("link-control", "accept");
    if (!text.equals("accept") && !text.equals("drop")) {
      throw new ConfigException("southbound:bad-value", "link-control", "accept or drop, not \"" + text + "\".");
    }
    return text.equals("accept");
  }

  private static int millis(Config timeouts, String leaf, int otherwise) throws ConfigException {
    return (int) timeouts.number(leaf, otherwise, 1, GREATEST_TIMEOUT_SECONDS, "timeouts/") * 1000;
  }

  /** What the rules in force counted; any thread. */
  public List<RuleCount> ruleCounts() {
    var now = services == null ? 0 : services.nowMillis();
    return rules.rules().stream().map(rule -> new RuleCount(rule.name(), rule.packets().get(),
        rule.expiresMillis() == 0 ? 0 : Math.max(1, rule.expiresMillis() - now))).toList();
  }

  // ---- packets

  @Override
  public int process(Packet packet, Flow flow) {
    int verdict = flow.exists() ? known(packet, flow) : unknown(packet, flow);
    if (verdict == FORWARD) {
      accepted.add(1);
    } else {
      count(verdict, packet);
    }
    return verdict;
  }

  private void count(int verdict, Packet packet) {
    if (verdict == Drop.DENIED.verdict()) {
      denied.add(1);
      flood.denied(packet, services.nowMillis());
    } else if (verdict == Drop.TCP_WINDOW.verdict()) {
      outOfWindow.add(1);
    } else if (verdict == Drop.TCP_STATE.verdict()) {
      wrongState.add(1);
    } else if (verdict == Drop.TABLE_FULL.verdict()) {
      untracked.add(1);
    }
  }

  /** A packet of an accepted flow. */
  private int known(Packet packet, Flow flow) {
    if (recheck && flow.getInt(RULES) != fingerprint && !stillAccepted(packet, flow)) {
      return Drop.DENIED.verdict();
    }
    if (perPacket && packet.fragment() != 2 && deniedByLabel(packet, flow)) {
      return Drop.DENIED.verdict();
    }
    int protocol = packet.protocol();
    if (protocol == Protocol.TCP) {
      return segment(packet, flow);
    }
    return isIcmp(packet) ? query(packet, flow) : FORWARD;
  }

  private int segment(Packet packet, Flow flow) {
    int side = flow.side();
    if (packet.fragment() == 2) {
      TcpTracker.laterFragment(flow, side, packet.payloadLength());
      return FORWARD;
    }
    tcp.read(packet);
    if (!tcp.possible()) {
      return Drop.TCP_STATE.verdict();
    }
    int verdict = tcp.segment(flow, side, settings.windowCheck);
    if (verdict == TcpTracker.REOPEN) {
      return reopen(packet, flow, side);
    }
    flow.timeoutMillis(settings.tcpTimeout(TcpTracker.state(flow)));
    return verdict;
  }

  /** A new connection with the ports of one that has ended: a new flow for the rules. */
  private int reopen(Packet packet, Flow flow, int side) {
    if (side == 1) {
      // The record has its initiator for good; the SYN that is sent next makes another.
      flow.remove();
      return Drop.TCP_STATE.verdict();
    }
    int verdict = judge(packet);
    if (verdict == FORWARD) {
      tcp.open(flow);
      accept(flow, settings.tcpTimeout(TcpTracker.SYN_SENT));
    }
    return verdict;
  }

  private void accept(Flow flow, int timeoutMillis) {
    flow.setInt(RULES, fingerprint);
    flow.timeoutMillis(timeoutMillis);
    opened.add(1);
  }

  /** A packet without a flow. */
  private int unknown(Packet packet, Flow flow) {
    if (Parser.isIcmpError(packet) && settings.icmpErrors && isRelated(packet)) {
      related.add(1);
      return FORWARD;
    }
    if (settings.linkControl && isLinkControl(packet)) {
      linkControl.add(1);
      return FORWARD;
    }
    return switch (packet.protocol()) {
      case Protocol.TCP -> firstSegment(packet, flow);
      case Protocol.ICMP, Protocol.ICMPV6 -> isIcmp(packet) ? firstMessage(packet, flow)
          : first(packet, flow, settings.otherTimeout);
      case Protocol.UDP, Protocol.UDP_LITE ->
        packet.fragment() == 2 ? Drop.DENIED.verdict() : first(packet, flow, settings.udpTimeout);
      default -> first(packet, flow, settings.otherTimeout);
    };
  }

  private int first(Packet packet, Flow flow, int timeoutMillis) {
    int verdict = judge(packet);
    if (verdict != FORWARD) {
      return verdict;
    }
    if (!flow.create()) {
      return Drop.TABLE_FULL.verdict();
    }
    accept(flow, timeoutMillis);
    return FORWARD;
  }

  private int firstSegment(Packet packet, Flow flow) {
    if (packet.fragment() == 2) {
      return Drop.DENIED.verdict();
    }
    tcp.read(packet);
    boolean opens = tcp.opens();
    if (!tcp.possible() || (!opens && !(settings.midStream && tcp.underWay()))) {
      return Drop.TCP_STATE.verdict();
    }
    int verdict = first(packet, flow, settings.tcpTimeout(opens ? TcpTracker.SYN_SENT : TcpTracker.ESTABLISHED));
    if (verdict == FORWARD) {
      if (opens) {
        tcp.open(flow);
      } else {
        tcp.pickUp(flow);
        pickedUp.add(1);
      }
    }
    return verdict;
  }

  // ---- rules

  private int judge(Packet packet) {
    return enforce(rules.decide(packet, services), packet);
  }

  private int enforce(Action action, Packet packet) {
    if (action == Action.ACCEPT) {
      return FORWARD;
    }
    if (action == Action.REJECT && rejection.answer(packet, services.nowMillis())) {
      rejected.add(1);
    }
    return Drop.DENIED.verdict();
  }

  private boolean deniedByLabel(Packet packet, Flow flow) {
    boolean turned = turn(packet, flow);
    var action = rules.decideByLabel(packet, services);
    packet.reversed ^= turned;
    if (enforce(action, packet) == FORWARD) {
      return false;
    }
    deniedByLabel.add(1);
    return true;
  }

  /**
   * Whether changed rules still accept a flow. Labels are those of the direction that opened the flow, so where rules
   * look at labels an answer must wait for the next packet of that direction.
   */
  private boolean stillAccepted(Packet packet, Flow flow) {
    if (packet.fragment() == 2 || (rules.byLabel() && !flow.fromInitiator())) {
      return true;
    }
    boolean turned = turn(packet, flow);
    var action = rules.decide(packet, services);
    packet.reversed ^= turned;
    if (enforce(action, packet) == FORWARD) {
      flow.setInt(RULES, fingerprint);
      return true;
    }
    rechecked.add(1);
    flow.remove();
    return false;
  }

  /** Makes an answer look as if it went the way of the flow's first packet, for which the rules are written. */
  private static boolean turn(Packet packet, Flow flow) {
    boolean turned = !flow.fromInitiator();
    packet.reversed ^= turned;
    return turned;
  }

  // ---- ICMP and what keeps the link working

  private static boolean isIcmp(Packet packet) {
    return packet.protocol() == (packet.ipVersion() == 4 ? Protocol.ICMP : Protocol.ICMPV6);
  }

  private int firstMessage(Packet packet, Flow flow) {
    if (packet.fragment() == 2) {
      return Drop.DENIED.verdict();
    }
    int type = Icmp.type(packet.memory(), packet.l4());
    if (!Icmp.isQuery(packet.ipVersion(), type)) {
      // Neither a flow of its own nor about one: each for itself.
      return judge(packet);
    }
    if (!asks(packet.ipVersion(), type)) {
      return Drop.DENIED.verdict();
    }
    int verdict = first(packet, flow, settings.icmpTimeout);
    if (verdict == FORWARD) {
      flow.setByte(STATE, 1);
    }
    return verdict;
  }

  /** A query passes if the rules let its sender ask, a reply if the other side has asked. */
  private int query(Packet packet, Flow flow) {
    if (packet.fragment() == 2) {
      return FORWARD;
    }
    int type = Icmp.type(packet.memory(), packet.l4());
    int mine = flow.fromInitiator() ? 1 : 2;
    int asked = flow.getByte(STATE);
    if (!asks(packet.ipVersion(), type)) {
      return (asked & (3 - mine)) != 0 ? FORWARD : Drop.DENIED.verdict();
    }
    if ((asked & mine) == 0) {
      int verdict = judge(packet);
      if (verdict != FORWARD) {
        return verdict;
      }
      flow.setByte(STATE, asked | mine);
    }
    return FORWARD;
  }

  /** Whether a query's type is the asking one: echo, timestamp, information or address mask request. */
  static boolean asks(int ipVersion, int type) {
    return ipVersion == 4 ? type == Icmp.ECHO || (type >= 13 && (type & 1) == 1) : type == Icmp.V6_ECHO;
  }

  private boolean isRelated(Packet error) {
    var about = services.related(error);
    if (!about.exists()) {
      return false;
    }
    // Who gets the error must be who sent what it quotes.
    boolean byInitiator = about.fromInitiator();
    long high = byInitiator ? about.initiatorHigh() : about.responderHigh();
    long low = byInitiator ? about.initiatorLow() : about.responderLow();
    return (error.reversed ? error.k0 : error.k2) == high && (error.reversed ? error.k1 : error.k3) == low;
  }

  /** RFC 4861: hop limit 255, so no router forwarded it. RFC 3810, RFC 3376: hop limit 1, so none will. */
  private static boolean isLinkControl(Packet packet) {
    if (packet.ipVersion() == 4) {
      return packet.protocol() == 2 && packet.ipv4().ttl() == 1;
    }
    if (packet.protocol() != Protocol.ICMPV6 || packet.fragment() != 0) {
      return false;
    }
    int hopLimit = packet.ipv6().hopLimit();
    int type = Wire.u8(packet.memory(), packet.l4());
    boolean discovery = type >= 133 && type <= 136;
    boolean listener = (type >= 130 && type <= 132) || type == 143;
    return (discovery && hopLimit == 255) || (listener && hopLimit == 1);
  }

  @Override
  public int processOther(Packet packet) {
    if (settings.linkControl && packet.etherType() == Ethernet.ARP) {
      linkControl.add(1);
      accepted.add(1);
      return FORWARD;
    }
    return Drop.NOT_IP.verdict();
  }

  @Override
  public void tick(long nowMillis) {
    flood.tick(nowMillis);
    var alive = rules.at(nowMillis, services);
    if (alive != rules) {
      enforce(alive);
    }
  }
}
