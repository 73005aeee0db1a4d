// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;

/** Confirmed commit, RFC 6241 section 8.4. */
@Timeout(120)
class ConfirmedCommitTest {
  private static final String WITH_DEFAULTS = "<with-defaults "
      + "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">report-all</with-defaults>";
  private static final String CONFIRMED = "<commit><confirmed/></commit>";

  @TempDir
  Path home;
  private NetconfServer server;
  private TestClient client;
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
    server.datastores().onConfirmation((writer, event, seconds) -> events.add(event + " " + seconds));
    server.start();
    client = TestClient.admin(server);
    ok(client.call(edit("running", 1)));
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  private static String edit(String target, int counter) {
    return "<edit-config><target><" + target + "/></target><config><bench xmlns=\"urn:ncload:bench\"><counter>"
        + counter + "</counter></bench></config></edit-config>";
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static void error(String reply, String tag) {
    assertTrue(reply.contains("<error-tag>" + tag + "</error-tag>"), reply);
  }

  private void event(String wanted) throws InterruptedException {
    assertEquals(wanted, events.poll(30, TimeUnit.SECONDS));
  }

  private long running() {
    return counter(server, server.datastores().running());
  }

  private static long counter(NetconfServer server, ContainerNode tree) {
    return new Tree(server.schema().root(), tree).child("bench").number("counter", 0);
  }

  private boolean isStored(int counter) throws IOException {
    return counter(server, FileStore.load(home.resolve("running.xml"), server.schema(), InstantSource.system(),
        "nothing")) == counter;
  }

  @Test
  void shouldKeepWhatIsConfirmed() throws Exception {
    ok(client.call(edit("candidate", 2)));
    ok(client.call(CONFIRMED));
    event("START 600");
    assertEquals(2, running());
    assertTrue(isStored(1), "what is not confirmed is not stored");
    ok(client.call(edit("candidate", 3)));
    ok(client.call("<commit><confirmed/><confirm-timeout>4294967295</confirm-timeout></commit>"));
    event("EXTEND 4294967295");
    ok(client.call("<commit/>"));
    event("COMPLETE 0");
    assertEquals(3, running());
    assertTrue(isStored(3));
    error(client.call("<cancel-commit/>"), "operation-failed");
  }

  @Test
  void shouldRollTheWholeSequenceBack() throws Exception {
    ok(client.call(edit("candidate", 2)));
    ok(client.call(CONFIRMED));
    ok(client.call(edit("candidate", 3)));
    ok(client.call(CONFIRMED));
    ok(client.call("<edit-config><target><candidate/></target><config><bench xmlns=\"urn:ncload:bench\">"
        + "<entry><name>a</name></entry></bench></config></edit-config>"));
    ok(client.call("<cancel-commit/>"));
    event("START 600");
    event("EXTEND 600");
    event("CANCEL 0");
    assertEquals(1, running());
    String candidate = client.call("<get-config><source><candidate/></source></get-config>");
    assertTrue(candidate.contains("<counter>1</counter><entry><name>a</name></entry>"), candidate);
  }

  @Test
  void shouldRollBackWhenTheTimeIsUp() throws Exception {
    ok(client.call(edit("candidate", 2)));
    ok(client.call("<commit><confirmed/><confirm-timeout>1</confirm-timeout></commit>"));
    event("START 1");
    event("TIMEOUT 0");
    assertEquals(1, running());
    ok(client.call(edit("running", 5)));
  }

  @Test
  void shouldRollBackWhenItsSessionEnds() throws Exception {
    try (var other = TestClient.admin(server)) {
      ok(other.call("<lock><target><running/></target></lock>"));
      ok(other.call(edit("candidate", 2)));
      ok(other.call(CONFIRMED));
      other.cut();
    }
    event("START 600");
    event("CANCEL 0");
    assertEquals(1, running());
    try (var other = TestClient.admin(server)) {
      ok(other.call(edit("candidate", 2)));
      ok(other.call(CONFIRMED));
      ok(client.call("<kill-session><session-id>" + other.hello.replaceAll("(?s).*<session-id>(\\d+).*", "$1")
          + "</session-id></kill-session>"));
      assertEquals(1, running(), "rolled back when kill-session is answered");
    }
  }

  @Test
  void shouldOutliveItsSessionIfPersistent() throws Exception {
    try (var other = TestClient.admin(server)) {
      ok(other.call(edit("candidate", 2)));
      ok(other.call("<commit><confirmed/><persist>token</persist></commit>"));
      error(other.call("<commit/>"), "in-use");
      ok(other.call("<close-session/>"));
      assertThrows(IOException.class, other::read);
    }
    error(client.call("<cancel-commit/>"), "in-use");
    error(client.call("<commit><persist-id>wrong</persist-id></commit>"), "invalid-value");
    error(client.call("<cancel-commit><persist-id>wrong</persist-id></cancel-commit>"), "invalid-value");
    assertEquals(2, running());
    ok(client.call("<commit><confirmed/><persist-id>token</persist-id></commit>"));
    ok(client.call("<commit><persist-id>token</persist-id></commit>"));
    assertTrue(isStored(2));
    error(client.call("<commit><persist-id>token</persist-id></commit>"), "invalid-value");
    ok(client.call(edit("candidate", 3)));
    ok(client.call("<commit><confirmed/><persist>next</persist></commit>"));
    ok(client.call("<cancel-commit><persist-id>next</persist-id></cancel-commit>"));
    assertEquals(2, running());
  }

  /** Nobody's change can be lost by the rollback: while a confirmed commit waits, running changes only by what belongs to it. */
  @Test
  void shouldLetNothingElseChangeRunning() throws Exception {
    ok(client.call(edit("candidate", 2)));
    ok(client.call(CONFIRMED));
    try (var other = TestClient.admin(server)) {
      error(other.call("<commit/>"), "in-use");
      error(other.call(CONFIRMED), "in-use");
      error(other.call("<cancel-commit/>"), "in-use");
      error(other.call(edit("running", 7)), "in-use");
      error(client.call(edit("running", 7)), "in-use");
      error(client.call("<copy-config><target><running/></target><source><candidate/></source></copy-config>"),
          "in-use");
      String lock = other.call("<lock><target><running/></target></lock>");
      error(lock, "lock-denied"); // RFC 6241 section 7.5
      assertTrue(lock.contains("<session-id>1</session-id>"), lock);
      ok(client.call("<lock><target><running/></target></lock>"));
      ok(client.call("<unlock><target><running/></target></unlock>"));
      ok(other.call(edit("candidate", 8)));
    }
    for (String defaults : new String[]{"", WITH_DEFAULTS}) { // startup would keep what may be rolled back
      error(client.call("<copy-config><target><startup/></target><source><running/></source>" + defaults
          + "</copy-config>"), "in-use");
    }
    var refused = assertThrows(NetconfException.class,
        () -> server.datastores().editRunning(Writer.SYSTEM,
            before -> new TreeBuilder(server.schema().root()).build()));
    assertEquals(ErrorTag.IN_USE, refused.tag());
    assertThrows(NetconfException.class, () -> server.datastores().checkRunning(Writer.SYSTEM));
    ok(client.call("<cancel-commit/>"));
    ok(client.call("<commit/>"));
    assertEquals(8, running());
  }

  @Test
  void shouldRollBackWhenTheServerStartsAgain() throws Exception {
    ok(client.call(edit("candidate", 2)));
    ok(client.call("<commit><confirmed/><persist>token</persist></commit>"));
    client.close();
    server.close();
    server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT);
    server.start();
    client = TestClient.admin(server);
    assertEquals(1, running());
    ok(client.call(edit("running", 3)));
  }

  @Test
  void shouldSayWhenARollbackFails() throws Exception {
    var refuses = new AtomicBoolean();
    server.datastores().subscribe(new ConfigSubscriber() {
      @Override
      public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
        if (refuses.get() && counter(server, after) == 1) {
          throw NetconfException.of(ErrorTag.RESOURCE_DENIED, "No memory for that.");
        }
      }

      @Override
      public void apply() {
        // nothing to do
      }

      @Override
      public void rollback() {
        // nothing to do
      }
    });
    ok(client.call(edit("candidate", 2)));
    ok(client.call(CONFIRMED));
    refuses.set(true);
    String reply = client.call("<cancel-commit/>");
    error(reply, "rollback-failed");
    assertTrue(reply.contains("No memory for that."), reply);
    assertEquals(2, running());
    refuses.set(false);
    ok(client.call("<cancel-commit/>"));
    assertEquals(1, running());
  }

  @Test
  void shouldCheckItsParameters() throws Exception {
    for (String each : new String[]{"<confirmed/><confirm-timeout>0</confirm-timeout>",
        "<confirmed/><confirm-timeout>x</confirm-timeout>", "<confirmed>x</confirmed>",
        "<confirmed/><confirm-timeout>4294967296</confirm-timeout>"}) {
      error(client.call("<commit>" + each + "</commit>"), "invalid-value");
    }
    error(client.call("<commit><persist>a</persist></commit>"), "missing-element");
    error(client.call("<commit><confirm-timeout>9</confirm-timeout></commit>"), "missing-element");
    error(client.call("<commit><other/></commit>"), "unknown-element");
    error(client.call("<cancel-commit><other/></cancel-commit>"), "unknown-element");
    assertNotNull(client.hello);
    assertTrue(client.hello.contains("urn:ietf:params:netconf:capability:confirmed-commit:1.1<"), client.hello);
    assertFalse(client.hello.contains("confirmed-commit:1.0"), client.hello);
    error(client.call("<commit><persist-id>a</persist-id></commit>"), "invalid-value");
    try (var lockHolder = TestClient.admin(server)) {
      ok(lockHolder.call("<lock><target><running/></target></lock>"));
      error(client.call(CONFIRMED), "in-use");
    }
  }
}
