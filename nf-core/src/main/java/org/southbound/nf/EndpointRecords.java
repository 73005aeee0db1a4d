// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.FlowKey;
import org.southbound.flow.Record;
import org.southbound.flow.RecordTable;

/**
 * Multi-flow state per IPv4 endpoint and protocol. The key has the endpoint's address in k1, its port, the protocol and
 * IP version 4 in k4, and in k3 the address of a second host, or 0. Endpoints are as {@link FlowKey#rename} takes them. Points
 * to one record at a time. Worker thread.
 */
final class EndpointRecords extends Record {
  private final RecordTable table;

  EndpointRecords(RecordTable table) {
    this.table = table;
  }

  /** Points to the record of an endpoint; false if there is none. */
  boolean find(long endpoint, int protocol) {
    return find(endpoint, protocol, 0);
  }

  /** Points to the record of an endpoint and a second host; false if there is none. */
  boolean find(long endpoint, int protocol, long other) {
    long k1 = endpoint >>> 16;
    long k4 = word4(endpoint, protocol);
    bind(table, table.find(0, k1, 0, other, k4, FlowKey.hash(0, k1, 0, other, k4)));
    return exists();
  }

  /** Makes the record of an endpoint that has none, and points to it; false if the table is full. */
  boolean insert(long endpoint, int protocol, long nowMillis) {
    return insert(endpoint, protocol, 0, nowMillis);
  }

  /** Makes the record of an endpoint and a second host that have none; false if the table is full. */
  boolean insert(long endpoint, int protocol, long other, long nowMillis) {
    long k1 = endpoint >>> 16;
    long k4 = word4(endpoint, protocol);
    bind(table, table.insert(0, k1, 0, other, k4, FlowKey.hash(0, k1, 0, other, k4), nowMillis));
    return exists();
  }

  private static long word4(long endpoint, int protocol) {
    return FlowKey.word4((int) endpoint & 0xffff, 0, 0, protocol, 4);
  }

  /** The endpoint whose address and port are fields of the record. */
  long endpoint(long address, long port) {
    return (long) getInt(address) << 16 & 0xffff_ffff_0000L | getShort(port);
  }

  /** Sets the fields that are an endpoint's address and port. */
  void endpoint(long address, long port, long endpoint) {
    setInt(address, (int) (endpoint >>> 16));
    setShort(port, (int) endpoint & 0xffff);
  }

  /** The record's state changed. */
  void changed() {
    table.touch(id(), table.header(id(), RecordTable.LAST_SEEN));
  }

  /** How long the record stays behind the time it was made, ms; 0: for ever. */
  void lifetimeMillis(int millis) {
    table.timeout(id(), millis);
  }

  /** Removes the record. */
  void remove() {
    table.remove(id());
    bind(table, RecordTable.ABSENT);
  }

  /** Records in the table. */
  int size() {
    return table.size();
  }
}
