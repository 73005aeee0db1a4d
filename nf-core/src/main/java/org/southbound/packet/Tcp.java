// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * TCP header, <a href="https://www.rfc-editor.org/rfc/rfc9293#section-3.1">RFC 9293 section 3.1</a>; options of RFC 7323
 * and RFC 2018.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source Port          |       Destination Port        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Sequence Number                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Acknowledgment Number                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Data |       |C|E|U|A|P|R|S|F|                               |
 * | Offset|  Res  |W|C|R|C|S|S|Y|I|            Window             |
 * |       |       |R|E|G|K|H|T|N|N|                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Checksum            |         Urgent Pointer        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Options, padding                         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * Of a packet inside an ICMP error only the ports and the sequence number are sure to be there.
 */
public record Tcp(MemorySegment segment, long offset) {
  /** Octets without options. */
  public static final int LENGTH = 20;
  public static final int FIN = 1;
  public static final int SYN = 2;
  public static final int RST = 4;
  public static final int PSH = 8;
  public static final int ACK = 16;
  public static final int URG = 32;
  public static final int ECE = 64;
  public static final int CWR = 128;

  private static final int MSS = 2;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK_PERMITTED = 4;
  private static final int TIMESTAMPS = 8;

  /** Writes a header without options; the checksum is 0. */
  public static void write(MemorySegment segment, long offset, int sourcePort, int destinationPort, int sequence,
      int acknowledgment, int flags, int window) {
    Wire.u16(segment, offset, sourcePort);
    Wire.u16(segment, offset + 2, destinationPort);
    Wire.u32(segment, offset + 4, sequence);
    Wire.u32(segment, offset + 8, acknowledgment);
    Wire.u16(segment, offset + 12, 5 << 12 | flags);
    Wire.u16(segment, offset + 14, window);
    Wire.u32(segment, offset + 16, 0);
  }

  /** Source port. */
  public int sourcePort() {
    return Wire.u16(segment, offset);
  }

  /** Destination port. */
  public int destinationPort() {
    return Wire.u16(segment, offset + 2);
  }

  /** Sequence number; compare by difference. */
  public int sequence() {
    return Wire.i32(segment, offset + 4);
  }

  /** Acknowledgment number; compare by difference. */
  public int acknowledgment() {
    return Wire.i32(segment, offset + 8);
  }

  /** Octets of the header, options included. */
  public int headerLength() {
    return Wire.u8(segment, offset + 12) >>> 4 << 2;
  }

  /** {@link #FIN} to {@link #CWR}. */
  public int flags() {
    return Wire.u8(segment, offset + 13);
  }

  /** Window, not scaled. */
  public int window() {
    return Wire.u16(segment, offset + 14);
  }

  /** Checksum. */
  public int checksum() {
    return Wire.u16(segment, offset + 16);
  }

  /** Urgent pointer. */
  public int urgentPointer() {
    return Wire.u16(segment, offset + 18);
  }

  // For the packet path, which must not depend on what the compiler makes of a view: one that it does not inline, or that
  // has a loop in it, is allocated after all.

  /** {@link #flags()} of the header at {@code offset}. */
  public static int flags(MemorySegment segment, long offset) {
    return Wire.u8(segment, offset + 13);
  }

  /**
   * Offset in {@code segment} of the option {@code kind} of the header at {@code offset}, or -1; the search ends at the
   * first option whose length is wrong.
   */
  public static long option(MemorySegment segment, long offset, int kind) {
    int header = Wire.u8(segment, offset + 12) >>> 4 << 2;
    return Options.find(segment, offset + LENGTH, header - LENGTH, kind);
  }

  /** Maximum segment size of the header at {@code offset}, or -1 without that option. */
  public static int mss(MemorySegment segment, long offset) {
    long at = option(segment, offset, MSS, 4);
    return at < 0 ? -1 : Wire.u16(segment, at + 2);
  }

  /** Shift count of the window of the header at {@code offset}, at most 14 (RFC 7323 section 2.3), or -1 without that option. */
  public static int windowScale(MemorySegment segment, long offset) {
    long at = option(segment, offset, WINDOW_SCALE, 3);
    return at < 0 ? -1 : Math.min(Wire.u8(segment, at + 2), 14);
  }

  /** Whether the header at {@code offset} permits selective acknowledgments. */
  public static boolean sackPermitted(MemorySegment segment, long offset) {
    return option(segment, offset, SACK_PERMITTED, 2) >= 0;
  }

  /** Offset in {@code segment} of the timestamps, 4 octets TSval and 4 octets TSecr, or -1 without that option. */
  public static long timestamps(MemorySegment segment, long offset) {
    long at = option(segment, offset, TIMESTAMPS, 10);
    return at < 0 ? -1 : at + 2;
  }

  // An option of another length than its RFC says is as good as none.
  private static long option(MemorySegment segment, long offset, int kind, int length) {
    long at = option(segment, offset, kind);
    return at >= 0 && Wire.u8(segment, at + 1) == length ? at : -1;
  }

  /** {@link #option(MemorySegment, long, int)} of this header. */
  public long option(int kind) {
    return option(segment, offset, kind);
  }

  /** {@link #mss(MemorySegment, long)} of this header. */
  public int mss() {
    return mss(segment, offset);
  }

  /** {@link #windowScale(MemorySegment, long)} of this header. */
  public int windowScale() {
    return windowScale(segment, offset);
  }

  /** {@link #sackPermitted(MemorySegment, long)} of this header. */
  public boolean sackPermitted() {
    return sackPermitted(segment, offset);
  }

  /** {@link #timestamps(MemorySegment, long)} of this header. */
  public long timestamps() {
    return timestamps(segment, offset);
  }

  /** Sets the source port; the checksum is the caller's. */
  public void sourcePort(int port) {
    Wire.u16(segment, offset, port);
  }

  /** Sets the destination port; the checksum is the caller's. */
  public void destinationPort(int port) {
    Wire.u16(segment, offset + 2, port);
  }

  /** Sets the sequence number; the checksum is the caller's. */
  public void sequence(int sequence) {
    Wire.u32(segment, offset + 4, sequence);
  }

  /** Sets the acknowledgment number; the checksum is the caller's. */
  public void acknowledgment(int acknowledgment) {
    Wire.u32(segment, offset + 8, acknowledgment);
  }

  /** Sets the length of the header, octets; the checksum is the caller's. */
  public void headerLength(int octets) {
    Wire.u8(segment, offset + 12, (Wire.u8(segment, offset + 12) & 15) | octets << 2);
  }

  /** Sets the flags; the checksum is the caller's. */
  public void flags(int flags) {
    Wire.u8(segment, offset + 13, flags);
  }

  /** Sets the window; the checksum is the caller's. */
  public void window(int window) {
    Wire.u16(segment, offset + 14, window);
  }

  /** Sets the checksum. */
  public void checksum(int checksum) {
    Wire.u16(segment, offset + 16, checksum);
  }
}
