// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.southbound.packet.Drop;
import org.southbound.packet.Offload;
import org.southbound.packet.Packet;

/**
 * The Ethernet that an NF shares with the next hops of its chains: tells the protocols apart by which frames come in. Frames
 * of none of them, such as those for others that a switch floods, are dropped.
 */
public final class Fabric implements Decapsulator {
  private final Link self;
  private final EthernetProtocol[] protocols;

  /**
   * A fabric on which those of the protocols are spoken that need one.
   *
   * @param self this NF's place there
   */
  public Fabric(Link self, List<ChainingProtocol> protocols) {
    this.self = self;
    this.protocols = protocols.stream().filter(EthernetProtocol.class::isInstance).map(EthernetProtocol.class::cast)
        .toArray(EthernetProtocol[]::new);
  }

  /** Whether a protocol's packets go over the fabric, others over the data port. */
  public static boolean carries(ChainingProtocol protocol) {
    return protocol instanceof EthernetProtocol;
  }

  @Override
  public int decapsulate(Packet packet) {
    int length = packet.length();
    if (length < EthernetProtocol.HEADER) {
      return Drop.TRUNCATED.verdict();
    }
    MemorySegment memory = packet.memory();
    long at = packet.start();
    int etherType = memory.get(EthernetProtocol.U16, at + 12) & 0xFFFF;
    if (EthernetProtocol.isControl(packet, etherType, self)) {
      return 0;
    }
    for (EthernetProtocol each : protocols) {
      if (each.claims(etherType, memory, at, length)) {
        int verdict = each.decapsulate(packet);
        if (packet.offload != 0) {
          packet.offload = Offload.moved(packet.offload, (int) (at - packet.frame()));
        }
        return verdict;
      }
    }
    return Drop.UNKNOWN_TUNNEL.verdict();
  }
}
