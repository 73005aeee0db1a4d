// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.OpenSsl;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.session.Limits;

/** TLS as openssl's client sees it. */
@Timeout(120)
class TlsTransportTest {
  private static final String SESSIONS = OpenSsl.rpc("<get><filter type=\"subtree\"><netconf-state "
      + "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><sessions/></netconf-state></filter></get>");
  private static final int STRANGERS = 8;

  @TempDir
  static Path home;
  private static OpenSsl openssl;
  private static NetconfServer server;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    openssl = new OpenSsl(home);
    openssl.authority("other");
    openssl.client("admin", "DNS:ADMIN,email:Guest@EXAMPLE.org,IP:192.0.2.7", "ca");
    openssl.client("v6", "IP:2001:db8::1", "ca");
    openssl.client("nameless", "", "ca");
    openssl.client("stranger", "DNS:admin", "other");
    openssl.client("pinned", "", "other");
    var pinned = openssl.certificate("pinned");
    var limits = new Limits(20, 20, STRANGERS, Duration.ofSeconds(20), Duration.ZERO, 3, 1 << 20);
    server = new NetconfServer(new NetconfConfig(home, null, TestServer.schema(), TestServer.users(),
        Durability.BATCHED, new NetconfConfig.Limits(limits, 64, 1 << 20),
        java.time.InstantSource.system()));
    var names = new CertToName(List.of(
        new CertToName.Entry("04:" + TlsKeys.fingerprint(pinned), "specified", "guest"),
        new CertToName.Entry(null, "san-dns-name", null)));
    server.transports().prepare(List.of(new Endpoint("tls", null, null, TestServer.loopback(),
        new Terms.Tls(TlsKeys.home(home.resolve("tls.pem"), "vnf1"),
            new ClientTrust(List.of(openssl.certificate("ca")), pinned::equals), names, 0, Terms.Keepalive.DEFAULT))),
        List.of());
    server.transports().apply();
    server.start();
    port = server.transports().address("tls").getPort();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @Test
  void shouldServeClientsByTheirCertificates() throws Exception {
    for (String version : List.of("-tls1_2", "-tls1_3")) {
      String seen = openssl.netconf(port, "admin", SESSIONS, version);
      assertTrue(seen.contains("netconf-tls</transport><username>admin</username>"), seen);
      assertTrue(seen.contains("<ok/>"), seen);
    }
    String seen = openssl.netconf(port, "pinned", SESSIONS);
    assertTrue(seen.contains("<username>guest</username>"), seen);
  }

  @Test
  void shouldRefuseWhoIsNotTrustedOrHasNoUser() throws Exception {
    for (String client : new String[]{null, "stranger", "nameless"}) {
      String seen = openssl.netconf(port, client, SESSIONS);
      assertFalse(seen.contains("<hello"), client + ": " + seen);
    }
    String old = openssl.netconf(port, "admin", SESSIONS, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
    assertFalse(old.contains("<hello"), old);
    String weak = openssl.netconf(port, "admin", SESSIONS, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA");
    assertFalse(weak.contains("<hello"), weak);
  }

  @Test
  void shouldShowTheCertificateOfItsHome() throws Exception {
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("tls.pem"))));
    Files.writeString(home.resolve("server.pem"), Files.readString(home.resolve("tls.pem"))
        .replaceFirst("(?s).*(?=-----BEGIN CERT)", ""));
    String seen = openssl.netconf(port, "admin", "", "-CAfile", "server.pem", "-verify_return_error",
        "-verify_hostname", "vnf1");
    assertTrue(seen.contains("<ok/>"), seen);
  }

  @Test
  void shouldMapNames() throws Exception {
    var admin = openssl.certificate("admin");
    assertEquals(Optional.of("me"), name(admin, "specified", "me"));
    assertEquals(Optional.of("admin"), name(admin, "san-dns-name", null));
    assertEquals(Optional.of("Guest@example.org"), name(admin, "san-rfc822-name", null));
    assertEquals(Optional.of("192.0.2.7"), name(admin, "san-ip-address", null));
    assertEquals(Optional.of("admin"), name(admin, "san-any", null));
    assertEquals(Optional.of("admin"), name(admin, "common-name", null));
    assertEquals(Optional.of("20010db8000000000000000000000001"),
        name(openssl.certificate("v6"), "san-ip-address", null));
    assertEquals(Optional.empty(), name(openssl.certificate("nameless"), "san-any", null));
    assertEquals(Optional.of("nameless"), new CertToName(List.of(new CertToName.Entry(null, "san-any", null),
        new CertToName.Entry(null, "common-name", null))).user(List.of(openssl.certificate("nameless"))));
  }

  private static Optional<String> name(java.security.cert.X509Certificate certificate, String map, String name) {
    return new CertToName(List.of(new CertToName.Entry(null, map, name))).user(List.of(certificate));
  }

  @Test
  void shouldMatchFingerprintsOfTheWholePath() throws Exception {
    var trust = new ClientTrust(List.of(openssl.certificate("other"), openssl.certificate("ca")), each -> false);
    var path = trust.path(List.of(openssl.certificate("admin")));
    assertEquals(List.of(openssl.certificate("admin"), openssl.certificate("ca")), path);
    var byAuthority = new CertToName(List.of(
        new CertToName.Entry("04:" + TlsKeys.fingerprint(openssl.certificate("other")), "specified", "wrong"),
        new CertToName.Entry("04:" + TlsKeys.fingerprint(openssl.certificate("ca")), "specified", "right")));
    assertEquals(Optional.of("right"), byAuthority.user(path));
    assertFalse(CertToName.matches(path.getFirst(), "04:00"));
    assertFalse(CertToName.matches(path.getFirst(), "09:" + TlsKeys.fingerprint(path.getFirst())));
  }

  @Test
  void shouldDropConnectionsThatSayNothing() throws Exception {
    var silent = new ArrayList<Socket>();
    try {
      for (int i = 0; i < 10 * STRANGERS; i++) {
        silent.add(new Socket(java.net.InetAddress.getLoopbackAddress(), port));
      }
      assertTrue(openssl.netconf(port, "admin", "").contains("<ok/>"));
      assertTrue(server.transports().strangers() <= STRANGERS);
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }
}
