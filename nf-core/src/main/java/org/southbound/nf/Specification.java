// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.List;
import org.southbound.metrics.Metric;
import org.southbound.state.StateLayout;

/**
 * The vendor's specification document (the paper's Table 1): what the labels, metrics and state of an NF mean.
 *
 * @param type name of the NF type, such as {@code firewall}
 * @param vendor who makes it
 * @param product name of the product
 * @param softwareVersion version of the software
 * @param description what it does, in words (Markdown)
 * @param contexts contexts it produces or consumes
 * @param metrics metrics of its own; those that every NF has are added
 * @param states its state; at most one PER_FLOW layout
 * @param alarms kinds of alarm it raises
 * @param byFlowHash whether all its state splits by flow hash, so that several workers may run it
 */
public record Specification(String type, String vendor, String product, String softwareVersion, String description,
    List<Context> contexts, List<Metric> metrics, List<StateLayout> states, List<AlarmKind> alarms,
    boolean byFlowHash) {

  /** Of an NF that raises no alarms. */
  public Specification(String type, String vendor, String product, String softwareVersion, String description,
      List<Context> contexts, List<Metric> metrics, List<StateLayout> states, boolean byFlowHash) {
    this(type, vendor, product, softwareVersion, description, contexts, metrics, states, List.of(), byFlowHash);
  }

  /**
   * Semantic information that an NF produces for, or consumes from, other NFs of a chain.
   *
   * @param type such as {@code status}
   * @param description meaning, in words
   * @param produces as the upstream NF
   * @param consumes as the downstream NF
   * @param perPacket each packet has its own value; else all packets of a flow have one
   * @param values acceptable values
   */
  public record Context(String type, String description, boolean produces, boolean consumes, boolean perPacket,
      List<Value> values) {
  }

  /**
   * A value of a context.
   *
   * @param value such as {@code hit}
   * @param description meaning, in words
   */
  public record Value(String value, String description) {
  }

  /**
   * A kind of alarm.
   *
   * @param kind such as {@code denied-flood}
   * @param severity warning, minor, major or critical
   * @param description what raises and what clears it, in words
   */
  public record AlarmKind(String kind, String severity, String description) {
  }

  /** The per-flow layout, or null. */
  public StateLayout perFlow() {
    for (var state : states) {
      if (state.kind() == StateLayout.Kind.PER_FLOW) {
        return state;
      }
    }
    return null;
  }
}
