// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Checksum;
import org.southbound.packet.Ethernet;
import org.southbound.packet.Icmp;
import org.southbound.packet.Ipv4;
import org.southbound.packet.Ipv6;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;
import org.southbound.packet.Wire;

/**
 * Tells a sender that its packet was refused: a TCP reset (RFC 9293 section 3.10.7.1), else "communication
 * administratively prohibited" (RFC 1812 section 5.2.7.1, RFC 4443 section 3.1). At most {@link #PER_SECOND} a second.
 * Worker thread.
 */
final class Rejection {
  static final int PER_SECOND = 100;

  private static final int ADMINISTRATIVELY_PROHIBITED_V4 = 13;
  private static final int ADMINISTRATIVELY_PROHIBITED_V6 = 1;
  /** Octets of the refused packet that an error quotes behind the IP header: all that fits into a minimum IPv4 packet. */
  private static final int MOST_V4 = 576 - Ipv4.LENGTH - Icmp.LENGTH;
  private static final int MOST_V6 = 1280 - Ipv6.LENGTH - Icmp.LENGTH;
  private static final int HOP_LIMIT = 64;

  private final Services services;
  private double tokens = PER_SECOND;
  private long refilledMillis;

  Rejection(Services services) {
    this.services = services;
  }

  /** Answers a refused packet; false if nothing was sent, because it must not be answered or there were too many. */
  boolean answer(Packet refused, long nowMillis) {
    if (!mayAnswer(refused)) {
      return false;
    }
    tokens = Math.min(PER_SECOND, tokens + (nowMillis - refilledMillis) * (PER_SECOND / 1000.0));
    refilledMillis = nowMillis;
    if (tokens < 1) {
      return false;
    }
    var reply = services.newPacket();
    if (reply == null) {
      return false;
    }
    tokens--;
    boolean tcp = refused.protocol() == Protocol.TCP;
    int l3 = link(refused, reply);
    int protocol = tcp ? Protocol.TCP : refused.ipVersion() == 4 ? Protocol.ICMP : Protocol.ICMPV6;
    int quoted = tcp ? 0 : Math.min(refused.ipLength(), refused.ipVersion() == 4 ? MOST_V4 : MOST_V6);
    int payload = tcp ? Tcp.LENGTH : Icmp.LENGTH + quoted;
    int l4 = network(refused, reply, l3, protocol, payload);
    reply.length(l4 + payload);
    if (tcp) {
      reset(refused, reply.memory(), reply.frame() + l4);
    } else {
      unreachable(refused, reply.memory(), reply.frame() + l4, quoted);
    }
    if (Parser.parse(reply) != 0) {
      return false;
    }
    Checksum.setTransport(reply);
    reply.ingress = refused.ingress;
    services.emit(reply, refused, true);
    return true;
  }

  /** No answer to resets, ICMP errors, later fragments, and what was or seems sent to many (RFC 1122 section 3.2.2). */
  private static boolean mayAnswer(Packet refused) {
    if (refused.fragment() == 2 || Parser.isIcmpError(refused) || refused.inner != Packet.ETHERNET) {
      return false;
    }
    if (refused.protocol() == Protocol.TCP && (refused.tcp().flags() & Tcp.RST) != 0) {
      return false;
    }
    // A group address of the link, or of IP.
    if ((Wire.u8(refused.memory(), refused.frame()) & 1) != 0) {
      return false;
    }
    if (refused.ipVersion() == 4) {
      var ip = refused.ipv4();
      int source = ip.source();
      return ip.destination() >>> 28 < 14 && source >>> 28 < 14 && source != 0 && source >>> 24 != 127;
    }
    var ip = refused.ipv6();
    return ip.destinationHigh() >>> 56 != 0xff && ip.sourceHigh() >>> 56 != 0xff
        && (ip.sourceHigh() | ip.sourceLow()) != 0;
  }

  /** The link header, VLAN tags included, the other way round; returns its length. */
  private static int link(Packet refused, Packet reply) {
    int length = (int) (refused.l3() - refused.frame());
    reply.length(Packet.CAPACITY - Packet.HEADROOM);
    MemorySegment.copy(refused.memory(), refused.frame(), reply.memory(), reply.frame(), length);
    var from = refused.ethernet();
    var to = new Ethernet(reply.memory(), reply.frame());
    to.destination(from.source());
    to.source(from.destination());
    return length;
  }

  @SuppressWarnings("ArgumentSelectionDefectChecker") // an answer: source and destination change places
  private static int network(Packet refused, Packet reply, int l3, int protocol, int payload) {
    long at = reply.frame() + l3;
    if (refused.ipVersion() == 4) {
      var ip = refused.ipv4();
      Ipv4.write(reply.memory(), at, 0, Ipv4.LENGTH + payload, 0, HOP_LIMIT, protocol, ip.destination(), ip.source());
      return l3 + Ipv4.LENGTH;
    }
    var ip = refused.ipv6();
    Ipv6.write(reply.memory(), at, 0, 0, payload, protocol, HOP_LIMIT, ip.destinationHigh(), ip.destinationLow(),
        ip.sourceHigh(), ip.sourceLow());
    return l3 + Ipv6.LENGTH;
  }

  @SuppressWarnings("ArgumentSelectionDefectChecker") // an answer: source and destination change places
  private static void reset(Packet refused, MemorySegment memory, long l4) {
    var tcp = refused.tcp();
    int flags = tcp.flags();
    boolean acknowledges = (flags & Tcp.ACK) != 0;
    int length = refused.payloadLength() + (flags >>> 1 & 1) + (flags & 1);
    Tcp.write(memory, l4, tcp.destinationPort(), tcp.sourcePort(), acknowledges ? tcp.acknowledgment() : 0,
        acknowledges ? 0 : tcp.sequence() + length, acknowledges ? Tcp.RST : Tcp.RST | Tcp.ACK, 0);
  }

  private static void unreachable(Packet refused, MemorySegment memory, long l4, int quoted) {
    if (refused.ipVersion() == 4) {
      Icmp.write(memory, l4, Icmp.UNREACHABLE, ADMINISTRATIVELY_PROHIBITED_V4, 0);
    } else {
      Icmp.write(memory, l4, Icmp.V6_UNREACHABLE, ADMINISTRATIVELY_PROHIBITED_V6, 0);
    }
    MemorySegment.copy(refused.memory(), refused.l3(), memory, l4 + Icmp.LENGTH, quoted);
  }
}
