// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FragmentTable;
import org.southbound.io.PcapReader;
import org.southbound.io.PortException;
import org.southbound.packet.Checksum;
import org.southbound.packet.Icmp;
import org.southbound.packet.Packet;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Vxlan;
import org.southbound.packet.Wire;
import org.southbound.traffic.Clients.Address;

/**
 * The frames of a capture file, each behind a VXLAN-GPE header in off-heap memory, ready to be sent again and again:
 * {@link #shift} moves a frame's client addresses to those of a loop, in place, with all checksums that cover them, so
 * that a right checksum stays right and a wrong one wrong. The sender's thread shifts; the rest never changes.
 */
final class Capture implements AutoCloseable {
  /** No flow, no client. */
  static final int NONE = -1;
  private static final int UDP_SUM = 1 << 30;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final Frame[] frames;
  private final Clients clients;
  private final int flows;
  private final int skipped;
  /** Loop that each frame's addresses are of. */
  private final long[] loops;

  /**
   * A frame.
   *
   * @param at offset of its VXLAN-GPE header
   * @param length octets, that header included
   * @param fingerprint of the frame
   * @param tuple addresses and ports as captured
   * @param source number of the client that is the source, or NONE
   * @param destination number of the client that is the destination, or NONE
   * @param side twice the number of its flow, and one more in the direction against the first packet; or NONE
   * @param hash equal for the packets of a flow, 0 of none
   * @param patches where addresses stand
   */
  record Frame(long at, int length, long fingerprint, Tuple tuple, int source, int destination, int side, int hash,
      List<Patch> patches) {
    /** Whether every loop sends it as it is. */
    boolean fixed() {
      return source == NONE && destination == NONE;
    }
  }

  /** Addresses and ports of a packet; of ICMP queries the identifier; 0 of what has none. */
  record Tuple(Address source, Address destination, int ports) {
  }

  /**
   * A client's address in a frame.
   *
   * @param at offset of the part that is shifted, 4 octets of IPv4, 8 of IPv6
   * @param sums offsets of the checksums that cover the address, UDP's with the flag UDP_SUM
   * @param outer offset of the ICMP error's checksum that covers address and sums, or -1
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
  record Patch(long at, int client, int version, int[] sums, long outer) {
  }

  /** Reads {@code file}. Throws PortException if it cannot be read, or has no frame to send. */
  static Capture read(Path file) throws PortException {
    var octets = new ArrayList<byte[]>();
    int skipped = 0;
    long size = 0;
    try (var reader = PcapReader.open(file)) {
      while (reader.next()) {
        size += reader.length() + Vxlan.LENGTH;
        if (size >= UDP_SUM) {
          throw PortException.failed(file + " has more than 1 GiB of frames; cut it by editcap", null);
        }
        if (reader.truncated() || reader.length() > Packet.LONGEST - Vxlan.LENGTH) {
          skipped++;
        } else {
          octets.add(Arrays.copyOfRange(reader.data(), reader.start(), reader.start() + reader.length()));
        }
      }
    }
    var capture = new Capture(octets, skipped);
    if (capture.count() == 0) {
      capture.close();
      throw PortException.failed(file + " has no frame that can be sent; name another file by --pcap", null);
    }
    return capture;
  }

  /** A capture of {@code frames}; those that no network function would take are skipped. */
  Capture(List<byte[]> octets, int skipped) {
    memory = arena.allocate(octets.stream().mapToLong(each -> each.length + Vxlan.LENGTH).sum() + 1, 64);
    var first = new FirstPass(memory);
    long at = 0;
    var starts = new ArrayList<long[]>();
    for (var each : octets) {
      Vxlan.write(memory, at, 0, Vxlan.ETHERNET);
      MemorySegment.copy(each, 0, memory, ValueLayout.JAVA_BYTE, at + Vxlan.LENGTH, each.length);
      if (first.take(at, each.length)) {
        starts.add(new long[]{at, each.length});
        at += Vxlan.LENGTH + each.length;
      }
    }
    this.skipped = skipped + octets.size() - starts.size();
    clients = new Clients(first.began, first.addresses);
    flows = first.flows.size();
    frames = new Frame[starts.size()];
    loops = new long[frames.length];
    var packet = Packet.of(memory);
    var embedded = Packet.of(memory);
    var fingerprint = new Fingerprint();
    for (int i = 0; i < frames.length; i++) {
      packet.window(memory, starts.get(i)[0] + Vxlan.LENGTH, starts.get(i)[1], starts.get(i)[0]);
      Parser.parse(packet);
      var tuple = tuple(packet);
      frames[i] = new Frame(starts.get(i)[0], Vxlan.LENGTH + (int) starts.get(i)[1], fingerprint.of(packet), tuple,
          client(tuple.source), client(tuple.destination), first.sides.get(i), first.hashes.get(i),
          patches(packet, embedded));
    }
  }

  /** Finds flows, and who begins them. */
  private static final class FirstPass {
    private record Key(long k0, long k1, long k2, long k3, long k4) {
    }

    private final Packet packet;
    private final MemorySegment memory;
    private final FragmentTable fragments = new FragmentTable();
    private final Map<Key, int[]> flows = new HashMap<>();
    private final List<Integer> sides = new ArrayList<>();
    private final List<Integer> hashes = new ArrayList<>();
    private final Set<Address> began = new HashSet<>();
    private final Set<Address> addresses = new HashSet<>();

    FirstPass(MemorySegment memory) {
      this.memory = memory;
      packet = Packet.of(memory);
    }

    /** Takes note of a frame; false: malformed. */
    boolean take(long at, int length) {
      packet.window(memory, at + Vxlan.LENGTH, length, at);
      if (Parser.parse(packet) != 0 || packet.ipVersion() != 0 && FlowKey.extract(packet, fragments, 0) != 0) {
        return false;
      }
      boolean icmp = packet.protocol() == Protocol.ICMP || packet.protocol() == Protocol.ICMPV6;
      if (packet.ipVersion() != 0) {
        addresses.add(source(packet));
        addresses.add(destination(packet));
      }
      if (packet.ipVersion() == 0 || icmp && packet.k4 >>> 32 == 0) {
        sides.add(NONE);
        hashes.add(0);
        return true;
      }
      var flow = flows.computeIfAbsent(new Key(packet.k0, packet.k1, packet.k2, packet.k3, packet.k4), unseen -> {
        if (source(packet).shiftable()) {
          began.add(source(packet));
        }
        return new int[]{flows.size(), packet.reversed ? 1 : 0};
      });
      sides.add(2 * flow[0] + ((packet.reversed ? 1 : 0) ^ flow[1]));
      hashes.add(packet.hash);
      return true;
    }
  }

  /** Addresses and ports of a parsed packet. */
  static Tuple tuple(Packet packet) {
    return packet.ipVersion() == 0
        ? new Tuple(null, null, 0)
        : new Tuple(source(packet), destination(packet), ports(packet));
  }

  private static Address source(Packet packet) {
    long l3 = packet.l3();
    return packet.ipVersion() == 4
        ? new Address(4, 0, Wire.u32(packet.memory(), l3 + 12))
        : new Address(6, Wire.u64(packet.memory(), l3 + 8), Wire.u64(packet.memory(), l3 + 16));
  }

  private static Address destination(Packet packet) {
    long l3 = packet.l3();
    return packet.ipVersion() == 4
        ? new Address(4, 0, Wire.u32(packet.memory(), l3 + 16))
        : new Address(6, Wire.u64(packet.memory(), l3 + 24), Wire.u64(packet.memory(), l3 + 32));
  }

  private static int ports(Packet packet) {
    if (packet.fragment() == 2) {
      return 0;
    }
    if (Protocol.hasPorts(packet.protocol())) {
      return Wire.i32(packet.memory(), packet.l4());
    }
    boolean icmp = packet.protocol() == (packet.ipVersion() == 4 ? Protocol.ICMP : Protocol.ICMPV6);
    return icmp && Icmp.isQuery(packet.ipVersion(), Wire.u8(packet.memory(), packet.l4()))
        ? Wire.u16(packet.memory(), packet.l4() + 4)
        : 0;
  }

  private int client(Address address) {
    return address == null ? NONE : clients.number(address);
  }

  private List<Patch> patches(Packet packet, Packet embedded) {
    var found = new ArrayList<Patch>();
    if (packet.ipVersion() != 0) {
      patches(packet, -1, found);
      if (Parser.isIcmpError(packet) && Parser.embedded(packet, embedded) == 0) {
        patches(embedded, packet.l4() + 2, found);
      }
    }
    return List.copyOf(found);
  }

  private void patches(Packet packet, long outer, List<Patch> into) {
    long l3 = packet.l3();
    int[] sums = sums(packet);
    if (packet.ipVersion() == 4) {
      add(source(packet), l3 + 12, sums, outer, into);
      add(destination(packet), l3 + 16, sums, outer, into);
    } else {
      add(source(packet), l3 + 16, sums, outer, into);
      add(destination(packet), l3 + 32, sums, outer, into);
    }
  }

  private void add(Address address, long at, int[] sums, long outer, List<Patch> into) {
    int client = clients.number(address);
    if (client >= 0) {
      into.add(new Patch(at, client, address.version(), sums, outer));
    }
  }

  /** The checksums that cover the packet's addresses, as far as the packet reaches. */
  private static int[] sums(Packet packet) {
    long end = packet.l3() + packet.ipLength();
    long l4 = packet.l4();
    int field = switch (packet.protocol()) {
      case Protocol.TCP -> 16;
      case Protocol.UDP, Protocol.UDP_LITE -> 6;
      case Protocol.ICMPV6 -> packet.ipVersion() == 6 ? 2 : NONE;
      default -> NONE;
    };
    boolean transport = field != NONE && packet.fragment() != 2 && l4 + field + 2 <= end;
    int flag = packet.protocol() == Protocol.UDP ? UDP_SUM : 0;
    if (packet.ipVersion() == 4) {
      int header = (int) packet.l3() + 10;
      return transport ? new int[]{header, (int) l4 + field | flag} : new int[]{header};
    }
    return transport ? new int[]{(int) l4 + field | flag} : new int[0];
  }

  /** Moves a frame's client addresses to those of {@code loop}. */
  void shift(int frame, long loop) {
    long before = loops[frame];
    if (before == loop) {
      return;
    }
    loops[frame] = loop;
    for (var patch : frames[frame].patches) {
      long old = clients.low(patch.client, before);
      long now = clients.low(patch.client, loop);
      if (patch.version == 4) {
        Wire.u32(memory, patch.at, (int) now);
      } else {
        Wire.u64(memory, patch.at, now);
      }
      if (patch.outer >= 0) {
        update(patch.outer, old, now);
      }
      for (int sum : patch.sums) {
        long at = sum & ~UDP_SUM;
        int was = Wire.u16(memory, at);
        boolean udp = (sum & UDP_SUM) != 0;
        if (udp && was == 0) {
          continue;
        }
        update(at, old, now);
        if (udp) {
          Wire.u16(memory, at, Checksum.udp(Wire.u16(memory, at)));
        }
        if (patch.outer >= 0) {
          Wire.u16(memory, patch.outer,
              Checksum.update16(Wire.u16(memory, patch.outer), was, Wire.u16(memory, at)));
        }
      }
    }
  }

  private void update(long at, long old, long now) {
    Wire.u16(memory, at, Checksum.update64(Wire.u16(memory, at), old, now));
  }

  /**
   * The loop in which {@code frame} has the addresses and ports of {@code packet}, the newest up to {@code newest}; -1:
   * none. Of a fixed frame 0 if they are equal.
   */
  long loop(int frame, Packet packet, long newest) {
    var expected = frames[frame];
    if (packet.ipVersion() == 0) {
      return expected.tuple.source == null ? 0 : -1;
    }
    var tuple = expected.tuple;
    if (tuple.source == null || tuple.source.version() != packet.ipVersion() || tuple.ports != ports(packet)) {
      return -1;
    }
    long from = loop(expected.source, tuple.source, source(packet), newest);
    long to = loop(expected.destination, tuple.destination, destination(packet), newest);
    if (from < 0 || to < 0) {
      return -1;
    }
    if (expected.source == NONE) {
      return to;
    }
    return expected.destination == NONE || from == to ? from : -1;
  }

  private long loop(int client, Address captured, Address received, long newest) {
    if (client == NONE) {
      return captured.equals(received) ? 0 : -1;
    }
    return clients.loop(client, received.high(), received.low(), newest);
  }

  /** The memory that the frames' offsets refer to. */
  MemorySegment memory() {
    return memory;
  }

  /** A frame. */
  Frame frame(int i) {
    return frames[i];
  }

  /** Number of frames. */
  int count() {
    return frames.length;
  }

  /** Number of flows, in both directions one; ICMP by identifier. */
  int flows() {
    return flows;
  }

  /** Frames of the file that are not sent: cut short, malformed or too long. */
  int skipped() {
    return skipped;
  }

  @Override
  public void close() {
    arena.close();
  }
}
