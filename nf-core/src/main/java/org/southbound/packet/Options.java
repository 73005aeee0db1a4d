// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * Options of IPv4 (<a href="https://www.rfc-editor.org/rfc/rfc791#section-3.1">RFC 791</a>) and TCP
 * (<a href="https://www.rfc-editor.org/rfc/rfc9293#section-3.1">RFC 9293</a>), which are coded alike: 0 ends the list,
 * 1 fills, every other kind is followed by its length, which counts both octets.
 */
public final class Options {
  private Options() {
  }

  /** Offset of the first option {@code kind} in {@code length} octets from {@code offset}, or -1. */
  public static long find(MemorySegment segment, long offset, int length, int kind) {
    // Every step is at least one octet.
    for (int at = 0; at < length;) {
      int found = Wire.u8(segment, offset + at);
      if (found == 0) {
        return -1;
      }
      int step = found == 1 ? 1 : at + 1 < length ? Wire.u8(segment, offset + at + 1) : 0;
      if ((found != 1 && step < 2) || at + step > length) {
        return -1;
      }
      if (found == kind) {
        return offset + at;
      }
      at += step;
    }
    return -1;
  }
}
