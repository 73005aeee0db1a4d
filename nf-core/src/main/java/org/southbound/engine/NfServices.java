// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.southbound.flow.Flow;
import org.southbound.flow.RecordTable;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.nf.Services;
import org.southbound.nf.Specification;
import org.southbound.packet.Packet;
import org.southbound.state.StateLayout;

/** A worker's services for its NF. */
final class NfServices implements Services {
  private final Worker worker;
  private final Map<Metric, Counter> counters = new HashMap<>();
  private volatile Consumer<Alarm> alarms = alarm -> {
  };

  NfServices(Worker worker, Specification specification) {
    this.worker = worker;
    specification.metrics().forEach(metric -> counters.put(metric, new Counter()));
  }

  /** Who takes the NF's alarms; must not block. */
  void alarms(Consumer<Alarm> listener) {
    alarms = listener;
  }

  @Override
  public long nowMillis() {
    return worker.nowMillis();
  }

  @Override
  public RecordTable table(StateLayout layout) {
    return worker.table(layout);
  }

  @Override
  public Counter counter(Metric metric) {
    return counters.get(metric);
  }

  @Override
  public void produce(Packet packet, int context, int value) {
    worker.produce(packet, context, value);
  }

  @Override
  public int consume(Packet packet, int context) {
    return worker.consume(packet, context);
  }

  @Override
  public int port(String name) {
    return worker.inputNumber(name);
  }

  @Override
  public Flow related(Packet icmpError) {
    return worker.related(icmpError);
  }

  @Override
  public Packet newPacket() {
    return worker.newPacket();
  }

  @Override
  public void emit(Packet packet, Packet cause, boolean reply) {
    worker.emit(packet, cause, reply);
  }

  @Override
  public void alarm(Alarm alarm) {
    alarms.accept(alarm);
  }
}
