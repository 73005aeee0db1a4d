// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import org.southbound.packet.Packet;

/** Takes outer headers off, on behalf of a port. */
@FunctionalInterface
public interface Decapsulator {
  /**
   * Takes the outer headers off: sets the packet's path identifier (0: it has none), labels and flags; the frame begins
   * at its start. Returns 0 or the verdict of the reason to drop it, never throws.
   */
  int decapsulate(Packet packet);
}
