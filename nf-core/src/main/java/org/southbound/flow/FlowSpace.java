// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.util.ArrayList;
import java.util.List;
import org.southbound.packet.Packet;

/**
 * A scope: a set of packets, and so of flows (API, "Scope"). Unset fields match anything; the fields are combined by AND.
 * As a set, a scope is a box over (source, destination, source port, destination port, rest); {@code REVERSE} is the box
 * with source and destination exchanged, {@code BOTH} the union of the two. Equal scopes print alike: host bits beyond a
 * prefix are zero, a prefix of length 0 only fixes the IP version, ports 0-65535 are any port.
 *
 * @param direction which packets of a connection belong to the scope
 * @param protocol IP protocol number; {@link #ANY}: any
 * @param ipVersion 4, 6 or 0: any; follows from the prefixes and the flow label
 * @param source source prefix
 * @param destination destination prefix
 * @param sourcePorts source ports
 * @param destinationPorts destination ports
 * @param vlan VLAN identifier of the outermost tag, 1 to 4094; {@link #ANY}: any, or none
 * @param dscp Differentiated Services code point, 0 to 63; {@link #ANY}: any
 * @param label context label that the packet carries, 24 bits; 0: any, or none
 * @param flowLabel IPv6 flow label, 20 bits; {@link #ANY}: any
 */
public record FlowSpace(Direction direction, int protocol, int ipVersion, Prefix source, Prefix destination,
    Ports sourcePorts, Ports destinationPorts, int vlan, int dscp, int label, int flowLabel) {
  /** Of a field: any value. */
  public static final int ANY = -1;
  /** Every packet. */
  public static final FlowSpace EVERYTHING = new FlowSpace(Direction.BOTH, ANY, 0, Prefix.ANY, Prefix.ANY, Ports.ANY,
      Ports.ANY, ANY, ANY, 0, ANY);

  /** Directions of a connection. */
  public enum Direction {
    /** As the scope is written, source to destination. */
    FORWARD,
    /** Source and destination exchanged. */
    REVERSE,
    /** Both. */
    BOTH;

    /** Name in YANG. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * Addresses that begin alike.
   *
   * @param ipVersion 4, 6, or 0 with length 0: any address
   * @param high high word of the address; IPv4: 0
   * @param low low word of the address
   * @param length bits that count, of 32 or 128
   */
  public record Prefix(int ipVersion, long high, long low, int length) {
    /** Any address. */
    public static final Prefix ANY = new Prefix(0, 0, 0, 0);

    /** Masks the host bits. Throws ScopeException for a length that the version does not have. */
    public Prefix {
      int most = ipVersion == 4 ? 32 : ipVersion == 6 ? 128 : 0;
      if (length < 0 || length > most) {
        throw new ScopeException("", "", "a prefix length of " + length + " for IP version " + ipVersion);
      }
      high &= highMask(ipVersion, length);
      low &= lowMask(ipVersion, length);
    }

    private static long highMask(int ipVersion, int length) {
      return ipVersion == 4 ? 0 : length == 0 ? 0 : length >= 64 ? -1 : -1L << (64 - length);
    }

    private static long lowMask(int ipVersion, int length) {
      return ipVersion == 4 ? -1L << (32 - length) & 0xffffffffL : length <= 64 ? 0 : -1L << (128 - length);
    }

    /** Whether an address of this version belongs to the prefix. */
    public boolean contains(long high, long low) {
      return (high & highMask(ipVersion, length)) == this.high && (low & lowMask(ipVersion, length)) == this.low;
    }

    /** Whether every address of {@code other} is one of this. */
    public boolean contains(Prefix other) {
      return length == 0 ? ipVersion == 0 || ipVersion == other.ipVersion
          : ipVersion == other.ipVersion && length <= other.length && contains(other.high, other.low);
    }

    /** The addresses in both, which is one of the two, or null. */
    Prefix intersect(Prefix other) {
      return contains(other) ? other : other.contains(this) ? this : null;
    }

    /** The longest prefix that contains both. */
    Prefix span(Prefix other) {
      if (ipVersion == 0 || ipVersion != other.ipVersion) {
        return ANY;
      }
      int width = ipVersion == 4 ? 32 : 64;
      int common = ipVersion == 6 && high != other.high ? Long.numberOfLeadingZeros(high ^ other.high)
          : Long.numberOfLeadingZeros(low ^ other.low) + (ipVersion == 4 ? -width : width);
      return new Prefix(ipVersion, high, low, Math.min(common, Math.min(length, other.length)));
    }

    /** Canonical text, RFC 5952 for IPv6. */
    @Override
    public String toString() {
      return ipVersion == 0 ? "any" : Addresses.text(ipVersion, high, low) + "/" + length;
    }
  }

  /**
   * A range of ports, both ends included.
   *
   * @param lower first port
   * @param upper last port
   */
  public record Ports(int lower, int upper) {
    /** Any port. */
    public static final Ports ANY = new Ports(0, 0xffff);

    /** Throws ScopeException for a range that is inverted or out of range. */
    public Ports {
      if (lower < 0 || upper > 0xffff) {
        throw new ScopeException("", "", "ports are 0 to 65535, not " + lower + "-" + upper);
      }
      if (upper < lower) {
        throw new ScopeException("southbound:scope-port-inverted", "upper-port",
            "the upper port " + upper + " is below the lower port " + lower);
      }
    }

    /** Whether the port is in the range. */
    public boolean contains(int port) {
      return port >= lower && port <= upper;
    }

    /** Whether every port of {@code other} is one of this. */
    public boolean contains(Ports other) {
      return lower <= other.lower && upper >= other.upper;
    }

    /** The ports in both, or null. */
    Ports intersect(Ports other) {
      int from = Math.max(lower, other.lower);
      int to = Math.min(upper, other.upper);
      return from > to ? null : new Ports(from, to);
    }

    /** The smallest range that contains both. */
    Ports span(Ports other) {
      return new Ports(Math.min(lower, other.lower), Math.max(upper, other.upper));
    }

    /** Whether this is every port. */
    public boolean isAny() { return lower == 0 && upper == 0xffff; }

    /** {@code 80} or {@code 1024-65535}. */
    @Override
    public String toString() {
      return lower == upper ? Integer.toString(lower) : lower + "-" + upper;
    }
  }

  /** Checks, and brings into canonical form. Throws ScopeException. */
  public FlowSpace {
    check(protocol == ANY || (protocol >= 0 && protocol <= 255), "protocol", "a protocol is 0 to 255, not " + protocol);
    check(vlan == ANY || (vlan >= 1 && vlan <= 4094), "vlan-id", "a VLAN identifier is 1 to 4094, not " + vlan);
    check(dscp == ANY || (dscp >= 0 && dscp <= 63), "dscp", "a DSCP is 0 to 63, not " + dscp);
    check(label >= 0 && label <= 0xffffff, "label", "a label is 1 to 16777215, not " + label);
    check(flowLabel == ANY || (flowLabel >= 0 && flowLabel <= 0xfffff), "ipv6/flow-label",
        "a flow label is 0 to 1048575, not " + flowLabel);
    check(ipVersion == 0 || ipVersion == 4 || ipVersion == 6, "", "an IP version is 4 or 6, not " + ipVersion);
    ipVersion = sameVersion(ipVersion, source.ipVersion, "source");
    ipVersion = sameVersion(ipVersion, destination.ipVersion, "destination");
    ipVersion = sameVersion(ipVersion, flowLabel == ANY ? 0 : 6, "flow-label");
    source = source.length == 0 ? Prefix.ANY : source;
    destination = destination.length == 0 ? Prefix.ANY : destination;
    boolean ported = protocol == 6 || protocol == 17 || protocol == 132 || protocol == 33;
    if (!ported && !(sourcePorts.isAny() && destinationPorts.isAny())) {
      throw new ScopeException("southbound:scope-port-without-transport",
          sourcePorts.isAny() ? "destination-port" : "source-port", "a port match needs protocol 6, 17, 33 or 132");
    }
  }

  private static void check(boolean fine, String path, String message) {
    if (!fine) {
      throw new ScopeException("", path, message);
    }
  }

  private static int sameVersion(int version, int other, String field) {
    check(version == 0 || other == 0 || version == other, "ipv" + other + "/" + field,
        "IPv4 and IPv6 in one scope");
    return version == 0 ? other : version;
  }

  /** Whether all packets of a connection agree: nothing depends on the direction or on what only the packet has. */
  public boolean perFlow() {
    return direction == Direction.BOTH && dscp == ANY && label == ANY && flowLabel == ANY;
  }

  /** This scope with another direction. */
  public FlowSpace direction(Direction direction) {
    return new FlowSpace(direction, protocol, ipVersion, source, destination, sourcePorts, destinationPorts, vlan, dscp,
        label, flowLabel);
  }

  /** Source and destination exchanged. */
  public FlowSpace swapped() {
    return new FlowSpace(direction, protocol, ipVersion, destination, source, destinationPorts, sourcePorts, vlan, dscp,
        label, flowLabel);
  }

  // ---- membership

  /** Whether the packet, whose key is extracted, belongs to the scope. */
  public boolean matches(Packet packet) {
    if (label != 0 && !packet.has(label)) {
      return false;
    }
    if (packet.ipVersion() == 0) {
      return onlyLink() && (vlan == ANY || vlan == packet.vlan());
    }
    return matchesKey(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.reversed)
        && (dscp == ANY || dscp == Flow.dscp(packet)) && (flowLabel == ANY || flowLabel == Flow.flowLabel(packet));
  }

  /** Whether frames without IP can belong to the scope. */
  private boolean onlyLink() {
    return protocol == ANY && ipVersion == 0 && dscp == ANY;
  }

  /**
   * Whether packets with that flow key belong to the scope, as far as the key tells (not DSCP, label, flow label).
   *
   * @param reversed the packet goes from the key's second endpoint to its first
   */
  public boolean matchesKey(long k0, long k1, long k2, long k3, long k4, boolean reversed) {
    if ((ipVersion != 0 && ipVersion != ((int) k4 & 0xff)) || (protocol != ANY && protocol != ((int) (k4 >>> 8) & 0xff))
        || (vlan != ANY && vlan != ((int) (k4 >>> 16) & 0xffff))) {
      return false;
    }
    int portA = (int) (k4 >>> 48);
    int portB = (int) (k4 >>> 32) & 0xffff;
    boolean asWritten = direction != Direction.REVERSE;
    boolean exchanged = direction != Direction.FORWARD;
    boolean fromA = reversed ? exchanged : asWritten;
    boolean fromB = reversed ? asWritten : exchanged;
    return (fromA && inBox(k0, k1, portA, k2, k3, portB)) || (fromB && inBox(k2, k3, portB, k0, k1, portA));
  }

  private boolean inBox(long sourceHigh, long sourceLow, int sourcePort, long high, long low, int port) {
    return sourcePorts.contains(sourcePort) && destinationPorts.contains(port)
        && (source.length == 0 || source.contains(sourceHigh, sourceLow))
        && (destination.length == 0 || destination.contains(high, low));
  }

  /**
   * Whether a flow's state belongs to the scope: whether one of the flow's packets, in either direction, can. So state
   * is always where the scope's packets go, whatever the scope's direction. DSCP, label and flow label are those of the
   * flow's first packet.
   */
  public boolean matchesFlow(RecordTable table, int id) {
    int labelDscp = table.header(id, RecordTable.LABEL_DSCP);
    return (label == 0 || label == (labelDscp & 0xffffff)) && (dscp == ANY || dscp == labelDscp >>> 24)
        && (flowLabel == ANY || flowLabel == table.header(id, RecordTable.FLAGS) >>> RecordTable.FLOW_LABEL_SHIFT)
        && KeyScope.FLOW.belongs(this, table.key(id, 0), table.key(id, 1), table.key(id, 2), table.key(id, 3),
            table.key(id, 4));
  }

  /**
   * Whether state kept per host goes along with the scope: the address lies in the source prefix ({@code FORWARD}), in
   * the destination prefix ({@code REVERSE}), or in either.
   */
  public boolean coversHost(long high, long low, int ipVersion) {
    return (this.ipVersion == 0 || this.ipVersion == ipVersion)
        && ((direction != Direction.REVERSE && (source.length == 0 || source.contains(high, low)))
            || (direction != Direction.FORWARD && (destination.length == 0 || destination.contains(high, low))));
  }

  // ---- sets of packets

  /** Whether every packet of {@code other} belongs to this scope. */
  public boolean contains(FlowSpace other) {
    for (var theirs : other.boxes()) {
      if (!covered(theirs)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a box lies within the union of this scope's boxes. */
  private boolean covered(FlowSpace box) {
    var mine = boxes();
    if (mine.stream().anyMatch(each -> each.boxContains(box))) {
      return true;
    }
    return mine.size() == 2 && coveredByTwo(box, mine.get(0), mine.get(1));
  }

  /**
   * Whether a box that lies in neither of two boxes lies in their union. For that the two must differ, within the box, in
   * one dimension only. As one is the other exchanged, that can only be source ports or destination ports: {@code
   * tcp any:0-9 -> any:5-20} contains {@code tcp any:0-20 -> any:5-9}.
   */
  private static boolean coveredByTwo(FlowSpace box, FlowSpace first, FlowSpace second) {
    var a = first.intersectBox(box);
    var b = second.intersectBox(box);
    if (a == null || b == null || !a.withPorts(box).equals(box) || !b.withPorts(box).equals(box)) {
      return false;
    }
    if (a.sourcePorts.equals(box.sourcePorts) && b.sourcePorts.equals(box.sourcePorts)) {
      return union(a.destinationPorts, b.destinationPorts, box.destinationPorts);
    }
    return a.destinationPorts.equals(box.destinationPorts) && b.destinationPorts.equals(box.destinationPorts)
        && union(a.sourcePorts, b.sourcePorts, box.sourcePorts);
  }

  private FlowSpace withPorts(FlowSpace other) {
    return new FlowSpace(direction, protocol, ipVersion, source, destination, other.sourcePorts, other.destinationPorts,
        vlan, dscp, label, flowLabel);
  }

  private static boolean union(Ports a, Ports b, Ports whole) {
    return Math.min(a.lower, b.lower) == whole.lower && Math.max(a.upper, b.upper) == whole.upper
        && Math.max(a.lower, b.lower) <= Math.min(a.upper, b.upper) + 1;
  }

  /** Whether some packet may belong to both scopes. Labels do not keep scopes apart: a packet can carry several. */
  public boolean overlaps(FlowSpace other) {
    return !withLabel(0).intersection(other.withLabel(0)).isEmpty();
  }

  private FlowSpace withLabel(int label) {
    return new FlowSpace(direction, protocol, ipVersion, source, destination, sourcePorts, destinationPorts, vlan, dscp,
        label, flowLabel);
  }

  /**
   * The packets in both scopes: the union of the scopes returned, none to two of them. Exact, but that a packet that
   * carries two labels belongs to no intersection of scopes with one of them each.
   */
  public List<FlowSpace> intersection(FlowSpace other) {
    var parts = new ArrayList<FlowSpace>(4);
    if (direction == Direction.BOTH && other.direction == Direction.BOTH) {
      // (A + A') (B + B') = (AB + A'B') + (AB' + A'B), and A'B' is AB exchanged, A'B is AB' exchanged.
      add(parts, intersectBox(other), Direction.BOTH);
      add(parts, intersectBox(other.swapped()), Direction.BOTH);
    } else {
      for (var mine : boxes()) {
        for (var theirs : other.boxes()) {
          add(parts, mine.intersectBox(theirs), Direction.FORWARD);
        }
      }
    }
    return List.copyOf(parts);
  }

  /** Adds a part unless another one contains it. */
  private static void add(List<FlowSpace> parts, FlowSpace box, Direction direction) {
    if (box == null) {
      return;
    }
    var part = box.direction(direction);
    if (parts.stream().anyMatch(each -> each.contains(part))) {
      return;
    }
    parts.removeIf(part::contains);
    parts.add(part);
  }

  /** The scope as a union of boxes, each written forward. */
  private List<FlowSpace> boxes() {
    var asWritten = direction(Direction.FORWARD);
    return switch (direction) {
      case FORWARD -> List.of(asWritten);
      case REVERSE -> List.of(asWritten.swapped());
      case BOTH -> asWritten.equals(asWritten.swapped()) ? List.of(asWritten) : List.of(asWritten, asWritten.swapped());
    };
  }

  private boolean boxContains(FlowSpace other) {
    return (protocol == ANY || protocol == other.protocol) && (ipVersion == 0 || ipVersion == other.ipVersion)
        && (vlan == ANY || vlan == other.vlan) && (dscp == ANY || dscp == other.dscp)
        && (label == 0 || label == other.label) && (flowLabel == ANY || flowLabel == other.flowLabel)
        && source.contains(other.source) && destination.contains(other.destination)
        && sourcePorts.contains(other.sourcePorts) && destinationPorts.contains(other.destinationPorts);
  }

  private FlowSpace intersectBox(FlowSpace other) {
    var from = source.intersect(other.source);
    var to = destination.intersect(other.destination);
    var fromPorts = sourcePorts.intersect(other.sourcePorts);
    var toPorts = destinationPorts.intersect(other.destinationPorts);
    if (from == null || to == null || fromPorts == null || toPorts == null || apart(protocol, other.protocol, ANY)
        || apart(ipVersion, other.ipVersion, 0) || apart(vlan, other.vlan, ANY) || apart(dscp, other.dscp, ANY)
        || apart(label, other.label, 0) || apart(flowLabel, other.flowLabel, ANY)) {
      return null;
    }
    return new FlowSpace(Direction.FORWARD, Math.max(protocol, other.protocol), Math.max(ipVersion, other.ipVersion),
        from,
        to, fromPorts, toPorts, Math.max(vlan, other.vlan), Math.max(dscp, other.dscp), Math.max(label, other.label),
        Math.max(flowLabel, other.flowLabel));
  }

  /** The smallest scope written {@code FORWARD} that contains this one and {@code other}, both written so. */
  public FlowSpace span(FlowSpace other) {
    int common = either(protocol, other.protocol, ANY);
    boolean ported = common != ANY;
    return new FlowSpace(Direction.FORWARD, common, either(ipVersion, other.ipVersion, 0), source.span(other.source),
        destination.span(other.destination), ported ? sourcePorts.span(other.sourcePorts) : Ports.ANY,
        ported ? destinationPorts.span(other.destinationPorts) : Ports.ANY, either(vlan, other.vlan, ANY),
        either(dscp, other.dscp, ANY), either(label, other.label, 0), either(flowLabel, other.flowLabel, ANY));
  }

  private static int either(int a, int b, int any) {
    return a == b ? a : any;
  }

  private static boolean apart(int a, int b, int any) {
    return a != b && a != any && b != any;
  }

  // ---- text

  /**
   * Reads a scope, such as {@code tcp 10.0.0.0/8:1024-65535 -> 192.0.2.1/32:80 vlan 5 dscp 46 label 21 forward},
   * {@code udp [2001:db8::/32]:53 -> any}, {@code protocol 47 ipv4}, {@code any}. Throws ScopeException.
   */
  public static FlowSpace parse(String text) {
    return new FlowSpaceText(text).read();
  }

  /** Canonical text; {@link #parse} reads it. */
  @Override
  public String toString() {
    return FlowSpaceText.write(this);
  }
}
