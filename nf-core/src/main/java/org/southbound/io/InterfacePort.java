// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.metrics.Counter;
import org.southbound.packet.Drop;
import org.southbound.packet.NativeMemory;
import org.southbound.packet.Offload;
import org.southbound.packet.Packet;

/**
 * A network interface as a port of Ethernet frames, {@code if:NAME}: an AF_PACKET socket with a TPACKET_V3 ring in and
 * sendmmsg out. What hosts leave to the network card stays undone if it can: see {@link Offload}.
 *
 * <p>The kernel writes frames into a block of the ring and hands the block over when it is full or {@link #RETIRE_MILLIS}
 * old. Packets are windows into it; it goes back to the kernel with the first receive after the last of them. See
 * packet(7) and the kernel's <a href="https://docs.kernel.org/networking/packet_mmap.html">packet_mmap</a>.
 */
final class InterfacePort implements Port {
  private static final Logger LOG = LoggerFactory.getLogger(InterfacePort.class);

  /** Octets of a block; a frame of 64 KiB fits. Small, since the timer takes one however little is in it. */
  private static final int BLOCK = 1 << 17;
  private static final int BLOCKS = 256;
  /** How long a frame waits for others at most. */
  private static final int RETIRE_MILLIS = 1;
  /** Packets that wait for flush; one more and they are sent at once. */
  private static final int QUEUE = 512;
  private static final int SEND_BUFFER = 16 << 20;
  private static final int ATTEMPTS = 20;

  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final int PACKET_RX_RING = 5;
  private static final int PACKET_STATISTICS = 6;
  private static final int PACKET_VERSION = 10;
  private static final int PACKET_VNET_HDR = 15;
  private static final int PACKET_FANOUT = 18;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final int TPACKET_V3 = 2;
  private static final int PACKET_MR_PROMISC = 1;
  /** By the hash of the flow, and none of what the host sends. */
  private static final int FANOUT_HASH = 0x4000;
  private static final int ETH_P_ALL = 3;
  private static final long SIOCGIFFLAGS = 0x8913;
  private static final long SIOCGIFHWADDR = 0x8927;
  private static final int IFF_UP = 1;
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_LOOPBACK = 772;

  // struct tpacket_block_desc: version, private, status, number of packets, offset of the first one.
  private static final int BLOCK_STATUS = 8;
  private static final int BLOCK_PACKETS = 12;
  private static final int BLOCK_FIRST = 16;
  private static final int USER = 1;
  // struct tpacket3_hdr: offset of the next one, time (8 octets), octets here, octets of the frame, status, offset of the frame.
  private static final int FRAME_NEXT = 0;
  private static final int FRAME_HERE = 12;
  private static final int FRAME_LENGTH = 16;
  private static final int FRAME_STATUS = 20;
  private static final int FRAME_START = 24;
  private static final int FRAME_TCI = 32;
  private static final int FRAME_TPID = 36;
  private static final int VLAN_VALID = 1 << 4;
  private static final int VLAN_TPID_VALID = 1 << 6;
  private static final int DOT1Q = 0x8100;
  private static final int TAG = 4;
  private static final int ADDRESSES = 12;
  /** Space of an {@link Offload} header, aligned. */
  private static final int HEADER = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfShort NET16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong NET64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final VarHandle STATUS = INT.varHandle();
  private static final Destination WIRE = new Destination(null, 0);

  private final Native kernel = new Native();
  private final Arena arena = Arena.ofShared();
  private final String name;
  private final int descriptor;
  private boolean closed;

  // Receive.
  private final MemorySegment ring;
  private int block;
  /** The block is ours now. */
  private boolean taken;
  /** Frames of it that were not handed out yet, and the next of them. */
  private int left;
  private long next;
  private long receivedNanos;
  private final Counter oversize = new Counter();
  private final MemorySegment statistics = arena.allocate(12, 4);
  private final MemorySegment error = arena.allocate(4, 4);
  private long lost;
  private long mac;

  // Send: message i has two elements, its offload header and the frame.
  private final MemorySegment messages = NativeMemory.reserve(arena, (long) QUEUE * Native.MMSGHDR);
  private final MemorySegment vectors = NativeMemory.reserve(arena, (long) QUEUE * 2 * Native.IOVEC);
  private final MemorySegment headers = NativeMemory.reserve(arena, (long) QUEUE * HEADER);
  private int queued;
  private int refused;

  /** Opens the interface {@code where}; several ports may share it. Throws PortException if that fails. */
  static InterfacePort open(String name, String where, Ports.Options options) throws PortException {
    return new InterfacePort(name, where, options);
  }

  private InterfacePort(String name, String where, Ports.Options options) throws PortException {
    this.name = name;
    int index = kernel.interfaceIndex(where);
    if (index == 0) {
      throw PortException.failed("there is no interface '" + where + "'; correct " + options.flag(), null);
    }
    // Protocol 0: nothing is received before the socket is bound.
    descriptor = kernel.socket(Native.AF_PACKET, Native.SOCK_RAW | Native.SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      throw PortException.failed(descriptor == -Native.EPERM
          ? "no permission for the packets of interface " + where
              + "; run with CAP_NET_RAW, or choose another port by " + options.flag()
          : "cannot make a packet socket: " + Native.reason(-descriptor), null);
    }
    try {
      check(where, options);
      ring = ring(where);
      bind(where, index, options.shared());
    } catch (PortException failure) {
      kernel.close(descriptor);
      arena.close();
      throw failure;
    }
    for (int i = 0; i < QUEUE; i++) {
      long message = (long) i * Native.MMSGHDR;
      long vector = (long) i * 2 * Native.IOVEC;
      messages.set(LONG, message + Native.MSG_IOV, vectors.address() + vector);
      messages.set(LONG, message + Native.MSG_IOVLEN, 2);
      vectors.set(LONG, vector, headers.address() + (long) i * HEADER);
      vectors.set(LONG, vector + 8, Offload.HEADER);
    }
  }

  /** That it is up, and an Ethernet. */
  private void check(String where, Ports.Options options) throws PortException {
    try (var scratch = Arena.ofConfined()) {
      var request = scratch.allocate(Native.IFREQ, 8);
      request.asSlice(0, Native.IFREQ_VALUE).copyFrom(MemorySegment.ofArray(where.getBytes(StandardCharsets.UTF_8)));
      if (kernel.ioctl(descriptor, SIOCGIFFLAGS, request.address()) == 0
          && (request.get(SHORT, Native.IFREQ_VALUE) & IFF_UP) == 0) {
        throw PortException.failed("interface " + where + " is down; bring it up: ip link set " + where + " up", null);
      }
      kernel.ioctl(descriptor, SIOCGIFHWADDR, request.address());
      int kind = request.get(SHORT, Native.IFREQ_VALUE);
      mac = request.get(NET64, Native.IFREQ_VALUE + 2) >>> 16;
      if (kind != ARPHRD_ETHER && kind != ARPHRD_LOOPBACK) {
        throw PortException.failed("interface " + where + " has no Ethernet frames; correct " + options.flag()
            + " (tun:NAME for a TUN device)", null);
      }
    }
  }

  private MemorySegment ring(String where) throws PortException {
    try (var scratch = Arena.ofConfined()) {
      // struct tpacket_req3: block size, blocks, frame size, frames, timeout, private octets, features.
      var request = scratch.allocateFrom(INT, BLOCK, BLOCKS, 2048, BLOCK / 2048 * BLOCKS, RETIRE_MILLIS, 0, 0);
      set(where, "TPACKET_V3", kernel.setsockopt(descriptor, SOL_PACKET, PACKET_VERSION, TPACKET_V3));
      set(where, "PACKET_VNET_HDR", kernel.setsockopt(descriptor, SOL_PACKET, PACKET_VNET_HDR, 1));
      set(where, "a receive ring of " + (BLOCK * BLOCKS >> 20) + " MiB",
          kernel.setsockopt(descriptor, SOL_PACKET, PACKET_RX_RING, request));
      var mapped = kernel.map(descriptor, (long) BLOCK * BLOCKS, arena);
      set(where, "a receive ring in memory", mapped == null ? -Native.ENOMEM : 0);
      return mapped;
    }
  }

  private void bind(String where, int index, boolean shared) throws PortException {
    if (kernel.setsockopt(descriptor, Native.SOL_SOCKET, Native.SO_SNDBUFFORCE, SEND_BUFFER) < 0) {
      kernel.setsockopt(descriptor, Native.SOL_SOCKET, Native.SO_SNDBUF, SEND_BUFFER);
    }
    set(where, "PACKET_IGNORE_OUTGOING (Linux 4.20)",
        kernel.setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1));
    try (var scratch = Arena.ofConfined()) {
      // struct sockaddr_ll: family, protocol (network order), index, hardware type, packet type, address.
      var address = scratch.allocate(20, 8);
      address.set(SHORT, 0, (short) Native.AF_PACKET);
      address.set(NET16, 2, (short) ETH_P_ALL);
      address.set(INT, 4, index);
      set(where, "its frames", kernel.bind(descriptor, address.address(), (int) address.byteSize()));
      // struct packet_mreq: index, type, length of an address, address.
      var membership = scratch.allocate(16, 8);
      membership.set(INT, 0, index);
      membership.set(SHORT, 4, (short) PACKET_MR_PROMISC);
      set(where, "promiscuous mode", kernel.setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership));
    }
    if (shared) {
      // The group's number must be this process's own for this interface.
      int group = (int) (ProcessHandle.current().pid() * 64 + index) & 0xffff;
      set(where, "PACKET_FANOUT, for several workers",
          kernel.setsockopt(descriptor, SOL_PACKET, PACKET_FANOUT, FANOUT_HASH << 16 | group));
    }
  }

  private static void set(String where, String what, int result) throws PortException {
    if (result < 0) {
      throw PortException.failed("interface " + where + ": cannot have " + what + ": " + Native.reason(-result), null);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean tunnel() {
    return false;
  }

  @Override
  public long mac() {
    return mac;
  }

  @Override
  public boolean twoWay() {
    return true;
  }

  @Override
  public boolean offloads() {
    return true;
  }

  @Override
  public int descriptor() {
    return descriptor;
  }

  @Override
  public long discarded(Drop reason) {
    return switch (reason) {
      case OVERSIZE -> oversize.get();
      case RING_FULL -> lost();
      default -> 0;
    };
  }

  /** What the kernel lost since the start; it forgets its number when asked. */
  private synchronized long lost() {
    if (closed) {
      return lost;
    }
    var observer = new Native();
    if (observer.getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, statistics) == 0) {
      lost += statistics.get(INT, 4) & 0xffff_ffffL;
    }
    // An error that nobody takes would end every wait at once.
    if (observer.getsockopt(descriptor, Native.SOL_SOCKET, Native.SO_ERROR, error) == 0
        && error.get(INT, 0) == Native.ENETDOWN) {
      LOG.warn("{}: the interface went down; nothing comes or goes until it is up", name);
    }
    return lost;
  }

  @Override
  public int receive(Batch batch) {
    if (left == 0 && !nextBlock()) {
      return 0;
    }
    receivedNanos = System.nanoTime();
    return more(batch);
  }

  private boolean nextBlock() {
    if (taken) {
      STATUS.setRelease(ring, at(block) + BLOCK_STATUS, 0);
      block = (block + 1) % BLOCKS;
      taken = false;
    }
    long at = at(block);
    if (((int) STATUS.getAcquire(ring, at + BLOCK_STATUS) & USER) == 0) {
      return false;
    }
    taken = true;
    left = ring.get(INT, at + BLOCK_PACKETS);
    next = at + ring.get(INT, at + BLOCK_FIRST);
    return left > 0;
  }

  private static long at(int block) {
    return (long) block * BLOCK;
  }

  @Override
  public int more(Batch batch) {
    int space = Math.min(batch.room(), Batch.STRIDE);
    int given = 0;
    while (given < space && left > 0) {
      given += deliver(batch);
    }
    return given;
  }

  /** Hands out the next frame of the block; 0 if it is too long. What the kernel tells of it is the packet's headroom. */
  private int deliver(Batch batch) {
    long header = next;
    next += ring.get(INT, header + FRAME_NEXT);
    left--;
    int length = ring.get(INT, header + FRAME_HERE);
    long start = header + (ring.get(SHORT, header + FRAME_START) & 0xffff);
    long offload = Offload.read(ring, start - Offload.HEADER);
    if (length != ring.get(INT, header + FRAME_LENGTH) || (length > Packet.LONGEST && !Offload.isSegmented(offload))) {
      oversize.add(1);
      return 0;
    }
    int status = ring.get(INT, header + FRAME_STATUS);
    if ((status & VLAN_VALID) != 0) {
      int tpid = (status & VLAN_TPID_VALID) != 0 ? ring.get(SHORT, header + FRAME_TPID) : DOT1Q;
      int tci = ring.get(INT, header + FRAME_TCI);
      start -= TAG;
      length += TAG;
      offload = Offload.moved(offload, TAG);
      MemorySegment.copy(ring, start + TAG, ring, start, ADDRESSES);
      ring.set(NET16, start + ADDRESSES, (short) tpid);
      ring.set(NET16, start + ADDRESSES + 2, (short) tci);
    }
    batch.add(ring, start, length, header, receivedNanos).offload = offload;
    return 1;
  }

  @Override
  public Destination destination(InetSocketAddress address) {
    return WIRE;
  }

  @Override
  public void send(Packet packet, Destination destination) {
    if (packet.inner != Packet.ETHERNET) {
      // Nobody knows the addresses that an Ethernet header would need.
      refused++;
      return;
    }
    if (queued == QUEUE) {
      refused += transmit();
    }
    Offload.write(packet, packet.start(), headers, (long) queued * HEADER);
    long vector = ((long) queued * 2 + 1) * Native.IOVEC;
    vectors.set(LONG, vector, packet.address());
    vectors.set(LONG, vector + 8, packet.length());
    queued++;
  }

  @Override
  public int flush() {
    int result = refused + (queued == 0 ? 0 : transmit());
    refused = 0;
    return result;
  }

  /** Sends what is queued; returns how many packets were refused. */
  private int transmit() {
    int refusals = 0;
    int attempts = 0;
    for (int i = 0; i < queued;) {
      int result = kernel.sendmmsg(descriptor, messages.address() + (long) i * Native.MMSGHDR, queued - i,
          Native.MSG_DONTWAIT);
      if (result > 0) {
        i += result;
        attempts = 0;
      } else if (result == -Native.EAGAIN && attempts++ < ATTEMPTS) {
        kernel.awaitOutput(descriptor);
      } else if (result != -Native.EINTR) {
        refusals++;
        i++;
        attempts = 0;
      }
    }
    queued = 0;
    return refusals;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      flush();
      kernel.close(descriptor);
      arena.close();
    }
  }
}
