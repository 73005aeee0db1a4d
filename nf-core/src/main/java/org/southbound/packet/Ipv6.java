// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * IPv6 header, <a href="https://www.rfc-editor.org/rfc/rfc8200#section-3">RFC 8200 section 3</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|   DSCP    |ECN|              Flow Label               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source (16 octets)                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Destination (16 octets)                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * Addresses are two words, high and low. Who changes one updates the transport checksum: see {@link Checksum}.
 */
public record Ipv6(MemorySegment segment, long offset) {
  /** Octets of the header, without extension headers. */
  public static final int LENGTH = 40;

  /** Writes a header. */
  public static void write(MemorySegment segment, long offset, int dscp, int flowLabel, int payloadLength,
      int nextHeader, int hopLimit, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow) {
    Wire.u32(segment, offset, 6 << 28 | dscp << 22 | (flowLabel & 0xfffff));
    Wire.u16(segment, offset + 4, payloadLength);
    Wire.u16(segment, offset + 6, nextHeader << 8 | hopLimit);
    Wire.u64(segment, offset + 8, sourceHigh);
    Wire.u64(segment, offset + 16, sourceLow);
    Wire.u64(segment, offset + 24, destinationHigh);
    Wire.u64(segment, offset + 32, destinationLow);
  }

  /** Differentiated services code point, 6 bits. */
  public int dscp() {
    return Wire.i32(segment, offset) >>> 22 & 0x3f;
  }

  /** Explicit congestion notification, 2 bits. */
  public int ecn() {
    return Wire.i32(segment, offset) >>> 20 & 3;
  }

  /** Flow label, 20 bits (RFC 6437). */
  public int flowLabel() {
    return Wire.i32(segment, offset) & 0xfffff;
  }

  /** Octets behind this header. */
  public int payloadLength() {
    return Wire.u16(segment, offset + 4);
  }

  /** Protocol of what follows this header. */
  public int nextHeader() {
    return Wire.u8(segment, offset + 6);
  }

  /** Hop limit. */
  public int hopLimit() {
    return Wire.u8(segment, offset + 7);
  }

  /** Source address, first 64 bits. */
  public long sourceHigh() {
    return Wire.u64(segment, offset + 8);
  }

  /** Source address, last 64 bits. */
  public long sourceLow() {
    return Wire.u64(segment, offset + 16);
  }

  /** Destination address, first 64 bits. */
  public long destinationHigh() {
    return Wire.u64(segment, offset + 24);
  }

  /** Destination address, last 64 bits. */
  public long destinationLow() {
    return Wire.u64(segment, offset + 32);
  }

  /** Sets the code point. */
  public void dscp(int dscp) {
    Wire.u32(segment, offset, (Wire.i32(segment, offset) & ~(0x3f << 22)) | dscp << 22);
  }

  /** Sets the flow label. */
  public void flowLabel(int label) {
    Wire.u32(segment, offset, (Wire.i32(segment, offset) & ~0xfffff) | label);
  }

  /** Sets the congestion notification. */
  public void ecn(int ecn) {
    Wire.u32(segment, offset, (Wire.i32(segment, offset) & ~(3 << 20)) | ecn << 20);
  }

  /** Sets the payload length. */
  public void payloadLength(int octets) {
    Wire.u16(segment, offset + 4, octets);
  }

  /** Sets the next header. */
  public void nextHeader(int protocol) {
    Wire.u8(segment, offset + 6, protocol);
  }

  /** Sets the hop limit. */
  public void hopLimit(int hopLimit) {
    Wire.u8(segment, offset + 7, hopLimit);
  }

  /** Sets the source address. */
  public void source(long high, long low) {
    Wire.u64(segment, offset + 8, high);
    Wire.u64(segment, offset + 16, low);
  }

  /** Sets the destination address. */
  public void destination(long high, long low) {
    Wire.u64(segment, offset + 24, high);
    Wire.u64(segment, offset + 32, low);
  }
}
