// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The addresses that begin flows, and what becomes of them in each loop, so that a loop's flows are new. Loop 0 keeps
 * them. IPv6: the loop is added to the upper half of the interface identifier. IPv4: the clients of a /24 move up
 * together as long as they stay in it and meet nobody, then on to 198.18.0.0/15 (benchmarks, RFC 2544), where they come
 * around again after 131,070 addresses. One thread while it is made, any thread afterwards.
 */
final class Clients {
  private static final int BENCHMARK = 198 << 24 | 18 << 16;
  private static final int BENCHMARK_HOSTS = (1 << 17) - 2;
  private static final int LAST_HOST = 254;

  /** An address; of IPv4, high is 0 and low the 32 bits. */
  record Address(int version, long high, long low) {
    /** Whether it may be shifted: one host's, and valid beyond its link. */
    boolean shiftable() {
      if (version == 4) {
        int first = (int) (low >>> 24);
        return first != 0 && first != 127 && first < 224 && low >>> 16 != (169 << 8 | 254);
      }
      return high >>> 56 != 0xff && high >>> 54 != 0xfe80 >>> 6 && high >>> 32 != 0;
    }
  }

  private final Map<Address, Integer> numbers = new HashMap<>();
  private Address[] addresses = {};
  /** IPv4: step of a loop within the /24, and how many loops fit there. */
  private int[] step = {};
  private int[] near = {};
  /** IPv4: place among the IPv4 clients. */
  private int[] place = {};
  private int benchmarkPeriod = 1;
  private int count4;

  /** The clients among {@code all} addresses of a capture. */
  Clients(Set<Address> clients, Set<Address> all) {
    var sorted = new ArrayList<>(clients);
    sorted.sort(
        Comparator.comparingInt(Address::version).thenComparingLong(Address::high).thenComparingLong(Address::low));
    addresses = sorted.toArray(Address[]::new);
    step = new int[addresses.length];
    near = new int[addresses.length];
    place = new int[addresses.length];
    for (int i = 0; i < addresses.length; i++) {
      numbers.put(addresses[i], i);
      if (addresses[i].version == 4) {
        place[i] = count4++;
      }
    }
    benchmarkPeriod = Math.max(1, BENCHMARK_HOSTS / Math.max(1, count4));
    var networks = new HashMap<Long, List<Integer>>();
    for (int i = 0; i < count4; i++) {
      networks.computeIfAbsent(addresses[i].low >>> 8, network -> new ArrayList<>()).add(i);
    }
    networks.forEach((network, members) -> room(network, members, all));
  }

  private void room(long network, List<Integer> members, Set<Address> all) {
    int[] hosts = members.stream().mapToInt(i -> (int) addresses[i].low & 0xff).sorted().toArray();
    int last = hosts[hosts.length - 1];
    int span = last - hosts[0] + 1;
    int limit = LAST_HOST;
    for (var other : all) {
      int host = (int) other.low & 0xff;
      if (other.version == 4 && other.low >>> 8 == network && host > last) {
        limit = Math.min(limit, host - 1);
      }
    }
    for (int i : members) {
      step[i] = span;
      near[i] = Math.max(0, (limit - last) / span);
    }
  }

  /** Number of a client; -1 for another address. */
  int number(Address address) {
    return numbers.getOrDefault(address, -1);
  }

  /** Number of clients. */
  int count() {
    return addresses.length;
  }

  /** Low word of a client's address in a loop. */
  long low(int client, long loop) {
    var address = addresses[client];
    if (loop == 0) {
      return address.low;
    }
    if (address.version == 6) {
      return address.low + (loop << 32);
    }
    if (loop <= near[client]) {
      return address.low + loop * step[client];
    }
    long slot = (loop - 1) % benchmarkPeriod * count4 + place[client];
    return (BENCHMARK & 0xffff_ffffL) + 1 + slot;
  }

  /** The loop in which a client has that address, the newest up to {@code newest}; -1: none. */
  long loop(int client, long high, long low, long newest) {
    var address = addresses[client];
    if (high != address.high) {
      return -1;
    }
    if (low == address.low) {
      return 0;
    }
    long loop;
    if (address.version == 6) {
      loop = low - address.low >>> 32;
    } else if (low >>> 8 == address.low >>> 8) {
      loop = (low - address.low) / step[client];
    } else {
      long slot = low - (BENCHMARK & 0xffff_ffffL) - 1;
      loop = slot < 0 ? -1 : slot / count4 + 1;
      loop = loop < 0 || loop > newest ? -1 : loop + (newest - loop) / benchmarkPeriod * benchmarkPeriod;
    }
    return loop >= 0 && loop <= newest && low(client, loop) == low ? loop : -1;
  }
}
