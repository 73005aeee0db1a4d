// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Packets as the parser and the key extraction would leave them, for tests of what comes behind. */
public final class Parsed {
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Parsed() {
  }

  /** An IP packet of which only the first word of its header is filled in. */
  public static Packet packet(int ipVersion, int dscp, int flowLabel, long[] key, boolean reversed, int hash) {
    var bytes = MemorySegment.ofArray(new byte[128]);
    var packet = Packet.of(bytes);
    packet.l3 = 14;
    packet.ipVersion = ipVersion;
    packet.vlan = (int) (key[4] >>> 16) & 0xffff;
    packet.protocol = (int) (key[4] >>> 8) & 0xff;
    bytes.set(U32, 14, ipVersion == 4 ? 0x45 << 24 | dscp << 18 : 6 << 28 | dscp << 22 | flowLabel);
    packet.k0 = key[0];
    packet.k1 = key[1];
    packet.k2 = key[2];
    packet.k3 = key[3];
    packet.k4 = key[4];
    packet.reversed = reversed;
    packet.hash = hash;
    return packet;
  }

  /** A frame without IP. */
  public static Packet other(int vlan) {
    var packet = Packet.of(MemorySegment.ofArray(new byte[64]));
    packet.vlan = vlan;
    return packet;
  }
}
