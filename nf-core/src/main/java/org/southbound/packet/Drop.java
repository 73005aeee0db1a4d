// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

/** Why a packet was not sent on. A verdict of 0 is {@link #FORWARD}; every other verdict is the number of a reason. */
public enum Drop {
  /** No drop: the packet goes on. */
  FORWARD,
  /** A header is cut short, or a length field points behind the packet's end. */
  TRUNCATED,
  /** A header contradicts itself or its RFC. */
  MALFORMED,
  /** Longer than {@link Packet#LONGEST}, or than the path takes. */
  OVERSIZE,
  /** The tunnel header is of no protocol that this NF speaks. */
  UNKNOWN_TUNNEL,
  /** Service path or index unknown here (RFC 8300 section 2.3). */
  UNKNOWN_PATH,
  /** The service index reached 0 (RFC 8300 section 2.3). */
  SERVICE_INDEX,
  /** In no chain's scope, and the configuration says to drop that. */
  UNCLASSIFIED,
  /** The NF processes IP only. */
  NOT_IP,
  /** A later fragment whose first fragment was not seen, or whose table entry had to go. */
  FRAGMENT,
  /** The flow table is full. */
  TABLE_FULL,
  /** A rule or the default action of the NF. */
  DENIED,
  /** A TCP segment outside the window (of the connection's state). */
  TCP_WINDOW,
  /** A segment that does not fit the TCP state, such as mid-stream without pick-up. */
  TCP_STATE,
  /** Too many packets held during a transfer. */
  HOLD_FULL,
  /** The scope belongs to another NF, or was fenced. */
  NOT_OWNER,
  /** No packet memory left. */
  NO_BUFFER,
  /** The NF has no egress, or the port refused. */
  NO_EGRESS,
  /** The send failed: the kernel or the link refused. */
  SEND_FAILED,
  /** The NF threw; counted and logged once. */
  NF_ERROR,
  /** The queue to another worker is full. */
  WORKER_QUEUE,
  /** An interface's receive ring was full: the kernel had no place for what came. */
  RING_FULL,
  /** A NAT has no mapping that admits the packet. */
  NO_MAPPING,
  /** No port of a NAT's pool is left for the host. */
  NO_PORT,
  /** A NAT cannot translate the packet's protocol. */
  UNTRANSLATABLE;

  private static final Drop[] ALL = values();

  private final String text = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');

  /** The verdict that drops for this reason. */
  @SuppressWarnings("EnumOrdinal") // The number lives for one packet and never leaves the process.
  public int verdict() {
    return ordinal();
  }

  /** Name in metrics and reports. */
  public String text() {
    return text;
  }

  /** The reason with that number. */
  public static Drop of(int verdict) {
    return ALL[verdict];
  }

  /** How many there are, {@link #FORWARD} included. */
  public static int count() {
    return ALL.length;
  }
}
