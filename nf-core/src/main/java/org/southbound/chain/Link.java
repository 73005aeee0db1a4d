// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.net.InetAddress;

/**
 * Where an NF is on the fabric, the Ethernet that chaining protocols below UDP use.
 *
 * @param mac MAC address of its fabric interface, 48 bits
 * @param address its IP address
 */
public record Link(long mac, InetAddress address) {
  /** The MAC address as text, such as {@code 02:00:00:00:00:01}. */
  public String text() {
    var text = new StringBuilder();
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(text.isEmpty() ? "" : ":").append(String.format("%02x", mac >>> shift & 0xFF));
    }
    return text.toString();
  }

  /** The MAC address of six octets in hexadecimal, with colons. Throws IllegalArgumentException if it is none. */
  public static long mac(String text) {
    if (!text.matches("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")) {
      throw new IllegalArgumentException(text + " is no MAC address");
    }
    return Long.parseLong(text.replace(":", ""), 16);
  }
}
