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
 * What other NFs ask of this one; the contract of each call stands in {@code southbound_peer.proto}. Every call runs on
 * a virtual thread of its own and may block; calls run concurrently. {@code peer} is the caller's name, proved by its
 * certificate. A PeerException becomes a Failure for the caller; any other exception is a fault, logged and counted.
 */
public interface PeerHandler {
  Description describe(String peer) throws PeerException;

  PrepareChainAccepted prepareChain(String peer, PrepareChainRequest request) throws PeerException;

  void confirmChain(String peer, ChainReference chain) throws PeerException;

  void abortChain(String peer, ChainReference chain) throws PeerException;

  void removeChain(String peer, ChainReference chain) throws PeerException;

  void chainChanged(String peer, ChainChange change) throws PeerException;

  SteerReply steer(String peer, SteerRequest request) throws PeerException;

  MarkReply markLastInTransit(String peer, MarkRequest request) throws PeerException;

  OutcomeReply outcome(String peer, String job) throws PeerException;

  /**
   * The destination's side of a transfer, from Prepare to Drained. Returning closes the stream; a PeerException goes to
   * the source as the stream's last message. When {@link PeerStream#receive} throws before Owned was sent, the source
   * is in charge and the job is to be forgotten.
   */
  void transfer(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream) throws PeerException;

  /** The standby's side of a replication, from Begin on. Ends as {@link #transfer} does. */
  void replicate(String peer, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream) throws PeerException;

  void stopReplication(String peer, String id) throws PeerException;

  void fence(String peer, FenceRequest request) throws PeerException;
}
