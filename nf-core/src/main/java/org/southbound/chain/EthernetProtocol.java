// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * A chaining protocol whose packets are Ethernet frames of the fabric. Those without NSH have no bit that tells a mark or a
 * probe from traffic, so there a {@link ControlFrame} is known by itself, and one that comes from outside is not let in.
 */
abstract class EthernetProtocol implements ChainingProtocol {
  /** Octets of an Ethernet header. */
  static final int HEADER = 14;
  static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /**
   * Whether a frame is of this protocol.
   *
   * @param etherType of the outermost header
   * @param length octets of the frame, at least {@link #HEADER}
   */
  abstract boolean claims(int etherType, MemorySegment memory, long at, int length);

  /** Puts an Ethernet header in front. */
  static void ethernet(Packet packet, Link to, Link from, int etherType) {
    long at = packet.push(HEADER);
    MemorySegment memory = packet.memory();
    memory.set(U64, at, to.mac() << 16 | from.mac() >>> 32);
    memory.set(U32, at + 8, (int) from.mac());
    memory.set(U16, at + 12, (short) etherType);
    packet.inner = Packet.ETHERNET; // as the port sees it
  }

  /** Takes off what stood in front of a frame, which is all that there is from now on. */
  static int arrived(Packet packet, int octets, int inner, int spi, int si) {
    if (si == 0) {
      return Drop.SERVICE_INDEX.verdict();
    }
    packet.pull(octets);
    packet.outer = 0;
    packet.inner = inner;
    packet.spi = spi;
    packet.si = si;
    if (ControlFrame.type(packet) != 0) {
      packet.flags |= Packet.CONTROL;
    }
    return 0;
  }

  /**
   * Sends a mark or a probe for a path of a protocol that carries no path identifier: as a frame of its own on the same Ethernet,
   * whose source address says 02:00, the path and the index.
   */
  static int control(Packet packet, int spi, int si, Link to) {
    long at = packet.start();
    MemorySegment memory = packet.memory();
    memory.set(U64, at, to.mac() << 16 | 0x0200);
    memory.set(U32, at + 8, spi << 8 | si);
    return 0;
  }

  /** Takes what {@link #control} sent; the packet is left alone if it is none. */
  static boolean isControl(Packet packet, int etherType, Link self) {
    MemorySegment memory = packet.memory();
    long at = packet.start();
    if (etherType != ControlFrame.ETHERTYPE || memory.get(U64, at) != (self.mac() << 16 | 0x0200)
        || ControlFrame.type(packet) == 0) {
      return false;
    }
    int key = memory.get(U32, at + 8);
    packet.flags |= Packet.CONTROL;
    packet.spi = key >>> 8;
    packet.si = key & 0xFF;
    return true;
  }

  /** Whether traffic would be taken for a mark or a probe. */
  static boolean forged(Packet packet) {
    return (packet.flags & Packet.CONTROL) == 0 && ControlFrame.type(packet) != 0;
  }

  /** An IP packet without Ethernet header gets one that says nothing but its EtherType. */
  static void complete(Packet packet) {
    if (packet.inner == Packet.ETHERNET) {
      return;
    }
    long at = packet.push(HEADER);
    MemorySegment memory = packet.memory();
    memory.set(U64, at, 0x0200_0000_0000_0200L);
    memory.set(U32, at + 8, 0);
    memory.set(U16, at + 12, (short) (packet.inner == Packet.IPV4 ? 0x0800 : 0x86DD));
    packet.inner = Packet.ETHERNET;
  }
}
