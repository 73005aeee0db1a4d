// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A worker's packets, all made at the start. The last one given back is the next one taken, so that few of them stay
 * warm in the cache; memory that is never used costs no RAM. One thread.
 */
public final class PacketPool implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final Packet[] free;
  private int count;

  /** A pool of {@code packets} packets of {@link Packet#CAPACITY} octets. */
  public PacketPool(int packets) {
    MemorySegment memory = NativeMemory.reserve(arena, (long) packets * Packet.CAPACITY);
    free = new Packet[packets];
    for (int i = 0; i < packets; i++) {
      free[packets - 1 - i] = new Packet(memory, (long) i * Packet.CAPACITY);
    }
    count = packets;
  }

  /** A clear packet, or null when none is left. */
  public Packet take() {
    return count == 0 ? null : free[--count];
  }

  /** Gives a packet back; the caller forgets it. */
  public void give(Packet packet) {
    packet.clear();
    free[count++] = packet;
  }

  /** Packets left. */
  public int available() {
    return count;
  }

  /** Packets in all. */
  public int size() {
    return free.length;
  }

  @Override
  public void close() {
    arena.close();
  }
}
