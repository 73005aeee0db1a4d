// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.southbound.metrics.Counter;
import org.southbound.packet.Drop;
import org.southbound.packet.NativeMemory;
import org.southbound.packet.Offload;
import org.southbound.packet.Packet;

/**
 * A TUN device as a port of IP packets, {@code tun:NAME}: what the host routes to the device comes in, what goes out the
 * host receives. The device is made if there is none of that name, and then ends with the port. To bring it up and give
 * it addresses and routes is the operator's. A packet leaves without its Ethernet header; one that carries no IP is refused.
 * See the kernel's <a href="https://docs.kernel.org/networking/tuntap.html">tuntap</a>.
 */
final class TunPort implements Port {
  private static final String DEVICE = "/dev/net/tun";
  private static final int NAME_OCTETS = 15;
  private static final long TUNSETIFF = 0x4004_54CAL;
  private static final long TUNSETOFFLOAD = 0x4004_54D0L;
  private static final int IFF_TUN = 1;
  private static final int IFF_MULTI_QUEUE = 0x100;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;
  /** Checksums, TCP over IPv4 and IPv6, also with ECN. */
  private static final int OFFLOADS = 0x0F;
  /** UDP over IPv4 and IPv6, since Linux 6.2. */
  private static final int UDP_OFFLOADS = 0x60;

  /** Room before a packet, 64 KiB, and an odd number of cache lines so that slabs do not share cache sets. */
  private static final int SLAB = Packet.HEADROOM + 65_536 + 832;
  private static final int LONGEST = 65_536;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final Destination HOST = new Destination(null, 0);

  private final Native kernel = new Native();
  private final Arena arena = Arena.ofShared();
  private final String name;
  private final int descriptor;
  private final MemorySegment slabs;
  private final Counter oversize = new Counter();
  /** Two elements, offload header and packet, and the header itself. */
  private final MemorySegment vectors = arena.allocate(2 * Native.IOVEC + 16, 8);
  private int refused;
  private boolean closed;

  /** Opens the device {@code where}, or makes it. Throws PortException if that fails. */
  static TunPort open(String name, String where, Ports.Options options) throws PortException {
    return new TunPort(name, where, options);
  }

  private TunPort(String name, String where, Ports.Options options) throws PortException {
    this.name = name;
    byte[] device = where.getBytes(StandardCharsets.UTF_8);
    if (device.length > NAME_OCTETS) {
      throw PortException.usage("'" + where + "' is no name of a device: it has more than " + NAME_OCTETS
          + " octets; correct " + options.flag());
    }
    descriptor = kernel.open(DEVICE, Native.O_RDWR | Native.O_NONBLOCK | Native.O_CLOEXEC);
    if (descriptor < 0) {
      throw PortException.failed(descriptor == -Native.ENOENT || descriptor == -Native.ENODEV
          ? "this host has no " + DEVICE + "; load it: modprobe tun"
          : "cannot open " + DEVICE + ": " + Native.reason(-descriptor), null);
    }
    try {
      attach(where, device, options);
    } catch (PortException failure) {
      kernel.close(descriptor);
      throw failure;
    }
    slabs = NativeMemory.reserve(arena, (long) Batch.STRIDE * SLAB);
    vectors.set(LONG, 0, vectors.address() + 2 * Native.IOVEC);
    vectors.set(LONG, 8, Offload.HEADER);
  }

  private void attach(String where, byte[] device, Ports.Options options) throws PortException {
    try (var scratch = Arena.ofConfined()) {
      var request = scratch.allocate(Native.IFREQ, 8);
      request.asSlice(0, device.length).copyFrom(MemorySegment.ofArray(device));
      int flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (options.shared() ? IFF_MULTI_QUEUE : 0);
      request.set(ValueLayout.JAVA_SHORT, Native.IFREQ_VALUE, (short) flags);
      int result = kernel.ioctl(descriptor, TUNSETIFF, request.address());
      if (result < 0) {
        throw PortException.failed("cannot have the TUN device " + where + ": " + switch (-result) {
          case Native.EPERM, Native.EACCES -> "no permission; run with CAP_NET_ADMIN, or make it before: ip tuntap add "
              + where + " mode tun user $USER";
          case Native.EBUSY -> "another program has it; correct " + options.flag();
          case Native.EINVAL -> "there is an interface of another kind with that name; correct " + options.flag()
              + (options.shared() ? " (several workers need it with multi_queue)" : "");
          default -> Native.reason(-result);
        }, null);
      }
      if (kernel.ioctl(descriptor, TUNSETOFFLOAD, OFFLOADS | UDP_OFFLOADS) < 0) {
        // Without them hosts do that work themselves.
        kernel.ioctl(descriptor, TUNSETOFFLOAD, OFFLOADS);
      }
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
    return reason == Drop.OVERSIZE ? oversize.get() : 0;
  }

  @Override
  public int receive(Batch batch) {
    int space = Math.min(batch.room(), Batch.STRIDE);
    long now = System.nanoTime();
    int given = 0;
    while (given < space) {
      long start = (long) given * SLAB + Packet.HEADROOM;
      // The device gives one packet at a time, its offload header in front.
      int length = (int) kernel.read(descriptor, slabs.address() + start - Offload.HEADER, Offload.HEADER + LONGEST)
          - Offload.HEADER;
      if (length <= 0) {
        break;
      }
      long offload = Offload.read(slabs, start - Offload.HEADER);
      if (length > Packet.LONGEST && !Offload.isSegmented(offload)) {
        oversize.add(1);
        continue;
      }
      var packet = batch.add(slabs, start, length, start - Packet.HEADROOM, now);
      packet.offload = offload;
      packet.inner = slabs.get(ValueLayout.JAVA_BYTE, start) >>> 4 == 6 ? Packet.IPV6 : Packet.IPV4;
      given++;
    }
    return given;
  }

  @Override
  public Destination destination(InetSocketAddress address) {
    return HOST;
  }

  @Override
  public void send(Packet packet, Destination destination) {
    if (packet.ipVersion() == 0) {
      refused++;
      return;
    }
    // Without link header, and without what may pad the frame.
    long from = packet.l3();
    Offload.write(packet, from, vectors, 2 * Native.IOVEC);
    vectors.set(LONG, Native.IOVEC, packet.address() + from - packet.start());
    vectors.set(LONG, Native.IOVEC + 8, packet.ipLength());
    if (kernel.writev(descriptor, vectors.address(), 2) < 0) {
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
    if (!closed) {
      closed = true;
      kernel.close(descriptor);
      arena.close();
    }
  }
}
