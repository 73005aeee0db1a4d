// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * Network Service Header, <a href="https://www.rfc-editor.org/rfc/rfc8300#section-2">RFC 8300 section 2</a>.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Ver|O|U|    TTL    |   Length  |U|U|U|U|MD Type| Next Protocol |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Service Path Identifier              | Service Index |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  MD type 1: four context words of 32 bits                     |
 * |  MD type 2: metadata, each padded to 4 octets                 |
 * |          Metadata Class       |      Type     |U|    Length   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Variable-Length Metadata                 |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * {@link Parser#nsh} has checked a received header, its metadata included, before a view of it is read.
 */
public record Nsh(MemorySegment segment, long offset) {
  /** Octets of base and service path header. */
  public static final int LENGTH = 8;
  /** Octets of a header of metadata type 1. */
  public static final int LENGTH_TYPE_1 = 24;
  /** Octets of the greatest header. */
  public static final int LONGEST = 63 * 4;
  /** Time to live of a fresh header (RFC 8300 section 2.2). */
  public static final int TTL = 63;
  /** Octets of what stands before each metadata of type 2. */
  public static final int METADATA_HEADER = 4;

  public static final int IPV4 = 1;
  public static final int IPV6 = 2;
  public static final int ETHERNET = 3;
  public static final int NSH = 4;
  public static final int MPLS = 5;

  /** Writes a header of metadata type 1 with its four context words. */
  public static void write(MemorySegment segment, long offset, int ttl, int nextProtocol, int spi, int si, int context0,
      int context1, int context2, int context3) {
    base(segment, offset, ttl, LENGTH_TYPE_1, 1, nextProtocol, spi, si);
    Wire.u32(segment, offset + 8, context0);
    Wire.u32(segment, offset + 12, context1);
    Wire.u32(segment, offset + 16, context2);
    Wire.u32(segment, offset + 20, context3);
  }

  /**
   * Writes the first 8 octets of a header of metadata type 2; {@code length} is that of the whole header in octets, a
   * multiple of 4. {@link #writeMetadata} writes the rest.
   */
  public static void write(MemorySegment segment, long offset, int ttl, int nextProtocol, int spi, int si, int length) {
    base(segment, offset, ttl, length, 2, nextProtocol, spi, si);
  }

  private static void base(MemorySegment segment, long offset, int ttl, int length, int type, int nextProtocol, int spi,
      int si) {
    Wire.u32(segment, offset, (ttl & 63) << 22 | length >>> 2 << 16 | type << 8 | nextProtocol);
    Wire.u32(segment, offset + 4, spi << 8 | (si & 0xff));
  }

  /** Writes class, type and length of one metadata and clears its padding; returns the offset of its value. */
  public static long writeMetadata(MemorySegment segment, long at, int metadataClass, int type, int length) {
    Wire.u32(segment, at, metadataClass << 16 | type << 8 | (length & 127));
    for (int i = length; i < padded(length); i++) {
      Wire.u8(segment, at + METADATA_HEADER + i, 0);
    }
    return at + METADATA_HEADER;
  }

  /** Octets that a metadata's value of {@code length} octets takes. */
  public static int padded(int length) {
    return length + 3 & ~3;
  }

  /** Version; 0. */
  public int version() {
    return Wire.u8(segment, offset) >>> 6;
  }

  /** Operation and maintenance packet. */
  public boolean oam() {
    return (Wire.u8(segment, offset) & 0x20) != 0;
  }

  /** Time to live, 6 bits. */
  public int ttl() {
    return Wire.i32(segment, offset) >>> 22 & 63;
  }

  /** Octets of the whole header. */
  public int length() {
    return (Wire.u8(segment, offset + 1) & 63) << 2;
  }

  /** Metadata type: 1 or 2. */
  public int metadataType() {
    return Wire.u8(segment, offset + 2) & 15;
  }

  /** {@link #IPV4} to {@link #MPLS} or another. */
  public int nextProtocol() {
    return Wire.u8(segment, offset + 3);
  }

  /** Service path identifier, 24 bits. */
  public int spi() {
    return Wire.i32(segment, offset + 4) >>> 8;
  }

  /** Service index. */
  public int si() {
    return Wire.u8(segment, offset + 7);
  }

  /** Context word 0 to 3 of metadata type 1. */
  public int context(int index) {
    return Wire.i32(segment, offset + LENGTH + 4L * index);
  }

  /** Offset of the first metadata of that class and type in the memory, or -1; of metadata type 2. */
  public long metadata(int metadataClass, int type) {
    long end = offset + length();
    for (long at = offset + LENGTH; at < end; at = nextMetadata(at)) {
      if (metadataClass(at) == metadataClass && metadataType(at) == type) {
        return at;
      }
    }
    return -1;
  }

  /** Offset behind the metadata at {@code at}; the last one's is the header's end. */
  public long nextMetadata(long at) {
    return at + METADATA_HEADER + padded(metadataLength(at));
  }

  /** Class of the metadata at {@code at}. */
  public int metadataClass(long at) {
    return Wire.u16(segment, at);
  }

  /** Type of the metadata at {@code at}. */
  public int metadataType(long at) {
    return Wire.u8(segment, at + 2);
  }

  /** Octets of the value of the metadata at {@code at}, which begins {@link #METADATA_HEADER} octets behind. */
  public int metadataLength(long at) {
    return Wire.u8(segment, at + 3) & 127;
  }

  /** Sets the O bit. */
  public void oam(boolean oam) {
    Wire.u8(segment, offset, (Wire.u8(segment, offset) & ~0x20) | (oam ? 0x20 : 0));
  }

  /** Sets the time to live. */
  public void ttl(int ttl) {
    Wire.u16(segment, offset, (Wire.u16(segment, offset) & 0xf03f) | (ttl & 63) << 6);
  }

  /** Sets the next protocol. */
  public void nextProtocol(int nextProtocol) {
    Wire.u8(segment, offset + 3, nextProtocol);
  }

  /** Sets path and index. */
  public void path(int spi, int si) {
    Wire.u32(segment, offset + 4, spi << 8 | (si & 0xff));
  }

  /** Sets context word 0 to 3 of metadata type 1. */
  public void context(int index, int value) {
    Wire.u32(segment, offset + LENGTH + 4L * index, value);
  }
}
