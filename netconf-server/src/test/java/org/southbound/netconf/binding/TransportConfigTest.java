// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.OpenSsl;
import org.southbound.netconf.TestClient;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.transport.SshKeys;
import org.southbound.netconf.transport.TlsKeys;

/** Addresses, keys, users and calls by configuration, changed while sessions go on. */
@Timeout(180)
class TransportConfigTest {
  private static final String NF = "urn:southbound:yang:southbound-nf";
  private static final String NCS = "urn:ietf:params:xml:ns:yang:ietf-netconf-server";
  private static final String CT = "xmlns:ct=\"urn:ietf:params:xml:ns:yang:ietf-crypto-types\"";
  private static final String X509 = "xmlns:x=\"urn:ietf:params:xml:ns:yang:ietf-x509-cert-to-name\"";
  private static final String PYTHON = "/usr/bin/python3";

  @TempDir
  static Path home;
  private static OpenSsl openssl;
  private static NetconfServer server;
  private static final Map<String, Integer> PORTS = new ConcurrentHashMap<>();

  @BeforeAll
  static void start() throws Exception {
    openssl = new OpenSsl(home);
    openssl.client("client", "DNS:admin", "ca");
    var users = TestServer.users();
    server = new NetconfServer(new NetconfConfig(home, null, Binding.schema(Optional.empty()), users));
    server.datastores().subscribe(new TransportConfig(server, new Binding.Parts(null, users, null, false, null, null,
        PORTS, home, new Binding.Flags(Optional.of(TestServer.loopback()), Optional.empty()), null, null)));
    server.start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String edit(TestClient client, String config) throws IOException {
    return client.call("<edit-config><target><running/></target><config "
        + "xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">" + config + "</config></edit-config>");
  }

  private static void edited(TestClient client, String config) throws IOException {
    String reply = edit(client, config);
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static String management(String inner) {
    return "<nf xmlns=\"" + NF + "\"><management>" + inner + "</management></nf>";
  }

  private static String listen(String inner) {
    return "<netconf-server xmlns=\"" + NCS + "\"><listen><endpoints>" + inner
        + "</endpoints></listen></netconf-server>";
  }

  private static int free() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean listens(int port) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static String base64(byte[] octets) {
    return Base64.getEncoder().encodeToString(octets);
  }

  @Test
  void shouldMoveThePortWhileSessionsGoOn() throws Exception {
    int before = server.address().getPort();
    try (var client = TestClient.admin(server)) {
      int port = free();
      edited(client, management("<netconf><port>" + port + "</port></netconf>"));
      assertEquals(port, server.address().getPort());
      assertEquals(port, PORTS.get("netconf"));
      assertFalse(listens(before), "the old port is still open");
      try (var other = TestClient.admin(server)) {
        assertTrue(other.call("<discard-changes/>").contains("<ok/>"));
      }
      assertTrue(client.call("<discard-changes/>").contains("<ok/>"), "the session is gone");
      try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        String refusal = edit(client,
            management("<netconf><port>" + taken.getLocalPort() + "</port></netconf>"));
        assertTrue(refusal.contains("southbound:address-in-use") && refusal.contains("resource-denied")
            && refusal.contains("port " + taken.getLocalPort()), refusal);
      }
      assertTrue(listens(port), "the port in force was given up");
      assertTrue(client.call("<get-config><source><running/></source></get-config>").contains(">" + port + "<"));
    }
  }

  @Test
  void shouldLimitSessionsFromNowOn() throws Exception {
    try (var client = TestClient.admin(server)) {
      edited(client, management("<netconf><maximum-sessions-per-user>1</maximum-sessions-per-user></netconf>"));
      assertThrows(IOException.class, () -> TestClient.admin(server));
      edited(client,
          management("<netconf><maximum-sessions-per-user xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\""
              + " nc:operation=\"delete\"/></netconf>"));
      TestClient.admin(server).close();
    }
  }

  @Test
  void shouldOfferTlsTheSimpleWay() throws Exception {
    try (var client = TestClient.admin(server)) {
      String fingerprint = TlsKeys.fingerprint(openssl.certificate("client"));
      edited(client, management("<tls><port>0</port></tls><user><name>operator</name><certificate>" + fingerprint
          + "</certificate></user>"));
      int port = PORTS.get("tls");
      assertTrue(openssl.netconf(port, "client", "").contains("<ok/>"));
      edited(client, management("<user><name>operator</name><certificate nc:operation=\"delete\">" + fingerprint
          + "</certificate></user>"));
      assertFalse(openssl.netconf(port, "client", "").contains("<hello"), "who is no longer known gets in");
      edited(client, "<nf xmlns=\"" + NF + "\"><authority><name>ca</name><certificate>"
          + base64(openssl.certificate("ca").getEncoded()) + "</certificate></authority><management><tls>"
          + "<authority>ca</authority></tls><user><name>admin</name></user></management></nf>");
      assertEquals(port, PORTS.get("tls"));
      assertTrue(openssl.netconf(port, "client", "").contains("<ok/>"), "its name is in the certificate");
      edited(client, management("<tls nc:operation=\"delete\"/>"));
      assertFalse(listens(port));
      assertNull(PORTS.get("tls"));
    }
  }

  private static String inline(KeyPair pair) {
    return "<inline-definition><private-key-format " + CT + ">ct:one-asymmetric-key-format</private-key-format>"
        + "<cleartext-private-key>" + base64(pair.getPrivate().getEncoded())
        + "</cleartext-private-key></inline-definition>";
  }

  private static String ssh(String hostKey, String users, String bind) {
    return "<ssh><tcp-server-parameters>" + bind + "</tcp-server-parameters><ssh-server-parameters><server-identity>"
        + "<host-key><name>main</name><public-key>" + hostKey + "</public-key></host-key></server-identity>"
        + "<client-authentication><users>" + users + "</users></client-authentication></ssh-server-parameters></ssh>";
  }

  private static String bind(String address, int port) {
    return "<local-bind><local-address>" + address + "</local-address><local-port>" + port
        + "</local-port></local-bind>";
  }

  private static String publicKey(KeyPair pair) {
    var buffer = new ByteArrayBuffer();
    buffer.putRawPublicKey(pair.getPublic());
    return "<public-keys><inline-definition><public-key><name>one</name><public-key-format " + CT
        + ">ct:ssh-public-key-format</public-key-format><public-key>" + base64(buffer.getCompactData())
        + "</public-key></public-key></inline-definition></public-keys>";
  }

  @Test
  void shouldListenAsIetfNetconfServerSays() throws Exception {
    KeyPair host = SshKeys.hostKey(home.resolve("other-host-key"));
    KeyPair user = SshKeys.hostKey(home.resolve("user-key"));
    int port = free();
    String users = "<user><name>keyed</name>" + publicKey(user) + "</user>"
        + "<user><name>worded</name><password><hashed-password>$0$secret-word</hashed-password></password></user>";
    try (var client = TestClient.admin(server)) {
      String both = "<user><name>both</name>" + publicKey(user)
          + "<password><hashed-password>$0$x</hashed-password></password></user>";
      String refusal = edit(client,
          listen("<endpoint><name>main</name>" + ssh(inline(host), both, bind("127.0.0.1", port)) + "</endpoint>"));
      assertTrue(refusal.contains("operation-not-supported") && refusal.contains("name='both'"), refusal);
      edited(client, listen("<endpoint><name>main</name>" + ssh(inline(host), users, bind("127.0.0.1", port)
          + (hasIpv6() ? bind("::1", port) : "")) + "</endpoint>"));
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      try (var keyed = TestClient.at(address, "keyed", null, user)) {
        assertTrue(keyed.hello.contains("session-id"));
        if (hasIpv6()) {
          TestClient.at(new InetSocketAddress(InetAddress.ofLiteral("::1"), port), "worded", "secret-word", null)
              .close();
        }
        assertThrows(IOException.class,
            () -> TestClient.at(address, "admin", TestServer.ADMIN_PASSWORD, null), "a user of elsewhere");
        assertThrows(IOException.class, () -> TestClient.at(address, "worded", "wrong", null));
        String running = client.call("<get-config><source><running/></source></get-config>");
        assertTrue(running.contains("$6$rounds=") && !running.contains("secret-word"), running);
        edited(client, "<netconf-server xmlns=\"" + NCS + "\" nc:operation=\"delete\"/>");
        assertFalse(listens(port));
        keyed.request("<close-session/>");
      }
    }
  }

  private static boolean hasIpv6() {
    try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static String tls(String parameters) {
    return "<tls>" + parameters + "<tls-server-parameters><server-identity><certificate>"
        + "<central-keystore-reference><asymmetric-key>own</asymmetric-key><certificate>one</certificate>"
        + "</central-keystore-reference></certificate></server-identity><client-authentication><ca-certs>"
        + "<central-truststore-reference>clients</central-truststore-reference></ca-certs></client-authentication>"
        + "</tls-server-parameters><netconf-server-parameters><client-identity-mappings><cert-to-name><id>1</id>"
        + "<map-type " + X509 + ">x:common-name</map-type></cert-to-name></client-identity-mappings>"
        + "</netconf-server-parameters></tls>";
  }

  private static String stores() throws Exception {
    TlsKeys own = TlsKeys.home(home.resolve("other-tls.pem"), "elsewhere");
    return "<keystore xmlns=\"urn:ietf:params:xml:ns:yang:ietf-keystore\"><asymmetric-keys><asymmetric-key>"
        + "<name>own</name><private-key-format " + CT + ">ct:one-asymmetric-key-format</private-key-format>"
        + "<cleartext-private-key>" + base64(own.key().getEncoded()) + "</cleartext-private-key><certificates>"
        + "<certificate><name>one</name><cert-data>" + base64(own.chain().getFirst().getEncoded())
        + "</cert-data></certificate></certificates></asymmetric-key></asymmetric-keys></keystore>"
        + "<truststore xmlns=\"urn:ietf:params:xml:ns:yang:ietf-truststore\"><certificate-bags><certificate-bag>"
        + "<name>clients</name><certificate><name>ca</name><cert-data>"
        + base64(openssl.certificate("ca").getEncoded())
        + "</cert-data></certificate></certificate-bag></certificate-bags></truststore>";
  }

  @Test
  void shouldOfferTlsWithKeysOfTheStores() throws Exception {
    int port = free();
    try (var client = TestClient.admin(server)) {
      edited(client, stores() + listen("<endpoint><name>tls</name>"
          + tls("<tcp-server-parameters>" + bind("127.0.0.1", port) + "</tcp-server-parameters>") + "</endpoint>"));
      String seen = openssl.netconf(port, "client", OpenSsl.rpc("<get><filter type=\"subtree\"><netconf-state "
          + "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><sessions/></netconf-state></filter></get>"));
      assertTrue(seen.contains("netconf-tls</transport><username>client<"), seen);
      edited(client, "<netconf-server xmlns=\"" + NCS + "\" nc:operation=\"delete\"/>");
    }
  }

  // ---- call home (RFC 8071)

  private static String client(String name, String endpoints) {
    return "<netconf-client><name>" + name + "</name><endpoints>" + endpoints
        + "</endpoints><connection-type><persistent/></connection-type><reconnect-strategy><max-wait>1</max-wait>"
        + "<max-attempts>1</max-attempts></reconnect-strategy></netconf-client>";
  }

  private static String remote(int port) {
    return "<tcp-client-parameters><remote-address>127.0.0.1</remote-address><remote-port>" + port
        + "</remote-port></tcp-client-parameters>";
  }

  private static Process python(Path output, String... arguments) throws IOException {
    var command = new ArrayList<>(List.of(PYTHON, "src/test/python/call_home.py"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }

  @Test
  void shouldCallHome() throws Exception {
    Path output = home.resolve("output");
    assumeTrue(Files.isExecutable(Path.of(PYTHON))
        && new ProcessBuilder(PYTHON, "-c", "import ncclient").start().waitFor() == 0, "python3-ncclient is missing");
    int ssh = free();
    int tls = free();
    var listener = python(output, Integer.toString(ssh), TestServer.ADMIN_PASSWORD, Integer.toString(tls),
        home.resolve("client.pem").toString(), home.resolve("client.key").toString());
    KeyPair host = SshKeys.hostKey(home.resolve("call-host-key"));
    try (var client = TestClient.admin(server)) {
      String dead = "<endpoint><name>dead</name>" + ssh(inline(host), "", "")
          .replace("<tcp-server-parameters></tcp-server-parameters>", remote(free())) + "</endpoint>";
      edited(client,
          stores() + "<netconf-server xmlns=\"" + NCS + "\"><call-home>"
              + client("over-ssh", dead + "<endpoint><name>live</name>" + ssh(inline(host), "", "")
                  .replace("<tcp-server-parameters></tcp-server-parameters>", remote(ssh)) + "</endpoint>")
              + client("over-tls", "<endpoint><name>live</name>" + tls(remote(tls)) + "</endpoint>")
              + "</call-home></netconf-server>");
      assertTrue(listener.waitFor(120, TimeUnit.SECONDS), "nobody called: " + Files.readString(output));
      String seen = Files.readString(output);
      assertEquals(0, listener.exitValue(), seen);
      assertTrue(seen.contains("ok ssh 1") && seen.contains("ok ssh 2") && seen.contains("ok tls"), seen);
      edited(client, "<netconf-server xmlns=\"" + NCS + "\" nc:operation=\"delete\"/>");
    } finally {
      listener.destroy();
    }
  }
}
