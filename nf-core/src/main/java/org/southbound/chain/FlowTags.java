// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import org.southbound.packet.Packet;

/**
 * As {@link MacRewrite}, and a label travels as a tag in the packet itself, where FlowTags (the paper's reference [10]) puts it:
 * in the DSCP field of IPv4 (six bits), in the flow label of IPv6 (20 bits). The field is the chain's own as far as the chain
 * goes, and 0 behind it. Of several labels the first that fits is taken along.
 */
public final class FlowTags extends MacRewrite {
  private static final int DSCP_BITS = 6;
  private static final int FLOW_LABEL_BITS = 20;

  /** Sends from {@code self}. */
  public FlowTags(Link self) {
    super(self);
  }

  @Override
  public String name() {
    return "flow-tags";
  }

  @Override
  public int labelBits() {
    return DSCP_BITS;
  }

  @Override
  public void recognized(Packet packet) {
    if (packet.ipVersion() == 4) {
      packet.add(packet.ipv4().dscp());
      packet.ipv4().dscp(0);
    } else if (packet.ipVersion() == 6) {
      packet.add(packet.ipv6().flowLabel());
      packet.ipv6().flowLabel(0);
    }
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    if ((packet.flags & Packet.CONTROL) == 0) {
      if (packet.ipVersion() == 4) {
        packet.ipv4().dscp(tag(packet, DSCP_BITS));
      } else if (packet.ipVersion() == 6) {
        packet.ipv6().flowLabel(tag(packet, FLOW_LABEL_BITS));
      }
    }
    return super.encapsulate(packet, spi, si, to);
  }

  private static int tag(Packet packet, int bits) {
    for (int i = 0; i < Packet.LABELS; i++) {
      if (packet.label(i) >>> bits == 0 && packet.label(i) != 0) {
        return packet.label(i);
      }
    }
    return 0;
  }
}
