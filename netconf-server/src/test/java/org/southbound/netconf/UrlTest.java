// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.operation.Remote;

/** The url capability, RFC 6241 section 8.8: no way out of the folder, and none to where it is not allowed. */
@Timeout(120)
class UrlTest {
  private static final int LIMIT = 100_000;
  private static final String CONFIG = "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">%s</config>";

  private static HttpsServer web;
  private static X509Certificate certificate;
  private static final Map<String, byte[]> resources = new ConcurrentHashMap<>();

  @TempDir
  Path home;
  private NetconfServer server;
  private TestClient client;

  @BeforeAll
  static void serve() throws Exception {
    var keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
    var name = new X500Principal("CN=test");
    certificate = new JcaX509CertificateConverter().getCertificate(
        new JcaX509v3CertificateBuilder(name, BigInteger.ONE, Date.from(Instant.now().minusSeconds(60)),
            Date.from(Instant.now().plusSeconds(3600)), name, keys.getPublic())
            .addExtension(Extension.subjectAlternativeName, false,
                new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setKeyEntry("web", keys.getPrivate(), new char[0], new X509Certificate[]{certificate});
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, new char[0]);
    var tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    web = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.setHttpsConfigurator(new HttpsConfigurator(tls));
    web.createContext("/", exchange -> {
      String path = exchange.getRequestURI().getPath();
      byte[] body = switch (exchange.getRequestMethod()) {
        case "GET" -> resources.get(path);
        case "DELETE" -> resources.remove(path);
        default -> {
          byte[] given = exchange.getRequestBody().readAllBytes();
          resources.put(path, given);
          yield given;
        }
      };
      if (path.equals("/elsewhere")) {
        exchange.getResponseHeaders().add("Location", "/config");
        exchange.sendResponseHeaders(302, -1);
      } else if (body == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().write(body);
      }
      exchange.close();
    });
    web.start();
  }

  @AfterAll
  static void end() {
    web.stop(0);
  }

  @BeforeEach
  void start() throws IOException {
    server = TestServer.create(home, Durability.BATCHED, new NetconfConfig.Limits(LIMIT, 8, 16, 1 << 16));
    server.start();
    client = TestClient.admin(server);
    ok(client.call("<edit-config><target><running/></target>" + config(1) + "</edit-config>"));
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  private static String config(int counter) {
    return String.format(CONFIG, "<bench xmlns=\"urn:ncload:bench\"><counter>" + counter + "</counter></bench>");
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

  private String to(String url) throws IOException {
    return client.call("<copy-config><target><url>" + url + "</url></target><source><running/></source></copy-config>");
  }

  private String from(String url) throws IOException {
    return client.call("<copy-config><target><running/></target><source><url>" + url
        + "</url></source></copy-config>");
  }

  private String edit(String url) throws IOException {
    return client.call("<edit-config><target><running/></target><url>" + url + "</url></edit-config>");
  }

  private String validate(String url) throws IOException {
    return client.call("<validate><source><url>" + url + "</url></source></validate>");
  }

  private String delete(String url) throws IOException {
    return client.call("<delete-config><target><url>" + url + "</url></target></delete-config>");
  }

  private void running(int counter) throws IOException {
    String reply = client.call("<get-config><source><running/></source></get-config>");
    assertTrue(reply.contains("<counter>" + counter + "</counter>"), reply);
  }

  @Test
  void shouldWorkWithFiles() throws IOException {
    assertTrue(client.hello.contains(":url:1.0?scheme=file,https<"), client.hello);
    error(from("file:///backup.xml"), "data-missing", "<bad-element>url</bad-element>");
    ok(to("file:///backup.xml"));
    assertEquals(config(1) + "\n", Files.readString(home.resolve("files/backup.xml")));
    ok(client.call("<edit-config><target><running/></target>" + config(2) + "</edit-config>"));
    ok(from("file:///backup.xml"));
    running(1);
    ok(to("file://" + home.resolve("files/backup.xml")));
    ok(validate("file:backup.xml"));
    Files.writeString(home.resolve("files/edit.xml"), config(3));
    ok(edit("file://localhost/edit.xml"));
    running(3);
    ok(client
        .call("<copy-config><target><url>file:///copy.xml</url></target><source><url>file:///edit.xml</url></source>"
            + "</copy-config>"));
    ok(delete("file:///copy.xml"));
    error(delete("file:///copy.xml"), "data-missing");
    error(client.call("<copy-config><target><url>file:///edit.xml</url></target><source><url>file:///edit.xml</url>"
        + "</source></copy-config>"), "invalid-value");
  }

  @Test
  void shouldNotLeaveItsFolder() throws IOException {
    ok(to("file:///a.xml"));
    Path secret = Files.writeString(home.resolve("secret.xml"), config(9));
    Files.createSymbolicLink(home.resolve("files/link.xml"), secret);
    Files.createDirectory(home.resolve("files/folder"));
    for (String each : new String[]{"file:///../secret.xml", "file:///%2e%2e/secret.xml", "file:///..%2fsecret.xml",
        "file://" + secret, "file:///files/../../secret.xml", "file:../secret.xml", "file:///", "file:", "file:///..",
        "file:///.hidden", "file:///a.xml.new", "file:////etc/passwd", "file://elsewhere/a.xml", "file:///link.xml",
        "file:///folder", "file:///a/b.xml", "ftp://127.0.0.1/a.xml", "a.xml", "http://127.0.0.1/a.xml", "https:", ":",
        ""}) {
      error(from(each), "invalid-value", "<bad-element>url</bad-element>");
      error(to(each), "invalid-value");
      error(edit(each), "invalid-value");
      error(validate(each), "invalid-value");
      error(delete(each), "invalid-value");
    }
    assertEquals(config(9), Files.readString(secret));
    running(1);
  }

  @Test
  void shouldRefuseWhatIsNoConfiguration() throws IOException {
    ok(to("file:///a.xml"));
    Path file = home.resolve("files/a.xml");
    Files.writeString(file, "<config");
    error(from("file:///a.xml"), "invalid-value", "not well-formed");
    Files.writeString(file, "<!DOCTYPE config [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + config(1));
    error(edit("file:///a.xml"), "invalid-value");
    Files.writeString(file, "<data xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"/>");
    error(validate("file:///a.xml"), "unknown-element", "<bad-element>data</bad-element>");
    Files.writeString(file, String.format(CONFIG, "<bench xmlns=\"urn:ncload:bench\"><counter>x</counter></bench>"));
    error(validate("file:///a.xml"), "invalid-value", "bench:counter</error-path>");
    Files.writeString(file, config(1) + " ".repeat(LIMIT));
    error(from("file:///a.xml"), "too-big");
    error(
        client.call("<edit-config><target><running/></target>" + config(1) + "<url>file:///a.xml</url></edit-config>"),
        "bad-element");
    for (int i = 0; i < 300; i++) {
      Files.write(home.resolve("files/" + i), new byte[0]);
    }
    error(to("file:///more.xml"), "resource-denied");
    ok(to("file:///a.xml"));
  }

  /** Files are under no rule for data: they take the right to execute delete-config, which has to be given. */
  @Test
  void shouldAskForMoreThanTheRightToCopy() throws IOException {
    ok(to("file:///a.xml"));
    try (var guest = TestClient.guest(server)) {
      for (String each : new String[]{
          "<copy-config><target><url>file:///b.xml</url></target><source><running/></source></copy-config>",
          "<copy-config><target><candidate/></target><source><url>file:///a.xml</url></source></copy-config>",
          "<edit-config><target><candidate/></target><url>file:///a.xml</url></edit-config>",
          "<validate><source><url>file:///a.xml</url></source></validate>",
          "<delete-config><target><url>file:///a.xml</url></target></delete-config>"}) {
        error(guest.call(each), "access-denied");
      }
    }
    assertTrue(Files.exists(home.resolve("files/a.xml")));
    assertFalse(Files.exists(home.resolve("files/b.xml")));
  }

  @Test
  void shouldNotWriteAPasswordInClear() throws IOException {
    error(client.call("<copy-config><target><url>file:///a.xml</url></target><source>"
        + String.format(CONFIG, "<nf xmlns=\"urn:southbound:yang:southbound-nf\"><management><user><name>bob</name>"
            + "<password>$0$open sesame</password></user></management></nf>")
        + "</source></copy-config>"), "invalid-value", "clear text");
    assertFalse(Files.exists(home.resolve("files/a.xml")));
  }

  @Test
  void shouldCallOnlyAllowedDestinations() throws IOException {
    int port = web.getAddress().getPort();
    String url = "https://127.0.0.1:" + port;
    resources.put("/config", config(5).getBytes(StandardCharsets.UTF_8));
    error(from(url + "/config"), "access-denied", "southbound:destination-forbidden");
    server.urls().allow(List.of(new Remote.Destination("127.0.0.1", port + 1, List.of(certificate))));
    error(from(url + "/config"), "access-denied");
    server.urls().allow(List.of(new Remote.Destination("127.0.0.1", port, List.of(certificate))));
    ok(from(url + "/config"));
    running(5);
    ok(to(url + "/copy"));
    assertEquals(config(5) + "\n", new String(resources.get("/copy"), StandardCharsets.UTF_8));
    ok(validate(url + "/copy"));
    ok(delete(url + "/copy"));
    assertFalse(resources.containsKey("/copy"));
    error(edit(url + "/copy"), "data-missing", "404");
    error(edit(url + "/elsewhere"), "operation-failed", "302");
    resources.put("/big", (config(1) + " ".repeat(LIMIT)).getBytes(StandardCharsets.UTF_8));
    error(edit(url + "/big"), "too-big");
    for (String each : new String[]{"https://user@127.0.0.1:" + port, "https://localhost:" + port, "https:///a",
        "https://[::1]:" + port, "https://127.0.0.1.:" + port}) {
      error(edit(each), "access-denied");
    }
    server.urls().allow(List.of(new Remote.Destination("127.0.0.1", port, List.of())));
    error(from(url + "/config"), "operation-failed");
  }
}
