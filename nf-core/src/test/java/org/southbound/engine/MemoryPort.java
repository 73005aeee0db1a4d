// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.packet.Packet;

/**
 * A port in memory. What it gives are windows of exactly the packet's size, without headroom: whoever reads or writes out
 * of the packet's bounds is told by an exception. One thread.
 */
final class MemoryPort implements Port {
  private static final int SLOT = 10_240;

  private final String name;
  private final boolean tunnel;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment slab = arena.allocate((long) Batch.SIZE * SLOT);
  private final List<MemorySegment> waiting = new ArrayList<>();
  private final Map<InetSocketAddress, Destination> destinations = new HashMap<>();
  private int next;
  private int queued;
  /** Takes each packet that is sent; the bytes are its own. */
  BiConsumer<Destination, byte[]> sink;
  /** Packets that were sent, control frames too. */
  long sent;
  /** Packets of each batch that are refused, as a full link would. */
  int refuse;

  MemoryPort(String name, boolean tunnel) {
    this.name = name;
    this.tunnel = tunnel;
  }

  /** Offers a packet for the next {@link #receive}; false when a batch is full. */
  boolean offer(byte[] octets, int length) {
    if (next == Batch.SIZE) {
      return false;
    }
    var window = slab.asSlice((long) next++ * SLOT, length);
    MemorySegment.copy(octets, 0, window, ValueLayout.JAVA_BYTE, 0, length);
    waiting.add(window);
    return true;
  }

  @Override
  public int receive(Batch batch) {
    int n = Math.min(batch.room(), waiting.size());
    for (int i = 0; i < n; i++) {
      var window = waiting.get(i);
      batch.add().window(window, 0, window.byteSize(), 0);
    }
    waiting.subList(0, n).clear();
    if (waiting.isEmpty()) {
      next = 0;
    }
    return n;
  }

  @Override
  public void send(Packet packet, Destination destination) {
    var octets = packet.memory().asSlice(packet.start(), packet.length());
    sent++;
    queued++;
    if (sink != null) {
      sink.accept(destination, octets.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Override
  public int flush() {
    int refused = Math.min(queued, refuse);
    queued = 0;
    return refused;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean tunnel() {
    return tunnel;
  }

  @Override
  public Destination destination(InetSocketAddress address) {
    return destinations.computeIfAbsent(address, each -> new Destination(each, destinations.size()));
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
