// SPDX-License-Identifier: Apache-2.0
package org.southbound.chain;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * One 802.1Q tag per hop: the frame keeps its addresses, and the fabric takes it to the member of the VLAN. The VLAN
 * identifier says which of 255 paths it is (high eight bits) and which of its 15 hops comes next (low four, from 0).
 */
public final class VlanTag extends EthernetProtocol {
  private static final int ETHERTYPE = 0x8100;
  private static final int TAG = 4;
  private static final int HOPS = 15;
  private static final int FIRST_INDEX = 254;

  @Override
  public String name() {
    return "vlan";
  }

  @Override
  public int overhead() {
    return TAG;
  }

  @Override
  public int labelBits() {
    return 0;
  }

  @Override
  public int pathBits() {
    return 8;
  }

  @Override
  public int hops() {
    return HOPS;
  }

  @Override
  public boolean carriesMarks() {
    return true;
  }

  @Override
  boolean claims(int etherType, MemorySegment memory, long at, int length) {
    return etherType == ETHERTYPE;
  }

  @Override
  public int decapsulate(Packet packet) {
    if (packet.length() < HEADER + TAG) {
      return Drop.TRUNCATED.verdict();
    }
    MemorySegment memory = packet.memory();
    long at = packet.start();
    int vlan = memory.get(U16, at + HEADER) & 0xFFF;
    if (vlan >>> 4 == 0 || (vlan & 0xF) == HOPS) {
      return Drop.UNKNOWN_PATH.verdict();
    }
    long addresses = memory.get(U64, at);
    int rest = memory.get(U32, at + 8);
    memory.set(U64, at + TAG, addresses);
    memory.set(U32, at + TAG + 8, rest);
    return arrived(packet, TAG, Packet.ETHERNET, vlan >>> 4, FIRST_INDEX - (vlan & 0xF));
  }

  @Override
  public int encapsulate(Packet packet, int spi, int si, Link to) {
    int hop = FIRST_INDEX - si;
    if (spi >>> 8 != 0 || hop < 0 || hop >= HOPS) {
      return Drop.SERVICE_INDEX.verdict();
    }
    if (forged(packet)) {
      return Drop.MALFORMED.verdict();
    }
    complete(packet);
    long at = packet.push(TAG);
    MemorySegment memory = packet.memory();
    memory.set(U64, at, memory.get(U64, at + TAG));
    memory.set(U32, at + 8, memory.get(U32, at + TAG + 8));
    memory.set(U32, at + 12, ETHERTYPE << 16 | spi << 4 | hop);
    return 0;
  }
}
