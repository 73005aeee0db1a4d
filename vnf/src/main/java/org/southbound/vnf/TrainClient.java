// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import org.apache.sshd.client.ClientBuilder;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelSubsystem;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.kex.BuiltinDHFactories;

/** What managers do by NETCONF, for {@link TrainCommand}: sessions that read, edit and commit. */
final class TrainClient {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int SESSIONS = 20;
  private static final int ROUNDS = 50;
  private static final String END = "]]>]]>";
  private static final String NF = "<nf xmlns=\"urn:southbound:yang:southbound-nf\">";
  private static final List<String> ROUND = List.of(
      "<get-config><source><running/></source><filter>" + NF + "<name/></nf></filter></get-config>",
      "<edit-config><target><candidate/></target><config>" + NF
          + "<management><snmp><location>a rack</location></snmp></management></nf></config></edit-config>",
      "<commit/>",
      "<edit-config><target><candidate/></target><config>" + NF
          + "<management><snmp><location>another rack</location></snmp></management></nf></config></edit-config>",
      "<commit/>");
  private static final List<String> ONCE = List.of("<get/>", "<get-config><source><running/></source></get-config>",
      "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"/>", "<close-session/>");

  private final InputStream in;
  private final ChannelSubsystem channel;

  private TrainClient(ChannelSubsystem channel) {
    this.channel = channel;
    this.in = new BufferedInputStream(channel.getInvertedOut());
  }

  /** Opens sessions as {@code user}, one after another, with what libssh and OpenSSH prefer. */
  static void run(InetSocketAddress server, String user, KeyPair key) throws IOException {
    try (SshClient client = SshClient.setUpDefaultClient()) {
      client.setServerKeyVerifier((session, address, hostKey) -> true);
      client.setKeyExchangeFactories(
          NamedFactory.setUpTransformedFactories(true, List.of(BuiltinDHFactories.curve25519), ClientBuilder.DH2KEX));
      client.start();
      for (int i = 0; i < SESSIONS; i++) {
        client.setCipherFactories(
            List.of(i % 2 == 0 ? BuiltinCiphers.aes256gcm : BuiltinCiphers.cc20p1305_openssh));
        try (var session = client.connect(user, server).verify(PATIENCE).getSession()) {
          session.addPublicKeyIdentity(key);
          session.auth().verify(PATIENCE);
          var channel = session.createSubsystemChannel("netconf");
          channel.open().verify(PATIENCE);
          new TrainClient(channel).session();
        }
      }
    }
  }

  private void session() throws IOException {
    read(END);
    write("<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
        + "<capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>" + END);
    for (int i = 0; i < ROUNDS; i++) {
      for (String operation : ROUND) {
        call(operation);
      }
    }
    for (String operation : ONCE) {
      call(operation);
    }
  }

  private void call(String operation) throws IOException {
    String message = "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\">" + operation + "</rpc>";
    write("\n#" + message.length() + "\n" + message + "\n##\n");
    read("\n##\n");
  }

  private void write(String text) throws IOException {
    channel.getInvertedIn().write(text.getBytes(StandardCharsets.US_ASCII));
    channel.getInvertedIn().flush();
  }

  private void read(String end) throws IOException {
    int matched = 0;
    while (matched < end.length()) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("the session has ended");
      }
      if (next == end.charAt(matched)) {
        matched++;
      } else {
        matched = next == end.charAt(0) ? 1 : 0;
      }
    }
  }
}
