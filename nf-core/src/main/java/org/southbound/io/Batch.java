// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.lang.foreign.MemorySegment;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;

/**
 * The packets that one round of a worker handles together. It keeps its packets from round to round; only those that
 * were taken out are replaced from the pool. One thread.
 */
public final class Batch {
  /** Packets of one round: enough to spread the cost of a system call and to overlap cache misses. */
  public static final int SIZE = 256;
  /** Packets that are handled together: few enough that they and what is known of them stay in the processor's first cache. */
  public static final int STRIDE = 64;

  private final PacketPool pool;
  /** The first {@link #kept} places have a packet, unless it was taken out since the last clear. */
  private final Packet[] packets = new Packet[SIZE];
  private int kept;
  private int count;
  private boolean gaps;

  /** A batch whose packets come from {@code pool}. */
  public Batch(PacketPool pool) {
    this.pool = pool;
  }

  /** How many packets can still be added. */
  public int room() {
    return Math.min(SIZE, kept + pool.available()) - count;
  }

  /** Packets that it keeps and that are in no round now. */
  public int spare() {
    return kept - count;
  }

  /** Adds a clear packet and returns it; there must be {@link #room}. */
  public Packet add() {
    var packet = next();
    packet.clear();
    return packet;
  }

  /**
   * Adds a packet that is a window as in {@link Packet#window}, received at {@code nanos}, and returns it; there must be
   * {@link #room}.
   */
  public Packet add(MemorySegment memory, long start, long length, long floor, long nanos) {
    var packet = next();
    packet.arrive(memory, start, length, floor);
    packet.receivedNanos = nanos;
    return packet;
  }

  private Packet next() {
    if (count == kept) {
      packets[kept++] = pool.take();
    }
    return packets[count++];
  }

  /** The i-th packet; null if somebody took it over. */
  public Packet get(int i) {
    return packets[i];
  }

  /** Takes the i-th packet out of the batch: the caller owns it from now on. */
  public Packet take(int i) {
    var packet = packets[i];
    packets[i] = null;
    gaps = true;
    return packet;
  }

  /** Packets in the batch, those taken out included. */
  public int count() {
    return count;
  }

  /** Forgets the packets that are left: they may be reused. */
  public void clear() {
    count = 0;
    if (gaps) {
      close();
    }
  }

  private void close() {
    int n = 0;
    for (int i = 0; i < kept; i++) {
      var packet = packets[i];
      if (packet != null) {
        packets[i] = null;
        packets[n++] = packet;
      }
    }
    kept = n;
    gaps = false;
  }
}
