// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Monitor;

/** Chains by every protocol: set up, traced, changed under traffic. */
@Timeout(120)
final class FabricChainsTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int FLOWS = 50;
  private static final int PER_FLOW = 200;

  @TempDir
  private Path home;

  private Testbed bed;
  private Testbed.Node a;
  private Testbed.Node b;
  private Testbed.Node c;
  private Testbed.Node d;

  @BeforeEach
  void open() throws Exception {
    bed = new Testbed(home);
    a = bed.node("a", Monitor::new);
    b = bed.node("b", Monitor::new);
    c = bed.node("c", Monitor::new, 2);
    d = bed.node("d", Monitor::new);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private static List<Endpoint> hops(Testbed.Node... nodes) {
    return Arrays.stream(nodes).map(node -> new Endpoint(node.name, "127.0.0.1", node.endpoint.dataPort(),
        node.endpoint.peerPort())).toList();
  }

  private void update(String protocol, Testbed.Node... nodes) throws Exception {
    a.vnf.serviceChainUpdate(new ChainUpdate("web", -1, protocol, FlowSpace.EVERYTHING, hops(nodes), -1), SOON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nsh-vxlan-gpe", "nsh-ethernet", "gre", "mpls", "vlan", "ip-in-ip", "flow-tags",
      "mac-rewrite"})
  void shouldChangeUnderTrafficWithoutLossOrReordering(String protocol) throws Exception {
    bed.hub.capture = new CopyOnWriteArrayList<>();
    var made = a.vnf.serviceChain(new Chain("web", -1, protocol, FlowSpace.EVERYTHING, hops(b, c), false), SOON);
    assertEquals(protocol, made.protocol());
    bed.send(a, 0, 0);
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == 1), this::accounts);
    assertEquals(protocol.equals("nsh-vxlan-gpe"), bed.hub.capture.isEmpty());
    bed.hub.capture = null;
    bed.seen.clear();
    var trace = a.vnf.traceChain("web", 2, SOON);
    assertTrue(trace.complete(), trace::toString);
    assertEquals(List.of("a", "b", "c"), trace.hops().stream().map(each -> each.nf()).toList());
    assertEquals(protocol, trace.hops().getLast().protocol());
    try (var traffic = new Traffic(bed, a, FLOWS, PER_FLOW)) {
      var changes = List.of(hops(b, d, c), hops(b, c), hops(d, c), hops(c, d), hops(c), hops(b, c, d), hops(d));
      for (int i = 0; i < changes.size(); i++) {
        traffic.until(1000 * (i + 1));
        a.vnf.serviceChainUpdate(new ChainUpdate("web", -1, protocol, FlowSpace.EVERYTHING, changes.get(i), -1), SOON);
      }
      traffic.finish();
    }
    assertTrue(Testbed.eventually(SOON, () -> bed.received() == 1 + FLOWS * PER_FLOW), this::accounts);
    assertEquals(Map.of("lost", 0L, "duplicated", 0L, "reordered", 0L), bed.faults(FLOWS, PER_FLOW));
    assertTrue(bed.nodes.stream().allMatch(Testbed.Node::balanced), this::accounts);
    update(protocol);
    assertTrue(Testbed.eventually(SOON, () -> bed.nodes.stream().allMatch(node -> node.vnf.paths().isEmpty())));
  }

  private String accounts() {
    return bed.nodes.stream().map(Testbed.Node::account).toList().toString();
  }
}
