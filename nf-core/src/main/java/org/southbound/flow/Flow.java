// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.southbound.packet.Packet;

/**
 * The flow of the packet that an NF processes: both directions of a connection, with the NF's state of it. The
 * initiator is the source of the flow's first packet. One object per worker serves all packets, one after the other;
 * it must not be kept. Worker thread.
 *
 * <p>Addresses are two words, high and low; IPv4 is in the lower 32 bits of low.
 */
public final class Flow extends Record {
  private static final ValueLayout.OfInt NETWORK_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Packet packet;
  private long nowMillis;
  private boolean isNew;
  private boolean ends;

  /**
   * Points to the flow of a packet.
   *
   * @param packet a packet whose key is extracted
   * @param id the flow's record, or negative when it has none
   */
  public void bind(RecordTable table, Packet packet, int id, long nowMillis) {
    super.bind(table, id);
    this.packet = packet;
    this.nowMillis = nowMillis;
    isNew = false;
    ends = false;
  }

  /** Points to a flow without a packet, such as one that ends. */
  @Override
  public void bind(RecordTable table, int id) {
    bind(table, null, id, 0);
  }

  /** Makes the flow's record, of zeros, if it has none. Returns false when the table is full. */
  public boolean create() {
    return exists() || make();
  }

  private boolean make() {
    // A full table may end another flow first, and show it to the NF through this very object.
    var packet = this.packet;
    long now = nowMillis;
    var table = this.table;
    int made = table.insert(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4, packet.hash, now);
    bind(table, packet, made, now);
    if (made < 0) {
      return false;
    }
    isNew = true;
    int flags = packet.reversed ? RecordTable.INITIATOR_IS_SECOND : 0;
    table.header(made, RecordTable.FLAGS, flags | flowLabel(packet) << RecordTable.FLOW_LABEL_SHIFT);
    table.header(made, RecordTable.LABEL_DSCP, dscp(packet) << 24 | packet.label(0));
    return true;
  }

  /** Whether this packet made the record. */
  public boolean isNew() { return isNew; }

  /** Ends the flow: its record goes after this packet. */
  public void remove() {
    ends = exists();
  }

  /** Whether {@link #remove} was called for this packet: the worker then tells the NF and removes the record. */
  public boolean ends() {
    return ends;
  }

  /** How long the flow may be idle from its last packet on, ms; 0: for ever. */
  public void timeoutMillis(int millis) {
    table.timeout(id, millis);
  }

  /** How long before this packet the last one came, ms; 0 for the first. */
  public int idleMillis() {
    return exists() ? table.idleMillis(id, nowMillis) : 0;
  }

  /** Whether this packet goes from the initiator to the responder. True while the flow has no record, or no packet. */
  public boolean fromInitiator() {
    return packet == null || packet.reversed == initiatorIsSecond();
  }

  /** {@link #fromInitiator} as a number, 0 yes and 1 no, found without a branch that nobody can predict. */
  public int side() {
    return packet == null || !exists() ? 0
        : (table.header(id, RecordTable.FLAGS) ^ (packet.reversed ? 1 : 0)) & RecordTable.INITIATOR_IS_SECOND;
  }

  private boolean initiatorIsSecond() {
    return exists()
        ? (table.header(id, RecordTable.FLAGS) & RecordTable.INITIATOR_IS_SECOND) != 0
        : packet.reversed;
  }

  private long word(int i) {
    if (exists()) {
      return table.key(id, i);
    }
    return switch (i) {
      case 0 -> packet.k0;
      case 1 -> packet.k1;
      case 2 -> packet.k2;
      case 3 -> packet.k3;
      default -> packet.k4;
    };
  }

  /** High word of the initiator's address. */
  public long initiatorHigh() {
    return word(initiatorIsSecond() ? 2 : 0);
  }

  /** Low word of the initiator's address. */
  public long initiatorLow() {
    return word(initiatorIsSecond() ? 3 : 1);
  }

  /** The initiator's port; of ICMP echo the identifier; 0 where the protocol has none. */
  public int initiatorPort() {
    return (int) (word(4) >>> (initiatorIsSecond() ? 32 : 48)) & 0xffff;
  }

  /** High word of the responder's address. */
  public long responderHigh() {
    return word(initiatorIsSecond() ? 0 : 2);
  }

  /** Low word of the responder's address. */
  public long responderLow() {
    return word(initiatorIsSecond() ? 1 : 3);
  }

  /** The responder's port; of ICMP echo the identifier; 0 where the protocol has none. */
  public int responderPort() {
    return (int) (word(4) >>> (initiatorIsSecond() ? 48 : 32)) & 0xffff;
  }

  /** VLAN identifier; 0: none. */
  public int vlan() {
    return (int) (word(4) >>> 16) & 0xffff;
  }

  /** IP protocol number. */
  public int protocol() {
    return (int) (word(4) >>> 8) & 0xff;
  }

  /** 4 or 6. */
  public int ipVersion() {
    return (int) word(4) & 0xff;
  }

  /** First context label of the flow's first packet; 0: none. */
  public int label() {
    return exists() ? table.header(id, RecordTable.LABEL_DSCP) & 0xffffff : packet.label(0);
  }

  /** DSCP of a packet that carries IP. */
  static int dscp(Packet packet) {
    return packet.memory().get(NETWORK_INT, packet.l3()) >>> (packet.ipVersion() == 4 ? 18 : 22) & 0x3f;
  }

  /** IPv6 flow label of a packet that carries IP; 0 for IPv4. */
  static int flowLabel(Packet packet) {
    return packet.ipVersion() == 6 ? packet.memory().get(NETWORK_INT, packet.l3()) & 0xfffff : 0;
  }
}
