// SPDX-License-Identifier: Apache-2.0
package org.southbound.transfer;

import org.southbound.peer.PeerException;

/**
 * Packets that arrive while the state moves wait at the source and follow the state to the destination; packets that come
 * there directly wait until a mark says that nothing more comes the old way. So none is lost, none is processed without
 * its state, and their order stays (OpenNF, SIGCOMM 2014: loss-free move; here in order too, where the path carries marks).
 */
public final class LossFree implements TransferVariant {
  @Override
  public String name() {
    return "loss-free";
  }

  @Override
  public String description() {
    return "Packets in transit wait and follow the state; no packet and no change of state is lost.";
  }

  @Override
  public boolean destinationHolds() {
    return true;
  }

  @Override
  public void run(Source source) throws PeerException, CancelledException {
    source.prepare();
    source.hold();
    source.copyState();
    source.giveOwnership();
    source.redirect();
    source.awaitDrained();
  }
}
