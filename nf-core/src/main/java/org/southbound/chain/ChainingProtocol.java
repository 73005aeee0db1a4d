// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import org.southbound.packet.Packet;

/**
 * How a packet is sent to the next NF of its chain (the paper's section 4.1, the classifier's first duty). Stateless: any
 * worker may use it.
 */
public interface ChainingProtocol extends Decapsulator {
  /** Path identifier of packets that came by a protocol that carries none: their scope says which path it is. */
  int BY_SCOPE = 0xFF_FFFE;

  /** Name, as the YANG identity. */
  String name();

  /** Octets it adds to a packet; outer UDP and IP of the data port not counted. */
  int overhead();

  /** Width of a context label; 0: it carries none. */
  int labelBits();

  /** Width of the path identifier; 0: it carries none. */
  int pathBits();

  /** Whether it carries the last-in-transit mark. */
  boolean carriesMarks();

  /** The path of a packet that came {@link #BY_SCOPE} is known now: reads what only packets of this protocol mean. */
  default void recognized(Packet packet) {
    // nothing more is in it
  }

  /** Most hops of a chain: as many service indices as it can tell apart. */
  default int hops() {
    return 254;
  }

  /**
   * Puts the headers for the next hop in front, with the packet's labels and flags. Returns 0 or a verdict to drop it.
   *
   * @param to where the next hop is on the fabric; null where it is not known, or not needed
   */
  int encapsulate(Packet packet, int spi, int si, Link to);
}
