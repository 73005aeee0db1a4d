// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.southbound.metrics.Counter;
import org.southbound.packet.Drop;
import org.southbound.packet.NativeMemory;
import org.southbound.packet.Packet;

/**
 * A UDP socket by java.nio: one system call a packet, ten times the cost of {@link UdpPort}, but everywhere. Has no
 * descriptor to wait on. It sends in order, at once.
 */
final class NioUdpPort implements Port {
  private static final int BUFFER = 16 << 20;
  private static final int ATTEMPTS = 1000;
  /** One octet more than is allowed tells what is too long. */
  private static final int SLAB = Packet.HEADROOM + Packet.LONGEST + 1;

  private final String name;
  private final DatagramChannel channel;
  private final InetSocketAddress address;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment slabs = NativeMemory.reserve(arena, (long) Batch.SIZE * SLAB);
  private final ByteBuffer[] places = new ByteBuffer[Batch.SIZE];
  private final ByteBuffer out = ByteBuffer.allocateDirect(Packet.CAPACITY);
  private final ConcurrentHashMap<InetSocketAddress, Destination> destinations = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();
  private final Counter oversize = new Counter();
  private int refused;

  private NioUdpPort(String name, DatagramChannel channel) throws IOException {
    this.name = name;
    this.channel = channel;
    this.address = (InetSocketAddress) channel.getLocalAddress();
    for (int i = 0; i < Batch.SIZE; i++) {
      places[i] = slabs.asSlice(slab(i), SLAB - Packet.HEADROOM).asByteBuffer();
    }
  }

  /** Opens a port bound to {@code address}. Throws PortException if that fails. */
  static NioUdpPort open(String name, InetSocketAddress address, Ports.Options options) throws PortException {
    DatagramChannel channel = null;
    try {
      boolean four = Native.family(address.getAddress()) == Native.AF_INET;
      channel = DatagramChannel.open(four ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
      channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
      if (options.shared()) {
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      channel.bind(address);
      channel.configureBlocking(false);
      return new NioUdpPort(name, channel);
    } catch (BindException failure) {
      close(channel);
      boolean here = String.valueOf(failure.getMessage()).contains("in use");
      throw Ports.bindFailure(address, here ? Native.EADDRINUSE : Native.EADDRNOTAVAIL, options);
    } catch (IOException failure) {
      close(channel);
      throw PortException.failed("cannot open UDP port " + Native.text(address) + ": " + failure.getMessage(), failure);
    }
  }

  private static void close(DatagramChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static long slab(int place) {
    return (long) place * SLAB + Packet.HEADROOM;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public boolean tunnel() {
    return true;
  }

  @Override
  public int descriptor() {
    return -1;
  }

  @Override
  public long discarded(Drop reason) {
    return reason == Drop.OVERSIZE ? oversize.get() : 0;
  }

  @Override
  public int receive(Batch batch) {
    int space = batch.room();
    long now = System.nanoTime();
    int taken = 0;
    while (taken < space) {
      var place = places[taken].clear();
      if (!receive(place)) {
        break;
      }
      if (place.position() > Packet.LONGEST) {
        oversize.add(1);
        continue;
      }
      batch.add(slabs, slab(taken), place.position(), slab(taken) - Packet.HEADROOM, now);
      taken++;
    }
    return taken;
  }

  private boolean receive(ByteBuffer place) {
    try {
      return channel.receive(place) != null;
    } catch (PortUnreachableException aboutSomethingSent) {
      return false;
    } catch (IOException failure) {
      throw new UncheckedIOException("port " + name, failure);
    }
  }

  @Override
  public Destination destination(InetSocketAddress to) {
    if (to.isUnresolved()) {
      throw new IllegalArgumentException("unknown host " + to.getHostString());
    }
    if (Native.family(to.getAddress()) != Native.AF_INET && Native.family(address.getAddress()) == Native.AF_INET) {
      throw new IllegalArgumentException("cannot send to " + Native.text(to) + " from an IPv4 port");
    }
    return destinations.computeIfAbsent(to, key -> new Destination(key, numbers.getAndIncrement()));
  }

  @Override
  public void send(Packet packet, Destination destination) {
    out.clear();
    MemorySegment.copy(packet.memory(), packet.start(), MemorySegment.ofBuffer(out), 0, packet.length());
    out.limit(packet.length());
    try {
      for (int i = 0; i < ATTEMPTS; i++) {
        if (channel.send(out, destination.address()) > 0 || packet.length() == 0) {
          return;
        }
        Thread.onSpinWait();
      }
      refused++;
    } catch (IOException failure) {
      refused++;
    }
  }

  @Override
  public int flush() {
    int result = refused;
    refused = 0;
    return result;
  }

  @Override
  public void close() {
    if (channel.isOpen()) {
      close(channel);
      arena.close();
    }
  }
}
