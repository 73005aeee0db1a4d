// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.Map;
import org.southbound.flow.Flow;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * A network function (RFC 7665: service function): the one class that a vendor writes. One instance per worker; all
 * methods but {@link #specification} and {@link #configure} run on that worker's thread, must not block, and must not
 * allocate per packet.
 *
 * <p>State lives in the flow record and in the tables that {@link Services} gives out, nowhere else: only that survives
 * a transfer.
 */
public interface NetworkFunction {
  /** What the vendor says of this NF: state, labels, metrics (the paper's Table 1). */
  Specification specification();

  /** Called once, before the first packet. */
  default void start(Services services) {
  }

  /**
   * Reads and checks a configuration, on any thread, and returns the step that puts it in force; the worker runs that
   * step between two packets. Throws {@link ConfigException} to refuse, which changes nothing.
   */
  default Runnable configure(Config config) throws ConfigException {
    return () -> {
    };
  }

  /** A configuration with which packets pass: with it, throw-away instances rehearse before an instance is ready. */
  default Config rehearsal() {
    return Config.EMPTY;
  }

  /**
   * Processes one IP packet.
   *
   * @param flow the packet's flow; {@link Flow#exists} tells whether it has a record yet, {@link Flow#create} makes one
   * @return {@link Drop#FORWARD}'s verdict (0), or the verdict of the reason to drop it
   */
  int process(Packet packet, Flow flow);

  /** Processes a frame that carries no IP, such as ARP; the default drops it. */
  default int processOther(Packet packet) {
    return Drop.NOT_IP.verdict();
  }

  /** Packets that each configured rule decided on, by the rule's name; any thread. */
  default Map<String, Long> ruleHits() {
    return Map.of();
  }

  /** Called about every 10 ms, for timers and alarms. */
  default void tick(long nowMillis) {
  }

  /** Called when a flow's record is about to go because it was idle or the NF removed it. */
  default void flowEnded(Flow flow) {
  }
}
