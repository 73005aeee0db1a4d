// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.Flow;
import org.southbound.flow.RecordTable;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metric;
import org.southbound.packet.Packet;
import org.southbound.state.StateLayout;

/** What the worker does for its NF. Worker thread only. */
public interface Services {
  /** Milliseconds since the worker began; constant during a batch. */
  long nowMillis();

  /**
   * The table of a layout that the NF's specification declares. That of the PER_FLOW layout is for NFs that count a packet
   * to another flow than it came with; its records are made by {@link Flow#create}.
   */
  RecordTable table(StateLayout layout);

  /** The counter or gauge of a metric that the NF's specification declares. */
  Counter counter(Metric metric);

  /**
   * States a context of the packet, such as status = hit; the classifier's translation rules make a label of it.
   *
   * @param context index of the context in the specification
   * @param value index of the value within the context
   */
  void produce(Packet packet, int context, int value);

  /**
   * The value that translation rules made of the packet's labels.
   *
   * @param context index of the context in the specification
   * @return index of the value within the context, or -1
   */
  int consume(Packet packet, int context);

  /** {@link Packet#ingress} of the packets from the port with that name, or -1 if there is none. */
  default int port(String name) {
    return -1;
  }

  /** The flow that an ICMP or ICMPv6 error is about, by the packet it quotes; absent if there is no such flow. */
  Flow related(Packet icmpError);

  /** A packet that the NF made itself, to be filled in and given to {@link #emit}; null when no memory is left. */
  Packet newPacket();

  /**
   * Sends a packet of the NF's own.
   *
   * @param cause the packet that it answers or follows
   * @param reply true: back to where {@code cause} came from; false: onwards, as {@code cause} goes
   */
  void emit(Packet packet, Packet cause, boolean reply);

  /** Raises or clears an alarm; it becomes a notification. Limited in rate by the receiver. */
  void alarm(Alarm alarm);

  /**
   * Something an operator should know.
   *
   * @param kind such as {@code denied-flood} or {@code port-scan}
   * @param severity warning, minor, major or critical
   * @param resource what it is about, such as a host
   * @param count how many events are behind it
   * @param cleared the condition has ended
   * @param text one sentence
   */
  record Alarm(String kind, String severity, String resource, long count, boolean cleared, String text) {
  }
}
