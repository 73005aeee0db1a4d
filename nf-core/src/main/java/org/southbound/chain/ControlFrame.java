// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;
import org.southbound.packet.Packet;

/**
 * What NFs tell one another along the data path, because only there it keeps its place among the packets: a mark behind
 * the last packet of a scope, and probes of a chain. An Ethernet frame with the local experimental EtherType
 * (IEEE 802, 0x88B5), sent with the O bit set (RFC 8300 section 2.2), so that no NF takes it for traffic.
 *
 * <pre>
 * | destination MAC (6) | source MAC (6) | 0x88B5 | 'S' 'B' | version 1 | type | id (16) | value (8) | length | text |
 * </pre>
 */
public final class ControlFrame {
  /** IEEE 802 local experimental EtherType 1. */
  public static final int ETHERTYPE = 0x88B5;
  /** The last packet of a scope has gone before; id: the marker. */
  public static final int MARK = 1;
  /** Where does this path lead; id: the trace, value: see {@link #value}, text: where to answer. */
  public static final int PROBE = 2;
  /** This hop saw the probe; id: the trace, value: as the probe's, text: the hop. */
  public static final int PROBE_REPLY = 3;

  private static final int MAGIC = 0x5342_0100;
  private static final int HEADER = 14;
  private static final int FIXED = HEADER + 4 + 16 + 8 + 2;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private ControlFrame() {
  }

  /** Makes {@code packet}, which is clear, a control frame. The text is cut to what fits into 512 octets. */
  public static void write(Packet packet, int type, UUID id, long value, String text) {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, 512);
    packet.length(FIXED + length);
    MemorySegment memory = packet.memory();
    long at = packet.start();
    memory.asSlice(at, 12).fill((byte) 0);
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) 2);
    memory.set(ValueLayout.JAVA_BYTE, at + 6, (byte) 2);
    memory.set(U16, at + 12, (short) ETHERTYPE);
    memory.set(U32, at + HEADER, MAGIC | type);
    memory.set(U64, at + HEADER + 4, id.getMostSignificantBits());
    memory.set(U64, at + HEADER + 12, id.getLeastSignificantBits());
    memory.set(U64, at + HEADER + 20, value);
    memory.set(U16, at + HEADER + 28, (short) length);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at + FIXED, length);
    packet.flags |= Packet.CONTROL;
  }

  /** The type of a control frame; 0: it is none of ours. */
  public static int type(Packet packet) {
    int length = packet.frameLength();
    if (packet.inner != Packet.ETHERNET || length < FIXED) {
      return 0;
    }
    MemorySegment memory = packet.memory();
    long at = packet.frame();
    int head = memory.get(U32, at + HEADER);
    boolean ours = (memory.get(U16, at + 12) & 0xFFFF) == ETHERTYPE && (head & 0xFFFF_FF00) == MAGIC
        && FIXED + (memory.get(U16, at + HEADER + 28) & 0xFFFF) <= length;
    return ours ? head & 0xFF : 0;
  }

  /** The id of a control frame. */
  public static UUID id(Packet packet) {
    long at = packet.frame() + HEADER + 4;
    return new UUID(packet.memory().get(U64, at), packet.memory().get(U64, at + 8));
  }

  /** The value of a control frame. */
  public static long value(Packet packet) {
    return packet.memory().get(U64, packet.frame() + HEADER + 20);
  }

  /** The text of a control frame. */
  public static String text(Packet packet) {
    int length = packet.memory().get(U16, packet.frame() + HEADER + 28) & 0xFFFF;
    byte[] bytes = packet.memory().asSlice(packet.frame() + FIXED, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
  }
}
