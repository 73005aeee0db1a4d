// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Configurations as the management side hands them over. */
final class Configs {
  private Configs() {
  }

  /** Leaves, as name and value in turn. */
  static Map<String, String> leaves(String... namesAndValues) {
    var leaves = new HashMap<String, String>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      leaves.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return leaves;
  }

  static Config of(String... namesAndValues) {
    return new Config(leaves(namesAndValues), Map.of(), Map.of(), Map.of());
  }

  static Config firewall(List<Config> rules, String... leaves) {
    return new Config(leaves(leaves), Map.of(), Map.of(), Map.of("rule", rules));
  }

  static Config rule(String name, String action, Config scope, String... leaves) {
    return rule(name, action, match(scope, List.of(), List.of(), List.of()), Map.of(), leaves);
  }

  static Config rule(String name, String action, Config match, Map<String, String> none, String... more) {
    var leaves = leaves(more);
    leaves.put("name", name);
    leaves.put("action", action);
    return new Config(leaves, Map.of(), Map.of("match", match), Map.of());
  }

  static Config match(Config scope, List<String> labels, List<Config> contexts, List<String> ingress) {
    return new Config(Map.of(), Map.of("label", labels, "ingress", ingress), Map.of("scope", scope),
        Map.of("context", contexts));
  }

  static Config context(String type, String... values) {
    return new Config(Map.of("type", type), Map.of("value", List.of(values)), Map.of(), Map.of());
  }

  /** A scope of flows to a port. */
  static Config port(int protocol, int port) {
    return new Config(leaves("protocol", "" + protocol), Map.of(),
        Map.of("destination-port", of("lower-port", "" + port)), Map.of());
  }

  /** A scope of flows from a prefix. */
  static Config from(String prefix) {
    var l3 = of("source", prefix);
    return new Config(Map.of(), Map.of(), Map.of(prefix.indexOf(':') < 0 ? "ipv4" : "ipv6", l3), Map.of());
  }
}
