// SPDX-License-Identifier: Apache-2.0
package org.southbound.classifier;

import java.lang.foreign.MemorySegment;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.Fabric;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.packet.Packet;

/**
 * What this NF does with the packets of one generation of one chain (RFC 7665: its part of the service function path).
 * Immutable; a change of a path is another path in another {@link Classifier}.
 *
 * @param number number within this process, under which counters are kept
 * @param chain name of the chain at the NF that set it up
 * @param origin NF that set it up
 * @param generation generation of the chain
 * @param spi service path identifier on arrival; at the first NF, of the packets it sends
 * @param si service index on arrival
 * @param protocol chaining protocol
 * @param scope the flows as they arrive here
 * @param next the next hop; null: this NF is the last
 * @param nextSpi service path identifier on leaving; another one where this NF continues the chain on its own
 * @param nextSi service index on leaving
 * @param steers parts of the scope whose state has moved, oldest move first
 */
public record Path(int number, String chain, String origin, long generation, int spi, int si,
    ChainingProtocol protocol, FlowSpace scope, NextHop next, int nextSpi, int nextSi, java.util.List<Steer> steers) {

  /**
   * A move of state: the packets of a scope that went to one NF go to another.
   *
   * @param scope what was moved
   * @param to where it goes
   * @param from where it went before
   * @param epoch by which the new owner has it
   */
  public record Steer(FlowSpace scope, NextHop to, NextHop from, long epoch) {
  }

  /** Whether its packets leave over the fabric; else over the data port. */
  public boolean onFabric() {
    return Fabric.carries(protocol);
  }

  /** Where the packet goes next; null: out. */
  public NextHop nextOf(Packet packet) {
    return steers.isEmpty() || next == null ? next : steered(packet);
  }

  private NextHop steered(Packet packet) {
    // An ICMP error goes where the state of the flow is that it is about. It alone costs an allocation.
    var subject = (packet.flags & Packet.ORDERED) == 0 ? packet
        : FlowKey.subject(packet, Packet.of(MemorySegment.NULL));
    var hop = next;
    for (int i = 0; i < steers.size(); i++) {
      var steer = steers.get(i);
      if (steer.from.nf().equals(hop.nf()) && steer.scope.matches(subject)) {
        hop = steer.to;
      }
    }
    return hop;
  }

  /** Whether packets of a scope on this path go to an NF, or did before their state moved. */
  public boolean leadsTo(String nf, FlowSpace part) {
    return next != null && scope.overlaps(part)
        && (next.nf().equals(nf) || steers.stream().anyMatch(steer -> steer.to.nf().equals(nf)));
  }

  /** The same path with other steers. */
  public Path with(java.util.List<Steer> others) {
    return new Path(number, chain, origin, generation, spi, si, protocol, scope, next, nextSpi, nextSi,
        java.util.List.copyOf(others));
  }
}
