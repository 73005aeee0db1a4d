// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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

/** Writes down who asked what; subclasses answer. */
class RecordingHandler implements PeerHandler {
  final String name;
  final List<String> calls = new CopyOnWriteArrayList<>();

  RecordingHandler(String name) {
    this.name = name;
  }

  @Override
  public Description describe(String peer) throws PeerException {
    calls.add(peer + " describe");
    return Description.newBuilder().setNf(name).build();
  }

  @Override
  public PrepareChainAccepted prepareChain(String peer, PrepareChainRequest request) throws PeerException {
    calls.add(peer + " prepareChain " + request.getSpi());
    return PrepareChainAccepted.newBuilder().setProtocol(request.getProtocols(0)).build();
  }

  @Override
  public void confirmChain(String peer, ChainReference chain) throws PeerException {
    calls.add(peer + " confirmChain " + chain.getChain());
  }

  @Override
  public void abortChain(String peer, ChainReference chain) throws PeerException {
    calls.add(peer + " abortChain " + chain.getChain());
  }

  @Override
  public void removeChain(String peer, ChainReference chain) throws PeerException {
    calls.add(peer + " removeChain " + chain.getChain());
  }

  @Override
  public void chainChanged(String peer, ChainChange change) throws PeerException {
    calls.add(peer + " chainChanged " + change.getChangedBy());
  }

  @Override
  public SteerReply steer(String peer, SteerRequest request) throws PeerException {
    calls.add(peer + " steer " + request.getFrom());
    return SteerReply.newBuilder().setPaths(1).build();
  }

  @Override
  public MarkReply markLastInTransit(String peer, MarkRequest request) throws PeerException {
    calls.add(peer + " markLastInTransit " + request.getSource());
    return MarkReply.newBuilder().setMarks(1).build();
  }

  @Override
  public OutcomeReply outcome(String peer, String job) throws PeerException {
    calls.add(peer + " outcome " + job);
    return OutcomeReply.newBuilder().setState(OutcomeReply.State.OWNED).setEpoch(7).build();
  }

  @Override
  public void transfer(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream)
      throws PeerException {
    calls.add(peer + " transfer");
  }

  @Override
  public void replicate(String peer, PeerStream<ReplicationFromStandby, ReplicationFromSource> stream)
      throws PeerException {
    calls.add(peer + " replicate");
  }

  @Override
  public void stopReplication(String peer, String id) throws PeerException {
    calls.add(peer + " stopReplication " + id);
  }

  @Override
  public void fence(String peer, FenceRequest request) throws PeerException {
    calls.add(peer + " fence " + request.getEpoch());
  }
}
