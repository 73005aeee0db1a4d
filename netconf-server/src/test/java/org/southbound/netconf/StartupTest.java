// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.datastore.FileStore.Durability;

/** The startup datastore, RFC 6241 section 8.7. */
@Timeout(120)
class StartupTest {
  private static final String GET = "<get-config><source><%s/></source><filter><bench xmlns=\"urn:ncload:bench\"/></filter>"
      + "</get-config>";

  @TempDir
  Path home;
  private NetconfServer server;
  private TestClient client;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
    server.start();
    client = TestClient.admin(server);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  private void restart() throws IOException {
    stop();
    start();
    assertFalse(server.isFirstStart());
  }

  private void edit(int counter) throws IOException {
    ok(client.call("<edit-config><target><running/></target><config><bench xmlns=\"urn:ncload:bench\"><counter>"
        + counter + "</counter></bench></config></edit-config>"));
  }

  private static String copy(String from, String to) {
    return "<copy-config><target><" + to + "/></target><source><" + from + "/></source></copy-config>";
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static void error(String reply, String tag) {
    assertTrue(reply.contains("<error-tag>" + tag + "</error-tag>"), reply);
  }

  private void holds(String datastore, int counter) throws IOException {
    String reply = client.call(String.format(GET, datastore));
    assertTrue(reply.contains("<counter>" + counter + "</counter>"), reply);
  }

  private void isEmpty(String datastore) throws IOException {
    String reply = client.call(String.format(GET, datastore));
    assertTrue(reply.contains("<data></data>"), reply);
  }

  @Test
  void shouldStartFromStartupOnceThereIsOne() throws IOException {
    assertTrue(client.hello.contains("urn:ietf:params:netconf:capability:startup:1.0<"), client.hello);
    edit(1);
    isEmpty("startup");
    restart();
    holds("running", 1); // there is no startup: running goes on
    ok(client.call(copy("running", "startup")));
    edit(2);
    holds("startup", 1);
    restart();
    holds("running", 1);
    holds("candidate", 1);
    edit(3);
    ok(client.call(copy("startup", "candidate")));
    holds("candidate", 1);
    ok(client.call("<commit/>"));
    holds("running", 1);
    ok(client.call("<validate><source><startup/></source></validate>"));
    ok(client.call("<delete-config><target><startup/></target></delete-config>"));
    isEmpty("startup");
    assertFalse(Files.exists(home.resolve("startup.xml")));
    edit(4);
    restart();
    holds("running", 4);
  }

  @Test
  void shouldKeepRunningAsItStartedWhenStartupIsDeletedAtOnce() throws IOException {
    edit(1);
    ok(client.call(copy("running", "startup")));
    edit(2);
    restart();
    ok(client.call("<delete-config><target><startup/></target></delete-config>"));
    restart();
    holds("running", 1);
  }

  @Test
  void shouldHonourLocksOfStartup() throws IOException {
    try (var other = TestClient.admin(server)) {
      ok(other.call("<lock><target><startup/></target></lock>"));
      error(client.call("<lock><target><startup/></target></lock>"), "lock-denied");
      error(client.call(copy("running", "startup")), "in-use");
      error(client.call("<delete-config><target><startup/></target></delete-config>"), "in-use");
      ok(other.call(copy("running", "startup")));
      ok(other.call("<unlock><target><startup/></target></unlock>"));
      ok(client.call(copy("running", "startup")));
    }
  }

  @Test
  void shouldRefuseWhatItCouldNotStartFrom() throws IOException {
    edit(1);
    error(client.call("<copy-config><target><startup/></target><source><config><trial xmlns="
        + "\"urn:southbound:test:trial\"><level>high</level></trial></config></source></copy-config>"),
        "operation-failed");
    error(client.call("<edit-config><target><startup/></target><config/></edit-config>"), "unknown-element");
    error(client.call(copy("startup", "startup")), "invalid-value");
    ok(client.call("<edit-config><target><candidate/></target><config><bench xmlns=\"urn:ncload:bench\"><counter>2"
        + "</counter></bench></config></edit-config>"));
    ok(client.call("<commit><confirmed/></commit>"));
    error(client.call(copy("running", "startup")), "in-use");
    ok(client.call("<commit/>"));
    ok(client.call(copy("running", "startup")));
    stop();
    Files.writeString(home.resolve("startup.xml"), "<config");
    IOException e = assertThrows(IOException.class, () -> TestServer.create(home, Durability.SYNC,
        NetconfConfig.Limits.DEFAULT));
    assertTrue(e.getMessage().contains("startup.xml.corrupt-") && e.getMessage().contains("running"), e.getMessage());
    start();
    holds("running", 2);
  }
}
