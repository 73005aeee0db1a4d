// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

/** IP protocol numbers, of the <a href="https://www.iana.org/assignments/protocol-numbers">IANA registry</a>. */
public final class Protocol {
  public static final int HOP_BY_HOP = 0;
  public static final int ICMP = 1;
  public static final int TCP = 6;
  public static final int UDP = 17;
  public static final int DCCP = 33;
  public static final int ROUTING = 43;
  public static final int FRAGMENT = 44;
  public static final int GRE = 47;
  public static final int ESP = 50;
  public static final int AH = 51;
  public static final int ICMPV6 = 58;
  public static final int NO_NEXT_HEADER = 59;
  public static final int DESTINATION_OPTIONS = 60;
  public static final int SCTP = 132;
  public static final int UDP_LITE = 136;

  private Protocol() {
  }

  /** Whether the transport header begins with a source and a destination port. */
  public static boolean hasPorts(int protocol) {
    return protocol == TCP || protocol == UDP || protocol == SCTP || protocol == UDP_LITE || protocol == DCCP;
  }
}
