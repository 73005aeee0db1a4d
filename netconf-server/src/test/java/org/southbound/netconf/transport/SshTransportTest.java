// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.session.Limits;

/** SSH as OpenSSH's client sees it, and what those who do not log in may take. */
@Timeout(120)
class SshTransportTest {
  private static final String HELLO = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
      + "<capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>";
  private static final String CLOSE = "<rpc message-id=\"1\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
      + "<close-session/></rpc>]]>]]>";
  private static final int STRANGERS = 8;

  @TempDir
  static Path home;
  private static NetconfServer server;
  private static final Users USERS = TestServer.users();

  @BeforeAll
  static void start() throws IOException {
    var limits = new Limits(20, 3, STRANGERS, Duration.ofSeconds(20), Duration.ofMillis(300), 3, 1 << 20);
    server = new NetconfServer(new NetconfConfig(home, TestServer.loopback(), TestServer.schema(), USERS,
        Durability.BATCHED, new NetconfConfig.Limits(limits, 64, 1 << 20),
        java.time.InstantSource.system()));
    server.start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String run(String input, String... command) throws IOException, InterruptedException {
    Path out = Files.createTempFile(home, "out", "");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    try (var in = process.outputWriter()) {
      in.write(input);
    } catch (IOException gone) {
      // It ended before it had read all; its output tells why.
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it hangs: " + String.join(" ", command));
    return Files.readString(out);
  }

  private static List<String> ssh(Path key, String... options) {
    var command = new ArrayList<>(List.of("ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o",
        "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", key.toString(), "-p",
        Integer.toString(server.address().getPort())));
    command.addAll(List.of(options));
    command.addAll(List.of("-l", "keyed", "-s", "127.0.0.1", "netconf"));
    return command;
  }

  private static Path key(String type, String... more) throws Exception {
    Path file = home.resolve("id_" + type + String.join("", more));
    var command = new ArrayList<>(List.of("ssh-keygen", "-q", "-t", type, "-N", "", "-f", file.toString()));
    command.addAll(List.of(more));
    run("", command.toArray(String[]::new));
    USERS.put(new Users.Account("keyed", Set.of(), null,
        SshKeys.authorized(Path.of(file + ".pub"))));
    return file;
  }

  private static void assumeOpenSsh() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/ssh")), "openssh-client is not installed");
  }

  @Test
  void shouldServeOpenSshWithEachKindOfKey() throws Exception {
    assumeOpenSsh();
    for (Path key : List.of(key("ed25519"), key("ecdsa", "-b", "384"), key("rsa", "-b", "2048"))) {
      USERS.put(new Users.Account("keyed", Set.of(), null, SshKeys.authorized(Path.of(key + ".pub"))));
      String seen = run(HELLO + CLOSE, ssh(key).toArray(String[]::new));
      assertTrue(seen.contains("<session-id>") && seen.contains("<ok/>"), seen);
    }
  }

  @Test
  void shouldOfferModernAlgorithmsOnly() throws Exception {
    assumeOpenSsh();
    String seen = run(HELLO + CLOSE, ssh(key("ed25519", "-a", "1"), "-vv").toArray(String[]::new));
    String offered = seen.substring(seen.indexOf("peer server KEXINIT proposal"));
    for (String good : List.of("curve25519-sha256", "mlkem768x25519-sha256", "sntrup761x25519-sha512@openssh.com",
        "ssh-ed25519", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com")) {
      assertTrue(offered.contains(good), good + " is not in " + offered);
    }
    String lists = offered.lines()
        .filter(each -> each.matches("debug2: (KEX algorithms|host key|ciphers|MACs|compr).*"))
        .limit(8).reduce("", (a, b) -> a + "\n" + b);
    for (String bad : List.of("group1-", "group14-sha1", "-cbc", "hmac-sha1", "hmac-md5", "ssh-rsa", "3des", "arcfour",
        "zlib")) {
      assertFalse(lists.contains(bad), bad + " is in " + lists);
    }
    assertTrue(seen.contains("kex: algorithm: sntrup761x25519") || seen.contains("kex: algorithm: mlkem768"), seen);
    assertTrue(run("", ssh(key("ed25519", "-a", "2"), "-o", "KexAlgorithms=diffie-hellman-group14-sha1")
        .toArray(String[]::new)).contains("no matching key exchange method"));
    assertTrue(run("", ssh(key("rsa", "-b", "3072"), "-o", "PubkeyAcceptedAlgorithms=ssh-rsa")
        .toArray(String[]::new)).contains("denied"), "a SHA-1 signature is taken");
  }

  @Test
  void shouldServeNothingButNetconf() throws Exception {
    assumeOpenSsh();
    Path key = key("ed25519", "-C", "shell");
    var shell = ssh(key).subList(0, ssh(key).size() - 3);
    shell.addAll(List.of("127.0.0.1", "id"));
    assertFalse(run("", shell.toArray(String[]::new)).contains("uid="));
  }

  @Test
  void shouldDelayAndLimitWrongPasswords() {
    long before = System.nanoTime();
    assertThrows(IOException.class, () -> TestClient.silent(server, "admin", "wrong"));
    assertTrue(System.nanoTime() - before >= Duration.ofMillis(300).toNanos(), "answered at once");
  }

  @Test
  void shouldLimitTheSessionsOfAUser() throws Exception {
    var open = new ArrayList<TestClient>();
    try {
      for (int i = 0; i < 3; i++) {
        open.add(TestClient.guest(server));
      }
      assertThrows(IOException.class, () -> TestClient.guest(server));
      TestClient.admin(server).close();
    } finally {
      for (TestClient each : open) {
        each.close();
      }
    }
  }

  @Test
  void shouldDropConnectionsThatSayNothingAndServeTheOthers() throws Exception {
    var silent = new ArrayList<Socket>();
    try {
      for (int i = 0; i < 10 * STRANGERS; i++) {
        silent.add(new Socket(server.address().getAddress(), server.address().getPort()));
      }
      try (TestClient client = TestClient.admin(server)) {
        assertTrue(client.call("<discard-changes/>").contains("<ok/>"));
        assertTrue(server.transports().strangers() <= STRANGERS);
      }
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @Test
  void shouldEndASessionThatIsIdleOrDoesNotSayHello() throws Exception {
    Path other = Files.createDirectory(home.resolve("idle"));
    try (var idling = new NetconfServer(new NetconfConfig(other, null, TestServer.schema(), TestServer.users()))) {
      idling.transports().prepare(List.of(new Endpoint("netconf", null, null, TestServer.loopback(), new Terms.Ssh(
          List.of(SshKeys.hostKey(other.resolve("host-key"))), TestServer.users(), 600, Terms.Keepalive.DEFAULT))),
          List.of());
      idling.transports().apply();
      idling.start();
      try (var listening = TestClient.admin(idling);
          var idle = TestClient.admin(idling);
          var mute = TestClient.silent(idling, "admin", TestServer.ADMIN_PASSWORD)) {
        assertTrue(listening.call(
            "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><filter/></create-subscription>")
            .contains("<ok/>"));
        assertTrue(idle.call("<discard-changes/>").contains("<ok/>"));
        long now = System.nanoTime();
        idling.sessions().sweep(now + Duration.ofMinutes(5).toNanos(), idling.notifications()::subscribed);
        assertThrows(IOException.class, mute::read);
        assertTrue(idle.call("<discard-changes/>").contains("<ok/>"));
        idling.sessions().sweep(now + Duration.ofMinutes(20).toNanos(), idling.notifications()::subscribed);
        assertThrows(IOException.class, idle::read);
        assertTrue(listening.call("<discard-changes/>").contains("<ok/>"));
      }
    }
  }
}
