// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * The next hop's MAC address becomes the frame's destination, this NF's its source; nothing is added, and what stood there is
 * lost. No path identifier and no label: the next hop knows the path by the packet's scope.
 */
public class MacRewrite extends EthernetProtocol {
  final Link self;

  /** Sends from {@code self}. */
  public MacRewrite(Link self) {
    this.self = self;
  }

  @Override
  public String name() {
    return "mac-rewrite";
  }

  @Override
  public int overhead() {
    return 0;
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
  boolean claims(int etherType, MemorySegment memory, long at, int length) {
    return memory.get(U64, at) >>> 16 == self.mac();
  }

  @Override
  public int decapsulate(Packet packet) {
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
    if (forged(packet)) {
      return Drop.MALFORMED.verdict();
    }
    complete(packet);
    MemorySegment memory = packet.memory();
    long at = packet.start();
    memory.set(U64, at, to.mac() << 16 | self.mac() >>> 32);
    memory.set(U32, at + 8, (int) self.mac());
    return 0;
  }
}
