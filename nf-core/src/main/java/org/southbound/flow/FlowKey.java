// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import org.southbound.packet.Drop;
import org.southbound.packet.Icmp;
import org.southbound.packet.Memory;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Wire;

/**
 * The key of a packet's flow: five words in the {@link Packet}, the same for both directions.
 *
 * <pre>
 *  k0, k1   address of endpoint A, high and low word; IPv4: 0 and the address
 *  k2, k3   address of endpoint B
 *           63             47             31             15       7        0
 *          +--------------+--------------+--------------+--------+--------+
 *  k4      |    port A    |    port B    |     VLAN     |protocol| IP ver.|
 *          +--------------+--------------+--------------+--------+--------+
 * </pre>
 *
 * A is the smaller endpoint, compared unsigned by address, then port. Both ports of an ICMP query are its identifier;
 * protocols without ports have 0. A frame without IP has a key of five zeros and belongs to no flow.
 */
public final class FlowKey {
  private static final int FRAGMENT = Drop.FRAGMENT.verdict();
  private static final int MALFORMED = Drop.MALFORMED.verdict();

  // Of this process alone: who sends packets must not be able to choose flows that collide.
  private static final long S0;
  private static final long S1;
  private static final long S2;
  private static final long S3;
  private static final long S4;
  private static final long S5;

  static {
    var random = new SecureRandom();
    S0 = random.nextLong() | 1;
    S1 = random.nextLong();
    S2 = random.nextLong() | 1;
    S3 = random.nextLong();
    S4 = random.nextLong();
    S5 = random.nextLong();
  }

  private FlowKey() {
  }

  /**
   * Writes key, hash and direction of the parsed {@code packet} into it; 0, or the verdict to drop it: a later fragment
   * without its first is {@link Drop#FRAGMENT}, one that overlaps the first is malformed (RFC 5722, RFC 1858).
   */
  public static int extract(Packet packet, FragmentTable fragments, long nowMillis) {
    int fragment = packet.fragment();
    if (fragment == 0) {
      return fill(packet, ports(packet));
    }
    // IPv4 has the protocol in every fragment, IPv6 only in the first for sure.
    if (packet.ipVersion() == 4 && !hasPorts(4, packet.protocol())) {
      return fill(packet, 0);
    }
    if (fragment == 1) {
      int ports = ports(packet);
      fragments.register(packet, ports, nowMillis);
      return fill(packet, ports);
    }
    long found = fragments.find(packet, nowMillis);
    if (found == FragmentTable.NONE) {
      return FRAGMENT;
    }
    if (packet.fragmentOffset() < FragmentTable.length(found)) {
      return MALFORMED;
    }
    packet.protocol(FragmentTable.protocol(found));
    return fill(packet, FragmentTable.ports(found));
  }

  /**
   * Parses the packet inside the ICMP error {@code outer} into {@code into} and writes its flow's key there; 0, or the
   * verdict why there is none. {@code into} shares the memory of {@code outer}; a worker uses one for all errors.
   */
  public static int related(Packet outer, Packet into) {
    int verdict = Parser.embedded(outer, into);
    return verdict == 0 ? fill(into, ports(into)) : verdict;
  }

  /**
   * The packet that says where {@code packet} belongs: of an ICMP error, the one that it is about, in {@code into} as in
   * {@link #related}; else itself.
   */
  public static Packet subject(Packet packet, Packet into) {
    if ((packet.flags & Packet.ORDERED) == 0 || related(packet, into) != 0) {
      return packet;
    }
    into.labels = packet.labels;
    into.moreLabels = packet.moreLabels;
    return into;
  }

  /**
   * Gives an IPv4 packet the key of other endpoints than it came with, for an NF that rewrites addresses: first of the flow
   * to which the NF counts it, then of what it has become. An endpoint is an address and, in the lower 16 bits, a port.
   *
   * @param vlan VLAN identifier of the key; 0: none
   */
  public static void rename(Packet packet, long source, long destination, int vlan) {
    endpoints(packet, source, destination, (long) vlan << 16 | packet.protocol() << 8 | 4);
  }

  /** Source endpoint of an IPv4 packet, by its key, as {@link #rename} takes it. */
  public static long source(Packet packet) {
    return packet.reversed ? packet.k3 << 16 | (packet.k4 >>> 32 & 0xffff) : packet.k1 << 16 | packet.k4 >>> 48;
  }

  /** Destination endpoint of an IPv4 packet, by its key, as {@link #rename} takes it. */
  public static long destination(Packet packet) {
    return packet.reversed ? packet.k1 << 16 | packet.k4 >>> 48 : packet.k3 << 16 | (packet.k4 >>> 32 & 0xffff);
  }

  /** Symmetric hash of a key, by a seed of this process. */
  public static int hash(long k0, long k1, long k2, long k3, long k4) {
    // Both addresses of IPv4 are one word.
    long addresses = ipVersion(k4) == 4 ? k1 << 32 | k3 : mix(k0 ^ S0, k1 ^ S1) ^ mix(k2 ^ S2, k3 ^ S3);
    long hash = mix(addresses ^ S4, k4 ^ S5);
    return (int) (hash ^ hash >>> 32);
  }

  /** The word k4. */
  public static long word4(int portA, int portB, int vlan, int protocol, int ipVersion) {
    return (long) portA << 48 | (portB & 0xffffL) << 32 | (vlan & 0xffffL) << 16 | protocol << 8 | ipVersion;
  }

  /** Port of endpoint A in {@code k4}. */
  public static int portA(long k4) {
    return (int) (k4 >>> 48);
  }

  /** Port of endpoint B in {@code k4}. */
  public static int portB(long k4) {
    return (int) (k4 >>> 32) & 0xffff;
  }

  /** VLAN identifier in {@code k4}. */
  public static int vlan(long k4) {
    return (int) k4 >>> 16;
  }

  /** IP protocol in {@code k4}. */
  public static int protocol(long k4) {
    return (int) k4 >>> 8 & 0xff;
  }

  /** IP version in {@code k4}; 0: no flow. */
  public static int ipVersion(long k4) {
    return (int) k4 & 0xff;
  }

  private static boolean hasPorts(int ipVersion, int protocol) {
    return Protocol.hasPorts(protocol) || protocol == (ipVersion == 4 ? Protocol.ICMP : Protocol.ICMPV6);
  }

  // Source port and destination port of a packet that has its transport header.
  private static int ports(Packet packet) {
    int protocol = packet.protocol();
    if (Protocol.hasPorts(protocol)) {
      return Memory.i32(packet, Memory.at(packet, packet.l4()));
    }
    int version = packet.ipVersion();
    if (version == 0 || protocol != (version == 4 ? Protocol.ICMP : Protocol.ICMPV6)) {
      return 0;
    }
    int word = Wire.i32(packet.memory(), packet.l4());
    return Icmp.isQuery(version, word >>> 24) ? Wire.u16(packet.memory(), packet.l4() + 4) * 0x10001 : 0;
  }

  private static int fill(Packet packet, int ports) {
    int version = packet.ipVersion();
    long l3 = packet.l3();
    long rest = (long) packet.vlan() << 16 | packet.protocol() << 8 | version;
    if (version == 4) {
      // An IPv4 endpoint is 48 bits: both directions are ordered without a branch that nobody can predict.
      long addresses = Memory.u64(packet, Memory.at(packet, l3 + 12));
      endpoints(packet, addresses >>> 32 << 16 | ports >>> 16, (addresses & 0xffff_ffffL) << 16 | (ports & 0xffff),
          rest);
    } else if (version == 6) {
      ipv6(packet, packet.memory(), l3, ports, rest);
    } else {
      set(packet, 0, 0, 0, 0, 0, false);
    }
    return 0;
  }

  private static void endpoints(Packet packet, long source, long destination, long rest) {
    long a = Math.min(source, destination);
    long b = Math.max(source, destination);
    set(packet, 0, a >>> 16, 0, b >>> 16, a << 48 | (b & 0xffff) << 32 | rest, source > destination);
  }

  private static void ipv6(Packet packet, MemorySegment memory, long l3, int ports, long rest) {
    long sourceHigh = Wire.u64(memory, l3 + 8);
    long sourceLow = Wire.u64(memory, l3 + 16);
    long destinationHigh = Wire.u64(memory, l3 + 24);
    long destinationLow = Wire.u64(memory, l3 + 32);
    int order = Long.compareUnsigned(sourceHigh, destinationHigh);
    if (order == 0) {
      order = Long.compareUnsigned(sourceLow, destinationLow);
    }
    if (order == 0) {
      order = (ports >>> 16) - (ports & 0xffff);
    }
    if (order <= 0) {
      set(packet, sourceHigh, sourceLow, destinationHigh, destinationLow, (long) ports << 32 | rest, false);
    } else {
      set(packet, destinationHigh, destinationLow, sourceHigh, sourceLow,
          (long) Integer.rotateLeft(ports, 16) << 32 | rest,
          true);
    }
  }

  private static void set(Packet packet, long k0, long k1, long k2, long k3, long k4, boolean reversed) {
    packet.k0 = k0;
    packet.k1 = k1;
    packet.k2 = k2;
    packet.k3 = k3;
    packet.k4 = k4;
    packet.reversed = reversed;
    packet.hash = hash(k0, k1, k2, k3, k4);
  }

  private static long mix(long a, long b) {
    return a * b ^ Math.unsignedMultiplyHigh(a, b);
  }
}
