// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;

/** The packets that one round of a worker handles together. One thread. */
public final class Batch {
  /** Packets of one round: enough to spread the cost of a system call and to overlap cache misses. */
  public static final int SIZE = 256;

  private final PacketPool pool;
  private final Packet[] packets = new Packet[SIZE];
  private int count;

  /** A batch whose packets come from and return to {@code pool}. */
  public Batch(PacketPool pool) {
    this.pool = pool;
  }

  /** How many packets can still be added. */
  public int room() {
    return Math.min(SIZE - count, pool.available());
  }

  /** Adds a clear packet and returns it; there must be {@link #room}. */
  public Packet add() {
    var packet = pool.take();
    packets[count++] = packet;
    return packet;
  }

  /** The i-th packet; null if somebody took it over. */
  public Packet get(int i) {
    return packets[i];
  }

  /** Takes the i-th packet out of the batch: the caller owns it from now on. */
  public Packet take(int i) {
    var packet = packets[i];
    packets[i] = null;
    return packet;
  }

  /** Packets in the batch, those taken out included. */
  public int count() {
    return count;
  }

  /** Gives all packets back to the pool. */
  public void clear() {
    for (int i = 0; i < count; i++) {
      if (packets[i] != null) {
        pool.give(packets[i]);
        packets[i] = null;
      }
    }
    count = 0;
  }
}
