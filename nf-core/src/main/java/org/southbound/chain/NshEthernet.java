// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * Network Service Header (RFC 8300) right behind Ethernet, EtherType 0x894F. The header itself is that of {@link NshVxlanGpe},
 * which reads and writes it: the last octets of the Ethernet header stand in for VXLAN-GPE's.
 */
public final class NshEthernet extends EthernetProtocol {
  private static final int ETHERTYPE = 0x894F;
  private static final int MORE = HEADER - NshVxlanGpe.VXLAN;

  private final NshVxlanGpe nsh = new NshVxlanGpe();
  private final Link self;

  /** Sends from {@code self}. */
  public NshEthernet(Link self) {
    this.self = self;
  }

  @Override
  public String name() {
    return "nsh-ethernet";
  }

  @Override
  public int overhead() {
    return nsh.overhead() + MORE;
  }

  @Override
  public int labelBits() {
    return nsh.labelBits();
  }

  @Override
  public int pathBits() {
    return nsh.pathBits();
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  boolean claims(int etherType, MemorySegment memory, long at, int length) {
    return etherType == ETHERTYPE && memory.get(U64, at) >>> 16 == self.mac();
  }

  @Override
  public int decapsulate(Packet packet) {
    packet.pull(MORE);
    packet.outer = 0;
    packet.memory().set(U64, packet.start(), NshVxlanGpe.NSH_FOLLOWS);
    return nsh.decapsulate(packet);
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    if (to == null) {
      return Drop.NO_EGRESS.verdict();
    }
    int verdict = nsh.encapsulate(packet, spi, si, to);
    if (verdict == 0) {
      packet.push(-NshVxlanGpe.VXLAN);
      ethernet(packet, to, self, ETHERTYPE);
    }
    return verdict;
  }
}
