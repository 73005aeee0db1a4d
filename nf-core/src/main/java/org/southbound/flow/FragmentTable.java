// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import org.southbound.packet.Packet;
import org.southbound.packet.Wire;

/**
 * What first fragments said of their packets' ports, so that later fragments find the same flow. Bounded and timed:
 * an entry lives for the reassembly time (RFC 791 section 3.2, RFC 8200 section 4.5) unless eight younger ones want its
 * place. Fragments are not held: one that overtakes its first is dropped and counted, and the sender's next try decides.
 * One thread; allocates nothing after construction.
 */
public final class FragmentTable {
  /** Entries of the default table. */
  public static final int CAPACITY = 4096;
  /** How long a receiver waits for the rest of a packet, in practice; RFC 791 recommends 15 s, RFC 8200 60 s. */
  public static final int TIMEOUT_MILLIS = 30_000;
  /** {@link #find}: no entry. */
  public static final long NONE = -1;

  private static final int PROBES = 8;
  private static final int WORDS = 8;
  private static final int TAG = 4;
  private static final int VALUE = 5;
  private static final int EXPIRY = 6;
  private static final int EXPORTED = 7;

  // An entry: source high and low, destination high and low, tag, value, expiry; padded to a cache line.
  private final long[] words;
  private final int mask;
  private final int timeoutMillis;
  private long evicted;

  /** A table of {@link #CAPACITY} and {@link #TIMEOUT_MILLIS}. */
  public FragmentTable() {
    this(CAPACITY, TIMEOUT_MILLIS);
  }

  /** A table of {@code capacity} entries, a power of two of at least 8. */
  public FragmentTable(int capacity, int timeoutMillis) {
    if (capacity < PROBES || Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException("capacity must be a power of two of at least 8: " + capacity);
    }
    this.words = new long[capacity * WORDS];
    this.mask = capacity - 1;
    this.timeoutMillis = timeoutMillis;
  }

  /** Remembers a first fragment: its two ports, protocol and length. */
  public void register(Packet first, int ports, long nowMillis) {
    int at = entry(first, nowMillis);
    if (at < 0) {
      at = ~at;
      if (words[at + EXPIRY] > nowMillis) {
        evicted++;
      }
      int addresses = first.ipVersion() == 4 ? 12 : 8;
      for (int i = 0; i < TAG; i++) {
        words[at + i] = address(first, addresses, i);
      }
      words[at + TAG] = tag(first);
    }
    words[at + VALUE] = (long) ports << 32 | (first.fragmentLength() & 0xffffL) << 8 | first.protocol();
    words[at + EXPIRY] = nowMillis + timeoutMillis;
  }

  /** What the first fragment of the later fragment {@code later} said, or {@link #NONE}. */
  public long find(Packet later, long nowMillis) {
    int at = entry(later, nowMillis);
    return at < 0 ? NONE : words[at + VALUE];
  }

  /** Source port and destination port of an entry. */
  public static int ports(long found) {
    return (int) (found >>> 32);
  }

  /** Octets of the first fragment of an entry. */
  public static int length(long found) {
    return (int) found >>> 8 & 0xffff;
  }

  /** Protocol of an entry. */
  public static int protocol(long found) {
    return (int) found & 0xff;
  }

  /** Live entries; walks the table. */
  public int size(long nowMillis) {
    int size = 0;
    for (int at = 0; at < words.length; at += WORDS) {
      size += words[at + EXPIRY] > nowMillis ? 1 : 0;
    }
    return size;
  }

  /** Entries that had to go before their time. */
  public long evicted() {
    return evicted;
  }

  /** The live entries of packets in a scope, for an NF that takes the scope over: seven words each. */
  public long[] export(FlowSpace scope, long nowMillis) {
    long[] out = new long[size(nowMillis) * EXPORTED];
    int n = 0;
    for (int at = 0; at < words.length; at += WORDS) {
      if (words[at + EXPIRY] > nowMillis && belongs(scope, at)) {
        System.arraycopy(words, at, out, n, EXPIRY);
        out[n + EXPIRY] = words[at + EXPIRY] - nowMillis;
        n += EXPORTED;
      }
    }
    return java.util.Arrays.copyOf(out, n);
  }

  private boolean belongs(FlowSpace scope, int at) {
    long value = words[at + VALUE];
    int ports = ports(value);
    int vlan = (int) words[at + TAG] >>> 16;
    long k4 = FlowKey.word4(ports >>> 16, ports & 0xffff, vlan, protocol(value), (int) words[at + TAG] & 0xff);
    return scope.matchesKey(words[at], words[at + 1], words[at + 2], words[at + 3], k4, false);
  }

  /** Takes exported entries over. Words behind the last whole entry are ignored. */
  public void include(long[] entries, long nowMillis) {
    for (int n = 0; n + EXPORTED <= entries.length; n += EXPORTED) {
      int at = entry(entries[n], entries[n + 1], entries[n + 2], entries[n + 3], entries[n + TAG], nowMillis);
      System.arraycopy(entries, n, words, at < 0 ? ~at : at, EXPIRY);
      words[(at < 0 ? ~at : at) + EXPIRY] = nowMillis + Math.clamp(entries[n + EXPIRY], 0, timeoutMillis);
    }
  }

  private int entry(Packet packet, long nowMillis) {
    int addresses = packet.ipVersion() == 4 ? 12 : 8;
    return entry(address(packet, addresses, 0), address(packet, addresses, 1), address(packet, addresses, 2),
        address(packet, addresses, 3), tag(packet), nowMillis);
  }

  // Index of a packet's entry, or ~index of the place for it: a dead one, or else the one that expires first.
  private int entry(long w0, long w1, long w2, long w3, long tag, long nowMillis) {
    int hash = FlowKey.hash(w0, w1, w2, w3, tag);
    int place = 0;
    long soonest = Long.MAX_VALUE;
    for (int i = 0; i < PROBES; i++) {
      int at = (hash + i & mask) * WORDS;
      long expiry = words[at + EXPIRY];
      boolean live = expiry > nowMillis;
      if (live && words[at + TAG] == tag && words[at] == w0 && words[at + 1] == w1 && words[at + 2] == w2
          && words[at + 3] == w3) {
        return at;
      }
      long order = live ? expiry : Long.MIN_VALUE;
      if (order < soonest) {
        soonest = order;
        place = at;
      }
    }
    return ~place;
  }

  // Word 0 to 3 of the addresses that begin at `at` in the IP header.
  private static long address(Packet packet, int at, int word) {
    if (packet.ipVersion() == 6) {
      return Wire.u64(packet.memory(), packet.l3() + at + 8L * word);
    }
    return (word & 1) == 0 ? 0 : Wire.u32(packet.memory(), packet.l3() + at + 2L * (word - 1));
  }

  // RFC 791 tells packets apart by protocol too, RFC 8200 does not.
  private static long tag(Packet packet) {
    int protocol = packet.ipVersion() == 4 ? packet.protocol() : 0;
    return (long) packet.fragmentId() << 32 | (long) packet.vlan() << 16 | protocol << 8 | packet.ipVersion();
  }
}
