// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.snmp4j.CommandResponder;
import org.snmp4j.CommandResponderEvent;
import org.snmp4j.CommunityTarget;
import org.snmp4j.PDU;
import org.snmp4j.Snmp;
import org.snmp4j.mp.SnmpConstants;
import org.snmp4j.smi.Address;
import org.snmp4j.smi.Counter64;
import org.snmp4j.smi.Gauge32;
import org.snmp4j.smi.Null;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;
import org.snmp4j.smi.UdpAddress;
import org.snmp4j.smi.Variable;
import org.snmp4j.smi.VariableBinding;
import org.snmp4j.transport.DefaultUdpTransportMapping;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

@Timeout(60)
class SnmpAgentTest {
  private static final String ENTRY = SnmpConfig.ROOT + ".1.1.1";
  private static final String SYSTEM = "1.3.6.1.2.1.1";
  private static final List<String> PUBLIC = List.of("-v2c", "-c", "public");
  private static final long BIG = (5L << 32) + 7;

  @TempDir
  private Path folder;
  private final AtomicLong received = new AtomicLong(BIG);
  private final AtomicLong flows = new AtomicLong(42);
  private final Metrics metrics = new Metrics();
  private final List<SnmpAgent> agents = new ArrayList<>();
  private Snmp client;

  @BeforeEach
  void begin() throws IOException {
    metrics.register(Metric.counter(1, "packets-received", "packets", "Packets taken from ports"), received::get);
    metrics.register(Metric.counter(2, "packets-sent", "packets", "Packets sent"), received::get);
    metrics.register(Metric.gauge(6, "flows", "flows", "Flows, größer"), flows::get);
    metrics.register(new Metric(8, "processing-delay-p99", Metric.Kind.GAUGE, "ns", "Delay", Metric.Indicator.HIGH),
        () -> 3_000_000_000L);
    metrics.register(Metric.counter(1000, "own", "", "Its own"), () -> -1);
    client = new Snmp(new DefaultUdpTransportMapping(new UdpAddress("127.0.0.1/0")));
    client.listen();
  }

  @AfterEach
  void end() throws IOException {
    client.close();
    agents.forEach(SnmpAgent::close);
  }

  @Test
  void shouldShowEveryMetricByItsNumber() throws Exception {
    var agent = start(config(List.of(), List.of()));
    assertEquals("packets-received", get(agent, ENTRY + ".2.1").toString());
    assertEquals(new Counter64(BIG), get(agent, ENTRY + ".3.1"));
    assertEquals(Null.noSuchInstance, get(agent, ENTRY + ".4.1"));
    assertEquals(Long.toString(BIG), get(agent, ENTRY + ".5.1").toString());
    assertEquals("packets", get(agent, ENTRY + ".6.1").toString());
    assertEquals("1", get(agent, ENTRY + ".8.1").toString());
    assertEquals(Null.noSuchInstance, get(agent, ENTRY + ".3.6"));
    assertEquals(new Gauge32(42), get(agent, ENTRY + ".4.6"));
    assertEquals("Flows, gr??er", get(agent, ENTRY + ".7.6").toString());
    assertEquals("2", get(agent, ENTRY + ".9.8").toString());
    assertEquals(new Gauge32(3_000_000_000L), get(agent, ENTRY + ".4.8"));
    assertEquals("-1", get(agent, ENTRY + ".5.1000").toString());
    assertEquals(Null.noSuchInstance, get(agent, ENTRY + ".2.3"));
    assertEquals(Null.noSuchInstance, get(agent, ENTRY + ".2"));
    assertEquals(Null.noSuchInstance, get(agent, ENTRY + ".2.1.1"));
    assertEquals(Null.noSuchObject, get(agent, ENTRY + ".1.1"));
    assertEquals(Null.noSuchObject, get(agent, ENTRY + ".10.1"));
    metrics.register(Metric.counter(1001, "later", "", ""), () -> 9);
    assertEquals(new Counter64(9), get(agent, ENTRY + ".3.1001"));
  }

  @Test
  void shouldReadLiveValuesAndSaturateGauges() throws Exception {
    var agent = start(config(List.of(), List.of()));
    received.incrementAndGet();
    assertEquals(new Counter64(BIG + 1), get(agent, ENTRY + ".3.1"));
    flows.set(1L << 40);
    assertEquals(new Gauge32(0xffff_ffffL), get(agent, ENTRY + ".4.6"));
    assertEquals("1099511627776", get(agent, ENTRY + ".5.6").toString());
    flows.set(-3);
    assertEquals(new Gauge32(0), get(agent, ENTRY + ".4.6"));
    assertEquals("-3", get(agent, ENTRY + ".5.6").toString());
  }

  @Test
  void shouldReadAllValuesOfARequestAtOnce() throws Exception {
    var reads = new AtomicLong();
    metrics.register(Metric.counter(2000, "reads", "", ""), reads::incrementAndGet);
    var agent = start(config(List.of(), List.of()));
    var answer = ask(agent, PDU.GET, "public", 0, ENTRY + ".3.2000", ENTRY + ".5.2000", ENTRY + ".3.2000");
    assertEquals(List.of("1", "1", "1"),
        answer.getVariableBindings().stream().map(binding -> binding.getVariable().toString()).toList());
    assertEquals(1, reads.get());
  }

  @Test
  void shouldWalkAllCellsInOrderWithNextAndBulk() throws Exception {
    var agent = start(config(List.of(), List.of()));
    var expected = new LinkedHashMap<String, String>();
    for (int column = 2; column <= 9; column++) {
      for (var metric : metrics.definitions()) {
        if (!(get(agent, ENTRY + "." + column + "." + metric.index()) instanceof Null)) {
          expected.put(ENTRY + "." + column + "." + metric.index(), "");
        }
      }
    }
    assertEquals(5 * 7, expected.size());
    var walked = new ArrayList<String>();
    var at = new OID(SnmpConfig.ROOT);
    while (true) {
      var answer = ask(agent, PDU.GETNEXT, "public", 0, at.toString());
      at = answer.get(0).getOid();
      if (!at.startsWith(new OID(SnmpConfig.ROOT)) || Null.endOfMibView.equals(answer.get(0).getVariable())) {
        break;
      }
      walked.add(at.toString());
    }
    assertEquals(List.copyOf(expected.keySet()), walked);
    var bulk = ask(agent, PDU.GETBULK, "public", 35, SnmpConfig.ROOT);
    assertEquals(walked, bulk.getVariableBindings().stream().map(binding -> binding.getOid().toString()).toList());
  }

  @Test
  void shouldCapBulkReplies() throws Exception {
    for (int i = 2000; i < 2400; i++) {
      metrics.register(Metric.counter(i, "m" + i, "", ""), () -> 1);
    }
    var agent = start(config(List.of(), List.of()));
    assertEquals(256, ask(agent, PDU.GETBULK, "public", 100_000, ENTRY + ".3").size());
    assertEquals(256, ask(agent, PDU.GETBULK, "public", 1000, ENTRY + ".2", ENTRY + ".3").size());
    assertEquals(0, ask(agent, PDU.GETBULK, "public", -1, ENTRY + ".2").size());
  }

  @Test
  void shouldTellTheSystemGroup() throws Exception {
    var agent = start(config(List.of(), List.of()));
    assertEquals("southbound monitor", get(agent, SYSTEM + ".1.0").toString());
    assertEquals(SnmpConfig.ROOT + ".3.1", get(agent, SYSTEM + ".2.0").toString());
    assertEquals("operator", get(agent, SYSTEM + ".4.0").toString());
    assertEquals("fw1", get(agent, SYSTEM + ".5.0").toString());
    assertEquals("here", get(agent, SYSTEM + ".6.0").toString());
    assertEquals("76", get(agent, SYSTEM + ".7.0").toString());
    assertTrue(get(agent, "1.3.6.1.2.1.11.1.0").toLong() > 0, "snmpInPkts");
    assertTrue(get(agent, SYSTEM + ".3.0").toLong() >= 0, "sysUpTime");
    assertArrayEquals(agent.engineId(), ((OctetString) get(agent, "1.3.6.1.6.3.10.2.1.1.0")).getValue());
  }

  @Test
  void shouldHideUsersAndCommunitiesAndRefuseToWrite() throws Exception {
    var agent = start(config(List.of(user("nms")), List.of()));
    for (String table : List.of("1.3.6.1.6.3.15.1.2", "1.3.6.1.6.3.18", "1.3.6.1.6.3.16")) {
      var next = ask(agent, PDU.GETNEXT, "public", 0, table).get(0);
      assertFalse(next.getOid().startsWith(new OID(table)) && !(next.getVariable() instanceof Null), next.toString());
    }
    for (String name : List.of(SYSTEM + ".5.0", ENTRY + ".5.1")) {
      var set = new PDU(PDU.SET, List.of(new VariableBinding(new OID(name), new OctetString("mine"))));
      var answer = client.send(set, target(agent, "public")).getResponse();
      assertNotEquals(PDU.noError, answer.getErrorStatus());
    }
    assertEquals("fw1", get(agent, SYSTEM + ".5.0").toString());
  }

  @Test
  void shouldNotAnswerAWrongCommunityOrVersion1() throws Exception {
    var agent = start(config(List.of(), List.of()));
    assertNull(ask(agent, PDU.GET, "private", 0, SYSTEM + ".1.0"));
    var old = target(agent, "public");
    old.setVersion(SnmpConstants.version1);
    var request = new org.snmp4j.PDUv1();
    request.setType(PDU.GET);
    request.add(new VariableBinding(new OID(SYSTEM + ".1.0")));
    assertNull(client.send(request, old).getResponse());
    assertNotNull(ask(agent, PDU.GET, "public", 0, SYSTEM + ".1.0"));
  }

  @Test
  void shouldTakeNoCommunityWhenThereIsNone() throws Exception {
    var none = new SnmpConfig(InetAddress.getLoopbackAddress(), 0, Optional.of(""), SnmpConfig.ROOT, "", "", "", "",
        folder, List.of(), List.of());
    assertNull(ask(start(none), PDU.GET, "public", 0, SYSTEM + ".1.0"));
    var open = new SnmpConfig(InetAddress.getByName("0.0.0.0"), 0, Optional.empty(), SnmpConfig.ROOT, "", "", "", "",
        folder, List.of(), List.of());
    assertNull(ask(start(open), PDU.GET, "public", 0, SYSTEM + ".1.0"));
    var refusal = assertThrows(IllegalArgumentException.class,
        () -> new SnmpConfig(InetAddress.getByName("0.0.0.0"), 0, Optional.of("public"), SnmpConfig.ROOT, "", "", "",
            "", folder, List.of(), List.of()));
    assertTrue(refusal.getMessage().contains("loopback"), refusal.getMessage());
  }

  @Test
  void shouldSayWhatToDoWhenThePortIsTaken() throws Exception {
    var agent = start(config(List.of(), List.of()));
    var second = SnmpConfig.loopback(agent.address().getPort(), "b", "", folder);
    var refusal = assertThrows(IOException.class, () -> SnmpAgent.start(second, metrics));
    assertTrue(refusal.getMessage().contains("--snmp-port"), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("\n"));
  }

  @Test
  void shouldKeepTheEngineIdAndCountBoots() throws Exception {
    var first = start(config(List.of(), List.of()));
    byte[] id = first.engineId();
    assertEquals(17, id.length);
    assertEquals(1, get(first, "1.3.6.1.6.3.10.2.1.2.0").toInt());
    first.close();
    var second = start(config(List.of(), List.of()));
    assertArrayEquals(id, second.engineId());
    assertEquals(2, get(second, "1.3.6.1.6.3.10.2.1.2.0").toInt());
    second.close();
    Files.writeString(folder.resolve("snmp-engine"), "engine-id=zz\n");
    var third = start(config(List.of(), List.of()));
    assertFalse(java.util.Arrays.equals(id, third.engineId()));
    assertEquals(1, get(third, "1.3.6.1.6.3.10.2.1.2.0").toInt());
  }

  @Test
  void shouldBeRootedWhereConfigured() throws Exception {
    String root = "1.3.6.1.4.1.4711.1";
    var agent = start(new SnmpConfig(InetAddress.getLoopbackAddress(), 0, Optional.of("other"), root, "", "", "", "",
        folder, List.of(), List.of()));
    assertEquals("packets-received", ask(agent, PDU.GET, "other", 0, root + ".1.1.1.2.1").get(0).toValueString());
    assertNull(ask(agent, PDU.GET, "public", 0, root + ".1.1.1.2.1"));
  }

  @Test
  void shouldSurviveGarbage() throws Exception {
    var agent = start(config(List.of(), List.of()));
    var random = new Random(2016);
    int[] sample = {0x30, 0x29, 2, 1, 1, 4, 6, 'p', 'u', 'b', 'l', 'i', 'c', 0xa5, 0x1c, 2, 4, 1, 2, 3, 4, 2, 1, 0,
        2, 1, 10, 0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5, 0};
    try (var socket = new DatagramSocket()) {
      for (int i = 0; i < 3000; i++) {
        byte[] octets = new byte[1 + random.nextInt(sample.length)];
        for (int at = 0; at < octets.length; at++) {
          octets[at] = random.nextInt(12) == 0 ? (byte) random.nextInt() : (byte) sample[at];
        }
        socket.send(new DatagramPacket(octets, octets.length, agent.address()));
      }
    }
    // The socket's queue may be full of garbage still.
    PDU answer = null;
    for (int tries = 0; answer == null && tries < 20; tries++) {
      answer = ask(agent, PDU.GET, "public", 0, ENTRY + ".2.1");
    }
    assertNotNull(answer);
  }

  @Test
  void shouldNotifyItsTargetsAndNotWaitForTheDead() throws Exception {
    var heard = new LinkedBlockingQueue<PDU>();
    try (var sink = new Snmp(new DefaultUdpTransportMapping(new UdpAddress("127.0.0.1/0")));
        var dead = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      sink.addCommandResponder(new CommandResponder() {
        @Override
        public <A extends Address> void processPdu(CommandResponderEvent<A> event) {
          heard.add(event.getPDU());
        }
      });
      sink.listen();
      int port = ((UdpAddress) sink.getMessageDispatcher().getTransportMappings().iterator().next().getListenAddress())
          .getPort();
      var agent = start(config(List.of(),
          List.of(new SnmpConfig.Target("dead", "127.0.0.1", dead.getLocalPort(), Set.of("all"), "", "x", true, 200, 1),
              new SnmpConfig.Target("nms", "127.0.0.1", port, Set.of("all", "live"), "", "traps", false, 1500, 0))));
      var coldStart = heard.poll(10, TimeUnit.SECONDS);
      assertNotNull(coldStart, "no coldStart");
      assertEquals(SnmpConstants.coldStart, coldStart.get(1).getVariable());
      assertTrue(agent.hasTarget("live"));
      assertFalse(agent.report("nobody", 1, 0, Map.of()));
      assertTrue(agent.report("all", 7, 3, Map.of("flows", 42L)));
      var report = heard.poll(10, TimeUnit.SECONDS);
      assertNotNull(report, "no report");
      assertEquals(SnmpConfig.ROOT + ".0.1", report.get(1).toValueString());
      assertEquals("7", report.getVariable(new OID(SnmpConfig.ROOT + ".1.2.0")).toString());
      assertEquals("3", report.getVariable(new OID(SnmpConfig.ROOT + ".1.3.0")).toString());
      assertEquals("42", report.getVariable(new OID(ENTRY + ".5.6")).toString());
    }
  }

  // ---- clients that are not ours

  @Test
  void shouldAnswerNetSnmp() throws Exception {
    var agent = start(config(List.of(), List.of()));
    assertEquals(Map.of(ENTRY + ".3.1", "Counter64: " + BIG, ENTRY + ".4.6", "Gauge32: 42"),
        NetSnmp.ask("snmpget", agent, PUBLIC, ENTRY + ".3.1", ENTRY + ".4.6").values());
    var walked = NetSnmp.ask("snmpwalk", agent, PUBLIC, SnmpConfig.ROOT).values();
    assertEquals(35, walked.size());
    assertEquals(walked, NetSnmp.ask("snmpbulkwalk", agent, PUBLIC, SnmpConfig.ROOT).values());
    for (var metric : metrics.definitions()) {
      assertEquals("STRING: \"" + metric.name() + "\"", walked.get(ENTRY + ".2." + metric.index()));
      assertEquals("STRING: \"" + metrics.values().get(metric.name()) + "\"",
          walked.get(ENTRY + ".5." + metric.index()));
    }
    assertTrue(NetSnmp.ask("snmpwalk", agent, PUBLIC, "1").values().size() > 60);
    assertTrue(
        NetSnmp.ask("snmpget", agent, List.of("-v2c", "-c", "wrong", "-t", "0.5", "-r", "0"), ENTRY + ".3.1").text()
            .contains("Timeout"));
    assertNotEquals(0,
        NetSnmp.ask("snmpget", agent, List.of("-v1", "-c", "public", "-t", "0.5", "-r", "0"), ENTRY + ".2.1").status());
  }

  @Test
  void shouldAnswerUsersOfVersion3Encrypted() throws Exception {
    var sha1 = new SnmpConfig.User("old", SnmpConfig.Authentication.SHA_1, "secret-one", "secret-two");
    var sha512 = new SnmpConfig.User("new", SnmpConfig.Authentication.SHA_512, "secret-one", "secret-two");
    var agent = start(config(List.of(user("nms"), sha1, sha512), List.of()));
    String value = "Counter64: " + BIG;
    for (var login : List.of(List.of("nms", "SHA-256"), List.of("old", "SHA"), List.of("new", "SHA-512"))) {
      var credentials = new ArrayList<>(v3(login.get(0), login.get(1), "secret-one", "authPriv"));
      credentials.addAll(List.of("-x", "AES", "-X", "secret-two"));
      assertEquals(value, NetSnmp.ask("snmpget", agent, credentials, ENTRY + ".3.1").values().get(ENTRY + ".3.1"));
    }
    var unencrypted = NetSnmp.ask("snmpget", agent, v3("nms", "SHA-256", "secret-one", "authNoPriv"), ENTRY + ".3.1");
    assertNotEquals(0, unencrypted.status(), unencrypted.text());
    var open = NetSnmp.ask("snmpget", agent, List.of("-v3", "-u", "nms", "-l", "noAuthNoPriv"), ENTRY + ".3.1");
    assertNotEquals(0, open.status(), open.text());
    var wrong = new ArrayList<>(v3("nms", "SHA-256", "secret-bad", "authPriv"));
    wrong.addAll(List.of("-x", "AES", "-X", "secret-two"));
    var refused = NetSnmp.ask("snmpget", agent, wrong, ENTRY + ".3.1");
    assertTrue(refused.status() != 0 && refused.text().contains("Authentication"), refused.text());
  }

  private static List<String> v3(String name, String authentication, String password, String level) {
    return List.of("-v3", "-u", name, "-l", level, "-a", authentication, "-A", password);
  }

  private static SnmpConfig.User user(String name) {
    return new SnmpConfig.User(name, SnmpConfig.Authentication.SHA_256, "secret-one", "secret-two");
  }

  private SnmpConfig config(List<SnmpConfig.User> users, List<SnmpConfig.Target> targets) {
    return new SnmpConfig(InetAddress.getLoopbackAddress(), 0, Optional.empty(), SnmpConfig.ROOT, "fw1", "operator",
        "here", "southbound monitor", folder, users, targets);
  }

  private SnmpAgent start(SnmpConfig config) throws IOException {
    var agent = SnmpAgent.start(config, metrics);
    agents.add(agent);
    return agent;
  }

  private static CommunityTarget<UdpAddress> target(SnmpAgent agent, String community) {
    var target = new CommunityTarget<>(new UdpAddress(InetAddress.getLoopbackAddress(), agent.address().getPort()),
        new OctetString(community));
    target.setVersion(SnmpConstants.version2c);
    target.setTimeout(400);
    target.setRetries(1);
    return target;
  }

  private Variable get(SnmpAgent agent, String name) throws IOException {
    var answer = ask(agent, PDU.GET, "public", 0, name);
    assertNotNull(answer, "no answer for " + name);
    return answer.get(0).getVariable();
  }

  private PDU ask(SnmpAgent agent, int type, String community, int repetitions, String... names) throws IOException {
    var request = new PDU();
    request.setType(type);
    if (type == PDU.GETBULK) {
      request.setMaxRepetitions(repetitions);
    }
    for (String name : names) {
      request.add(new VariableBinding(new OID(name)));
    }
    return client.send(request, target(agent, community)).getResponse();
  }
}
