// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * Options of IPv4 (<a href="https://www.rfc-editor.org/rfc/rfc791#section-3.1">RFC 791</a>) and TCP
 * (<a href="https://www.rfc-editor.org/rfc/rfc9293#section-3.1">RFC 9293</a>), which are coded alike: 0 ends the list,
 * 1 fills, every other kind is followed by its length, which counts both octets.
 */
final class Options {
  private Options() {
  }

  /** Offset of the first option {@code kind} from {@code at} up to {@code end}, or -1; every step is at least one octet. */
  static long find(MemorySegment segment, long at, long end, int kind) {
    while (at < end) {
      int found = Wire.u8(segment, at);
      if (found == 0) {
        return -1;
      }
      if (found == 1) {
        at++;
        continue;
      }
      if (at + 1 >= end) {
        return -1;
      }
      int length = Wire.u8(segment, at + 1);
      if (length < 2 || at + length > end) {
        return -1;
      }
      if (found == kind) {
        return at;
      }
      at += length;
    }
    return -1;
  }
}
