// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.FlowSpace.Direction;
import org.southbound.flow.FlowSpace.Ports;
import org.southbound.flow.FlowSpace.Prefix;
import org.southbound.flow.ScopeException;
import org.southbound.packet.Packet;
import org.southbound.packet.Protocol;

/**
 * A NAT's configuration, read and checked: which addresses are inside and which external, and so what becomes of packets
 * and scopes. Immutable. Addresses are the lower 32 bits; endpoints are as FlowKey.rename takes them.
 *
 * @param rules the first whose scope a packet from inside matches decides
 */
record NatRules(List<Rule> rules, List<Static> statics, Filtering filtering, boolean hairpinning, boolean portParity,
    Timeouts timeouts, List<Prefix> inside, List<Prefix> external) {
  private static final String BAD_VALUE = "southbound:bad-value";
  private static final String OVERLAP = "southbound:nat-overlap";

  /** Who outside may answer an inside endpoint (RFC 4787 section 5). */
  enum Filtering {
    ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT;

    /** Name in YANG. */
    String text() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * External addresses and ports.
   *
   * @param addresses how many addresses
   * @param blockSize ports that a host is given at a time; the last block of an address may have fewer
   */
  record Pool(String name, List<Prefix> prefixes, long addresses, int firstPort, int lastPort, int blockSize) {
    /** The i-th address. */
    long address(long i) {
      for (int j = 0;; j++) {
        long size = size(prefixes.get(j));
        if (i < size) {
          return prefixes.get(j).low() + i;
        }
        i -= size;
      }
    }

    /** Blocks of an address. */
    int blocks() {
      return (lastPort - firstPort) / blockSize + 1;
    }

    private static long size(Prefix prefix) {
      return 1L << (32 - prefix.length());
    }
  }

  /**
   * What is translated.
   *
   * @param scope packets as inside hosts send them
   */
  record Rule(String name, FlowSpace scope, Pool pool) {
  }

  /**
   * A configured mapping.
   *
   * @param external external endpoint
   * @param internal inside endpoint
   * @param lifetimeMillis how long it is in force; 0: for ever
   */
  record Static(String name, int protocol, long external, long internal, int lifetimeMillis) {
  }

  /**
   * Idle timeouts, ms.
   *
   * @param established of an established TCP connection (RFC 5382 REQ-5)
   * @param transitory of one that opens, closes or was reset (RFC 5382 REQ-5, RFC 7857 section 2)
   * @param udp of UDP from inside (RFC 4787 REQ-5)
   * @param icmp of ICMP queries from inside (RFC 5508 REQ-2)
   */
  record Timeouts(int established, int transitory, int udp, int icmp) {
  }

  // ---- packets

  boolean isInside(long address) {
    return isIn(inside, address);
  }

  boolean isExternal(long address) {
    return isIn(external, address);
  }

  private static boolean isIn(List<Prefix> prefixes, long address) {
    for (int i = 0; i < prefixes.size(); i++) {
      if (prefixes.get(i).contains(0, address)) {
        return true;
      }
    }
    return false;
  }

  /** The pool for a packet from inside; null: no rule translates it. */
  Pool pool(Packet packet) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).scope.matches(packet)) {
        return rules.get(i).pool;
      }
    }
    return null;
  }

  /** Whether a rule would translate a packet of the other direction: this one is addressed to an inside host. */
  boolean isReverse(Packet packet) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).scope.matchesKey(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, !packet.reversed)) {
        return true;
      }
    }
    return false;
  }

  // ---- scopes

  /** See {@link ScopeTranslation#leaving}. */
  FlowSpace leaving(FlowSpace arriving) {
    var written = arriving.direction(Direction.FORWARD);
    var forward = through(written);
    var back = through(written.swapped());
    boolean takesForward = arriving.direction() != Direction.REVERSE && forward != null;
    boolean takesBack = arriving.direction() != Direction.FORWARD && back != null;
    // Of a connection, the direction that is translated says what the other one looks like.
    if (takesForward && (!forward.equals(written) || !takesBack)) {
      return forward.direction(arriving.direction());
    }
    if (takesBack) {
      return back.swapped().direction(arriving.direction());
    }
    throw new ScopeException("southbound:scope-untranslatable", "",
        "no packet of " + arriving
            + " passes this NAT: it is addressed to inside hosts, or of a protocol without ports");
  }

  /** The smallest box around what packets of a box become; null: none passes. */
  private FlowSpace through(FlowSpace box) {
    if (box.ipVersion() == 6 || (fromInside(box) && toInside(box))) {
      return box;
    }
    var parts = new ArrayList<FlowSpace>();
    for (var rule : rules) {
      for (var part : rule.scope.intersection(box)) {
        if (isTranslatable(part.protocol())) {
          rule.pool.prefixes.forEach(prefix -> outward(part, prefix, rule.pool.firstPort, rule.pool.lastPort, parts));
        }
      }
    }
    for (var fixed : statics) {
      if (overlap(box.source(), host(fixed.internal))) {
        int port = (int) fixed.external & 0xffff;
        outward(box, host(fixed.external), port, port, parts);
      }
    }
    if (!fromInside(box)) {
      inward(box, parts);
    }
    boolean allExternal = external.stream().anyMatch(prefix -> prefix.contains(box.destination()));
    if (!fromInside(box) && !toInside(box) && !allExternal) {
      parts.add(box);
    }
    return parts.stream().reduce(FlowSpace::span).orElse(null);
  }

  private boolean fromInside(FlowSpace box) {
    return rules.stream().anyMatch(rule -> rule.scope.contains(box));
  }

  private boolean toInside(FlowSpace box) {
    return fromInside(box.swapped());
  }

  private static boolean isTranslatable(int protocol) {
    return protocol == FlowSpace.ANY || Protocol.ICMP == protocol || hasPorts(protocol);
  }

  private static boolean hasPorts(int protocol) {
    return protocol == Protocol.TCP || protocol == Protocol.UDP;
  }

  /** Adds what packets from inside become, whose external address is in {@code prefix}. */
  private void outward(FlowSpace part, Prefix prefix, int firstPort, int lastPort, List<FlowSpace> parts) {
    var ports = hasPorts(part.protocol()) ? new Ports(firstPort, lastPort) : Ports.ANY;
    var out = with(part, prefix, ports, part.destination(), part.destinationPorts());
    if (external.stream().noneMatch(each -> each.contains(out.destination()))) {
      parts.add(out);
    }
    if (hairpinning) {
      inward(out, parts);
    }
  }

  /** Adds what packets to external addresses become. */
  private void inward(FlowSpace box, List<FlowSpace> parts) {
    if (!isTranslatable(box.protocol())) {
      return;
    }
    for (var rule : rules) {
      if (rule.pool.prefixes.stream().anyMatch(prefix -> overlap(prefix, box.destination()))) {
        parts.add(with(box, box.source(), box.sourcePorts(), rule.scope.source(), Ports.ANY));
      }
    }
    for (var fixed : statics) {
      if (box.destination().contains(host(fixed.external))) {
        parts.add(with(box, box.source(), box.sourcePorts(), host(fixed.internal), Ports.ANY));
      }
    }
  }

  private static FlowSpace with(FlowSpace box, Prefix source, Ports sourcePorts, Prefix destination,
      Ports destinationPorts) {
    return new FlowSpace(Direction.FORWARD, box.protocol(), 4, source, destination, sourcePorts, destinationPorts,
        box.vlan(), box.dscp(), box.label(), FlowSpace.ANY);
  }

  private static boolean overlap(Prefix one, Prefix other) {
    return one.contains(other) || other.contains(one);
  }

  private static Prefix host(long endpoint) {
    return new Prefix(4, 0, endpoint >>> 16, 32);
  }

  // ---- from configuration

  /** Reads a configuration. Throws ConfigException for what contradicts itself or is not there yet. */
  static NatRules read(Config config) throws ConfigException {
    refuseUnbuilt(config);
    var pools = pools(config);
    var rules = rules(config, pools);
    var statics = statics(config);
    var inside = new ArrayList<Prefix>();
    rules.forEach(rule -> inside.add(rule.scope.source()));
    statics.forEach(fixed -> inside.add(host(fixed.internal)));
    var external = new ArrayList<Prefix>();
    pools.forEach(pool -> external.addAll(pool.prefixes));
    statics.forEach(fixed -> external.add(host(fixed.external)));
    for (var each : external) {
      for (var other : inside) {
        if (overlap(each, other)) {
          throw new ConfigException(OVERLAP, "", "An address is inside or external, but " + each + " and " + other
              + " overlap: change a pool, a rule or a static mapping.");
        }
      }
    }
    var timeouts = config.container("timeouts");
    return new NatRules(rules, statics, filtering(config), config.flag("hairpinning", true, ""),
        config.flag("port-parity", true, ""),
        new Timeouts(millis(timeouts, "tcp-established", 7440), millis(timeouts, "tcp-transitory", 240),
            millis(timeouts, "udp", 300), millis(timeouts, "icmp", 60)),
        inside.stream().distinct().toList(), external.stream().distinct().toList());
  }

  private static void refuseUnbuilt(Config config) throws ConfigException {
    if (!config.leaf("nat64-prefix", "").isEmpty()) {
      throw new ConfigException("southbound:not-supported", "nat64-prefix", "This version has no NAT64: remove it.");
    }
    if (config.flag("ftp", false, "")) {
      throw new ConfigException("southbound:not-supported", "ftp",
          "This version does not translate within FTP connections: set it to false.");
    }
  }

  private static Filtering filtering(Config config) throws ConfigException {
    var text = config.leaf("filtering", Filtering.ENDPOINT_INDEPENDENT.text());
    for (var filtering : Filtering.values()) {
      if (filtering.text().equals(text)) {
        return filtering;
      }
    }
    throw new ConfigException(BAD_VALUE, "filtering",
        Arrays.stream(Filtering.values()).map(Filtering::text).toList() + ", not \"" + text + "\".");
  }

  private static int millis(Config timeouts, String leaf, int otherwise) throws ConfigException {
    return (int) timeouts.number(leaf, otherwise, 1, Firewall.GREATEST_TIMEOUT_SECONDS, "timeouts/") * 1000;
  }

  private static List<Pool> pools(Config config) throws ConfigException {
    var pools = new ArrayList<Pool>();
    for (var entry : config.list("pool")) {
      var pool = pool(entry);
      for (var other : pools) {
        boolean ports = pool.firstPort <= other.lastPort && other.firstPort <= pool.lastPort;
        if (ports
            && pool.prefixes.stream().anyMatch(mine -> other.prefixes.stream().anyMatch(its -> overlap(mine, its)))) {
          throw new ConfigException(OVERLAP, "pool[name='" + pool.name + "']",
              "It shares addresses and ports with the pool " + other.name + ".");
        }
      }
      pools.add(pool);
    }
    return pools;
  }

  private static Pool pool(Config entry) throws ConfigException {
    var name = entry.leaf("name", "");
    var path = "pool[name='" + name + "']/";
    var prefixes = new ArrayList<Prefix>();
    for (var text : entry.leafList("prefix")) {
      var prefix = prefix(text, path + "prefix");
      if (prefixes.stream().anyMatch(other -> overlap(prefix, other))) {
        throw new ConfigException(OVERLAP, path + "prefix", prefix + " is in the pool twice.");
      }
      prefixes.add(prefix);
    }
    if (prefixes.isEmpty()) {
      throw new ConfigException(BAD_VALUE, path + "prefix", "A pool needs an address.");
    }
    int first = (int) entry.number("first-port", 1024, 1, 0xffff, path);
    int last = (int) entry.number("last-port", 0xffff, 1, 0xffff, path);
    if (last < first) {
      throw new ConfigException("southbound:port-range-inverted", path + "last-port", "last-port is below first-port.");
    }
    return new Pool(name, List.copyOf(prefixes), prefixes.stream().mapToLong(Pool::size).sum(), first, last,
        (int) entry.number("block-size", 512, 1, 0xffff, path));
  }

  private static Prefix prefix(String text, String path) throws ConfigException {
    try {
      var prefix = FlowSpace.parse(text + " -> any").source();
      if (prefix.ipVersion() == 4) {
        return prefix;
      }
    } catch (ScopeException refused) {
      // Refused below.
    }
    throw new ConfigException(BAD_VALUE, path, "An IPv4 prefix, not \"" + text + "\".");
  }

  private static List<Rule> rules(Config config, List<Pool> pools) throws ConfigException {
    var rules = new ArrayList<Rule>();
    for (var entry : config.list("rule")) {
      var name = entry.leaf("name", "");
      var path = "rule[name='" + name + "']/";
      var scope = ScopeConfig.read(entry.container("scope"), path + "scope", Direction.FORWARD);
      if (scope.source().ipVersion() != 4) {
        throw new ConfigException("southbound:no-inside-prefix", path + "scope/ipv4/source",
            "A rule needs the IPv4 prefix of the inside hosts: it tells inside from outside.");
      }
      var wanted = entry.leaf("pool", "");
      var pool = pools.stream().filter(each -> each.name.equals(wanted)).findFirst()
          .orElseThrow(() -> new ConfigException("southbound:unknown-pool", path + "pool", "No pool " + wanted + "."));
      rules.add(new Rule(name, scope.direction(Direction.FORWARD), pool));
    }
    return List.copyOf(rules);
  }

  private static List<Static> statics(Config config) throws ConfigException {
    var statics = new ArrayList<Static>();
    for (var entry : config.list("static")) {
      var name = entry.leaf("name", "");
      var path = "static[name='" + name + "']/";
      int protocol = (int) entry.number("protocol", -1, 0, 255, path);
      if (!hasPorts(protocol)) {
        throw new ConfigException("southbound:not-supported", path + "protocol", "6 (TCP) or 17 (UDP).");
      }
      var fixed = new Static(name, protocol, endpoint(entry, "external", path), endpoint(entry, "internal", path),
          (int) entry.number("lifetime", 0, 1, Firewall.GREATEST_TIMEOUT_SECONDS, path) * 1000);
      for (var other : statics) {
        if (other.protocol == protocol && (other.external == fixed.external || other.internal == fixed.internal)) {
          throw new ConfigException(OVERLAP, "static[name='" + name + "']",
              "It has an endpoint in common with " + other.name + ".");
        }
      }
      statics.add(fixed);
    }
    return List.copyOf(statics);
  }

  private static long endpoint(Config entry, String side, String path) throws ConfigException {
    var address = prefix(entry.leaf(side + "-address", "") + "/32", path + side + "-address");
    return address.low() << 16 | entry.number(side + "-port", 0, 1, 0xffff, path);
  }
}
