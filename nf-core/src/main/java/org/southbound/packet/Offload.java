// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a sender left to the network card, as Linux hosts do for most of their traffic: the transport checksum, and to cut
 * TCP or UDP data into packets (GSO). The kernel tells by a header in front of the frame, struct virtio_net_hdr
 * (<a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2 section 5.1.6</a>), in the
 * host's byte order:
 *
 * <pre>
 *   flags 8 | gso type 8 | header length 16 | gso size 16 | checksum start 16 | checksum offset 16
 * </pre>
 *
 * {@link Packet#offload} is that header without the header length. Until such a packet leaves, nobody need care for its
 * transport checksum: a port that has the work done writes what the kernel expects in the field ({@link #write}), and for
 * all others the worker has it done before the NF sees the packet ({@link #complete}, {@link #segment}).
 */
public final class Offload {
  /** Octets of the header. */
  public static final int HEADER = 10;

  private static final int NEEDS_CHECKSUM = 1;
  private static final int TCP_V4 = 1;
  private static final int TCP_V6 = 4;
  private static final int UDP = 5;
  private static final int TCP_CHECKSUM = 16;
  private static final int UDP_CHECKSUM = 6;
  private static final ValueLayout.OfShort HOST16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfLong HOST64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private Offload() {
  }

  /** The value of {@link Packet#offload} for the header at {@code at}; 0: the packet is complete. */
  public static long read(MemorySegment memory, long at) {
    int first = memory.get(HOST16, at) & (0xff00 | NEEDS_CHECKSUM);
    return first == 0 ? 0 : memory.get(HOST64, at + 2) & ~0xffffL | first;
  }

  /** The same when {@code octets} were put in front of the transport header, such as a VLAN tag. */
  public static long moved(long offload, int octets) {
    return (offload & NEEDS_CHECKSUM) == 0 ? offload : offload + ((long) octets << 32);
  }

  private static int type(long offload) {
    return (int) (offload >>> 8) & 0x7f;
  }

  private static int size(long offload) {
    return (int) (offload >>> 16) & 0xffff;
  }

  private static int start(long offload) {
    return (int) (offload >>> 32) & 0xffff;
  }

  private static int field(long offload) {
    return (int) (offload >>> 48);
  }

  /** Whether the packet stands for several. */
  public static boolean isSegmented(long offload) {
    return type(offload) != 0;
  }

  /** Whether what is left to do concerns the transport header that the parser found, and no header in a host's own tunnel. */
  private static boolean isParsed(Packet packet) {
    int type = type(packet.offload);
    boolean fits = switch (packet.protocol) {
      case Protocol.TCP -> type == 0 || type == (packet.ipVersion == 4 ? TCP_V4 : TCP_V6);
      case Protocol.UDP -> type == 0 || type == UDP;
      default -> false;
    };
    return fits && packet.ipVersion != 0 && packet.fragment == 0
        && ((packet.offload & NEEDS_CHECKSUM) == 0 || start(packet.offload) == packet.l4);
  }

  /**
   * Writes the header for {@code packet}, which leaves from offset {@code from} of its memory on, and has the checksum field
   * as the kernel expects it: the sum of the pseudo header as it is now, whatever the NF changed.
   */
  public static void write(Packet packet, long from, MemorySegment to, long at) {
    to.set(HOST64, at, 0);
    to.set(HOST16, at + 8, (short) 0);
    long offload = packet.offload;
    if (offload == 0) {
      return;
    }
    int start = start(offload);
    int field = field(offload);
    int header = start;
    boolean parsed = isParsed(packet);
    if (parsed) {
      start = packet.l4;
      field = packet.protocol == Protocol.TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
      header = packet.payload;
      Wire.u16(packet.memory, packet.l4() + field, ~Checksum.finish(Checksum.pseudoHeader(packet)) & 0xffff);
    }
    int cut = (int) (from - packet.frame);
    to.set(HOST16, at, (short) (offload & 0xffff | (parsed ? NEEDS_CHECKSUM : 0)));
    to.set(HOST16, at + 2, (short) Math.max(header - cut, 0));
    to.set(HOST16, at + 4, (short) size(offload));
    to.set(HOST16, at + 6, (short) Math.max(start - cut, 0));
    to.set(HOST16, at + 8, (short) field);
  }

  /** Writes the checksum that was left out, before anybody changed the packet; it is complete then. */
  public static void complete(Packet packet) {
    long from = packet.frame + start(packet.offload);
    long field = from + field(packet.offload);
    packet.offload = 0;
    if (from >= packet.frame && field + 2 <= packet.end) {
      int checksum = Checksum.finish(Checksum.sum(packet.memory, from, packet.end - from));
      Wire.u16(packet.memory, field, Checksum.udp(checksum));
    }
  }

  /**
   * How many packets the parsed {@code packet} stands for; 0 if it cannot be taken apart: its data are in a host's own tunnel,
   * or a part would be longer than {@link Packet#LONGEST}.
   */
  public static int segments(Packet packet) {
    int size = size(packet.offload);
    if (!isParsed(packet) || size == 0 || packet.payload + size > Packet.LONGEST) {
      return 0;
    }
    return Math.max(1, (packet.payloadLength() + size - 1) / size);
  }

  /** Makes {@code into}, a packet from the pool, the i-th of the packets that {@code whole} stands for: complete and parsed. */
  public static void segment(Packet whole, int i, Packet into) {
    int size = size(whole.offload);
    int skipped = i * size;
    int data = Math.min(size, whole.payloadLength() - skipped);
    boolean last = skipped + data == whole.payloadLength();
    into.clear();
    into.inner = whole.inner;
    into.ingress = whole.ingress;
    into.spi = whole.spi;
    into.si = whole.si;
    into.labels = whole.labels;
    into.moreLabels = whole.moreLabels;
    into.receivedNanos = whole.receivedNanos;
    into.length(whole.payload + data);
    MemorySegment memory = into.memory;
    MemorySegment.copy(whole.memory, whole.frame, memory, into.frame, whole.payload);
    MemorySegment.copy(whole.memory, whole.payload() + skipped, memory, into.frame + whole.payload, data);
    long l3 = into.frame + whole.l3;
    int length = whole.payload + data - whole.l3;
    if (whole.ipVersion == 4) {
      Wire.u16(memory, l3 + 2, length);
      Wire.u16(memory, l3 + 4, Wire.u16(memory, l3 + 4) + i & 0xffff);
      Wire.u16(memory, l3 + 10, Checksum.ipv4(memory, l3));
    } else {
      Wire.u16(memory, l3 + 4, length - Ipv6.LENGTH);
    }
    long l4 = into.frame + whole.l4;
    if (whole.protocol == Protocol.UDP) {
      Wire.u16(memory, l4 + 4, Udp.LENGTH + data);
    } else {
      Wire.u32(memory, l4 + 4, Wire.i32(memory, l4 + 4) + skipped);
      // FIN and PSH are of the last, CWR of the first (RFC 3168 section 6.1.2).
      int flags = Wire.u8(memory, l4 + 13);
      Wire.u8(memory, l4 + 13, flags & (last ? 0xff : ~(Tcp.FIN | Tcp.PSH)) & (i == 0 ? 0xff : ~Tcp.CWR));
    }
    Parser.parse(into);
    Checksum.setTransport(into);
  }
}
