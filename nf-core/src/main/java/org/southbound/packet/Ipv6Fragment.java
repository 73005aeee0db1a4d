// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * IPv6 fragment header, <a href="https://www.rfc-editor.org/rfc/rfc8200#section-4.5">RFC 8200 section 4.5</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next Header  |   Reserved    |     Fragment Offset     |Res|M|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Identification                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Ipv6Fragment(MemorySegment segment, long offset) {
  /** Octets of the header. */
  public static final int LENGTH = 8;

  /** Writes a header; {@code fragmentOffset} in octets, a multiple of 8. */
  public static void write(MemorySegment segment, long offset, int nextHeader, int fragmentOffset,
      boolean moreFragments, int identification) {
    Wire.u16(segment, offset, nextHeader << 8);
    Wire.u16(segment, offset + 2, fragmentOffset | (moreFragments ? 1 : 0));
    Wire.u32(segment, offset + 4, identification);
  }

  /** Protocol of the fragmentable part; only the first fragment's counts. */
  public int nextHeader() {
    return Wire.u8(segment, offset);
  }

  /** Where the fragment belongs in the fragmentable part, octets. */
  public int fragmentOffset() {
    return Wire.u16(segment, offset + 2) & 0xfff8;
  }

  /** Whether more fragments follow. */
  public boolean moreFragments() {
    return (Wire.u16(segment, offset + 2) & 1) != 0;
  }

  /** Identification, the same in all fragments of a packet. */
  public int identification() {
    return Wire.i32(segment, offset + 4);
  }
}
