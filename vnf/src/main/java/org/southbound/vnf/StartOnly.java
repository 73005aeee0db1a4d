// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.southbound.nf.Config;

/** The part of an instance's configuration that takes effect at the next start. */
final class StartOnly {
  private StartOnly() {
  }

  /** That part, to be compared. */
  static List<Object> of(Config nf) {
    var management = nf.container("management");
    return List.of(nf.leaf("name", ""), nf.leaf("workers", ""), nf.container("data-endpoint"),
        nf.container("peer-endpoint"), nf.container("flow-table"), management.container("snmp"),
        management.container("metrics"), nf.list("port"));
  }

  /** The flags of {@code run} that say the same, with their values. */
  static Map<String, String> flags(Config nf) {
    var management = nf.container("management");
    var flags = new LinkedHashMap<String, String>();
    put(flags, "workers", nf, "workers");
    put(flags, "data-port", nf.container("data-endpoint"), "port");
    put(flags, "peer-port", nf.container("peer-endpoint"), "port");
    put(flags, "max-flows", nf.container("flow-table"), "maximum");
    put(flags, "netconf-port", management.container("netconf"), "port");
    put(flags, "tls-port", management.container("tls"), "port");
    put(flags, "snmp-port", management.container("snmp"), "port");
    put(flags, "metrics-port", management.container("metrics"), "port");
    putPorts(flags, "ingress", nf);
    putPorts(flags, "egress", nf);
    return flags;
  }

  /** Ports of a role; files are named by flags alone, as a client of the configuration may not write everywhere. */
  private static void putPorts(Map<String, String> flags, String role, Config nf) {
    var ports = nf.list("port").stream().filter(port -> List.of(port.leaf("role", "").split(" ", -1)).contains(role))
        .map(StartOnly::port).filter(port -> !port.isEmpty()).toList();
    if (!ports.isEmpty()) {
      flags.put(role, role.equals("egress") ? ports.getFirst() : String.join("\n", ports));
    }
  }

  private static String port(Config port) {
    var udp = port.container("udp");
    var host = udp.leaf("host", "");
    if (!host.isEmpty()) {
      return "udp:" + (host.contains(":") ? "[" + host + "]" : host) + ":" + udp.leaf("port", "4790");
    }
    for (var kind : List.of("interface", "tun")) {
      var name = port.container(kind).leaf("name", "");
      if (!name.isEmpty()) {
        return (kind.equals("tun") ? "tun:" : "if:") + name;
      }
    }
    return "";
  }

  private static void put(Map<String, String> flags, String flag, Config container, String leaf) {
    var value = container.leaves().get(leaf);
    if (value != null) {
      flags.put(flag, value);
    }
  }
}
