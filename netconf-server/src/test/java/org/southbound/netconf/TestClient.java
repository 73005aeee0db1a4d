// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelSubsystem;
import org.apache.sshd.client.session.ClientSession;

/** A NETCONF client that sends and reads exactly what a test says. Reads end with an exception when the session does. */
public final class TestClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final SshClient ssh;
  private final ClientSession session;
  private final ChannelSubsystem channel;
  private final OutputStream out;
  private final InputStream in;
  private final AtomicInteger ids = new AtomicInteger();
  private boolean chunked;
  /** The server's hello. */
  public final String hello;

  private TestClient(SshClient ssh, ClientSession session) throws IOException {
    this.ssh = ssh;
    this.session = session;
    if (!session.isAuthenticated()) {
      session.auth().verify(PATIENCE);
    }
    channel = session.createSubsystemChannel("netconf");
    channel.open().verify(PATIENCE);
    out = channel.getInvertedIn();
    in = new BufferedInputStream(channel.getInvertedOut());
    hello = read();
  }

  private static ClientSession connect(SshClient ssh, NetconfServer server, String user) throws IOException {
    ssh.setServerKeyVerifier((session, address, key) -> true);
    ssh.start();
    return ssh.connect(user, server.address()).verify(PATIENCE).getSession();
  }

  /** Connects as admin and says hello with base:1.1. */
  public static TestClient admin(NetconfServer server) throws IOException {
    return greeted(server, "admin", TestServer.ADMIN_PASSWORD, true);
  }

  /** Connects as guest, who is in no group. */
  public static TestClient guest(NetconfServer server) throws IOException {
    return greeted(server, "guest", TestServer.GUEST_PASSWORD, true);
  }

  /** Connects, reads the server's hello and says hello. */
  public static TestClient greeted(NetconfServer server, String user, String password, boolean chunked)
      throws IOException {
    TestClient client = silent(server, user, password);
    client.greet(chunked);
    return client;
  }

  private void greet(boolean wanted) throws IOException {
    raw("<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
        + "<capability>urn:ietf:params:netconf:base:1.0</capability>"
        + (wanted ? "<capability>urn:ietf:params:netconf:base:1.1</capability>" : "")
        + "</capabilities></hello>]]>]]>");
    chunked = wanted;
  }

  /** Connects and reads the server's hello. */
  public static TestClient silent(NetconfServer server, String user, String password) throws IOException {
    SshClient ssh = SshClient.setUpDefaultClient();
    ClientSession session = connect(ssh, server, user);
    session.addPasswordIdentity(password);
    return new TestClient(ssh, session);
  }

  /** Connects with a key. */
  public static TestClient key(NetconfServer server, String user, KeyPair key) throws IOException {
    SshClient ssh = SshClient.setUpDefaultClient();
    ClientSession session = connect(ssh, server, user);
    session.addPublicKeyIdentity(key);
    return new TestClient(ssh, session);
  }

  /** A session on a connection that is yet to authenticate; greeted. */
  static TestClient over(SshClient ssh, ClientSession session) throws IOException {
    var client = new TestClient(ssh, session);
    client.greet(true);
    return client;
  }

  /** Connects anywhere, with a password or, if it is null, a key, and reads the server's hello. */
  public static TestClient at(InetSocketAddress address, String user, String password, KeyPair key) throws IOException {
    SshClient ssh = SshClient.setUpDefaultClient();
    ssh.setServerKeyVerifier((session, from, hostKey) -> true);
    ssh.start();
    ClientSession session = ssh.connect(user, address).verify(PATIENCE).getSession();
    if (password == null) {
      session.addPublicKeyIdentity(key);
    } else {
      session.addPasswordIdentity(password);
    }
    return new TestClient(ssh, session);
  }

  /** One more session on the same connection. */
  public TestClient beside() throws IOException {
    var other = new TestClient(ssh, session);
    other.greet(chunked);
    return other;
  }

  /** Sends bytes as they are. */
  public void raw(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** Sends a message with the framing agreed on. */
  public void send(String message) throws IOException {
    int length = message.getBytes(StandardCharsets.UTF_8).length;
    raw(chunked ? "\n#" + length + "\n" + message + "\n##\n" : message + "]]>]]>");
  }

  /** Sends an operation as an rpc. */
  public void request(String operation) throws IOException {
    send("<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"" + ids.incrementAndGet() + "\">"
        + operation
        + "</rpc>");
  }

  /** Sends an operation and reads the next message. */
  public String call(String operation) throws IOException {
    request(operation);
    return read();
  }

  /** The next message. */
  public String read() throws IOException {
    var message = new ByteArrayOutputStream();
    if (!chunked) {
      while (!message.toString(StandardCharsets.UTF_8).endsWith("]]>]]>")) {
        message.write(next());
      }
      String text = message.toString(StandardCharsets.UTF_8);
      return text.substring(0, text.length() - 6);
    }
    while (true) {
      expect('\n');
      expect('#');
      int c = next();
      if (c == '#') {
        expect('\n');
        return message.toString(StandardCharsets.UTF_8);
      }
      int size = 0;
      for (; c != '\n'; c = next()) {
        size = size * 10 + c - '0';
      }
      for (; size > 0; size--) {
        message.write(next());
      }
    }
  }

  private void expect(char wanted) throws IOException {
    int c = next();
    if (c != wanted) {
      throw new IOException("not a chunk: " + (char) c);
    }
  }

  private int next() throws IOException {
    int c = in.read();
    if (c < 0) {
      throw new IOException("the session has ended");
    }
    return c;
  }

  /** From now on the client gives the server no window: it reads nothing more from the network. */
  public void stopReading() {
    session.getIoSession().suspendRead();
  }

  /** After {@link #stopReading}: reads again. */
  public void readAgain() {
    session.getIoSession().resumeRead();
  }

  /** Says that nothing more will come; answers are still read. */
  public void endInput() throws IOException {
    out.close();
  }

  /** Drops the connection without a word. */
  public void cut() {
    session.close(true);
  }

  @Override
  public void close() throws IOException {
    channel.close(true);
    session.close(true);
    ssh.stop();
  }
}
