// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * UDP header, <a href="https://www.rfc-editor.org/rfc/rfc768">RFC 768</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source Port          |       Destination Port        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |            Length             |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Udp(MemorySegment segment, long offset) {
  /** Octets of the header. */
  public static final int LENGTH = 8;

  /** Writes a header; checksum 0 means none. */
  public static void write(MemorySegment segment, long offset, int sourcePort, int destinationPort, int length,
      int checksum) {
    Wire.u16(segment, offset, sourcePort);
    Wire.u16(segment, offset + 2, destinationPort);
    Wire.u16(segment, offset + 4, length);
    Wire.u16(segment, offset + 6, checksum);
  }

  /** Source port. */
  public int sourcePort() {
    return Wire.u16(segment, offset);
  }

  /** Destination port. */
  public int destinationPort() {
    return Wire.u16(segment, offset + 2);
  }

  /** Octets of header and payload. */
  public int length() {
    return Wire.u16(segment, offset + 4);
  }

  /** Checksum; 0: none. */
  public int checksum() {
    return Wire.u16(segment, offset + 6);
  }

  /** Sets the source port; the checksum is the caller's. */
  public void sourcePort(int port) {
    Wire.u16(segment, offset, port);
  }

  /** Sets the destination port; the checksum is the caller's. */
  public void destinationPort(int port) {
    Wire.u16(segment, offset + 2, port);
  }

  /** Sets the length; the checksum is the caller's. */
  public void length(int octets) {
    Wire.u16(segment, offset + 4, octets);
  }

  /** Sets the checksum. */
  public void checksum(int checksum) {
    Wire.u16(segment, offset + 6, checksum);
  }
}
