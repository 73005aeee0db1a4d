// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.southbound.nf.Config;

class StartOnlyTest {
  private static Config port(String role, String kind, Map<String, String> leaves) {
    var where = new Config(leaves, Map.of(), Map.of(), Map.of());
    return new Config(Map.of("role", role), Map.of(), Map.of(kind, where), Map.of());
  }

  private static Config with(Config... ports) {
    return new Config(Map.of(), Map.of(), Map.of(), Map.of("port", List.of(ports)));
  }

  @Test
  void shouldSayPortsAsFlags() {
    var nf = with(port("ingress", "interface", Map.of("name", "f0")),
        port("egress ingress", "tun", Map.of("name", "t0")),
        port("ingress", "udp", Map.of("host", "2001:db8::1", "port", "4800")),
        port("ingress", "pcap", Map.of("file", "/etc/passwd")), port("inside", "interface", Map.of("name", "in")));
    assertEquals(Map.of("ingress", "if:f0\ntun:t0\nudp:[2001:db8::1]:4800", "egress", "tun:t0"), StartOnly.flags(nf));
    assertEquals(Map.of(), StartOnly.flags(with()));
    assertNotEquals(StartOnly.of(with()), StartOnly.of(nf));
  }
}
