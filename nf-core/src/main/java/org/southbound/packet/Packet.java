// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.MemorySegment;

/**
 * A packet: a window into off-heap memory, and what the parser and the classifier found out about it.
 *
 * <pre>
 *   floor        start            frame     frame+l3   frame+l4  frame+payload     end
 *     |  headroom  | outer headers  | Ethernet | IP       | L4     | data            |
 * </pre>
 *
 * A received packet is a window into its port's buffers and valid until the batch has been sent; {@link #keep} moves
 * it into memory of its own, for whoever holds it longer. Owned by one worker thread; never allocated while packets flow.
 */
public final class Packet {
  /** Room in front of a packet that was moved into its own memory, octets. */
  public static final int HEADROOM = 256;
  /** Own memory of a packet, headroom included, octets. */
  public static final int CAPACITY = 10_240;
  /** Greatest frame, octets; greater ones are dropped as {@link Drop#OVERSIZE}. */
  public static final int LONGEST = CAPACITY - HEADROOM;
  /** Context labels that travel with one packet. */
  public static final int LABELS = 4;

  /** {@link #inner}: an Ethernet frame (the code is NSH's and VXLAN-GPE's next protocol). */
  public static final int ETHERNET = 3;
  /** {@link #inner}: an IPv4 packet without Ethernet header. */
  public static final int IPV4 = 1;
  /** {@link #inner}: an IPv6 packet without Ethernet header. */
  public static final int IPV6 = 2;

  /** {@link #flags}: the packet comes from the former owner of its scope, not from upstream. */
  public static final int REDIRECTED = 1;
  /** {@link #flags}: no traffic but a mark, a probe or another message to the NF's own control. */
  public static final int CONTROL = 2;
  /** {@link #flags}: keeps its place among the packets of all flows, as an ICMP error that is about another flow. */
  public static final int ORDERED = 4;

  private final MemorySegment ownMemory;
  private final long ownStart;

  MemorySegment memory;
  /** Of {@link Memory}: address of the memory. */
  long base;
  long floor;
  long start;
  long end;
  long frame;

  // What the parser found; offsets are relative to frame.
  int etherType;
  int vlan;
  int l3;
  int l4;
  int payload;
  int ipEnd;
  int ipVersion;
  int protocol;
  int fragment;
  int fragmentId;
  int fragmentOffset;
  int fragmentLength;

  /** The flow's key: five words in canonical order, see FlowKey. */
  public long k0;
  public long k1;
  public long k2;
  public long k3;
  public long k4;
  /** Symmetric hash of the key. */
  public int hash;
  /** The packet goes from the key's second endpoint to its first. */
  public boolean reversed;

  /** Service path identifier, 24 bits; 0: on no path (RFC 8300 section 2.3). */
  public int spi;
  /** Service index on arrival (RFC 8300 section 2.3). */
  public int si;
  /** The first two context labels, 24 bits each, in two words of 32 as NSH metadata has them (RFC 8300 section 2.4). */
  public long labels;
  /** The last two. */
  public long moreLabels;
  /** {@link #REDIRECTED}, {@link #CONTROL}, {@link #ORDERED}. */
  public int flags;
  /** What the frame begins with: {@link #ETHERNET}, {@link #IPV4} or {@link #IPV6}. */
  public int inner;
  /** Octets of the received outer header that still stand in front of the frame; 0: none. */
  public int outer;
  /** What the sender left to the network card and is not done yet, see {@link Offload}; 0: nothing. */
  public long offload;
  /** When the packet was received, System.nanoTime(). */
  public long receivedNanos;
  /** Number of the ingress port. */
  public int ingress;

  /** A packet whose own memory is {@link #CAPACITY} octets of {@code memory} from {@code start}. */
  Packet(MemorySegment memory, long start) {
    this.ownMemory = memory;
    this.ownStart = start;
    clear();
  }

  /** A packet that is exactly {@code frame}, without headroom: for tests and tools. */
  public static Packet of(MemorySegment frame) {
    var packet = new Packet(MemorySegment.NULL, 0);
    packet.window(frame, 0, frame.byteSize(), 0);
    return packet;
  }

  /** Forgets everything and points to the own, empty memory. */
  public void clear() {
    arrive(ownMemory, ownStart + HEADROOM, 0, ownStart);
  }

  /** {@link #clear} and {@link #window} in one: a packet that has just been received. */
  public void arrive(MemorySegment memory, long start, long length, long floor) {
    window(memory, start, length, floor);
    hash = 0;
    spi = 0;
    si = 0;
    flags = 0;
    inner = ETHERNET;
    outer = 0;
    offload = 0;
    labels = 0;
    moreLabels = 0;
  }

  /** Points to {@code length} octets of {@code memory} from {@code start}; headers may be pushed down to {@code floor}. */
  public void window(MemorySegment memory, long start, long length, long floor) {
    memory(memory);
    this.floor = floor;
    this.start = start;
    this.frame = start;
    this.end = start + length;
  }

  @SuppressWarnings("MemorySegmentReferenceEquality") // another object for the same memory is only set again
  private void memory(MemorySegment memory) {
    // Most packets stay in the same memory: a reference is dearer to write than to compare.
    if (this.memory != memory) {
      this.memory = memory;
      base = Memory.base(memory);
    }
  }

  /** Moves the packet, its received outer header included, into its own memory, so that it outlives the port's buffers. */
  public void keep() {
    if (memory.equals(ownMemory) && floor == ownStart) {
      return;
    }
    long from = Math.min(start, frame - outer);
    long to = ownStart + HEADROOM;
    if (end - from > LONGEST) {
      // Behind it begins another packet's memory; whoever may keep a long frame takes it apart before.
      throw new IllegalStateException("a frame of " + (end - from) + " octets cannot be kept");
    }
    MemorySegment.copy(memory, from, ownMemory, to, end - from);
    long moved = to - from;
    memory(ownMemory);
    floor = ownStart;
    start += moved;
    end += moved;
    frame += moved;
  }

  /** Makes room for {@code octets} of outer header in front; returns where it starts. */
  public long push(int octets) {
    if (start - octets < floor) {
      keep();
    }
    start -= octets;
    return start;
  }

  /** Whether a header that starts at {@code offset} can be pushed without moving the packet. */
  public boolean reaches(long offset) {
    return offset >= floor;
  }

  /** Takes {@code octets} of outer header off; the frame begins behind it, and the header stays readable in front. */
  public void pull(int octets) {
    start += octets;
    frame = start;
    outer += octets;
  }

  /** Cuts or extends the packet to {@code octets} from its start; the memory behind must belong to it. */
  public void length(int octets) {
    end = start + octets;
  }

  /** Address of the outermost header; the memory must be native. */
  public long address() {
    return (base != 0 ? base : memory.address()) + start;
  }

  /** The memory that the offsets of this packet refer to. */
  public MemorySegment memory() {
    return memory;
  }

  /** Offset of the outermost header. */
  public long start() {
    return start;
  }

  /** Octets, outer headers included. */
  public int length() {
    return (int) (end - start);
  }

  /** Offset of the inner Ethernet frame. */
  public long frame() {
    return frame;
  }

  /** Octets of the inner Ethernet frame. */
  public int frameLength() {
    return (int) (end - frame);
  }

  /** EtherType behind all VLAN tags. */
  public int etherType() {
    return etherType;
  }

  /** VLAN identifier of the outermost tag; 0: none. */
  public int vlan() {
    return vlan;
  }

  /** Offset of the IP header in the memory. */
  public long l3() {
    return frame + l3;
  }

  /** Offset of the transport header in the memory. */
  public long l4() {
    return frame + l4;
  }

  /** Offset of the transport payload in the memory. */
  public long payload() {
    return frame + payload;
  }

  /** Octets of transport payload, without padding of the frame. */
  public int payloadLength() {
    return ipEnd - payload;
  }

  /** Octets of the IP packet as its header says. */
  public int ipLength() {
    return ipEnd - l3;
  }

  /** 4, 6, or 0 for a frame that carries no IP. */
  public int ipVersion() {
    return ipVersion;
  }

  /** IP protocol number; of IPv6, of the last extension header. */
  public int protocol() {
    return protocol;
  }

  /** 0: whole; 1: first fragment; 2: later fragment. */
  public int fragment() {
    return fragment;
  }

  /** Identification of a fragment's packet: 16 bits in IPv4, 32 in IPv6; {@link #fragment} must not be 0. */
  public int fragmentId() {
    return fragmentId;
  }

  /** Where a fragment belongs in its packet's fragmentable part, octets; {@link #fragment} must not be 0. */
  public int fragmentOffset() {
    return fragmentOffset;
  }

  /** Octets of the fragmentable part that a fragment carries; {@link #fragment} must not be 0. */
  public int fragmentLength() {
    return fragmentLength;
  }

  /** Sets the protocol of a later fragment, which only the first fragment tells for sure (RFC 8200 section 4.5). */
  public void protocol(int protocol) {
    this.protocol = protocol;
  }

  /** View of the Ethernet header; {@link #inner} must be {@link #ETHERNET}. */
  public Ethernet ethernet() {
    return new Ethernet(memory, frame);
  }

  /** View of the IPv4 header; {@link #ipVersion} must be 4. */
  public Ipv4 ipv4() {
    return new Ipv4(memory, frame + l3);
  }

  /** View of the IPv6 header; {@link #ipVersion} must be 6. */
  public Ipv6 ipv6() {
    return new Ipv6(memory, frame + l3);
  }

  /** View of the TCP header; {@link #protocol} must be 6 and the packet no later fragment. */
  public Tcp tcp() {
    return new Tcp(memory, frame + l4);
  }

  /** View of the UDP header; {@link #protocol} must be 17 and the packet no later fragment. */
  public Udp udp() {
    return new Udp(memory, frame + l4);
  }

  /** View of the ICMP or ICMPv6 header. */
  public Icmp icmp() {
    return new Icmp(memory, frame + l4);
  }

  /** View of the SCTP header; {@link #protocol} must be 132 and the packet no later fragment. */
  public Sctp sctp() {
    return new Sctp(memory, frame + l4);
  }

  /** The i-th context label, from 0; 0: none. */
  public int label(int i) {
    return (int) ((i < 2 ? labels : moreLabels) >>> ((~i & 1) << 5)) & 0xff_ffff;
  }

  private void label(int i, int label) {
    int shift = (~i & 1) << 5;
    long others = ~(0xffff_ffffL << shift);
    if (i < 2) {
      labels = labels & others | (long) label << shift;
    } else {
      moreLabels = moreLabels & others | (long) label << shift;
    }
  }

  /** Whether the packet carries {@code label}. */
  public boolean has(int label) {
    return label(0) == label || label(1) == label || label(2) == label || label(3) == label;
  }

  /** Adds {@code label}; when all places are taken the oldest gives way. */
  public void add(int label) {
    if (label == 0 || has(label)) {
      return;
    }
    for (int i = 0; i < LABELS; i++) {
      if (label(i) == 0) {
        label(i, label);
        return;
      }
    }
    for (int i = 1; i < LABELS; i++) {
      label(i - 1, label(i));
    }
    label(LABELS - 1, label);
  }
}
