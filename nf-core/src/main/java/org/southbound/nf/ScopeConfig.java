// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.FlowSpace;
import org.southbound.flow.FlowSpace.Direction;
import org.southbound.flow.FlowSpace.Ports;
import org.southbound.flow.FlowSpace.Prefix;
import org.southbound.flow.ScopeException;

/** Reads the YANG grouping {@code scope} of an NF's configuration. */
public final class ScopeConfig {
  private ScopeConfig() {
  }

  /**
   * The scope in {@code config}; an empty container is every packet.
   *
   * @param path where it stands, for errors
   * @param direction of a scope that does not say
   */
  public static FlowSpace read(Config config, String path, Direction direction) throws ConfigException {
    try {
      var ipv4 = config.containers().get("ipv4");
      var ipv6 = config.containers().get("ipv6");
      var l3 = ipv4 != null ? ipv4 : ipv6 != null ? ipv6 : Config.EMPTY;
      int version = ipv4 != null ? 4 : ipv6 != null ? 6 : 0;
      return new FlowSpace(direction(config, direction), number(config, "protocol", FlowSpace.ANY), version,
          prefix(l3, "source"),
          prefix(l3, "destination"), ports(config.container("source-port")),
          ports(config.container("destination-port")),
          number(config, "vlan-id", FlowSpace.ANY), number(config, "dscp", FlowSpace.ANY), number(config, "label", 0),
          number(l3, "flow-label", FlowSpace.ANY));
    } catch (ScopeException refused) {
      throw new ConfigException(refused.appTag().isEmpty() ? "southbound:bad-scope" : refused.appTag(),
          refused.path().isEmpty() ? path : path + "/" + refused.path(), refused.getMessage());
    }
  }

  private static Direction direction(Config config, Direction otherwise) {
    var text = config.leaf("direction", otherwise.text());
    for (var direction : Direction.values()) {
      if (direction.text().equals(text)) {
        return direction;
      }
    }
    throw new ScopeException("", "direction", "a direction is forward, reverse or both, not " + text);
  }

  private static Prefix prefix(Config l3, String leaf) {
    var text = l3.leaf(leaf, "");
    if (text.isEmpty()) {
      return Prefix.ANY;
    }
    try {
      return FlowSpace.parse(text + " -> any").source();
    } catch (ScopeException refused) {
      throw new ScopeException(refused.appTag(), (text.indexOf(':') < 0 ? "ipv4/" : "ipv6/") + leaf,
          refused.getMessage());
    }
  }

  private static Ports ports(Config range) {
    int lower = number(range, "lower-port", -1);
    return lower < 0 ? Ports.ANY : new Ports(lower, number(range, "upper-port", lower));
  }

  private static int number(Config config, String leaf, int otherwise) {
    try {
      return (int) Math.clamp(config.number(leaf, otherwise), -1L, Integer.MAX_VALUE);
    } catch (NumberFormatException notANumber) {
      throw new ScopeException("", leaf, "\"" + config.leaf(leaf, "") + "\" is no number");
    }
  }
}
