// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.Addresses;
import org.southbound.flow.FlowKey;
import org.southbound.flow.Record;
import org.southbound.flow.RecordTable;

/**
 * Multi-flow state per host, or per pair of hosts: the key is the host's address in k0 and k1, a second one's in k2 and
 * k3, and the IP version in k4. Points to one record at a time.
 *
 * <p>A record may count in windows: the header's time last seen is then when the record's window began, so that a window
 * goes on where the record is taken to. Worker thread.
 */
final class HostRecords extends Record {
  private final RecordTable table;

  HostRecords(RecordTable table) {
    this.table = table;
  }

  /** Points to the record of a host, which is made if need be; false if the table is full. */
  boolean at(long high, long low, int ipVersion, long nowMillis) {
    return at(high, low, 0, 0, ipVersion, nowMillis);
  }

  /** Points to the record of a pair of hosts, which is made if need be; false if the table is full. */
  boolean at(long high, long low, long otherHigh, long otherLow, int ipVersion, long nowMillis) {
    int hash = FlowKey.hash(high, low, otherHigh, otherLow, ipVersion);
    bind(table, table.findOrInsert(high, low, otherHigh, otherLow, ipVersion, hash, nowMillis));
    return exists();
  }

  /** Points to the first record with an id of at least {@code from}; returns its id, or {@link RecordTable#ABSENT}. */
  int next(int from) {
    int id = table.next(from);
    if (id >= 0) {
      bind(table, id);
    }
    return id;
  }

  /** The record was used now. */
  void used(long nowMillis) {
    table.touch(id(), nowMillis);
  }

  /** How long ago the record's window began, ms. */
  int windowAge(long nowMillis) {
    return table.idleMillis(id(), nowMillis);
  }

  /** A window begins. */
  void beginWindow(long nowMillis) {
    table.touch(id(), nowMillis);
  }

  /** The record changed within its window. */
  void changed() {
    table.touch(id(), table.header(id(), RecordTable.LAST_SEEN));
  }

  /** How long the record stays behind its last use, or the begin of its window, ms; 0: for ever. */
  void timeoutMillis(int millis) {
    table.timeout(id(), millis);
  }

  /** Records in the table. */
  int size() {
    return table.size();
  }

  /** The first word of the key: high word of the host's address. */
  long first() {
    return table.key(id(), 0);
  }

  /** The second word of the key: low word of the host's address. */
  long second() {
    return table.key(id(), 1);
  }

  /** IP version of the host's address. */
  int ipVersion() {
    return (int) table.key(id(), 4) & 0xff;
  }

  /** Text of the host's address. */
  String host() {
    return Addresses.text(ipVersion(), first(), second());
  }

  /** Text of the second host's address. */
  String other() {
    return Addresses.text(ipVersion(), table.key(id(), 2), table.key(id(), 3));
  }
}
