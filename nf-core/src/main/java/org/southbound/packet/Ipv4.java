// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * IPv4 header, <a href="https://www.rfc-editor.org/rfc/rfc791#section-3.1">RFC 791 section 3.1</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  IHL  |   DSCP    |ECN|          Total Length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Identification        |0|D|M|     Fragment Offset     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Time to Live |    Protocol   |        Header Checksum        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                            Source                             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Destination                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Options, padding                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * Setters keep the header's own checksum right (RFC 1624) but not the transport's, whose pseudo header has the
 * addresses: see {@link Checksum}.
 */
public record Ipv4(MemorySegment segment, long offset) {
  /** Octets without options. */
  public static final int LENGTH = 20;
  /** {@link #flagsAndFragment}: more fragments follow. */
  public static final int MORE_FRAGMENTS = 0x2000;
  /** {@link #flagsAndFragment}: must not be fragmented. */
  public static final int DONT_FRAGMENT = 0x4000;

  /** Writes a header without options, unfragmented, with its checksum. */
  public static void write(MemorySegment segment, long offset, int dscp, int totalLength, int identification, int ttl,
      int protocol, int source, int destination) {
    Wire.u16(segment, offset, 0x4500 | dscp << 2);
    Wire.u16(segment, offset + 2, totalLength);
    Wire.u16(segment, offset + 4, identification);
    Wire.u16(segment, offset + 6, 0);
    Wire.u16(segment, offset + 8, ttl << 8 | protocol);
    Wire.u16(segment, offset + 10, 0);
    Wire.u32(segment, offset + 12, source);
    Wire.u32(segment, offset + 16, destination);
    Wire.u16(segment, offset + 10, Checksum.ipv4(segment, offset));
  }

  /** Octets of the header, options included. */
  public int headerLength() {
    return (Wire.u8(segment, offset) & 15) << 2;
  }

  /** Differentiated services code point, 6 bits. */
  public int dscp() {
    return Wire.u8(segment, offset + 1) >>> 2;
  }

  /** Explicit congestion notification, 2 bits. */
  public int ecn() {
    return Wire.u8(segment, offset + 1) & 3;
  }

  /** Octets of header and payload. */
  public int totalLength() {
    return Wire.u16(segment, offset + 2);
  }

  /** Identification, the same in all fragments of a packet. */
  public int identification() {
    return Wire.u16(segment, offset + 4);
  }

  /** Flags and fragment offset as they stand in the header. */
  public int flagsAndFragment() {
    return Wire.u16(segment, offset + 6);
  }

  /** Whether the packet must not be fragmented. */
  public boolean dontFragment() {
    return (flagsAndFragment() & DONT_FRAGMENT) != 0;
  }

  /** Whether more fragments follow. */
  public boolean moreFragments() {
    return (flagsAndFragment() & MORE_FRAGMENTS) != 0;
  }

  /** Where the fragment belongs in the packet, octets. */
  public int fragmentOffset() {
    return (flagsAndFragment() & 0x1fff) << 3;
  }

  /** Time to live. */
  public int ttl() {
    return Wire.u8(segment, offset + 8);
  }

  /** Protocol of the payload. */
  public int protocol() {
    return Wire.u8(segment, offset + 9);
  }

  /** Header checksum. */
  public int checksum() {
    return Wire.u16(segment, offset + 10);
  }

  /** Source address. */
  public int source() {
    return Wire.i32(segment, offset + 12);
  }

  /** Destination address. */
  public int destination() {
    return Wire.i32(segment, offset + 16);
  }

  /** Octets of options. */
  public int optionsLength() {
    return headerLength() - LENGTH;
  }

  /** Offset of the option {@code type} in the memory, or -1; ends at the first option whose length is wrong. */
  public long option(int type) {
    return Options.find(segment, offset + LENGTH, headerLength() - LENGTH, type);
  }

  /** Sets the code point. */
  public void dscp(int dscp) {
    set16(0, (Wire.u16(segment, offset) & 0xff03) | dscp << 2);
  }

  /** Sets the congestion notification. */
  public void ecn(int ecn) {
    set16(0, (Wire.u16(segment, offset) & 0xfffc) | ecn);
  }

  /** Sets the total length. */
  public void totalLength(int octets) {
    set16(2, octets);
  }

  /** Sets the identification. */
  public void identification(int identification) {
    set16(4, identification);
  }

  /** Sets flags and fragment offset. */
  public void flagsAndFragment(int value) {
    set16(6, value);
  }

  /** Sets the time to live. */
  public void ttl(int ttl) {
    set16(8, ttl << 8 | protocol());
  }

  /** Sets the source address. */
  public void source(int address) {
    set32(12, address);
  }

  /** Sets the destination address. */
  public void destination(int address) {
    set32(16, address);
  }

  private void set16(int at, int value) {
    int checksum = Checksum.update16(checksum(), Wire.u16(segment, offset + at), value);
    Wire.u16(segment, offset + at, value);
    Wire.u16(segment, offset + 10, checksum);
  }

  private void set32(int at, int value) {
    int checksum = Checksum.update32(checksum(), Wire.i32(segment, offset + at), value);
    Wire.u32(segment, offset + at, value);
    Wire.u16(segment, offset + 10, checksum);
  }
}
