// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.southbound.metrics.Counter;
import org.southbound.packet.Drop;
import org.southbound.packet.NativeMemory;
import org.southbound.packet.Packet;

/**
 * A UDP socket that moves many packets per system call: recvmmsg with UDP_GRO in, sendmmsg with UDP_SEGMENT out.
 *
 * <p>A received message of the kernel is a run of segments of equal size (the last may be shorter) in one slab. Each
 * segment becomes a packet in place. What does not fit the batch waits for the next receive.
 *
 * <p>To send, packets are put into groups of equal destination and size, one message each: without the grouping a
 * packet costs eight times as much. A packet joins an earlier group only if no packet of its flow (same hash) sits in a
 * later one, so a flow keeps its order. Packets that touch in memory share one element of the message.
 */
final class UdpPort implements Port {
  /** Greatest payload of UDP over IPv4, and what the kernel takes at once over IPv6. */
  private static final int LARGEST_V4 = 65_507;
  private static final int LARGEST_V6 = 65_487;
  /** Segments of one message (UDP_MAX_SEGMENTS of kernels before 6.9). */
  private static final int SEGMENTS = 64;
  /** Packets that wait for flush; one more and they are sent at once. */
  private static final int QUEUE = 512;
  private static final int DESTINATIONS = 65_536;
  private static final int BUFFER = 16 << 20;

  /** Room before the first segment, 64 KiB, and an odd number of cache lines so that slabs do not share cache sets. */
  private static final int SLAB = Packet.HEADROOM + 65_536 + 832;
  private static final int IOVECS = (SEGMENTS + 4) * Native.IOVEC;

  private static final long NO_KEY = -1;
  private static final int BUCKETS = 1024;
  private static final int OPEN = 1024;
  private static final int ATTEMPTS = 20;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  private final Native kernel = new Native();
  private final Arena arena = Arena.ofShared();
  private final String name;
  private final int descriptor;
  private final int family;
  private final int largest;
  private final InetSocketAddress address;
  private boolean closed;

  // Receive: messages, each with one iovec, one slab, one control message.
  private final MemorySegment slabs;
  private final MemorySegment received;
  private final MemorySegment receivedControl;
  private int messages;
  private int message;
  private int segments = 1;
  private long at;
  private long rest;
  private int segment;
  private long receivedNanos;
  private final Counter oversize = new Counter();

  // Send: group g has message header g, control message g and iovecs g * IOVECS.
  private final MemorySegment headers;
  private final MemorySegment control;
  private final MemorySegment iovecs;
  private int groups;
  private int queued;
  private int current;
  /** Of the current group, in place of what the arrays say: most packets join it. */
  private long currentKey = NO_KEY;
  private int currentRoom;
  private long currentTouch;
  private int barrier;
  private int refused;
  private final long[] key = new long[QUEUE];
  private final long[] touch = new long[QUEUE];
  private final int[] room = new int[QUEUE];
  private final int[] elements = new int[QUEUE];
  private final int[] limit = new int[QUEUE];
  /** Last group of the flows with that hash, as its number over all flushes: those of older ones are behind us. */
  private final int[] last = new int[BUCKETS];
  private int base = 1;
  /** Group that is open for a key, found by a hash of the key; stale entries are recognised by the key. */
  private final int[] open = new int[OPEN];

  // Destination n: socket address at n * SOCKADDR, and in the last four octets the size from which GSO fails.
  private final MemorySegment names;
  private final Map<InetSocketAddress, Destination> destinations = new HashMap<>();

  /** Opens a port bound to {@code address}. Throws PortException if that fails. */
  static UdpPort open(String name, InetSocketAddress address, Ports.Options options) throws PortException {
    return new UdpPort(name, address, options);
  }

  private UdpPort(String name, InetSocketAddress wanted, Ports.Options options) throws PortException {
    this.name = name;
    family = Native.family(wanted.getAddress());
    largest = family == Native.AF_INET ? LARGEST_V4 : LARGEST_V6;
    descriptor = kernel.socket(family, Native.SOCK_DGRAM | Native.SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      throw PortException.failed("cannot make a UDP socket: " + Native.reason(-descriptor), null);
    }
    try {
      address = bind(wanted, options);
    } catch (PortException failure) {
      kernel.close(descriptor);
      throw failure;
    }
    slabs = NativeMemory.reserve(arena, (long) Batch.SIZE * SLAB);
    received = arena.allocate((long) Batch.SIZE * (Native.MMSGHDR + Native.IOVEC), 64);
    receivedControl = arena.allocate((long) Batch.SIZE * Native.CMSG, 64);
    headers = arena.allocate((long) QUEUE * Native.MMSGHDR, 64);
    control = arena.allocate((long) QUEUE * Native.CMSG, 64);
    iovecs = NativeMemory.reserve(arena, (long) QUEUE * IOVECS);
    names = NativeMemory.reserve(arena, (long) DESTINATIONS * Native.SOCKADDR);
    prepare();
  }

  private InetSocketAddress bind(InetSocketAddress wanted, Ports.Options options) throws PortException {
    buffer(Native.SO_RCVBUFFORCE, Native.SO_RCVBUF);
    buffer(Native.SO_SNDBUFFORCE, Native.SO_SNDBUF);
    if (options.shared()) {
      kernel.setsockopt(descriptor, Native.SOL_SOCKET, Native.SO_REUSEPORT, 1);
    }
    if (family == Native.AF_INET6) {
      kernel.setsockopt(descriptor, Native.IPPROTO_IPV6, Native.IPV6_V6ONLY, 0);
    }
    // Kernels before 5.0 have no GRO for sockets: then every segment is a message, slower but the same.
    kernel.setsockopt(descriptor, Native.SOL_UDP, Native.UDP_GRO, 1);
    try (var scratch = Arena.ofConfined()) {
      var own = scratch.allocate(Native.SOCKADDR, 8);
      int length = Native.sockaddr(wanted, family, own, 0);
      int result = kernel.bind(descriptor, own.address(), length);
      if (result < 0) {
        throw Ports.bindFailure(wanted, -result, options);
      }
      kernel.getsockname(descriptor, own.address());
      return Native.address(own, 0);
    }
  }

  private void buffer(int force, int polite) {
    if (kernel.setsockopt(descriptor, Native.SOL_SOCKET, force, BUFFER) < 0) {
      kernel.setsockopt(descriptor, Native.SOL_SOCKET, polite, BUFFER);
    }
  }

  /** Writes what never changes into the structures of the system calls. */
  private void prepare() {
    long vectors = (long) Batch.SIZE * Native.MMSGHDR;
    for (int i = 0; i < Batch.SIZE; i++) {
      long header = (long) i * Native.MMSGHDR;
      long vector = vectors + (long) i * Native.IOVEC;
      received.set(LONG, vector, slabs.address() + slab(i));
      received.set(LONG, vector + 8, 65_536);
      received.set(LONG, header + Native.MSG_IOV, received.address() + vector);
      received.set(LONG, header + Native.MSG_IOVLEN, 1);
      received.set(LONG, header + Native.MSG_CONTROL, receivedControl.address() + (long) i * Native.CMSG);
    }
    for (int g = 0; g < QUEUE; g++) {
      long header = (long) g * Native.MMSGHDR;
      headers.set(INT, header + Native.MSG_NAMELEN, family == Native.AF_INET ? 16 : 28);
      headers.set(LONG, header + Native.MSG_IOV, iovecs.address() + (long) g * IOVECS);
      headers.set(LONG, header + Native.MSG_CONTROL, control.address() + (long) g * Native.CMSG);
      control.set(LONG, (long) g * Native.CMSG, 18);
      control.set(INT, (long) g * Native.CMSG + Native.CMSG_LEVEL, Native.SOL_UDP);
      control.set(INT, (long) g * Native.CMSG + Native.CMSG_TYPE, Native.UDP_SEGMENT);
    }
  }

  private static long slab(int message) {
    return (long) message * SLAB + Packet.HEADROOM;
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
    return descriptor;
  }

  @Override
  public long discarded(Drop reason) {
    return reason == Drop.OVERSIZE ? oversize.get() : 0;
  }

  @Override
  public int receive(Batch batch) {
    int room = batch.room();
    if (room == 0 || (rest == 0 && message == messages && !fetch(room))) {
      return 0;
    }
    receivedNanos = System.nanoTime();
    return more(batch);
  }

  @Override
  public int more(Batch batch) {
    int space = Math.min(batch.room(), Batch.STRIDE);
    int taken = 0;
    while (taken < space) {
      if (rest == 0) {
        if (message == messages) {
          break;
        }
        next();
      }
      taken += deliver(batch, space - taken, receivedNanos);
    }
    return taken;
  }

  /** Asks the kernel for about as many messages as {@code space} packets fill; false if there are none. */
  private boolean fetch(int space) {
    int perMessage = messages == 0 ? 1 : (segments + messages - 1) / messages;
    int wanted = Math.max(1, space / perMessage);
    for (int i = 0; i < wanted; i++) {
      received.set(LONG, (long) i * Native.MMSGHDR + Native.MSG_CONTROLLEN, Native.CMSG);
    }
    int got = kernel.recvmmsg(descriptor, received.address(), wanted, Native.MSG_DONTWAIT);
    // An ICMP error about something sent earlier is reported once, in place of packets: ask again.
    for (int i = 0; got < 0 && got != -Native.EAGAIN && i < ATTEMPTS; i++) {
      got = kernel.recvmmsg(descriptor, received.address(), wanted, Native.MSG_DONTWAIT);
    }
    messages = Math.max(got, 0);
    message = 0;
    segments = 0;
    return got > 0;
  }

  /** Goes to the next message and finds out the size of its segments. */
  private void next() {
    long header = (long) message * Native.MMSGHDR;
    at = slab(message);
    rest = received.get(INT, header + Native.MSG_LEN) & 0xffff_ffffL;
    segment = (int) rest;
    long cmsg = (long) message * Native.CMSG;
    if (received.get(LONG, header + Native.MSG_CONTROLLEN) >= 20
        && receivedControl.get(INT, cmsg + Native.CMSG_TYPE) == Native.UDP_GRO
        && receivedControl.get(INT, cmsg + Native.CMSG_LEVEL) == Native.SOL_UDP) {
      segment = receivedControl.get(INT, cmsg + Native.CMSG_DATA);
    }
    message++;
    segments += rest == 0 ? 1 : (int) ((rest + segment - 1) / segment);
  }

  /** Makes packets of at most {@code space} segments of the message; returns how many. */
  private int deliver(Batch batch, int space, long now) {
    if (rest == 0) {
      // An empty datagram is a packet all the same; the tunnel's parser counts it as truncated.
      batch.add(slabs, at, 0, at - Packet.HEADROOM, now);
      return 1;
    }
    if (segment > Packet.LONGEST) {
      oversize.add((rest + segment - 1) / segment);
      rest = 0;
      return 0;
    }
    long start = at;
    long left = rest;
    // Only in front of a message's first segment is there room that belongs to nobody.
    long floor = start == slab(message - 1) ? start - Packet.HEADROOM : start;
    int taken = 0;
    while (taken < space && left > 0) {
      int length = (int) Math.min(segment, left);
      batch.add(slabs, start, length, floor, now);
      start += length;
      left -= length;
      floor = start;
      taken++;
    }
    at = start;
    rest = left;
    return taken;
  }

  @Override
  public Destination destination(InetSocketAddress to) {
    synchronized (destinations) {
      var known = destinations.get(to);
      if (known != null) {
        return known;
      }
      if (to.isUnresolved()) {
        throw new IllegalArgumentException("unknown host " + to.getHostString());
      }
      int number = destinations.size();
      if (number == DESTINATIONS) {
        throw new IllegalArgumentException("port " + name + " has " + DESTINATIONS + " destinations already");
      }
      long at = (long) number * Native.SOCKADDR;
      Native.sockaddr(to, family, names, at);
      names.set(INT, at + 28, Packet.LONGEST + 1);
      var made = new Destination(to, number);
      destinations.put(to, made);
      return made;
    }
  }

  @Override
  public void send(Packet packet, Destination destination) {
    if (queued == QUEUE) {
      refused += transmit();
    }
    queued++;
    int number = destination.number();
    int length = packet.length();
    long start = packet.address();
    long wanted = (long) number << 32 | length;
    int bucket = (packet.hash + number) & (BUCKETS - 1);
    // The newest group is always allowed; an older one only if the flow is in no newer.
    boolean mark = (packet.flags & (Packet.CONTROL | Packet.ORDERED)) != 0;
    if (mark || wanted != currentKey || currentRoom == 0 || (current != groups - 1 && current < earliest(bucket))) {
      leave();
      enter(group(wanted, number, length, earliest(bucket), mark));
    }
    last[bucket] = base + current;
    currentRoom--;
    if (currentTouch != start) {
      touch[current] = currentTouch;
      element(current, start);
    }
    currentTouch = start + length;
  }

  private void enter(int group) {
    current = group;
    currentKey = key[group];
    currentRoom = room[group];
    currentTouch = touch[group];
  }

  private void leave() {
    room[current] = currentRoom;
    touch[current] = currentTouch;
  }

  private int earliest(int bucket) {
    return Math.max(last[bucket] - base, barrier);
  }

  /** Begins another iovec of the group; the one before is complete. */
  private void element(int group, long start) {
    complete(group);
    iovecs.set(LONG, (long) group * IOVECS + (long) elements[group] * Native.IOVEC, start);
    elements[group]++;
  }

  /** Writes the length of the group's last iovec: up to where its last packet ends. */
  private void complete(int group) {
    if (elements[group] > 0) {
      long vector = (long) group * IOVECS + (long) (elements[group] - 1) * Native.IOVEC;
      iovecs.set(LONG, vector + 8, touch[group] - iovecs.get(LONG, vector));
    }
  }

  /** The open group for that destination and size, if the packet may join it, or a new one. */
  private int group(long wanted, int number, int length, int earliest, boolean mark) {
    int slot = (length * 31 + number * 1021) & (OPEN - 1);
    int group = open[slot];
    if (!mark && group < groups && key[group] == wanted && room[group] > 0 && group >= earliest) {
      return group;
    }
    group = groups++;
    open[slot] = group;
    key[group] = wanted;
    elements[group] = 0;
    touch[group] = 0;
    room[group] = length == 0 || length >= names.get(INT, (long) number * Native.SOCKADDR + 28)
        ? 1
        : Math.min(SEGMENTS, largest / length);
    limit[group] = room[group];
    if (mark) {
      // Marks say what went before: nothing may pass them. One barrier for all destinations is strict enough.
      room[group] = 1;
      limit[group] = 1;
      barrier = group + 1;
    }
    return group;
  }

  @Override
  public int flush() {
    int result = refused + (queued == 0 ? 0 : transmit());
    refused = 0;
    return result;
  }

  /** Sends all groups in order; returns how many packets were refused. */
  private int transmit() {
    leave();
    for (int g = 0; g < groups; g++) {
      long header = (long) g * Native.MMSGHDR;
      complete(g);
      headers.set(LONG, header + Native.MSG_NAME, names.address() + (key[g] >>> 32) * Native.SOCKADDR);
      headers.set(LONG, header + Native.MSG_IOVLEN, elements[g]);
      boolean many = count(g) > 1;
      headers.set(LONG, header + Native.MSG_CONTROLLEN, many ? Native.CMSG : 0);
      if (many) {
        control.set(SHORT, (long) g * Native.CMSG + Native.CMSG_DATA, (short) key[g]);
      }
    }
    int lost = 0;
    int attempts = 0;
    for (int g = 0; g < groups;) {
      int result = kernel.sendmmsg(descriptor, headers.address() + (long) g * Native.MMSGHDR, groups - g,
          Native.MSG_DONTWAIT);
      if (result > 0) {
        g += result;
        attempts = 0;
      } else if (!again(-result, attempts++)) {
        lost += count(g) > 1 && oneByOne(-result) ? single(g, -result) : count(g);
        g++;
        attempts = 0;
      }
    }
    base += groups;
    if (base < 0) {
      // After 2^31 groups the numbers start again.
      Arrays.fill(last, 0);
      base = 1;
    }
    groups = 0;
    queued = 0;
    barrier = 0;
    current = 0;
    currentKey = NO_KEY;
    return lost;
  }

  private int count(int group) {
    return limit[group] - room[group];
  }

  /** Whether sending again can help; waits for room in the send buffer if that is what lacks. */
  private boolean again(int errno, int attempts) {
    if (attempts >= ATTEMPTS) {
      return false;
    }
    if (errno == Native.EAGAIN || errno == Native.ENOBUFS) {
      kernel.awaitOutput(descriptor);
      return true;
    }
    // An ICMP error about something sent earlier: reported once, this message has not been tried yet.
    return errno == Native.ECONNREFUSED || errno == Native.EINTR;
  }

  /** Whether the kernel or the interface refuses the segmentation, not the packets. */
  private static boolean oneByOne(int errno) {
    return errno == Native.EINVAL || errno == Native.EIO || errno == Native.EMSGSIZE;
  }

  /** Sends the packets of a group one by one, and remembers not to group such packets again; returns the refused. */
  private int single(int group, int errno) {
    int length = (int) key[group];
    long name = (key[group] >>> 32) * Native.SOCKADDR;
    names.set(INT, name + 28, errno == Native.EMSGSIZE ? length : 0);
    int lost = 0;
    try (var scratch = Arena.ofConfined()) {
      var header = scratch.allocate(Native.MMSGHDR + Native.IOVEC, 8);
      header.set(LONG, Native.MSG_NAME, names.address() + name);
      header.set(INT, Native.MSG_NAMELEN, family == Native.AF_INET ? 16 : 28);
      header.set(LONG, Native.MSG_IOV, header.address() + Native.MMSGHDR);
      header.set(LONG, Native.MSG_IOVLEN, 1);
      header.set(LONG, Native.MMSGHDR + 8, length);
      for (int element = 0; element < elements[group]; element++) {
        long vector = (long) group * IOVECS + (long) element * Native.IOVEC;
        long start = iovecs.get(LONG, vector);
        long end = start + iovecs.get(LONG, vector + 8);
        for (; start < end; start += length) {
          header.set(LONG, Native.MMSGHDR, start);
          lost += one(header.address()) ? 0 : 1;
        }
      }
    }
    return lost;
  }

  private boolean one(long header) {
    for (int attempts = 0;; attempts++) {
      int result = kernel.sendmmsg(descriptor, header, 1, Native.MSG_DONTWAIT);
      if (result > 0) {
        return true;
      }
      if (!again(-result, attempts)) {
        return false;
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      flush();
      kernel.close(descriptor);
      arena.close();
    }
  }
}
