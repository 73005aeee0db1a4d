// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import java.util.Map;
import org.southbound.flow.FlowSpace.Direction;
import org.southbound.flow.FlowSpace.Ports;
import org.southbound.flow.FlowSpace.Prefix;

/**
 * Text of a scope:
 *
 * <pre>
 *   [any] [PROTOCOL] [ipv4|ipv6] [ENDPOINT -> ENDPOINT] [vlan N] [dscp N] [label N] [flow-label N] [forward|reverse]
 *   PROTOCOL  tcp | udp | sctp | dccp | icmp | icmpv6 | protocol N
 *   ENDPOINT  any[:PORTS] | V4/LENGTH[:PORTS] | V6/LENGTH | [V6/LENGTH]:PORTS
 * </pre>
 */
final class FlowSpaceText {
  private static final Map<String, Integer> PROTOCOLS = Map.of("tcp", 6, "udp", 17, "sctp", 132, "dccp", 33, "icmp", 1,
      "icmpv6", 58);

  private final String text;
  private final String[] words;
  private int next;

  private Prefix source = Prefix.ANY;
  private Prefix destination = Prefix.ANY;
  private Ports sourcePorts = Ports.ANY;
  private Ports destinationPorts = Ports.ANY;

  FlowSpaceText(String text) {
    this.text = text;
    this.words = text.strip().split("\\s+");
  }

  FlowSpace read() {
    if (peek().equals("any") && !(words.length > 1 && words[1].equals("->"))) {
      next++;
    }
    int protocol = FlowSpace.ANY;
    if (PROTOCOLS.containsKey(peek())) {
      protocol = PROTOCOLS.get(words[next++]);
    } else {
      protocol = number("protocol", FlowSpace.ANY);
    }
    int ipVersion = skip("ipv4") ? 4 : skip("ipv6") ? 6 : 0;
    if (next + 1 < words.length && words[next + 1].equals("->")) {
      endpoints();
    }
    int vlan = number("vlan", FlowSpace.ANY);
    int dscp = number("dscp", FlowSpace.ANY);
    int label = number("label", 0);
    int flowLabel = number("flow-label", FlowSpace.ANY);
    var direction = skip("forward") ? Direction.FORWARD : skip("reverse") ? Direction.REVERSE : Direction.BOTH;
    if (next == 0 || next < words.length) {
      throw bad("\"" + peek() + "\" is not expected there");
    }
    return new FlowSpace(direction, protocol, ipVersion, source, destination, sourcePorts, destinationPorts, vlan, dscp,
        label, flowLabel);
  }

  private String peek() {
    return next < words.length ? words[next] : "";
  }

  private boolean skip(String word) {
    if (peek().equals(word)) {
      next++;
      return true;
    }
    return false;
  }

  /** The number after {@code word}, or {@code otherwise} when the word is not next. */
  private int number(String word, int otherwise) {
    return skip(word) ? decimal(next < words.length ? words[next++] : "", word) : otherwise;
  }

  private int decimal(String digits, String what) {
    if (!digits.matches("[0-9]{1,8}")) {
      throw bad("\"" + digits + "\" is no number for " + what);
    }
    return Integer.parseInt(digits);
  }

  private void endpoints() {
    var from = words[next];
    next += 2;
    if (next == words.length) {
      throw bad("no destination");
    }
    var to = words[next++];
    source = prefix(from);
    sourcePorts = ports(from);
    destination = prefix(to);
    destinationPorts = ports(to);
  }

  /** Where the ports of an endpoint begin, or its length. */
  private static int portsAt(String endpoint) {
    int bracket = endpoint.indexOf("]:");
    if (bracket >= 0) {
      return bracket + 1;
    }
    int colon = endpoint.indexOf(':');
    return colon >= 0 && colon == endpoint.lastIndexOf(':') ? colon : endpoint.length();
  }

  private Prefix prefix(String endpoint) {
    var address = endpoint.substring(0, portsAt(endpoint));
    if (address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    if (address.equals("any")) {
      return Prefix.ANY;
    }
    return parsePrefix(address);
  }

  /** A prefix, or an address, which is the prefix of itself. */
  static Prefix parsePrefix(String prefix) {
    int slash = prefix.indexOf('/');
    var parts = Addresses.parse(slash < 0 ? prefix : prefix.substring(0, slash));
    int length = parts[0] == 4 ? 32 : 128;
    if (slash >= 0) {
      var digits = prefix.substring(slash + 1);
      if (!digits.matches("[0-9]{1,3}")) {
        throw new ScopeException("", "", "\"" + prefix + "\" is no prefix");
      }
      length = Integer.parseInt(digits);
    }
    return new Prefix((int) parts[0], parts[1], parts[2], length);
  }

  private Ports ports(String endpoint) {
    int at = portsAt(endpoint);
    if (at == endpoint.length()) {
      return Ports.ANY;
    }
    var range = endpoint.substring(at + 1).split("-", 2);
    int lower = decimal(range[0], "a port");
    return new Ports(lower, range.length == 1 ? lower : decimal(range[1], "a port"));
  }

  private ScopeException bad(String reason) {
    return new ScopeException("", "", "scope \"" + text + "\": " + reason);
  }

  static String write(FlowSpace scope) {
    var text = new StringBuilder();
    if (scope.protocol() != FlowSpace.ANY) {
      text.append(protocol(scope.protocol()));
    }
    if (scope.ipVersion() != 0 && scope.source().length() == 0 && scope.destination().length() == 0
        && scope.flowLabel() == FlowSpace.ANY) {
      text.append(" ipv").append(scope.ipVersion());
    }
    var from = endpoint(scope.source(), scope.sourcePorts());
    var to = endpoint(scope.destination(), scope.destinationPorts());
    if (!(from.equals("any") && to.equals("any"))) {
      text.append(' ').append(from).append(" -> ").append(to);
    }
    number(text, "vlan", scope.vlan(), FlowSpace.ANY);
    number(text, "dscp", scope.dscp(), FlowSpace.ANY);
    number(text, "label", scope.label(), 0);
    number(text, "flow-label", scope.flowLabel(), FlowSpace.ANY);
    if (scope.direction() != Direction.BOTH) {
      text.append(' ').append(scope.direction().text());
    }
    return text.isEmpty() ? "any" : text.toString().strip();
  }

  private static void number(StringBuilder text, String word, int value, int any) {
    if (value != any) {
      text.append(' ').append(word).append(' ').append(value);
    }
  }

  private static String protocol(int protocol) {
    for (var each : PROTOCOLS.entrySet()) {
      if (each.getValue() == protocol) {
        return each.getKey();
      }
    }
    return "protocol " + protocol;
  }

  private static String endpoint(Prefix prefix, Ports ports) {
    if (ports.isAny()) {
      return prefix.toString();
    }
    return (prefix.ipVersion() == 6 ? "[" + prefix + "]" : prefix.toString()) + ":" + ports;
  }
}
