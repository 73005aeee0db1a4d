// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * Ethernet II header, IEEE 802.3, <a href="https://www.rfc-editor.org/rfc/rfc894">RFC 894</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Destination                          |
 * +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+            Source             +
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           EtherType           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Ethernet(MemorySegment segment, long offset) {
  /** Octets of the header, without VLAN tags. */
  public static final int LENGTH = 14;
  public static final int IPV4 = 0x0800;
  public static final int ARP = 0x0806;
  public static final int IPV6 = 0x86dd;
  public static final int MPLS = 0x8847;
  public static final int NSH = 0x894f;

  /** Writes a header. */
  public static void write(MemorySegment segment, long offset, long destination, long source, int etherType) {
    Wire.u48(segment, offset, destination);
    Wire.u48(segment, offset + 6, source);
    Wire.u16(segment, offset + 12, etherType);
  }

  /** Destination address, 48 bits. */
  public long destination() {
    return Wire.u48(segment, offset);
  }

  /** Source address, 48 bits. */
  public long source() {
    return Wire.u48(segment, offset + 6);
  }

  /** EtherType, or a tag's TPID, or below 0x600 the length of an 802.3 frame. */
  public int etherType() {
    return Wire.u16(segment, offset + 12);
  }

  /** Sets the destination address. */
  public void destination(long address) {
    Wire.u48(segment, offset, address);
  }

  /** Sets the source address. */
  public void source(long address) {
    Wire.u48(segment, offset + 6, address);
  }

  /** Sets the EtherType. */
  public void etherType(int etherType) {
    Wire.u16(segment, offset + 12, etherType);
  }
}
