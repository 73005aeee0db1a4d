// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.security.SecureRandom;
import java.util.SplittableRandom;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.KeyScope;
import org.southbound.flow.RecordTable;
import org.southbound.nf.NatRules.Pool;
import org.southbound.nf.NatRules.Static;
import org.southbound.packet.Drop;
import org.southbound.packet.Protocol;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * A NAT's mappings: which external endpoint an inside endpoint has, whomever it talks to (endpoint-independent mapping, RFC
 * 4787 section 4.1). Each is a record under the inside endpoint and one under the external endpoint, so it is a bijection.
 *
 * <p>Ports are given out in blocks, each of one inside host: the host's address says where the search for a block begins, so a
 * host has one external address (paired pooling, RFC 4787 REQ-2), and finding its blocks again needs no list. Within a
 * block the search begins at random (RFC 6056). A port is in use once per protocol (no overloading, REQ-3). Worker thread.
 */
final class NatMappings {
  /** Records whose key is an inside endpoint. */
  static final KeyScope INSIDE_KEY = (scope, k0, k1, k2, k3, k4) -> covers(scope, k1);
  /** Records whose first field is the address of an inside host. */
  private static final KeyScope INSIDE_FIELD = new KeyScope() {
    @Override
    public boolean belongs(FlowSpace scope, long k0, long k1, long k2, long k3, long k4) {
      return true;
    }

    @Override
    public boolean belongs(FlowSpace scope, RecordTable table, int id) {
      long host = table.memory().get(StateLayout.U32, table.offset(id) + RecordTable.HEADER);
      return covers(scope, host & 0xffff_ffffL);
    }
  };

  static final StateLayout MAPPING = StateLayout.of("mapping", 1, Kind.MULTI_FLOW, Merge.REPLACE,
      "Per inside endpoint and protocol (ICMP: the identifier is the port): its external endpoint; sessions: connections that "
          + "use it, with the last of which it goes; fixed: 1 for a configured one.",
      StateLayout.U32.withName("external-address"), StateLayout.U16.withName("external-port"),
      StateLayout.U8.withName("fixed"), StateLayout.U32.withName("sessions")).keyed(INSIDE_KEY);
  static final StateLayout EXTERNAL = StateLayout.of("external-endpoint", 1, Kind.MULTI_FLOW, Merge.REPLACE,
      "Per external endpoint and protocol that is in use: the inside endpoint it stands for; block: first port of the block "
          + "that it was taken from, 0: none.",
      StateLayout.U32.withName("inside-address"), StateLayout.U16.withName("inside-port"),
      StateLayout.U16.withName("block")).keyed(INSIDE_FIELD);
  static final StateLayout BLOCK = StateLayout.of("port-block", 1, Kind.MULTI_FLOW, Merge.REPLACE,
      "Per external address and first port of a block: the inside host that has it, and how many of its ports are in use.",
      StateLayout.U32.withName("inside-address"), StateLayout.U16.withName("tcp"), StateLayout.U16.withName("icmp"),
      StateLayout.U16.withName("udp-even"), StateLayout.U16.withName("udp-odd")).keyed(INSIDE_FIELD);

  private static final long EXTERNAL_ADDRESS = MAPPING.offset("external-address");
  private static final long EXTERNAL_PORT = MAPPING.offset("external-port");
  private static final long FIXED = MAPPING.offset("fixed");
  private static final long SESSIONS = MAPPING.offset("sessions");
  private static final long INSIDE_ADDRESS = EXTERNAL.offset("inside-address");
  private static final long INSIDE_PORT = EXTERNAL.offset("inside-port");
  private static final long FROM_BLOCK = EXTERNAL.offset("block");
  private static final long OWNER = BLOCK.offset("inside-address");
  private static final long USED_TCP = BLOCK.offset("tcp");
  private static final long USED_ICMP = BLOCK.offset("icmp");
  private static final long USED_UDP = BLOCK.offset("udp-even");
  private static final long USED_UDP_ODD = BLOCK.offset("udp-odd");

  private final Services services;
  private final EndpointRecords mappings;
  private final EndpointRecords externals;
  private final EndpointRecords blocks;
  private final SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());

  NatMappings(Services services) {
    this.services = services;
    mappings = new EndpointRecords(services.table(MAPPING));
    externals = new EndpointRecords(services.table(EXTERNAL));
    blocks = new EndpointRecords(services.table(BLOCK));
  }

  /**
   * Whether an inside host's mappings go along with a scope: one of its prefixes contains the host, or it has none. That its
   * other prefix, that of the outside, is any makes no other hosts belong to it.
   */
  private static boolean covers(FlowSpace scope, long host) {
    var from = scope.source();
    var to = scope.destination();
    return (from.length() == 0 && to.length() == 0) || (from.length() > 0 && from.contains(0, host))
        || (to.length() > 0 && to.contains(0, host));
  }

  /** The external endpoint of an inside endpoint, or -1. */
  long external(long inside, int protocol) {
    return mappings.find(inside, protocol) ? mappings.endpoint(EXTERNAL_ADDRESS, EXTERNAL_PORT) : -1;
  }

  /** The inside endpoint of an external endpoint, or -1. */
  long inside(long external, int protocol) {
    return externals.find(external, protocol) ? externals.endpoint(INSIDE_ADDRESS, INSIDE_PORT) : -1;
  }

  /** Whether an inside endpoint has a configured mapping. */
  boolean isFixed(long inside, int protocol) {
    return mappings.find(inside, protocol) && mappings.getByte(FIXED) != 0;
  }

  /**
   * One session more uses the mapping of an inside endpoint, which is made if need be.
   *
   * @param pool to take a port from; null: from none, so the mapping must exist
   * @return the external endpoint, or the negative verdict why there is none
   */
  long join(Pool pool, boolean parity, long inside, int protocol) {
    if (!mappings.find(inside, protocol)) {
      if (pool == null) {
        return -Drop.NO_MAPPING.verdict();
      }
      long external = take(pool, parity, inside, protocol);
      if (external < 0) {
        return external;
      }
      if (!mappings.insert(inside, protocol, services.nowMillis())) {
        free(external, protocol);
        return -Drop.TABLE_FULL.verdict();
      }
      mappings.endpoint(EXTERNAL_ADDRESS, EXTERNAL_PORT, external);
    }
    mappings.addInt(SESSIONS, 1);
    mappings.changed();
    return mappings.endpoint(EXTERNAL_ADDRESS, EXTERNAL_PORT);
  }

  /** A session that used a mapping has ended. */
  void leave(long inside, long external, int protocol) {
    // A mapping may have been replaced, or be another instance's by now.
    if (external(inside, protocol) != external || mappings.getInt(SESSIONS) == 0) {
      return;
    }
    if (mappings.addInt(SESSIONS, -1) == 0 && mappings.getByte(FIXED) == 0) {
      mappings.remove();
      free(external, protocol);
    } else {
      mappings.changed();
    }
  }

  // ---- configured mappings

  /** Makes a configured mapping, whose endpoints are free; false if a table is full. */
  boolean fix(Static fixed) {
    long now = services.nowMillis();
    if (!externals.insert(fixed.external(), fixed.protocol(), now)) {
      return false;
    }
    if (!mappings.insert(fixed.internal(), fixed.protocol(), now)) {
      externals.remove();
      return false;
    }
    externals.endpoint(INSIDE_ADDRESS, INSIDE_PORT, fixed.internal());
    externals.lifetimeMillis(fixed.lifetimeMillis());
    externals.changed();
    mappings.endpoint(EXTERNAL_ADDRESS, EXTERNAL_PORT, fixed.external());
    mappings.lifetimeMillis(fixed.lifetimeMillis());
    mappings.setByte(FIXED, 1);
    mappings.changed();
    return true;
  }

  /** A mapping is configured no more: it goes with its last session. */
  void loosen(Static fixed) {
    if (isFixed(fixed.internal(), fixed.protocol())) {
      mappings.setByte(FIXED, 0);
      mappings.lifetimeMillis(0);
      mappings.addInt(SESSIONS, 1);
      leave(fixed.internal(), fixed.external(), fixed.protocol());
    }
    if (externals.find(fixed.external(), fixed.protocol())) {
      externals.lifetimeMillis(0);
    }
  }

  // ---- ports

  /** Takes a port for an inside endpoint: its external endpoint, or the negative verdict. */
  private long take(Pool pool, boolean parity, long inside, int protocol) {
    int host = (int) (inside >>> 16);
    // The same in every instance, so that a host keeps its address when it moves.
    int mixed = host * 0x9E3779B9;
    mixed ^= mixed >>> 15;
    long address = pool.address(Long.remainderUnsigned(mixed & 0xffff_ffffL, pool.addresses()));
    int count = pool.blocks();
    int start = Integer.remainderUnsigned(mixed * 0x85EBCA6B, count);
    int step = parity && protocol == Protocol.UDP ? 2 : 1;
    for (int i = 0; i < count; i++) {
      int block = pool.firstPort() + (start + i) % count * pool.blockSize();
      if (!blocks.find(address << 16 | block, 0)) {
        if (!blocks.insert(address << 16 | block, 0, services.nowMillis())) {
          return -Drop.TABLE_FULL.verdict();
        }
        blocks.setInt(OWNER, host);
      } else if (blocks.getInt(OWNER) != host) {
        continue;
      }
      int size = Math.min(pool.blockSize(), pool.lastPort() - block + 1);
      int skipped = step == 2 ? (int) (inside - block) & 1 : 0;
      int port = free(address, block + skipped, (size - skipped + step - 1) / step, step, protocol);
      if (port >= 0) {
        return use(address << 16 | port, block, inside, protocol);
      }
      removeIfUnused();
    }
    return -Drop.NO_PORT.verdict();
  }

  /** A free one of {@code count} ports from {@code first} on in the block pointed to, or -1. */
  private int free(long address, int first, int count, int step, int protocol) {
    int used = step == 2 ? blocks.getShort(used(protocol, first))
        : protocol == Protocol.UDP ? blocks.getShort(USED_UDP) + blocks.getShort(USED_UDP_ODD)
        : blocks.getShort(used(protocol, first));
    if (used >= count) {
      return -1;
    }
    int begin = random.nextInt(count);
    for (int i = 0; i < count; i++) {
      int port = first + (begin + i) % count * step;
      if (!externals.find(address << 16 | port, protocol)) {
        return port;
      }
    }
    return -1;
  }

  /** Puts a port of the block pointed to into use. */
  private long use(long external, int block, long inside, int protocol) {
    if (!externals.insert(external, protocol, services.nowMillis())) {
      removeIfUnused();
      return -Drop.TABLE_FULL.verdict();
    }
    externals.endpoint(INSIDE_ADDRESS, INSIDE_PORT, inside);
    externals.setShort(FROM_BLOCK, block);
    externals.changed();
    long used = used(protocol, (int) external);
    blocks.setShort(used, blocks.getShort(used) + 1);
    blocks.changed();
    return external;
  }

  /** Gives a port back. */
  private void free(long external, int protocol) {
    if (!externals.find(external, protocol)) {
      return;
    }
    int block = externals.getShort(FROM_BLOCK);
    externals.remove();
    if (block != 0 && blocks.find(external >>> 16 << 16 | block, 0)) {
      long used = used(protocol, (int) external);
      blocks.setShort(used, Math.max(0, blocks.getShort(used) - 1));
      blocks.changed();
      removeIfUnused();
    }
  }

  private void removeIfUnused() {
    if ((blocks.getShort(USED_TCP) | blocks.getShort(USED_ICMP) | blocks.getShort(USED_UDP)
        | blocks.getShort(USED_UDP_ODD)) == 0) {
      blocks.remove();
    }
  }

  /** The counter of a block's ports that are in use. */
  private static long used(int protocol, int port) {
    return switch (protocol) {
      case Protocol.TCP -> USED_TCP;
      case Protocol.ICMP -> USED_ICMP;
      default -> (port & 1) == 0 ? USED_UDP : USED_UDP_ODD;
    };
  }

  /** Mappings, configured ones included. */
  int size() {
    return mappings.size();
  }

  /** Blocks that have an owner. */
  int blocks() {
    return blocks.size();
  }
}
