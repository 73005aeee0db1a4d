// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.packet.NativeMemory;
import org.southbound.packet.Packet;

/**
 * Carries packets from one worker to the one that owns their flows: a queue of bytes in a ring, in order. The sender
 * copies in, the receiver takes windows, which stay valid until its next {@link #receive}.
 */
final class Ring implements Port {
  private static final int SLOTS = 4096;
  private static final int SLOT = 10_304;
  /** In a slot: where the packet came in, and from where on it is. */
  private static final int INGRESS = 4;
  private static final int DATA = 64;
  private static final VarHandle LENGTH = ValueLayout.JAVA_INT.varHandle();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = NativeMemory.reserve(arena, (long) SLOTS * SLOT);
  private final String name;
  private long head;
  private long tail;
  private long given;

  Ring(int from, int to) {
    name = "ring-" + from + "-" + to;
  }

  /** Copies a tunnel packet in, outer header included; false when the ring is full. The sender's thread. */
  boolean offer(Packet packet) {
    long slot = tail % SLOTS * SLOT;
    if ((int) LENGTH.getAcquire(memory, slot) != 0) {
      return false;
    }
    long from = packet.frame() - packet.outer;
    int length = packet.frameLength() + packet.outer;
    MemorySegment.copy(packet.memory(), from, memory, slot + DATA, length);
    memory.set(ValueLayout.JAVA_INT, slot + INGRESS, packet.ingress);
    LENGTH.setRelease(memory, slot, length);
    tail++;
    return true;
  }

  @Override
  public int receive(Batch batch) {
    for (; given < head; given++) {
      LENGTH.setRelease(memory, given % SLOTS * SLOT, 0);
    }
    int room = batch.room();
    long now = System.nanoTime();
    int n = 0;
    for (; n < room; n++, head++) {
      long slot = head % SLOTS * SLOT;
      int length = (int) LENGTH.getAcquire(memory, slot);
      if (length == 0) {
        break;
      }
      batch.add(memory, slot + DATA, length, slot + 8, now).ingress = memory.get(ValueLayout.JAVA_INT, slot + INGRESS);
    }
    return n;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean tunnel() {
    return true;
  }

  @Override
  public Destination destination(InetSocketAddress address) {
    throw new IllegalArgumentException("packets are not sent into a ring");
  }

  @Override
  public void send(Packet packet, Destination destination) {
    throw new IllegalArgumentException("packets are not sent into a ring");
  }

  @Override
  public int flush() {
    return 0;
  }

  @Override
  public int descriptor() {
    return -1;
  }

  @Override
  public void close() {
    arena.close();
  }
}
