// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.Description;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.MarkReply;
import org.southbound.peer.v1.MarkRequest;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.SteerReply;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;

/**
 * Calls to one other NF over a connection that stays open; got from {@link Peers#client}. Any thread that may block.
 * Every call ends within the deadline that {@code southbound_peer.proto} names. Refusals of the peer are thrown with its
 * own app-tag; see {@link PeerException} for the rest.
 */
public interface PeerClient {
  /** Name of the NF; empty when it was addressed by host and port alone. */
  String name();

  Description describe() throws PeerException;

  /** What {@link #describe} said since this connection was made: it does not change while the NF runs. */
  default Description description() throws PeerException {
    return describe();
  }

  /** Waits as long as the request's {@code timeout_millis}. */
  PrepareChainAccepted prepareChain(PrepareChainRequest request) throws PeerException;

  void confirmChain(ChainReference chain) throws PeerException;

  void abortChain(ChainReference chain) throws PeerException;

  void removeChain(ChainReference chain) throws PeerException;

  void chainChanged(ChainChange change) throws PeerException;

  SteerReply steer(SteerRequest request) throws PeerException;

  /** Waits one second longer than the request's {@code timeout_millis}. */
  MarkReply markLastInTransit(MarkRequest request) throws PeerException;

  OutcomeReply outcome(String job) throws PeerException;

  /** Opens a transfer as its source; the caller closes it. */
  PeerStream<TransferFromSource, TransferFromDestination> transfer() throws PeerException;

  /** Opens a replication as its source; the caller closes it. */
  PeerStream<ReplicationFromSource, ReplicationFromStandby> replicate() throws PeerException;

  void stopReplication(String id) throws PeerException;

  void fence(FenceRequest request) throws PeerException;
}
