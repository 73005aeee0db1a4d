// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * VXLAN header, <a href="https://www.rfc-editor.org/rfc/rfc7348#section-5">RFC 7348 section 5</a>, and its Generic
 * Protocol Extension, <a href="https://datatracker.ietf.org/doc/html/draft-ietf-nvo3-vxlan-gpe">VXLAN-GPE</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |R|R|Ver|I|P|B|O|           Reserved            | Next Protocol |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           VXLAN Network Identifier            |   Reserved    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * Plain VXLAN has only the I flag; without P the payload is Ethernet.
 */
public record Vxlan(MemorySegment segment, long offset) {
  /** Octets of the header. */
  public static final int LENGTH = 8;
  /** UDP port of VXLAN. */
  public static final int PORT = 4789;
  /** UDP port of VXLAN-GPE. */
  public static final int GPE_PORT = 4790;

  /** {@link #flags}: the network identifier is valid. */
  public static final int INSTANCE = 0x08;
  /** {@link #flags}: {@link #nextProtocol} is valid (GPE). */
  public static final int NEXT_PROTOCOL = 0x04;
  /** {@link #flags}: broadcast, unknown unicast or multicast that the ingress replicated (GPE). */
  public static final int REPLICATED = 0x02;
  /** {@link #flags}: operation and maintenance, not to be forwarded (GPE). */
  public static final int OAM = 0x01;

  public static final int IPV4 = 1;
  public static final int IPV6 = 2;
  public static final int ETHERNET = 3;
  public static final int NSH = 4;

  /** Writes a VXLAN header: the payload is Ethernet. */
  public static void write(MemorySegment segment, long offset, int vni) {
    Wire.u32(segment, offset, INSTANCE << 24);
    Wire.u32(segment, offset + 4, vni << 8);
  }

  /** Writes a VXLAN-GPE header. */
  public static void write(MemorySegment segment, long offset, int vni, int nextProtocol) {
    Wire.u32(segment, offset, (INSTANCE | NEXT_PROTOCOL) << 24 | nextProtocol);
    Wire.u32(segment, offset + 4, vni << 8);
  }

  /** {@link #INSTANCE}, {@link #NEXT_PROTOCOL}, {@link #REPLICATED}, {@link #OAM}, version and reserved bits. */
  public int flags() {
    return Wire.u8(segment, offset);
  }

  /** Version (GPE), 2 bits. */
  public int version() {
    return flags() >>> 4 & 3;
  }

  /** Whether the header is VXLAN-GPE. */
  public boolean gpe() {
    return (flags() & NEXT_PROTOCOL) != 0;
  }

  /** {@link #IPV4}, {@link #IPV6}, {@link #ETHERNET}, {@link #NSH} or another; Ethernet in plain VXLAN. */
  public int nextProtocol() {
    return gpe() ? Wire.u8(segment, offset + 3) : ETHERNET;
  }

  /** VXLAN network identifier, 24 bits. */
  public int vni() {
    return Wire.i32(segment, offset + 4) >>> 8;
  }

  /** Sets the network identifier. */
  public void vni(int vni) {
    Wire.u32(segment, offset + 4, vni << 8);
  }

  /** Sets the next protocol and the flag that makes it valid. */
  public void nextProtocol(int nextProtocol) {
    Wire.u8(segment, offset, flags() | NEXT_PROTOCOL);
    Wire.u8(segment, offset + 3, nextProtocol);
  }
}
