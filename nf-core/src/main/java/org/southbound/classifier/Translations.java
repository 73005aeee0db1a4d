// SPDX-License-Identifier: Apache-2.0
package org.southbound.classifier;

import java.util.ArrayList;
import java.util.List;
import org.southbound.metrics.Counter;
import org.southbound.packet.Packet;

/**
 * The rules that turn an NF's context into operator-defined labels, and labels into context (the paper's section 4.1,
 * the classifier's second duty). Immutable but for the hit counters, which belong to one worker.
 */
public final class Translations {
  /** No rules. */
  public static final Translations NONE = new Translations(List.of());

  /**
   * A rule.
   *
   * @param name name
   * @param context index of the context in the NF's specification
   * @param value index of the value within the context
   * @param label generic label
   * @param produce context becomes label; else label becomes context
   * @param chain only in this chain; null: in all
   * @param hits packets marked or read
   */
  public record Rule(String name, int context, int value, int label, boolean produce, String chain, Counter hits) {
  }

  private final Rule[] produce;
  private final Rule[] consume;

  /** Rules of a chain go before those of all chains. */
  public Translations(List<Rule> rules) {
    var ordered = new ArrayList<>(rules);
    ordered.sort((a, b) -> Boolean.compare(a.chain == null, b.chain == null));
    produce = ordered.stream().filter(Rule::produce).toArray(Rule[]::new);
    consume = ordered.stream().filter(rule -> !rule.produce).toArray(Rule[]::new);
  }

  /** Puts the label of a context value on the packet, if a rule has one. */
  public void produce(Packet packet, int context, int value, String chain) {
    for (var rule : produce) {
      if (rule.context == context && rule.value == value && applies(rule, chain)) {
        packet.add(rule.label);
        rule.hits.add(1);
        return;
      }
    }
  }

  /** Index of the context value that the packet's labels mean, or -1. */
  public int consume(Packet packet, int context, String chain) {
    for (var rule : consume) {
      if (rule.context == context && packet.has(rule.label) && applies(rule, chain)) {
        rule.hits.add(1);
        return rule.value;
      }
    }
    return -1;
  }

  private static boolean applies(Rule rule, String chain) {
    return rule.chain == null || rule.chain.equals(chain);
  }

  /** All rules. */
  public List<Rule> rules() {
    var all = new ArrayList<>(List.of(produce));
    all.addAll(List.of(consume));
    return all;
  }
}
