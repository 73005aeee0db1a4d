// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.packet.Packet;

/**
 * An Ethernet in memory. Frames go to the port with their destination address, tagged frames to every other one.
 */
final class EthernetHub {
  private static final int SLOT = 2048;
  private static final int QUEUE = 65_536;

  private final List<Connection> connections = new CopyOnWriteArrayList<>();
  /** Every frame that passed, while it is not null. */
  volatile List<byte[]> capture;

  /** A port with that address; of several with one address the first receives. */
  Port port(long mac) {
    var connection = new Connection(mac);
    connections.add(connection);
    return connection;
  }

  private void deliver(long from, byte[] frame) {
    var taken = capture;
    if (taken != null) {
      taken.add(frame);
    }
    var head = ByteBuffer.wrap(frame);
    boolean tagged = (head.getShort(12) & 0xFFFF) == 0x8100;
    long to = head.getLong(0) >>> 16;
    var reached = new HashSet<Long>();
    for (var each : connections) {
      if ((tagged ? each.mac != from : each.mac == to) && reached.add(each.mac)) {
        each.waiting.add(frame);
      }
    }
  }

  private final class Connection implements Port {
    private final long mac;
    private final ArrayBlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(QUEUE);
    private final MemorySegment slab = Arena.ofAuto().allocate((long) Batch.SIZE * SLOT);
    private final List<byte[]> queued = new ArrayList<>();

    Connection(long mac) {
      this.mac = mac;
    }

    @Override
    public String name() {
      return "fabric";
    }

    @Override
    public int receive(Batch batch) {
      int room = batch.room();
      long now = System.nanoTime();
      int n = 0;
      for (byte[] frame; n < room && (frame = waiting.poll()) != null; n++) {
        long slot = (long) n * SLOT;
        MemorySegment.copy(frame, 0, slab, ValueLayout.JAVA_BYTE, slot + 64, frame.length);
        batch.add(slab, slot + 64, frame.length, slot, now);
      }
      return n;
    }

    @Override
    public boolean tunnel() {
      return false;
    }

    @Override
    public Destination destination(InetSocketAddress address) {
      return new Destination(address, 0);
    }

    @Override
    public void send(Packet packet, Destination destination) {
      queued.add(packet.memory().asSlice(packet.start(), packet.length()).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public int flush() {
      queued.forEach(frame -> deliver(mac, frame));
      queued.clear();
      return 0;
    }

    @Override
    public int descriptor() {
      return -1;
    }

    @Override
    public void close() {
      connections.remove(this);
    }
  }
}
