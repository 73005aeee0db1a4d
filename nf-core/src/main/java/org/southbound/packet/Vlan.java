// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * VLAN tag, IEEE 802.1Q and 802.1ad; stands between Ethernet's source address and its EtherType.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |             TPID              | PCP |D|          VID          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public record Vlan(MemorySegment segment, long offset) {
  /** Octets of a tag. */
  public static final int LENGTH = 4;
  /** TPID of a customer's tag (802.1Q). */
  public static final int C_TAG = 0x8100;
  /** TPID of a provider's tag (802.1ad). */
  public static final int S_TAG = 0x88a8;
  /** TPID of a provider's tag before 802.1ad. */
  public static final int OLD_S_TAG = 0x9100;

  /** Whether {@code etherType} is the TPID of a tag. */
  public static boolean isTag(int etherType) {
    return etherType == C_TAG || etherType == S_TAG || etherType == OLD_S_TAG;
  }

  /** Writes a tag without drop eligibility. */
  public static void write(MemorySegment segment, long offset, int tpid, int priority, int vid) {
    Wire.u16(segment, offset, tpid);
    Wire.u16(segment, offset + 2, priority << 13 | (vid & 0xfff));
  }

  /** {@link #C_TAG}, {@link #S_TAG} or {@link #OLD_S_TAG}. */
  public int tpid() {
    return Wire.u16(segment, offset);
  }

  /** Priority code point, 3 bits. */
  public int priority() {
    return Wire.u8(segment, offset + 2) >>> 5;
  }

  /** Drop eligible indicator. */
  public boolean dropEligible() {
    return (Wire.u8(segment, offset + 2) & 0x10) != 0;
  }

  /** VLAN identifier, 12 bits; 0: priority tag. */
  public int vid() {
    return Wire.u16(segment, offset + 2) & 0xfff;
  }

  /** What follows the tag: an EtherType or another TPID. */
  public int etherType() {
    return Wire.u16(segment, offset + 4);
  }

  /** Sets the VLAN identifier. */
  public void vid(int vid) {
    Wire.u16(segment, offset + 2, (Wire.u16(segment, offset + 2) & 0xf000) | (vid & 0xfff));
  }

  /** Sets the priority code point. */
  public void priority(int priority) {
    Wire.u8(segment, offset + 2, (Wire.u8(segment, offset + 2) & 0x1f) | priority << 5);
  }
}
