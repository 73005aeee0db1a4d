// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * IP in IP (RFC 2003, RFC 2473, RFC 4213): the next hop's address is the outer destination. It carries IP packets only, without
 * their Ethernet header, and no path identifier: the next hop knows the path by the packet's scope.
 */
public final class IpInIp extends IpTunnel {
  private static final int IPV4 = 4;
  private static final int IPV6 = 41;

  /** Sends from {@code self}. */
  public IpInIp(Link self) {
    super(self);
  }

  @Override
  public String name() {
    return "ip-in-ip";
  }

  @Override
  public int overhead() {
    return outer() - HEADER; // the Ethernet header is the one that the packet had
  }

  @Override
  public int labelBits() {
    return 0;
  }

  @Override
  public int pathBits() {
    return 0;
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  boolean follows(int protocol) {
    return protocol == IPV4 || protocol == IPV6;
  }

  @Override
  int inside(Packet packet, int protocol) {
    packet.outer = 0;
    packet.inner = protocol == IPV4 ? Packet.IPV4 : Packet.IPV6;
    packet.spi = BY_SCOPE;
    packet.si = 255;
    return 0;
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    if (to == null) {
      return Drop.NO_EGRESS.verdict();
    }
    if ((packet.flags & Packet.CONTROL) != 0) {
      return control(packet, spi, si, to);
    }
    if (packet.ipVersion() == 0) {
      return Drop.NOT_IP.verdict();
    }
    if (packet.inner == Packet.ETHERNET) {
      int length = packet.ipLength();
      packet.pull((int) (packet.l3() - packet.start()));
      packet.length(length); // a short frame is padded
      packet.outer = 0;
    }
    return outside(packet, to, packet.ipVersion() == 4 ? IPV4 : IPV6);
  }
}
