// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.southbound.packet.Drop;
import org.southbound.packet.Memory;
import org.southbound.packet.Packet;

/**
 * Network Service Header (RFC 8300) over VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), UDP port 4790.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |R|R|Ver|I|P|B|O|       Reserved                |Next Protocol=4|  VXLAN-GPE
 * |                VXLAN Network Identifier (VNI) |   Reserved    |
 * |Ver|O|U|    TTL    |   Length  |U|U|U|U|MD Type| Next Protocol |  NSH base
 * |          Service Path Identifier              | Service Index |  NSH service path
 * |     Flags     |                  Label 1                      |  metadata type 1: four context words
 * |   0           |                  Label 2                      |
 * </pre>
 *
 * Labels travel in the low 24 bits of the four context words of metadata type 1; the first word's high octet holds
 * flags: 0x80 marks a packet that the former owner of its scope redirected. With metadata type 2 they travel in a
 * variable-length context header of the experimental class 0xFFF6, type 1, of the same four words. Metadata that is not
 * ours is passed on untouched. A packet without NSH (next protocol Ethernet, IPv4 or IPv6) is on no path.
 */
public final class NshVxlanGpe implements ChainingProtocol {
  /** Octets of a VXLAN-GPE header. */
  public static final int VXLAN = 8;
  /** Experimental metadata class of our context header (RFC 8300 section 9.1.4: 0xFFF6 to 0xFFFE). */
  public static final int METADATA_CLASS = 0xFFF6;
  /** Type of the context header that holds flags and labels. */
  public static final int METADATA_LABELS = 1;

  /** A VXLAN-GPE header in front of NSH: I and P bits, next protocol 4. */
  static final long NSH_FOLLOWS = 0x0C00_0004L << 32;

  private static final int MD1 = VXLAN + 24;
  private static final int NEXT_NSH = 4;
  private static final int INSTANCE_AND_PROTOCOL = 0x0C;
  private static final int DEFAULT_TTL = 63;
  /** Of the first two context words. */
  private static final long REDIRECTED_BIT = 1L << 63;
  /** Of two context words: what is labels. */
  private static final long LABELS = 0x00FF_FFFF_00FF_FFFFL;
  private static final int O_BIT = 1 << 29;
  // I and P bits set, version 0, next protocol NSH.
  private static final long COMMON_VXLAN_MASK = 0x3C00_00FFL << 32;
  private static final long COMMON_VXLAN = NSH_FOLLOWS;
  // Version 0, no O bit, six words, metadata type 1, Ethernet.
  private static final long COMMON_NSH_MASK = 0xE03F_0FFFL << 32;
  private static final long COMMON_NSH = 0x0006_0103L << 32;
  private static final int LABELS_OCTETS = 4 * Packet.LABELS;
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  @Override
  public String name() {
    return "nsh-vxlan-gpe";
  }

  @Override
  public int overhead() {
    return MD1;
  }

  @Override
  public int labelBits() {
    return 24;
  }

  @Override
  public int pathBits() {
    return 24;
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  public int decapsulate(Packet packet) {
    return common(packet) ? 0 : any(packet);
  }

  // NSH with metadata type 1 around Ethernet, as the NFs before this one send it. False for all others and for whatever
  // looks wrong: nothing is decided here.
  private static boolean common(Packet packet) {
    if (packet.length() < MD1) {
      return false;
    }
    long at = Memory.at(packet, packet.start());
    long vxlan = Memory.u64(packet, at);
    long nsh = Memory.u64(packet, at + VXLAN);
    if ((vxlan & COMMON_VXLAN_MASK) != COMMON_VXLAN || (nsh & COMMON_NSH_MASK) != COMMON_NSH || (nsh & 0xFF) == 0) {
      return false;
    }
    long words = Memory.u64(packet, at + 16);
    long moreWords = Memory.u64(packet, at + 24);
    labels(packet, words, moreWords);
    packet.spi = (int) nsh >>> 8;
    packet.si = (int) nsh & 0xFF;
    packet.inner = Packet.ETHERNET;
    packet.pull(MD1);
    return true;
  }

  private static void labels(Packet packet, long words, long moreWords) {
    if (words < 0) {
      packet.flags |= Packet.REDIRECTED;
    }
    packet.labels = words & LABELS;
    packet.moreLabels = moreWords & LABELS;
  }

  private static int any(Packet packet) {
    int length = packet.length();
    if (length < VXLAN) {
      return Drop.TRUNCATED.verdict();
    }
    MemorySegment memory = packet.memory();
    long at = packet.start();
    int word = memory.get(U32, at);
    if ((word & 0x0800_0000) == 0 || (word & 0x3000_0000) != 0) {
      return Drop.MALFORMED.verdict();
    }
    int next = (word & 0x0400_0000) == 0 ? Packet.ETHERNET : word & 0xFF;
    if (next != NEXT_NSH) {
      packet.pull(VXLAN);
      return inner(packet, next);
    }
    return length < VXLAN + 8 ? Drop.TRUNCATED.verdict() : nsh(packet, memory, at + VXLAN, length - VXLAN);
  }

  private static int inner(Packet packet, int next) {
    if (next < Packet.IPV4 || next > Packet.ETHERNET) {
      return Drop.UNKNOWN_TUNNEL.verdict();
    }
    packet.inner = next;
    return 0;
  }

  private static int nsh(Packet packet, MemorySegment memory, long at, int left) {
    int base = memory.get(U32, at);
    int octets = (base >>> 16 & 0x3F) * 4;
    int type = base >>> 8 & 0xF;
    if (octets > left) {
      return Drop.TRUNCATED.verdict();
    }
    if (base >>> 30 != 0 || octets < 8 || (type == 1 && octets != 24) || (type != 1 && type != 2)) {
      return Drop.MALFORMED.verdict();
    }
    int path = memory.get(U32, at + 4);
    packet.spi = path >>> 8;
    packet.si = path & 0xFF;
    if (packet.si == 0) {
      return Drop.SERVICE_INDEX.verdict();
    }
    if ((base & O_BIT) != 0) {
      packet.flags |= Packet.CONTROL;
    }
    long labels = type == 1 ? at + 8 : labels(memory, at + 8, at + octets);
    if (labels < 0) {
      return Drop.MALFORMED.verdict();
    }
    if (labels > 0) {
      read(packet, memory, labels);
    }
    packet.pull(VXLAN + octets);
    return inner(packet, base & 0xFF);
  }

  /** Where our labels stand among the context headers of metadata type 2; 0: nowhere, -1: they are malformed. */
  private static long labels(MemorySegment memory, long from, long end) {
    long at = from;
    while (at < end) {
      int header = memory.get(U32, at);
      int octets = header & 0x7F;
      long next = at + 4 + (octets + 3 & ~3);
      if (next > end) {
        return -1;
      }
      if (header >>> 16 == METADATA_CLASS && (header >>> 8 & 0xFF) == METADATA_LABELS && octets == LABELS_OCTETS) {
        return at + 4;
      }
      at = next;
    }
    return 0;
  }

  private static void read(Packet packet, MemorySegment memory, long at) {
    labels(packet, memory.get(U64, at), memory.get(U64, at + 8));
  }

  private static void write(Packet packet, MemorySegment memory, long at) {
    memory.set(U64, at, packet.labels | redirected(packet));
    memory.set(U64, at + 8, packet.moreLabels);
  }

  private static long redirected(Packet packet) {
    return (packet.flags & Packet.REDIRECTED) != 0 ? REDIRECTED_BIT : 0;
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    return rewritten(packet, spi, si) ? 0 : built(packet, spi, si);
  }

  // The received header of metadata type 1 still stands in front and is overwritten. False where there is another one or
  // none, or it may go no further.
  private static boolean rewritten(Packet packet, int spi, int si) {
    long start = packet.frame() - MD1;
    if (packet.outer != MD1 || packet.start() != packet.frame() || !packet.reaches(start)) {
      return false;
    }
    long at = Memory.at(packet, start);
    int base = Memory.i32(packet, at + VXLAN);
    int ttl = base >>> 22 & 0x3F;
    if ((base & 0x003F_0F00) != 0x0006_0100 || ttl == 1) {
      return false;
    }
    packet.push(MD1);
    base = (base & ~(0x3F << 22)) | (ttl == 0 ? DEFAULT_TTL : ttl - 1) << 22;
    Memory.u64(packet, at + VXLAN, (long) base << 32 | (spi << 8 | si) & 0xFFFF_FFFFL);
    Memory.u64(packet, at + 16, packet.labels | redirected(packet));
    Memory.u64(packet, at + 24, packet.moreLabels);
    return true;
  }

  private static int built(Packet packet, int spi, int si) {
    int received = packet.outer;
    if (received <= VXLAN) {
      return fresh(packet, spi, si);
    }
    MemorySegment memory = packet.memory();
    long old = packet.frame() - received + VXLAN;
    int base = memory.get(U32, old);
    int ttl = base >>> 22 & 0x3F;
    if (ttl == 1) {
      return Drop.SERVICE_INDEX.verdict();
    }
    base = (base & ~(0x3F << 22)) | (ttl == 0 ? DEFAULT_TTL : ttl - 1) << 22;
    long labels = (base >>> 8 & 0xF) == 1 ? old + 8 : labels(memory, old + 8, packet.frame());
    if (labels == 0 && carries(packet)) {
      return widened(packet, base, received, spi, si);
    }
    long start = packet.push(received);
    long moved = start + VXLAN - old;
    memory = packet.memory();
    memory.set(U32, start + VXLAN, base);
    memory.set(U32, start + VXLAN + 4, spi << 8 | si);
    if (labels > 0) {
      write(packet, memory, labels + moved);
    }
    return 0;
  }

  private static boolean carries(Packet packet) {
    return (redirected(packet) | packet.labels | packet.moreLabels) != 0;
  }

  private static int fresh(Packet packet, int spi, int si) {
    long at = packet.push(MD1);
    MemorySegment memory = packet.memory();
    memory.set(U32, at, INSTANCE_AND_PROTOCOL << 24 | NEXT_NSH);
    memory.set(U32, at + 4, 0);
    int control = (packet.flags & Packet.CONTROL) != 0 ? O_BIT : 0;
    memory.set(U32, at + 8, control | DEFAULT_TTL << 22 | 6 << 16 | 1 << 8 | packet.inner);
    memory.set(U32, at + 12, spi << 8 | si);
    write(packet, memory, at + 16);
    return 0;
  }

  /** The received metadata of type 2 had no room for labels: a context header is added behind the others. */
  private static int widened(Packet packet, int base, int received, int spi, int si) {
    int words = (base >>> 16 & 0x3F) + 1 + Packet.LABELS;
    if (words > 0x3F) {
      return Drop.OVERSIZE.verdict();
    }
    int added = 4 + LABELS_OCTETS;
    long start = packet.push(received + added);
    MemorySegment memory = packet.memory();
    MemorySegment.copy(memory, packet.frame() - received, memory, start, received);
    memory.set(U32, start + VXLAN, (base & ~(0x3F << 16)) | words << 16);
    memory.set(U32, start + VXLAN + 4, spi << 8 | si);
    long context = packet.frame() - added;
    memory.set(U32, context, METADATA_CLASS << 16 | METADATA_LABELS << 8 | LABELS_OCTETS);
    write(packet, memory, context + 4);
    return 0;
  }

  /** Puts a VXLAN-GPE header without NSH in front: what leaves a chain by a tunnel. */
  public static void encapsulateBare(Packet packet) {
    long at = packet.push(VXLAN);
    MemorySegment memory = packet.memory();
    memory.set(U32, at, INSTANCE_AND_PROTOCOL << 24 | packet.inner);
    memory.set(U32, at + 4, 0);
  }
}
