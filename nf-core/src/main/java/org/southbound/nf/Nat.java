// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.southbound.flow.Flow;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.nf.NatRules.Filtering;
import org.southbound.nf.NatRules.Pool;
import org.southbound.packet.Drop;
import org.southbound.packet.Icmp;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * Network address and port translator, IPv4 to IPv4 (NAPT44): RFC 4787 for UDP, RFC 5382 for TCP, RFC 5508 for ICMP, RFC
 * 7857.
 *
 * <p><b>Direction.</b> All packets may come over one port, so addresses tell: a packet that matches a rule comes from inside,
 * one to an address of a pool or of a static mapping from outside, and one that is both is turned around (hairpinning). What
 * is neither passes as it is, as does what inside hosts send one another, IPv6, and frames without IP. What comes
 * from outside to an inside address, past the mappings, is dropped.
 *
 * <p><b>Mapping</b> is endpoint-independent, see {@link NatMappings}; filtering as configured. A <b>session</b> is a
 * connection of an inside endpoint: the flow's record, under the inside endpoint's address on both sides of the NAT. TCP sessions
 * begin with a SYN, others with a packet from inside, and only packets from inside keep those alive (RFC 4787 REQ-6). A
 * mapping goes with its last session. Later fragments follow their first. Of protocols without ports nothing but ICMP
 * queries and errors is translated.
 *
 * <p>This is no firewall: segments that do not fit their connection are translated too, and the ends decide.
 *
 * <p><b>Configuration</b>: container {@code nat} of southbound-nf. An edit leaves what is there: mappings and sessions that it
 * no longer admits go on until they end. <b>State</b>: {@code session} per flow; {@code mapping}, {@code external-endpoint}, {@code
 * port-block}, {@code contact}, each of one inside host. <b>Labels</b>: none. <b>Metrics</b>: 4000 and up.
 */
public final class Nat implements NetworkFunction, ScopeTranslation {
  /** Per-flow state: one connection of an inside endpoint. */
  public static final StateLayout SESSION = StateLayout.of("session", 1, Kind.PER_FLOW, Merge.REPLACE,
      "The key is the connection as the inside sees it, whatever its VLAN. The first fields are the TCP tracker's, see the "
          + "firewall's connection; nat: 1 the inside endpoint is the key's second, 2 the other one is external here "
          + "(hairpinning), 4 counted as a contact.",
      Stream.concat(Stream.of(TcpTracker.FIELDS),
          Stream.of(StateLayout.U32.withName("external-address"), StateLayout.U16.withName("external-port"),
              StateLayout.U8.withName("nat")))
          .toArray(java.lang.foreign.MemoryLayout[]::new));
  /** Multi-flow state, for address-dependent filtering. */
  static final StateLayout CONTACT = StateLayout.of("contact", 1, Kind.MULTI_FLOW, Merge.SUM,
      "Per inside endpoint, protocol and outside address: sessions between them.",
      StateLayout.U32.withName("sessions"))
      .keyed(NatMappings.INSIDE_KEY);

  private static final long EXTERNAL_ADDRESS = SESSION.offset("external-address");
  private static final long EXTERNAL_PORT = SESSION.offset("external-port");
  private static final long NAT = SESSION.offset("nat");
  private static final int INSIDE_IS_SECOND = 1;
  private static final int HAIRPIN = 2;
  private static final int CONTACTED = 4;

  private static final Metric OUTBOUND = Metric.counter(4000, "packets-translated-out", "packets",
      "Packets from inside that were translated, hairpinned ones included.");
  private static final Metric INBOUND = Metric.counter(4001, "packets-translated-in", "packets",
      "Packets to inside hosts that were translated, hairpinned ones included.");
  private static final Metric HAIRPINNED = Metric.counter(4002, "packets-hairpinned", "packets",
      "Packets from inside to an external address of this NAT that were translated twice.");
  private static final Metric ERRORS = Metric.counter(4003, "icmp-errors-translated", "packets",
      "ICMP errors that were translated with the packet they quote.");
  private static final Metric PASSED = Metric.counter(4004, "packets-untranslated", "packets",
      "Packets and frames that passed as they were, as no rule concerns them.");
  private static final Metric MADE = Metric.counter(4005, "sessions-opened", "sessions", "Sessions that began.");
  private static final Metric UNMAPPED = Metric.counter(4006, "packets-without-mapping", "packets",
      "Packets dropped because no mapping or no filter admits them.");
  private static final Metric NO_SESSION = Metric.counter(4007, "tcp-without-session", "packets",
      "TCP segments dropped because they belong to no session and do not open one.");
  private static final Metric EXHAUSTED = Metric.counter(4008, "packets-without-port", "packets",
      "Packets dropped because the pool had no port left for their host.");
  private static final Metric FOREIGN = Metric.counter(4009, "packets-untranslatable", "packets",
      "Packets dropped because their protocol cannot be translated.");
  private static final Metric MAPPINGS = Metric.gauge(4010, "mappings", "mappings",
      "Inside endpoints that have an external endpoint now.");
  private static final Metric BLOCKS = Metric.gauge(4011, "port-blocks", "blocks", "Port blocks that hosts have now.");

  private static final Specification SPECIFICATION = new Specification("nat", "southbound", "southbound NAT", "0.1.0",
      """
          Translates addresses and ports of IPv4 (NAPT44), with endpoint-independent mapping, paired addresses, port blocks, \
          hairpinning, and ICMP errors translated with what they quote. The NFs behind it in a chain see scopes with the pool's addresses.""",
      List.of(), List.of(OUTBOUND, INBOUND, HAIRPINNED, ERRORS, PASSED, MADE, UNMAPPED, NO_SESSION, EXHAUSTED, FOREIGN,
          MAPPINGS, BLOCKS),
      List.of(SESSION, NatMappings.MAPPING, NatMappings.EXTERNAL, NatMappings.BLOCK, CONTACT), false);

  private static final int FORWARD = Drop.FORWARD.verdict();
  private static final long CONTACT_SESSIONS = CONTACT.offset("sessions");
  /** The upper four bits of group addresses and broadcast (RFC 1112 section 4). */
  private static final int FIRST_MULTICAST = 14;
  private static final int NO_MAPPING = Drop.NO_MAPPING.verdict();

  private final TcpTracker tcp = new TcpTracker();
  private final Packet quoted = Packet.of(MemorySegment.NULL);
  /** The second session of a packet that is turned around. */
  private final Flow turned = new Flow();
  private volatile NatRules rules;

  private Services services;
  private RecordTable sessions;
  private NatMappings mappings;
  private EndpointRecords contacts;
  private Counter outbound;
  private Counter inbound;
  private Counter hairpinned;
  private Counter errors;
  private Counter passed;
  private Counter made;
  private Counter unmapped;
  private Counter noSession;
  private Counter exhausted;
  private Counter foreign;
  private Counter mappingCount;
  private Counter blockCount;

  /** A NAT with the default configuration: it has no rules, and passes everything. */
  public Nat() {
    try {
      rules = NatRules.read(Config.EMPTY);
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
    sessions = services.table(SESSION);
    mappings = new NatMappings(services);
    contacts = new EndpointRecords(services.table(CONTACT));
    outbound = services.counter(OUTBOUND);
    inbound = services.counter(INBOUND);
    hairpinned = services.counter(HAIRPINNED);
    errors = services.counter(ERRORS);
    passed = services.counter(PASSED);
    made = services.counter(MADE);
    unmapped = services.counter(UNMAPPED);
    noSession = services.counter(NO_SESSION);
    exhausted = services.counter(EXHAUSTED);
    foreign = services.counter(FOREIGN);
    mappingCount = services.counter(MAPPINGS);
    blockCount = services.counter(BLOCKS);
  }

  // ---- configuration

  @Override
  public Runnable configure(Config config) throws ConfigException {
    var read = NatRules.read(config);
    return () -> enforce(read);
  }

  private void enforce(NatRules next) {
    for (var fixed : rules.statics()) {
      if (!next.statics().contains(fixed)) {
        mappings.loosen(fixed);
      }
    }
    for (var fixed : next.statics()) {
      if (!rules.statics().contains(fixed)) {
        makeWay(fixed);
        mappings.fix(fixed);
      }
    }
    rules = next;
  }

  /** Ends the sessions whose mapping has an endpoint that a configured mapping takes; so the mapping ends. */
  private void makeWay(NatRules.Static fixed) {
    if (mappings.external(fixed.internal(), fixed.protocol()) < 0
        && mappings.inside(fixed.external(), fixed.protocol()) < 0) {
      return;
    }
    for (int id = sessions.next(0); id >= 0; id = sessions.next(id + 1)) {
      turned.bind(sessions, id);
      if (turned.protocol() == fixed.protocol()
          && (external(turned) == fixed.external() || inside(turned) == fixed.internal())) {
        flowEnded(turned);
        sessions.remove(id);
      }
    }
  }

  @Override
  public Config rehearsal() {
    var pool = new Config(Map.of("name", "p"), Map.of("prefix", List.of("198.18.0.0/24")), Map.of(), Map.of());
    var source = new Config(Map.of("source", "192.0.2.0/24"), Map.of(), Map.of(), Map.of());
    var scope = new Config(Map.of(), Map.of(), Map.of("ipv4", source), Map.of());
    var rule = new Config(Map.of("name", "r", "pool", "p"), Map.of(), Map.of("scope", scope), Map.of());
    return new Config(Map.of(), Map.of(), Map.of(), Map.of("pool", List.of(pool), "rule", List.of(rule)));
  }

  @Override
  public FlowSpace leaving(FlowSpace arriving) {
    return rules.leaving(arriving);
  }

  // ---- packets

  @Override
  public int process(Packet packet, Flow flow) {
    int verdict = packet.ipVersion() != 4 ? pass() : Parser.isIcmpError(packet) ? error(packet)
        : translate(packet, flow);
    if (verdict != FORWARD) {
      count(verdict);
    }
    return verdict;
  }

  private void count(int verdict) {
    if (verdict == NO_MAPPING) {
      unmapped.add(1);
    } else if (verdict == Drop.TCP_STATE.verdict()) {
      noSession.add(1);
    } else if (verdict == Drop.NO_PORT.verdict()) {
      exhausted.add(1);
    } else if (verdict == Drop.UNTRANSLATABLE.verdict()) {
      foreign.add(1);
    }
  }

  private int pass() {
    passed.add(1);
    return FORWARD;
  }

  @Override
  public int processOther(Packet packet) {
    return pass();
  }

  private int translate(Packet packet, Flow flow) {
    long from = FlowKey.source(packet);
    long to = FlowKey.destination(packet);
    boolean tagged = packet.vlan() != 0;
    if (tagged) {
      // Sessions know no VLANs: the two sides of the NAT may be on different ones.
      point(flow, packet, from, to);
    }
    if (flow.exists()) {
      boolean fromInside = packet.reversed == ((flow.getByte(NAT) & INSIDE_IS_SECOND) != 0);
      return fromInside ? outbound(packet, flow, from, to) : NO_MAPPING;
    }
    if (tagged) {
      FlowKey.rename(packet, from, to, packet.vlan()); // as rules know it
    }
    var rules = this.rules;
    boolean mayLeave = rules.isInside(from >>> 16) && to >>> 44 < FIRST_MULTICAST;
    var pool = mayLeave ? rules.pool(packet) : null;
    boolean leaves = pool != null || (mayLeave && mappings.isFixed(from, packet.protocol()));
    boolean toInside = rules.isInside(to >>> 16) && rules.isReverse(packet);
    if (leaves && !toInside) {
      return open(packet, flow, from, to, pool);
    }
    if (rules.isExternal(to >>> 16)) {
      return inbound(packet, flow, from, to);
    }
    return toInside && !leaves ? NO_MAPPING : pass();
  }

  /** Names the session of a packet, and points to it. */
  private void point(Flow flow, Packet packet, long source, long destination) {
    FlowKey.rename(packet, source, destination, 0);
    int id = sessions.find(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.hash);
    flow.bind(sessions, packet, id, services.nowMillis());
  }

  // ---- from inside

  /** The first packet of a session. */
  private int open(Packet packet, Flow flow, long from, long to, Pool pool) {
    int verdict = opening(packet);
    if (verdict == FORWARD && rules.isExternal(to >>> 16) && !rules.hairpinning()) {
      verdict = NO_MAPPING;
    }
    if (verdict == FORWARD) {
      point(flow, packet, from, to);
      verdict = begin(packet, flow, pool, from, to);
    }
    return verdict == FORWARD ? outbound(packet, flow, from, to) : verdict;
  }

  /** Whether a packet can begin a session. */
  private int opening(Packet packet) {
    if (packet.fragment() == 2) {
      return isTranslatable(packet) ? Drop.FRAGMENT.verdict() : Drop.UNTRANSLATABLE.verdict();
    }
    return switch (packet.protocol()) {
      case Protocol.UDP -> FORWARD;
      case Protocol.TCP -> {
        tcp.read(packet);
        yield tcp.opens() ? FORWARD : Drop.TCP_STATE.verdict();
      }
      case Protocol.ICMP -> {
        int type = Icmp.type(packet.memory(), packet.l4());
        yield !Icmp.isQuery(4, type) ? Drop.UNTRANSLATABLE.verdict() : Firewall.asks(4, type) ? FORWARD : NO_MAPPING;
      }
      default -> Drop.UNTRANSLATABLE.verdict();
    };
  }

  private static boolean isTranslatable(Packet packet) {
    int protocol = packet.protocol();
    return protocol == Protocol.TCP || protocol == Protocol.UDP || protocol == Protocol.ICMP;
  }

  /**
   * Begins the session that {@code flow} points to.
   *
   * @param pool for a mapping, if there is none yet; null: there must be one
   */
  private int begin(Packet packet, Flow flow, Pool pool, long inside, long remote) {
    if (!flow.create()) {
      return Drop.TABLE_FULL.verdict();
    }
    // Only now: a full table may have ended another session, and its mapping.
    int protocol = packet.protocol();
    long external = mappings.join(pool, rules.portParity(), inside, protocol);
    if (external < 0) {
      flow.remove();
      return (int) -external;
    }
    flow.setInt(EXTERNAL_ADDRESS, (int) (external >>> 16));
    flow.setShort(EXTERNAL_PORT, (int) external & 0xffff);
    boolean second = packet.reversed == (FlowKey.source(packet) == inside);
    flow.setByte(NAT, (second ? INSIDE_IS_SECOND : 0) | (rules.isExternal(remote >>> 16) ? HAIRPIN : 0)
        | (contact(inside, protocol, remote) ? CONTACTED : 0));
    if (protocol == Protocol.TCP) {
      tcp.open(flow);
    }
    made.add(1);
    return FORWARD;
  }

  private int outbound(Packet packet, Flow flow, long from, long to) {
    follow(packet, flow);
    long external = external(flow);
    long peer = peer(packet, to, external);
    NatRewrite.endpoint(packet, NatRewrite.SOURCE, from, external);
    FlowKey.rename(packet, external, peer, packet.vlan());
    outbound.add(1);
    return (flow.getByte(NAT) & HAIRPIN) == 0 ? FORWARD : turn(packet, flow, external, peer);
  }

  /** A packet that left for an external address comes back as one from outside (RFC 4787 REQ-9, RFC 5382 REQ-8). */
  private int turn(Packet packet, Flow flow, long from, long to) {
    int id = flow.id();
    int verdict = rules.hairpinning() ? inbound(packet, turned, from, to) : NO_MAPPING;
    if (verdict == FORWARD) {
      hairpinned.add(1);
    }
    if (turned.exists()) {
      // What the worker does for the first session.
      if (turned.ends()) {
        sessions.remove(turned.id());
      } else {
        sessions.touch(turned.id(), services.nowMillis());
      }
    }
    if (flow.id() != id) {
      // A full table showed the session that it ended through this very object.
      flow.bind(sessions, packet, sessions.exists(id) ? id : RecordTable.ABSENT, services.nowMillis());
    }
    return verdict;
  }

  /** The session goes on: its state, and how long it may be idle. */
  private void follow(Packet packet, Flow flow) {
    var timeouts = rules.timeouts();
    if (packet.protocol() == Protocol.UDP) {
      flow.timeoutMillis(timeouts.udp());
    } else if (packet.protocol() == Protocol.ICMP) {
      flow.timeoutMillis(timeouts.icmp());
    } else if (packet.fragment() != 2) {
      tcp.read(packet);
      if (tcp.possible() && tcp.segment(flow, flow.side(), true) == TcpTracker.REOPEN) {
        if (flow.side() == 1) {
          // The other side opens it this time.
          int flags = sessions.header(flow.id(), RecordTable.FLAGS);
          sessions.header(flow.id(), RecordTable.FLAGS, flags ^ RecordTable.INITIATOR_IS_SECOND);
        }
        tcp.open(flow);
      }
      flow.timeoutMillis(
          TcpTracker.state(flow) == TcpTracker.ESTABLISHED ? timeouts.established() : timeouts.transitory());
    }
  }

  /** The other endpoint behind the NAT: that of an ICMP query has the identifier for a port, which is translated. */
  private static long peer(Packet packet, long endpoint, long translated) {
    return packet.protocol() == Protocol.ICMP ? endpoint >>> 16 << 16 | (translated & 0xffff) : endpoint;
  }

  // ---- from outside

  /** A packet to an external endpoint; {@code flow} then points to its session if the packet keeps it alive. */
  private int inbound(Packet packet, Flow flow, long from, long to) {
    int protocol = packet.protocol();
    if (!isTranslatable(packet)) {
      return Drop.UNTRANSLATABLE.verdict();
    }
    long inside = mappings.inside(to, protocol);
    if (inside < 0) {
      return NO_MAPPING;
    }
    long peer = peer(packet, from, inside);
    point(flow, packet, peer, inside);
    if (!flow.exists()) {
      int verdict = admit(packet, flow, peer, inside);
      if (verdict != FORWARD) {
        return verdict;
      }
    }
    if (protocol == Protocol.TCP) {
      follow(packet, flow);
    } else {
      flow.bind(sessions, packet, RecordTable.ABSENT, services.nowMillis());
    }
    NatRewrite.endpoint(packet, NatRewrite.DESTINATION, to, inside);
    FlowKey.rename(packet, peer, inside, packet.vlan());
    inbound.add(1);
    return FORWARD;
  }

  /** Whether a packet of no session may come in (RFC 4787 REQ-8, RFC 5382 REQ-3); of TCP it must begin one. */
  private int admit(Packet packet, Flow flow, long peer, long inside) {
    int protocol = packet.protocol();
    boolean admitted = switch (rules.filtering()) {
      case ENDPOINT_INDEPENDENT -> true;
      case ADDRESS_DEPENDENT -> contacts.find(inside, protocol, peer >>> 16);
      case ADDRESS_AND_PORT_DEPENDENT -> false;
    };
    if (!admitted) {
      return NO_MAPPING;
    }
    if (protocol == Protocol.TCP) {
      int verdict = opening(packet);
      return verdict == FORWARD ? begin(packet, flow, null, inside, peer) : verdict;
    }
    // Only replies: nobody outside asks an inside host (RFC 5508 REQ-1).
    boolean asks = protocol == Protocol.ICMP && packet.fragment() != 2
        && Firewall.asks(4, Icmp.type(packet.memory(), packet.l4()));
    return asks ? NO_MAPPING : FORWARD;
  }

  // ---- ICMP errors (RFC 5508 section 4)

  /** Translates an error from inside, one from outside, or one that is turned around. */
  private int error(Packet packet) {
    long from = FlowKey.source(packet);
    long to = FlowKey.destination(packet);
    int verdict = FlowKey.related(packet, quoted);
    boolean known = verdict == FORWARD && isTranslatable(quoted) && FlowKey.source(quoted) >>> 16 == to >>> 16;
    boolean translated = known && errorFromInside(packet, from);
    translated |= known && errorToInside(packet, to);
    if (translated) {
      errors.add(1);
      return FORWARD;
    }
    // From inside or to inside, but not both.
    boolean crosses = rules.isExternal(to >>> 16) || (rules.pool(packet) != null) != rules.isReverse(packet);
    return !crosses ? pass() : verdict != FORWARD ? verdict : NO_MAPPING;
  }

  /** About a packet that went to an inside endpoint. Whichever router found it, it comes from the external address. */
  private boolean errorFromInside(Packet packet, long from) {
    long inside = FlowKey.destination(quoted);
    long external = mappings.external(inside, quoted.protocol());
    if (external < 0 || rules.isInside(FlowKey.source(quoted) >>> 16)) {
      return false;
    }
    NatRewrite.quoted(packet, quoted, NatRewrite.DESTINATION, inside, external);
    NatRewrite.address(packet, NatRewrite.SOURCE, from, external);
    FlowKey.rename(packet, external >>> 16 << 16, FlowKey.destination(packet), packet.vlan());
    return true;
  }

  /** About a packet that came from an external endpoint. */
  private boolean errorToInside(Packet packet, long to) {
    long external = FlowKey.source(quoted);
    long inside = mappings.inside(external, quoted.protocol());
    if (inside < 0) {
      return false;
    }
    NatRewrite.quoted(packet, quoted, NatRewrite.SOURCE, external, inside);
    NatRewrite.address(packet, NatRewrite.DESTINATION, to, inside);
    FlowKey.rename(packet, FlowKey.source(packet), inside >>> 16 << 16, packet.vlan());
    return true;
  }

  // ---- the end

  @Override
  public void flowEnded(Flow flow) {
    long external = external(flow);
    if ((external & 0xffff) == 0) {
      return;
    }
    long inside = inside(flow);
    mappings.leave(inside, external, flow.protocol());
    if ((flow.getByte(NAT) & CONTACTED) != 0 && contacts.find(inside, flow.protocol(), remote(flow) >>> 16)
        && contacts.addInt(CONTACT_SESSIONS, -1) == 0) {
      contacts.remove();
    }
  }

  /** Notes that an inside endpoint has a session with an address; false if that need not be known. */
  private boolean contact(long inside, int protocol, long remote) {
    if (rules.filtering() != Filtering.ADDRESS_DEPENDENT || !(contacts.find(inside, protocol, remote >>> 16)
        || contacts.insert(inside, protocol, remote >>> 16, services.nowMillis()))) {
      return false;
    }
    contacts.addInt(CONTACT_SESSIONS, 1);
    contacts.changed();
    return true;
  }

  private static long external(Flow session) {
    return (long) session.getInt(EXTERNAL_ADDRESS) << 16 & 0xffff_ffff_0000L | session.getShort(EXTERNAL_PORT);
  }

  private long inside(Flow session) {
    return endpoint(session, (session.getByte(NAT) & INSIDE_IS_SECOND) != 0);
  }

  private long remote(Flow session) {
    return endpoint(session, (session.getByte(NAT) & INSIDE_IS_SECOND) == 0);
  }

  private long endpoint(Flow session, boolean second) {
    int id = session.id();
    long k4 = sessions.key(id, 4);
    return second ? sessions.key(id, 3) << 16 | FlowKey.portB(k4) : sessions.key(id, 1) << 16 | FlowKey.portA(k4);
  }

  @Override
  public void tick(long nowMillis) {
    mappingCount.set(mappings.size());
    blockCount.set(mappings.blocks());
  }
}
