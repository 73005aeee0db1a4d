// SPDX-License-Identifier: Apache-2.0
package org.southbound.transfer;

import org.southbound.peer.PeerException;

/**
 * Copies the state while packets go on being processed at the source: no packet waits, but what a packet changes after
 * its record was copied is lost (OpenNF, SIGCOMM 2014: move without guarantees).
 */
public final class Copy implements TransferVariant {
  @Override
  public String name() {
    return "copy";
  }

  @Override
  public String description() {
    return "Copies the state while the source goes on; changes made meanwhile are lost, and packets may be reordered.";
  }

  @Override
  public boolean destinationHolds() {
    return false;
  }

  @Override
  public void run(Source source) throws PeerException, CancelledException {
    source.prepare();
    source.copyState();
    source.giveOwnership();
    source.redirect();
    source.awaitDrained();
  }
}
