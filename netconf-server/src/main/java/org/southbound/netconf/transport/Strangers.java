// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Connections that have no session: most of them are about to authenticate, some never will. They are few: one too many drops
 * the oldest of the network that has the most, so that who opens connections and says nothing drops its own. A client that
 * authenticates in time is hardly ever among them. Thread-safe.
 */
final class Strangers {
  private static final int IPV6_NETWORK_BYTES = 8;

  private record Stranger(Object network, Runnable drop, boolean engaged) {
  }

  private final IntSupplier max;
  private final LinkedHashMap<Object, Stranger> waiting = new LinkedHashMap<>();

  Strangers(IntSupplier max) {
    this.max = max;
  }

  /** A connection is there; {@code drop} ends it, from any thread. */
  void add(Object connection, InetAddress from, Runnable drop) {
    Stranger one = null;
    synchronized (this) {
      waiting.put(connection, new Stranger(network(from), drop, false));
      if (waiting.size() > max.getAsInt()) {
        one = waiting.remove(oldestOfTheMost());
      }
    }
    if (one != null) {
      one.drop.run();
    }
  }

  /** The client has agreed on keys, which costs it something: it is dropped after those that have not. */
  synchronized void engaged(Object connection) {
    waiting.computeIfPresent(connection, (key, one) -> new Stranger(one.network, one.drop, true));
  }

  /** The connection has a session, or is gone. */
  synchronized void remove(Object connection) {
    waiting.remove(connection);
  }

  synchronized int count() {
    return waiting.size();
  }

  private Object oldestOfTheMost() {
    boolean silent = waiting.values().stream().anyMatch(each -> !each.engaged);
    var counts = new HashMap<Object, Integer>();
    waiting.values().stream().filter(each -> !(silent && each.engaged))
        .forEach(each -> counts.merge(each.network, 1, Integer::sum));
    Object most = counts.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    return waiting.entrySet().stream().filter(each -> !(silent && each.getValue().engaged))
        .filter(each -> each.getValue().network.equals(most)).findFirst().orElseThrow().getKey();
  }

  /** An IPv4 address is one client's; of IPv6 a client has a /64. */
  private static Object network(InetAddress from) {
    byte[] bytes = from.getAddress();
    return java.nio.ByteBuffer
        .wrap(bytes.length == 4 ? bytes : Arrays.copyOf(bytes, IPV6_NETWORK_BYTES));
  }
}
