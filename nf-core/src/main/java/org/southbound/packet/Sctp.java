// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * SCTP common header, <a href="https://www.rfc-editor.org/rfc/rfc9260#section-3.1">RFC 9260 section 3.1</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source Port          |       Destination Port        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Verification Tag                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Checksum (CRC32c)                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Sctp(MemorySegment segment, long offset) {
  /** Octets of the common header. */
  public static final int LENGTH = 12;

  /** Writes a header. */
  public static void write(MemorySegment segment, long offset, int sourcePort, int destinationPort, int tag,
      int checksum) {
    Wire.u16(segment, offset, sourcePort);
    Wire.u16(segment, offset + 2, destinationPort);
    Wire.u32(segment, offset + 4, tag);
    Wire.u32(segment, offset + 8, checksum);
  }

  /** Source port. */
  public int sourcePort() {
    return Wire.u16(segment, offset);
  }

  /** Destination port. */
  public int destinationPort() {
    return Wire.u16(segment, offset + 2);
  }

  /** Verification tag. */
  public int verificationTag() {
    return Wire.i32(segment, offset + 4);
  }

  /** CRC32c of the packet, as it stands on the wire; covers no pseudo header. */
  public int checksum() {
    return Wire.i32(segment, offset + 8);
  }
}
