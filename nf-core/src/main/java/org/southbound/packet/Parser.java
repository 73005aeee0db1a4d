// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * Checks every length of a packet, once, and notes in the {@link Packet} where its headers are; views read without
 * checks afterwards. Never throws and never reads outside the packet, whatever its octets are; allocates nothing.
 *
 * <p>
 * A verdict other than 0 is the number of a {@link Drop}: {@link Drop#TRUNCATED} where a header or a length passes the
 * end, {@link Drop#MALFORMED} where a field contradicts its RFC. Checksums are not verified: this is no end system, and
 * incremental updates leave a wrong one wrong.
 */
public final class Parser {
  /** VLAN tags of a frame; one with more is malformed. */
  public static final int VLAN_TAGS = 4;
  /** IPv6 extension headers of a packet; one with more is malformed. */
  public static final int EXTENSION_HEADERS = 8;
  /** Octets of transport header that an ICMP error carries at least (RFC 792). */
  public static final int EMBEDDED_L4 = 8;

  private static final int OK = Drop.FORWARD.verdict();
  private static final int TRUNCATED = Drop.TRUNCATED.verdict();
  private static final int MALFORMED = Drop.MALFORMED.verdict();
  private static final int LONGEST_IP = 65_535;
  /** Where the transport header is in most packets. */
  private static final int L4 = Ethernet.LENGTH + Ipv4.LENGTH;

  private Parser() {
  }

  /**
   * Parses the frame of {@code packet}. A frame without IP (ARP, MPLS, 802.3 with LLC and so on) is fine and has
   * {@link Packet#ipVersion} 0; its payload begins behind the link header. What {@link Packet#inner} says to be IP has no
   * link header. In a later fragment, transport header and
   * payload both begin behind the IP header.
   */
  public static int parse(Packet packet) {
    return common(packet) ? OK : any(packet);
  }

  // The packets that most traffic consists of: Ethernet, untagged, IPv4 without options, whole, TCP or UDP. False for all
  // others and for whatever looks wrong: nothing is decided here, and nothing read behind what the lengths allow.
  private static boolean common(Packet packet) {
    long frame = packet.frame;
    int length = (int) (packet.end - frame);
    if (length < L4 + Udp.LENGTH || packet.inner != Packet.ETHERNET) {
      return false;
    }
    long at = Memory.at(packet, frame);
    long first = Memory.u64(packet, at + 12);
    long second = Memory.u64(packet, at + 20);
    int end = Ethernet.LENGTH + ((int) first >>> 16);
    // EtherType, version and header length; flags and offset of a fragment.
    if (first >>> 40 != (Ethernet.IPV4 << 8 | 0x45) || (second >>> 48 & 0x3fff) != 0 || end > length) {
      return false;
    }
    int available = end - L4;
    int protocol = (int) (second >>> 32) & 0xff;
    int header;
    if (protocol == Protocol.TCP) {
      if (available < Tcp.LENGTH) {
        return false;
      }
      header = Memory.u8(packet, at + L4 + 12) >>> 4 << 2;
      if (header < Tcp.LENGTH || header > available) {
        return false;
      }
    } else if (protocol == Protocol.UDP) {
      header = Udp.LENGTH;
      if (available < header) {
        return false;
      }
      int datagram = Memory.u16(packet, at + L4 + 4);
      if (datagram < header || datagram > available) {
        return false;
      }
    } else {
      return false;
    }
    packet.etherType = Ethernet.IPV4;
    packet.vlan = 0;
    packet.fragment = 0;
    packet.ipVersion = 4;
    packet.protocol = protocol;
    packet.l3 = Ethernet.LENGTH;
    packet.l4 = L4;
    packet.payload = L4 + header;
    packet.ipEnd = end;
    return true;
  }

  private static int any(Packet packet) {
    MemorySegment memory = packet.memory;
    long frame = packet.frame;
    int length = (int) (packet.end - frame);
    packet.etherType = 0;
    packet.vlan = 0;
    packet.fragment = 0;
    if (packet.inner != Packet.ETHERNET) {
      return bare(packet, memory, frame, Math.max(length, 0));
    }
    if (length < Ethernet.LENGTH) {
      return none(packet, 0, Math.max(length, 0), TRUNCATED);
    }
    int at = Ethernet.LENGTH;
    int etherType = Wire.u16(memory, frame + 12);
    for (int tags = 0; Vlan.isTag(etherType); tags++) {
      if (tags == VLAN_TAGS) {
        return none(packet, at, length, MALFORMED);
      }
      if (at + Vlan.LENGTH > length) {
        return none(packet, at, length, TRUNCATED);
      }
      if (tags == 0) {
        packet.vlan = Wire.u16(memory, frame + at) & 0xfff;
      }
      etherType = Wire.u16(memory, frame + at + 2);
      at += Vlan.LENGTH;
    }
    packet.etherType = etherType;
    int verdict;
    if (etherType == Ethernet.IPV4) {
      verdict = ipv4(packet, memory, frame, at, length, false);
    } else if (etherType == Ethernet.IPV6) {
      verdict = ipv6(packet, memory, frame, at, length, false);
    } else {
      return none(packet, at, length, OK);
    }
    return verdict == OK ? OK : none(packet, at, length, verdict);
  }

  // An IP packet without link header, as NSH and VXLAN-GPE may carry one.
  private static int bare(Packet packet, MemorySegment memory, long frame, int length) {
    int verdict;
    if (packet.inner == Packet.IPV4) {
      packet.etherType = Ethernet.IPV4;
      verdict = ipv4(packet, memory, frame, 0, length, false);
    } else if (packet.inner == Packet.IPV6) {
      packet.etherType = Ethernet.IPV6;
      verdict = ipv6(packet, memory, frame, 0, length, false);
    } else {
      return none(packet, 0, length, OK);
    }
    return verdict == OK ? OK : none(packet, 0, length, verdict);
  }

  /**
   * Parses the packet inside the ICMP error {@code outer} into {@code into}, which then shares the memory and may lack
   * everything behind the first {@link #EMBEDDED_L4} octets of the transport header. An error inside an error is
   * malformed (RFC 1122 section 3.2.2); a later fragment is {@link Drop#FRAGMENT}, as its ports are not there.
   */
  public static int embedded(Packet outer, Packet into) {
    MemorySegment memory = outer.memory;
    long frame = outer.frame;
    into.window(memory, outer.start, outer.end - outer.start, outer.floor);
    into.frame = frame;
    into.etherType = outer.etherType;
    into.vlan = outer.vlan;
    into.fragment = 0;
    int at = outer.payload;
    if (!isIcmpError(outer)) {
      return none(into, at, outer.ipEnd, MALFORMED);
    }
    int verdict = outer.ipVersion == 4
        ? ipv4(into, memory, frame, at, outer.ipEnd, true)
        : ipv6(into, memory, frame, at, outer.ipEnd, true);
    if (verdict == OK && into.fragment == 2) {
      verdict = Drop.FRAGMENT.verdict();
    } else if (verdict == OK && isIcmpError(into)) {
      verdict = MALFORMED;
    }
    return verdict == OK ? OK : none(into, at, outer.ipEnd, verdict);
  }

  /** Whether the parsed {@code packet} is an ICMP or ICMPv6 error, which carries the packet that caused it. */
  public static boolean isIcmpError(Packet packet) {
    int protocol = packet.ipVersion == 4 ? Protocol.ICMP : Protocol.ICMPV6;
    return packet.ipVersion != 0 && packet.protocol == protocol && packet.fragment != 2
        && Icmp.isError(packet.ipVersion, Wire.u8(packet.memory, packet.frame + packet.l4));
  }

  /** Checks a VXLAN or VXLAN-GPE header of which {@code available} octets are there. */
  public static int vxlan(MemorySegment memory, long offset, long available) {
    if (available < Vxlan.LENGTH) {
      return TRUNCATED;
    }
    int flags = Wire.u8(memory, offset);
    if ((flags & Vxlan.INSTANCE) == 0) {
      return MALFORMED;
    }
    // Version bits mean something only where GPE says so; RFC 7348 ignores them.
    return (flags & Vxlan.NEXT_PROTOCOL) != 0 && (flags & 0x30) != 0 ? Drop.UNKNOWN_TUNNEL.verdict() : OK;
  }

  /**
   * Checks an NSH header of which {@code available} octets are there: version, length, metadata type 1 or 2, and every
   * metadata of type 2.
   */
  public static int nsh(MemorySegment memory, long offset, long available) {
    if (available < Nsh.LENGTH) {
      return TRUNCATED;
    }
    int base = Wire.i32(memory, offset);
    int length = (base >>> 16 & 63) << 2;
    int type = base >>> 8 & 15;
    if (base >>> 30 != 0 || (type != 1 && type != 2)) {
      return Drop.UNKNOWN_TUNNEL.verdict();
    }
    if (type == 1 ? length != Nsh.LENGTH_TYPE_1 : length < Nsh.LENGTH) {
      return MALFORMED;
    }
    if (length > available) {
      return TRUNCATED;
    }
    if (type == 1) {
      return OK;
    }
    int at = Nsh.LENGTH;
    while (at < length) {
      at += Nsh.METADATA_HEADER + Nsh.padded(Wire.u8(memory, offset + at + 3) & 127);
    }
    return at == length ? OK : MALFORMED;
  }

  private static int ipv4(Packet packet, MemorySegment memory, long frame, int l3, int limit, boolean embedded) {
    if (l3 + Ipv4.LENGTH > limit) {
      return TRUNCATED;
    }
    long first = Wire.u64(memory, frame + l3);
    int header = (int) (first >>> 54) & 0x3c;
    int total = (int) (first >>> 32) & 0xffff;
    if (first >>> 60 != 4 || header < Ipv4.LENGTH || total < header) {
      return MALFORMED;
    }
    int end = l3 + total;
    int l4 = l3 + header;
    if (end > limit) {
      if (!embedded || l4 > limit) {
        return TRUNCATED;
      }
      end = limit;
    }
    packet.ipVersion = 4;
    packet.protocol = Wire.u8(memory, frame + l3 + 9);
    packet.l3 = l3;
    packet.l4 = l4;
    packet.ipEnd = end;
    int fragment = (int) first & 0x3fff;
    if (fragment != 0) {
      boolean more = (fragment & Ipv4.MORE_FRAGMENTS) != 0;
      int verdict = fragment(packet, (int) first >>> 16, (fragment & 0x1fff) << 3, more, total - header);
      if (verdict != OK || packet.fragment == 2) {
        return verdict;
      }
    }
    return transport(packet, memory, frame, l4, end, embedded);
  }

  private static int ipv6(Packet packet, MemorySegment memory, long frame, int l3, int limit, boolean embedded) {
    if (l3 + Ipv6.LENGTH > limit) {
      return TRUNCATED;
    }
    long first = Wire.u64(memory, frame + l3);
    if (first >>> 60 != 6) {
      return MALFORMED;
    }
    int next = (int) first >>> 8 & 0xff;
    int payload = (int) first >>> 16 & 0xffff;
    // Length 0 with a hop-by-hop header is a jumbogram (RFC 2675): longer than any packet here.
    if (payload == 0 && next == Protocol.HOP_BY_HOP) {
      return MALFORMED;
    }
    int l4 = l3 + Ipv6.LENGTH;
    int declaredEnd = l4 + payload;
    int end = declaredEnd;
    if (end > limit) {
      if (!embedded) {
        return TRUNCATED;
      }
      end = limit;
    }
    packet.ipVersion = 6;
    packet.protocol = next;
    packet.l3 = l3;
    packet.l4 = l4;
    packet.ipEnd = end;
    if (isExtension(next)) {
      int verdict = extensions(packet, memory, frame, declaredEnd);
      if (verdict != OK || packet.fragment == 2) {
        return verdict;
      }
    }
    return transport(packet, memory, frame, packet.l4, end, embedded);
  }

  private static boolean isExtension(int header) {
    return header <= Protocol.DESTINATION_OPTIONS && (1L << header & (1L << Protocol.HOP_BY_HOP | 1L << Protocol.ROUTING
        | 1L << Protocol.FRAGMENT | 1L << Protocol.AH | 1L << Protocol.DESTINATION_OPTIONS)) != 0;
  }

  // RFC 8200 section 4; moves protocol and l4 behind the extension headers.
  private static int extensions(Packet packet, MemorySegment memory, long frame, int declaredEnd) {
    int at = packet.l4;
    int end = packet.ipEnd;
    int next = packet.protocol;
    boolean fragmented = false;
    for (int headers = 0; isExtension(next); headers++) {
      if (headers == EXTENSION_HEADERS || (next == Protocol.HOP_BY_HOP && headers != 0)) {
        return MALFORMED;
      }
      if (at + 8 > end) {
        return cut(packet);
      }
      int word = Wire.i32(memory, frame + at);
      int length = 8;
      if (next == Protocol.FRAGMENT) {
        if (fragmented) {
          return MALFORMED;
        }
        fragmented = true;
        // Offset 0 and no more fragments is an atomic fragment, a whole packet (RFC 6946).
        if ((word & 0xfff9) != 0) {
          packet.protocol = word >>> 24;
          packet.l4 = at + length;
          int verdict = fragment(packet, Wire.i32(memory, frame + at + 4), word & 0xfff8, (word & 1) != 0,
              declaredEnd - at - length);
          if (verdict != OK || packet.fragment == 2) {
            return verdict;
          }
        }
      } else if (next == Protocol.AH) {
        length = ((word >>> 16 & 0xff) + 2) << 2;
      } else {
        length = ((word >>> 16 & 0xff) + 1) << 3;
      }
      if (at + length > end) {
        return cut(packet);
      }
      at += length;
      next = word >>> 24;
    }
    packet.protocol = next;
    packet.l4 = at;
    return OK;
  }

  // Offsets and lengths of a fragment: RFC 791 section 3.2, RFC 8200 section 4.5.
  private static int fragment(Packet packet, int identification, int offset, boolean more, int length) {
    packet.fragment = offset == 0 ? 1 : 2;
    packet.fragmentId = identification;
    packet.fragmentOffset = offset;
    packet.fragmentLength = length;
    packet.payload = packet.l4;
    if (length <= 0 || offset + length > LONGEST_IP || (more && (length & 7) != 0)) {
      return MALFORMED;
    }
    // A fragment at octet 8 would overwrite the flags of a TCP header (RFC 1858 section 4.2).
    return offset != 0 && offset < Tcp.LENGTH && packet.protocol == Protocol.TCP ? MALFORMED : OK;
  }

  // A first fragment must have all headers (RFC 1858 section 3.2.2, RFC 7112).
  private static int cut(Packet packet) {
    return packet.fragment == 0 ? TRUNCATED : MALFORMED;
  }

  private static int transport(Packet packet, MemorySegment memory, long frame, int l4, int end, boolean embedded) {
    int header = switch (packet.protocol) {
      case Protocol.TCP -> Tcp.LENGTH;
      case Protocol.UDP, Protocol.UDP_LITE, Protocol.ICMP, Protocol.ICMPV6 -> Udp.LENGTH;
      case Protocol.SCTP, Protocol.DCCP -> Sctp.LENGTH;
      default -> 0;
    };
    int available = end - l4;
    if (embedded) {
      packet.payload = Math.min(l4 + header, end);
      return available < Math.min(header, EMBEDDED_L4) ? TRUNCATED : OK;
    }
    if (available < header) {
      return cut(packet);
    }
    if (packet.protocol == Protocol.TCP) {
      header = Wire.u8(memory, frame + l4 + 12) >>> 4 << 2;
      if (header < Tcp.LENGTH) {
        return MALFORMED;
      }
      if (header > available) {
        return cut(packet);
      }
    } else if (packet.protocol == Protocol.UDP) {
      int length = Wire.u16(memory, frame + l4 + 4);
      if (length < Udp.LENGTH) {
        return MALFORMED;
      }
      if (packet.fragment == 0 && length > available) {
        return TRUNCATED;
      }
    }
    packet.payload = l4 + header;
    return OK;
  }

  // No IP, or no packet that may go on: offsets still lie within the packet.
  private static int none(Packet packet, int at, int length, int verdict) {
    packet.l3 = at;
    packet.l4 = at;
    packet.payload = at;
    packet.ipEnd = length;
    packet.ipVersion = 0;
    packet.protocol = 0;
    packet.fragment = 0;
    return verdict;
  }
}
