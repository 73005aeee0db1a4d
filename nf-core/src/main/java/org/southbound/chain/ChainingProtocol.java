// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import org.southbound.packet.Packet;

/**
 * How a packet is sent to the next NF of its chain (the paper's section 4.1, the classifier's first duty). Stateless: any
 * worker may use it.
 */
public interface ChainingProtocol {
  /** Name, as the YANG identity. */
  String name();

  /** Octets it adds to a packet, outer UDP and IP not counted. */
  int overhead();

  /** Width of a context label; 0: it carries none. */
  int labelBits();

  /** Whether it carries the path identifier. */
  boolean carriesPath();

  /** Whether it carries the last-in-transit mark. */
  boolean carriesMarks();

  /**
   * Takes the outer headers off: sets the packet's path identifier (0: it has none), labels and flags; the frame begins
   * at its start. Returns 0 or the verdict of the reason to drop it, never throws.
   */
  int decapsulate(Packet packet);

  /** Puts the headers for the next hop in front, with the packet's labels and flags. Returns 0 or a verdict to drop it. */
  int encapsulate(Packet packet, int spi, int si);
}
