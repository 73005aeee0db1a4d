// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.flow.FlowKey;
import org.southbound.packet.Drop;
import org.southbound.packet.Tcp;

class MonitorTest {
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(new Monitor());
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private Drop syn(int version, int from, int to, int port) {
    return rig.send(Frames.tcp(version, from, to, 4000, port, Tcp.SYN, 1, 0, 1000, 0));
  }

  private Drop synAck(int version, int from, int to, int port) {
    return rig.send(Frames.tcp(version, to, from, port, 4000, Tcp.SYN | Tcp.ACK, 1, 2, 1000, 0));
  }

  private long field(String name) {
    int id = rig.flows.next(0);
    rig.flow.bind(rig.flows, id);
    return name.endsWith("flags") ? rig.flow.getByte(Monitor.FLOW.offset(name))
        : name.startsWith("duration") ? rig.flow.getInt(Monitor.FLOW.offset(name))
        : rig.flow.getLong(Monitor.FLOW.offset(name));
  }

  private long host(int n, String name) {
    var host = new HostRecords(rig.tables.get(Monitor.HOST));
    host.at(0, 0x0a000000 + n, 4, rig.now);
    return name.equals("scans") ? host.getInt(Monitor.HOST.offset(name)) : host.getLong(Monitor.HOST.offset(name));
  }

  @Test
  void shouldCountBothDirectionsOfAFlow() {
    syn(4, 1, 2, 80);
    rig.now = 30;
    synAck(4, 1, 2, 80);
    rig.now = 70;
    rig.send(Frames.tcp(4, 1, 2, 4000, 80, Tcp.ACK, 2, 2, 1000, 100));
    assertEquals(2, field("initiator-packets"));
    assertEquals(40 + 140, field("initiator-octets"));
    assertEquals(1, field("responder-packets"));
    assertEquals(40, field("responder-octets"));
    assertEquals(Tcp.SYN | Tcp.ACK, field("initiator-tcp-flags"));
    assertEquals(70, field("duration-millis"));
    assertEquals(1, host(1, "flows-opened"));
    assertEquals(0, host(1, "flows-taken"));
    assertEquals(1, host(2, "flows-taken"));
    assertEquals(2, host(1, "packets-sent"));
    assertEquals(180, host(2, "octets-received"));
    assertEquals(1, host(2, "packets-sent"));
    assertEquals(1, rig.count("flows-seen"));
    assertEquals(220, rig.count("octets-seen"));
  }

  @Test
  void shouldForwardWhatCarriesNoIp() {
    assertEquals(Drop.FORWARD, rig.send(Frames.arp()));
    assertEquals(1, rig.count("frames-without-ip"));
  }

  @Test
  void shouldTellTheTrafficClassInBothDirections() {
    int[] ports = {80, 443, 53, 22, 9999};
    int[] classes = {0, 0, 1, 2, 3};
    for (int i = 0; i < ports.length; i++) {
      syn(4, 1, 2, ports[i]);
      assertEquals(classes[i], rig.produced.get(0));
      synAck(4, 1, 2, ports[i]);
      assertEquals(classes[i], rig.produced.get(0));
      assertEquals(0, rig.produced.get(1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void shouldRaiseAndClearPortScans(int version) {
    rig.configure(Configs.of("port-scan-threshold", "50", "port-scan-window", "60"));
    for (int port = 1; port <= 40; port++) {
      assertEquals(Drop.FORWARD, syn(version, 1, 2, port));
      syn(version, 1, 3, port);
      rig.send(Frames.udp(version, 9, 10, port, 53));
    }
    assertEquals(List.of(), rig.alarms, "40 ports of each of two hosts, and many flows to one port");
    for (int port = 41; port <= 60; port++) {
      syn(version, 1, 2, port);
    }
    assertEquals(1, rig.alarms.size());
    var raised = rig.alarms.getFirst();
    assertEquals("port-scan", raised.kind());
    assertEquals(version == 4 ? "10.0.0.1" : "2001:db8::1", raised.resource());
    assertTrue(Math.abs(raised.count() - 50) <= 5, "about 50: " + raised.count());
    syn(version, 1, 7, 80);
    assertEquals(1, rig.produced.get(1), "suspect");
    synAck(version, 1, 7, 80);
    assertEquals(1, rig.produced.get(1), "the initiator is");
    syn(version, 7, 1, 80);
    assertEquals(0, rig.produced.get(1), "who talks to it is not");
    assertEquals(1, rig.count("port-scans-now"));
    rig.pass(119_000);
    assertEquals(1, rig.alarms.size());
    rig.pass(1_000);
    assertEquals(2, rig.alarms.size());
    assertTrue(rig.alarms.get(1).cleared());
    assertEquals(0, rig.count("port-scans-now"));
    assertEquals(1, rig.count("port-scans"));
    syn(version, 1, 7, 81);
    assertEquals(0, rig.produced.get(1));
  }

  @Test
  void shouldNotTakeAnswersForAScan() {
    rig.configure(Configs.of("port-scan-threshold", "10"));
    for (int port = 1000; port < 1100; port++) {
      rig.send(Frames.tcp(4, 2, 1, 80, port, Tcp.ACK, 1, 1, 1000, 100));
    }
    assertEquals(List.of(), rig.alarms);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100, 1000, 4096})
  void shouldCountPortsToSomePercent(int threshold) {
    rig.close();
    rig = new Rig(new Monitor(), 70_000);
    rig.configure(Configs.of("port-scan-threshold", "" + threshold));
    var random = new java.util.SplittableRandom(threshold);
    var ports = new java.util.HashSet<Integer>();
    while (rig.alarms.isEmpty()) {
      int port = random.nextInt(1, 65_536);
      ports.add(port);
      syn(4, 1, 2, port);
    }
    assertTrue(Math.abs(ports.size() - threshold) <= 1 + threshold * 0.15, ports.size() + " ports");
  }

  @Test
  void shouldUniteHalvesOfAScan() {
    rig.configure(Configs.of("port-scan-threshold", "60"));
    var bits = PortScan.LAYOUT;
    assertEquals(org.southbound.state.StateLayout.Merge.UNION, bits.merge());
    try (var other = new Rig(new Monitor()); var arena = Arena.ofConfined()) {
      other.configure(Configs.of("port-scan-threshold", "60"));
      for (int port = 1; port <= 45; port++) {
        syn(4, 1, 2, port);
        other.send(Frames.tcp(4, 1, 2, 4000, port + 45, Tcp.SYN, 1, 0, 1000, 0));
      }
      assertTrue(rig.alarms.isEmpty() && other.alarms.isEmpty());
      var from = rig.tables.get(bits);
      var to = other.tables.get(bits);
      var record = arena.allocate(from.recordBytes());
      from.exportRecord(from.next(0), record, 0, rig.now);
      var mine = new HostRecords(to);
      mine.next(0);
      for (int i = 0; i < bits.size(); i += 8) {
        mine.setLong(i, mine.getLong(i) | record.get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 64 + i));
      }
      other.send(Frames.tcp(4, 1, 2, 4000, 91, Tcp.SYN, 1, 0, 1000, 0));
      assertEquals(1, other.alarms.size());
      assertEquals(from.hash(from.next(0)), FlowKey.hash(0, 0x0a000001, 0, 0x0a000002, 4));
    }
  }

  @Test
  void shouldCountLabels() {
    rig.labels = new int[]{21, 7};
    syn(4, 1, 2, 80);
    rig.send(Frames.arp());
    rig.labels = new int[]{21};
    syn(4, 1, 2, 81);
    rig.pass(1000);
    assertEquals("[LabelCount[label=7, packets=2], LabelCount[label=21, packets=3]]",
        ((Monitor) rig.nf).labelCounts().toString());
    rig.configure(new Config(Map.of(), Map.of("count-label", List.of("7")), Map.of(), Map.of()));
    syn(4, 1, 2, 82);
    assertEquals(3, rig.count("packets-labelled"));
  }

  @Test
  void shouldForwardWhatItCannotCount() {
    rig.close();
    rig = new Rig(new Monitor(), 2);
    for (int i = 0; i < 10; i++) {
      assertEquals(Drop.FORWARD, syn(4, 1, i + 2, 80));
    }
    assertTrue(rig.count("packets-uncounted") >= 8);
  }

  @Test
  void shouldRefuseWrongConfiguration() {
    var refused = assertThrows(ConfigException.class,
        () -> rig.nf.configure(Configs.of("port-scan-threshold", "5000")));
    assertEquals("port-scan-threshold", refused.path());
    assertThrows(ConfigException.class, () -> rig.nf.configure(
        new Config(Map.of(), Map.of("count-label", List.of("16777216")), Map.of(), Map.of())));
  }

  @Test
  void shouldForwardCapturedTrafficWithoutAllocation() throws IOException {
    var frames = Rig.read(Rig.MIXED);
    try (var arena = Arena.ofConfined()) {
      var memory = frames.stream().map(frame -> Rig.offHeap(arena, frame)).toList();
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 300 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < memory.size(); i++) {
          assertEquals(0, rig.send(memory.get(i), (int) memory.get(i).byteSize()));
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
      assertFalse(rig.flows.size() < 1302);
    }
  }
}
