// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.southbound.netconf.transport.TlsKeys;

/** Certificates and a client by openssl, in a folder: an authority {@code ca}, and clients. */
public final class OpenSsl {
  public static final String HELLO = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
      + "<capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>";

  final Path folder;

  /** Makes the authority. */
  public OpenSsl(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    authority("ca");
  }

  public void authority(String name) throws IOException, InterruptedException {
    done("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
        "/CN=" + name, "-keyout", name + ".key", "-out", name + ".pem");
  }

  /** A client's certificate with alternative names, as in {@code DNS:admin}; empty: none. */
  public Path client(String name, String alternatives, String authority) throws IOException, InterruptedException {
    Files.writeString(folder.resolve(name + ".ext"), "extendedKeyUsage=clientAuth\n"
        + (alternatives.isEmpty() ? "" : "subjectAltName=" + alternatives + "\n"));
    done("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
        "-keyout", name + ".key", "-out", name + ".csr");
    done("x509", "-req", "-days", "30", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key",
        "-CAcreateserial", "-extfile", name + ".ext", "-out", name + ".pem");
    return folder.resolve(name + ".pem");
  }

  public X509Certificate certificate(String name) throws IOException, GeneralSecurityException {
    String pem = Files.readString(folder.resolve(name + ".pem"));
    return TlsKeys.certificate(Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", "")));
  }

  /** Speaks NETCONF with old framing as the client of that name; null: without a certificate. */
  public String netconf(int port, String client, String operations, String... options)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("s_client", "-quiet", "-connect", "127.0.0.1:" + port));
    if (client != null) {
      command.addAll(List.of("-cert", client + ".pem", "-key", client + ".key"));
    }
    command.addAll(List.of(options));
    return run(HELLO + operations + rpc("<close-session/>"), command.toArray(String[]::new));
  }

  public static String rpc(String operation) {
    return "<rpc message-id=\"1\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">" + operation + "</rpc>]]>]]>";
  }

  private void done(String... arguments) throws IOException, InterruptedException {
    run("", arguments);
    assertEquals(0, status, String.join(" ", arguments));
  }

  private int status;

  private String run(String input, String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "out", "");
    Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
        .redirectOutput(out.toFile()).start();
    try (var in = process.outputWriter()) {
      in.write(input);
    } catch (IOException gone) {
      // It ended before it had read all; its output tells why.
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it hangs: " + String.join(" ", command));
    status = process.exitValue();
    return Files.readString(out);
  }
}
