// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * ICMP header, <a href="https://www.rfc-editor.org/rfc/rfc792">RFC 792</a>, and ICMPv6 header,
 * <a href="https://www.rfc-editor.org/rfc/rfc4443#section-2.1">RFC 4443 section 2.1</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |     Code      |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Identifier (queries)         |   Sequence Number, MTU        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Errors: the packet that caused them, from its IP header on   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Icmp(MemorySegment segment, long offset) {
  /** Octets of the header. */
  public static final int LENGTH = 8;
  public static final int ECHO_REPLY = 0;
  public static final int UNREACHABLE = 3;
  public static final int SOURCE_QUENCH = 4;
  public static final int REDIRECT = 5;
  public static final int ECHO = 8;
  public static final int TIME_EXCEEDED = 11;
  public static final int PARAMETER_PROBLEM = 12;
  public static final int V6_UNREACHABLE = 1;
  public static final int V6_PACKET_TOO_BIG = 2;
  public static final int V6_TIME_EXCEEDED = 3;
  public static final int V6_PARAMETER_PROBLEM = 4;
  public static final int V6_ECHO = 128;
  public static final int V6_ECHO_REPLY = 129;

  // Echo, timestamp, information and address mask (RFC 792, RFC 950): each request and its reply.
  private static final int QUERIES = 1 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 18;
  private static final int ERRORS = 1 << UNREACHABLE | 1 << SOURCE_QUENCH | 1 << REDIRECT | 1 << TIME_EXCEEDED
      | 1 << PARAMETER_PROBLEM;

  /** Whether {@code type} is a query or its reply, which have an identifier. */
  public static boolean isQuery(int ipVersion, int type) {
    return ipVersion == 4 ? type < 32 && (QUERIES >>> type & 1) != 0 : type == V6_ECHO || type == V6_ECHO_REPLY;
  }

  /** Whether {@code type} is an error, which carries the packet that caused it (RFC 4443 section 2.1: below 128). */
  public static boolean isError(int ipVersion, int type) {
    return ipVersion == 4 ? type < 32 && (ERRORS >>> type & 1) != 0 : type > 0 && type < 128;
  }

  /** Writes a header; the checksum is 0. */
  public static void write(MemorySegment segment, long offset, int type, int code, int rest) {
    Wire.u16(segment, offset, type << 8 | code);
    Wire.u16(segment, offset + 2, 0);
    Wire.u32(segment, offset + 4, rest);
  }

  /** Type of the message at {@code offset}; the packet path takes it without a view. */
  public static int type(MemorySegment segment, long offset) {
    return Wire.u8(segment, offset);
  }

  /** Type. */
  public int type() {
    return Wire.u8(segment, offset);
  }

  /** Code. */
  public int code() {
    return Wire.u8(segment, offset + 1);
  }

  /** Checksum; ICMPv6's covers a pseudo header too. */
  public int checksum() {
    return Wire.u16(segment, offset + 2);
  }

  /** Identifier of a query. */
  public int identifier() {
    return Wire.u16(segment, offset + 4);
  }

  /** Sequence number of a query. */
  public int sequence() {
    return Wire.u16(segment, offset + 6);
  }

  /** The second word: next hop's MTU of ICMPv6, pointer of a parameter problem. */
  public int rest() {
    return Wire.i32(segment, offset + 4);
  }

  /** Offset of the packet that an error carries; {@link Parser#embedded} reads it. */
  public long embedded() {
    return offset + LENGTH;
  }

  /** Sets the identifier; the checksum is the caller's. */
  public void identifier(int identifier) {
    Wire.u16(segment, offset + 4, identifier);
  }

  /** Sets the checksum. */
  public void checksum(int checksum) {
    Wire.u16(segment, offset + 2, checksum);
  }
}
