// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.binding.Binding;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Session;

/** Partial locks, RFC 5717, with the module of Debian's libyuma-base on --yang-path. */
@Timeout(120)
class PartialLockTest {
  private static final String MODULE = "ietf-netconf-partial-lock@2009-10-19.yang";
  private static final Path DEBIAN = Path.of("/usr/share/yuma/modules/ietf", MODULE);
  private static final String BENCH = "xmlns:b=\"urn:ncload:bench\"";

  private static Schema schema;

  @TempDir
  static Path yang;
  @TempDir
  Path home;
  private NetconfServer server;
  private TestClient first;
  private TestClient second;
  private final LinkedBlockingQueue<Session> ended = new LinkedBlockingQueue<>();

  @BeforeAll
  static void load() throws IOException {
    assumeTrue(Files.exists(DEBIAN), "libyuma-base is not installed");
    Files.copy(DEBIAN, yang.resolve(MODULE));
    Files.copy(Path.of("src/test/yang/bench.yang"), yang.resolve("bench.yang"));
    schema = Binding.schema(Optional.of(yang));
  }

  @BeforeEach
  void start() throws IOException {
    server = new NetconfServer(new NetconfConfig(home, TestServer.loopback(), schema, TestServer.users()));
    server.sessions().onClose(ended::add);
    server.start();
    first = TestClient.admin(server);
    second = TestClient.admin(server);
    ok(first.call(edit("running", entry("a", 1) + entry("b", 1) + "<counter>1</counter>")));
  }

  @AfterEach
  void stop() throws IOException {
    first.close();
    second.close();
    server.close();
  }

  private static String entry(String name, int value) {
    return "<entry><name>" + name + "</name><value>" + value + "</value></entry>";
  }

  private static String edit(String target, String content) {
    return "<edit-config><target><" + target
        + "/></target><config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
        + "<bench xmlns=\"urn:ncload:bench\">" + content + "</bench></config></edit-config>";
  }

  private static String lock(String... select) {
    return "<partial-lock xmlns=\"urn:ietf:params:xml:ns:netconf:partial-lock:1.0\" " + BENCH + "><select>"
        + String.join("</select><select>", select) + "</select></partial-lock>";
  }

  private static String unlock(String id) {
    return "<partial-unlock xmlns=\"urn:ietf:params:xml:ns:netconf:partial-lock:1.0\"><lock-id>" + id
        + "</lock-id></partial-unlock>";
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static void error(String reply, String tag, String... parts) {
    assertTrue(reply.contains("<error-tag>" + tag + "</error-tag>"), reply);
    for (String each : parts) {
      assertTrue(reply.contains(each), () -> each + " in " + reply);
    }
  }

  private static String granted(String reply) {
    assertTrue(reply.contains("<lock-id xmlns=\"urn:ietf:params:xml:ns:netconf:partial-lock:1.0\">"), reply);
    return reply.replaceAll("(?s).*<lock-id[^>]*>(\\d+)<.*", "$1");
  }

  @Test
  void shouldLockWhatIsSelectedAndNothingElse() throws IOException {
    assertTrue(first.hello.contains("urn:ietf:params:netconf:capability:partial-lock:1.0<"), first.hello);
    String reply = first.call(lock("/b:bench/b:entry[b:name='a']", "/b:bench/b:entry[b:name='a']/b:value"));
    String id = granted(reply);
    assertTrue(
        reply.contains("xmlns:bench=\"urn:ncload:bench\">/bench:bench/bench:entry[bench:name='a']</locked-node>"),
        reply);
    assertEquals(3, reply.split("locked-node ", -1).length, reply);
    error(second.call(edit("running", entry("a", 2))), "in-use", "<error-app-tag>locked</error-app-tag>",
        "<session-id>1</session-id>", "/bench:bench/bench:entry[bench:name='a']</error-path>");
    error(second.call(edit("running", "<entry nc:operation=\"delete\"><name>a</name></entry>")), "in-use");
    error(second.call("<copy-config><target><running/></target><source><config/></source></copy-config>"), "in-use");
    ok(second.call(edit("running", entry("b", 2) + entry("c", 2) + "<counter>2</counter>")));
    ok(second.call(edit("candidate", entry("a", 3))));
    error(second.call("<commit/>"), "in-use", "<error-app-tag>locked</error-app-tag>");
    ok(second.call("<discard-changes/>"));
    ok(second.call(edit("running", entry("a", 1)))); // says what is there
    ok(first.call(edit("running", entry("a", 5))));
    String state = first
        .call("<get><filter><netconf-state xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">"
            + "<datastores/></netconf-state></filter></get>");
    assertTrue(state.contains("<partial-lock><lock-id>" + id + "</lock-id><locked-by-session>1</locked-by-session>"),
        state);
    assertTrue(state.contains("/b:entry[b:name='a']/b:value</locked-node>"), state);
    error(second.call(unlock(id)), "invalid-value");
    ok(first.call(unlock(id)));
    error(first.call(unlock(id)), "invalid-value");
    ok(second.call(edit("running", entry("a", 6))));
  }

  @Test
  void shouldBoundWhatIsAsked() throws IOException {
    var select = new String[65];
    Arrays.fill(select, "/b:bench/b:counter");
    error(first.call(lock(select)), "too-big");
    granted(first.call(lock(Arrays.copyOf(select, 64))));
  }

  @Test
  void shouldLockWhatIsNotThereAnyMore() throws IOException {
    granted(first.call(lock("/b:bench/b:counter")));
    ok(first.call(edit("running", "<counter nc:operation=\"delete\"/>")));
    error(second.call(edit("running", "<counter>2</counter>")), "in-use");
  }

  @Test
  void shouldDenyWhatAnotherHolds() throws IOException {
    String id = granted(first.call(lock("/b:bench/b:entry[b:name='a']")));
    for (String each : new String[]{"/b:bench", "/b:bench/b:entry", "/b:bench/b:entry[b:name='a']",
        "//b:value[../b:name='a']"}) {
      error(second.call(lock(each)), "lock-denied", "<session-id>1</session-id>");
    }
    granted(first.call(lock("/b:bench/b:entry[b:name='a']/b:value"))); // one's own may overlap
    String other = granted(second.call(lock("/b:bench/b:entry[b:name='b']")));
    error(second.call("<lock><target><running/></target></lock>"), "lock-denied", "<session-id>1</session-id>");
    ok(second.call("<lock><target><candidate/></target></lock>"));
    ok(second.call("<unlock><target><candidate/></target></unlock>"));
    ok(second.call(unlock(other)));
    ok(first.call("<lock><target><running/></target></lock>"));
    error(second.call(lock("/b:bench/b:counter")), "lock-denied", "<session-id>1</session-id>");
    ok(first.call(unlock(id)));
  }

  @Test
  void shouldRefuseWhatSelectsNoNodes() throws IOException {
    error(first.call(lock("/b:bench/b:entry[b:name='z']")), "operation-failed",
        "<error-app-tag>no-matches</error-app-tag>");
    error(first.call(lock("count(/b:bench)")), "invalid-value", "<error-app-tag>not-a-node-set</error-app-tag>");
    for (String each : new String[]{"/b:bench[", "/c:bench", "", "/"}) {
      error(first.call(lock(each)), "invalid-value", "<bad-element>select</bad-element>");
    }
    error(first.call("<partial-lock xmlns=\"urn:ietf:params:xml:ns:netconf:partial-lock:1.0\"/>"), "missing-element");
    error(first.call("<partial-unlock xmlns=\"urn:ietf:params:xml:ns:netconf:partial-lock:1.0\"/>"), "missing-element");
    error(first.call(unlock("x")), "invalid-value");
    ok(second.call("<lock><target><running/></target></lock>"));
  }

  @Test
  void shouldNotLockWhatARollbackMayChange() throws IOException {
    ok(first.call(edit("candidate", "<counter>2</counter>")));
    ok(first.call("<commit><confirmed/></commit>"));
    error(second.call(lock("/b:bench/b:entry")), "in-use",
        "<error-app-tag>outstanding-confirmed-commit</error-app-tag>");
    ok(first.call("<commit/>"));
    granted(second.call(lock("/b:bench/b:entry")));
  }

  @Test
  void shouldBeReleasedHoweverTheSessionEnds() throws Exception {
    granted(first.call(lock("/b:bench")));
    ok(second.call("<kill-session><session-id>1</session-id></kill-session>"));
    assertTrue(server.datastores().partialLocks().isEmpty());
    granted(second.call(lock("/b:bench")));
    assertFalse(server.datastores().partialLocks().isEmpty());
    ended.poll(30, TimeUnit.SECONDS);
    second.cut();
    ended.poll(30, TimeUnit.SECONDS);
    assertTrue(server.datastores().partialLocks().isEmpty());
  }
}
