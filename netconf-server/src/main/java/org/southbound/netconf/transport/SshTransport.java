// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.OptionalFeature;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.compression.BuiltinCompressions;
import org.apache.sshd.common.io.IoInputStream;
import org.apache.sshd.common.io.IoOutputStream;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.common.random.JceRandomFactory;
import org.apache.sshd.common.session.SessionHeartbeatController.HeartbeatType;
import org.apache.sshd.common.session.helpers.AbstractConnectionService;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.AsyncAuthException;
import org.apache.sshd.server.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.channel.ChannelDataReceiver;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.channel.ChannelSessionFactory;
import org.apache.sshd.server.command.AsyncCommandStreamsAware;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.subsystem.SubsystemFactory;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.session.Link;
import org.southbound.netconf.session.Session;

/**
 * NETCONF over SSH (RFC 6242): the subsystem {@code netconf} and nothing else, no shell, no forwarding. Modern algorithms only;
 * SHA-1 signatures (ssh-rsa) are off.
 */
public final class SshTransport implements AutoCloseable {
  private static final Duration AUTHENTICATION = Duration.ofSeconds(30);
  private static final Duration HEARTBEAT = Duration.ofSeconds(60);

  /** Makes a session for an authenticated connection. */
  public interface Opener {
    Session open(String user, String source, String transport, Link link);
  }

  private final SshServer server;

  /** Listens at once; port 0 picks a free one. */
  public SshTransport(InetSocketAddress address, KeyPair hostKey, Users users, Opener opener) throws IOException {
    server = SshServer.setUpDefaultServer();
    server.setHost(address.getAddress().getHostAddress());
    server.setPort(address.getPort());
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    algorithms();
    server.setForwardingFilter(null);
    server.setChannelFactories(List.<ChannelFactory>of(ChannelSessionFactory.INSTANCE));
    server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE, UserAuthPasswordFactory.INSTANCE));
    server.setPublickeyAuthenticator((user, key, session) -> users.key(user, key));
    server.setPasswordAuthenticator((user, password, session) -> {
      if (users.recent(user, password)) {
        return true;
      }
      // The slow hash must not hold up the sessions that share this thread.
      var later = new AsyncAuthException();
      Thread.ofVirtual().name("password").start(() -> later.setAuthed(users.password(user, password)));
      throw later;
    });
    server.setSubsystemFactories(List.of(new SubsystemFactory() {
      @Override
      public String getName() { return "netconf"; }

      @Override
      public Command createSubsystem(ChannelSession channel) {
        return new Subsystem(channel, opener);
      }
    }));
    CoreModuleProperties.IDLE_TIMEOUT.set(server, Duration.ZERO); // a manager may be silent for days
    CoreModuleProperties.NIO2_READ_TIMEOUT.set(server, Duration.ZERO);
    CoreModuleProperties.AUTH_TIMEOUT.set(server, AUTHENTICATION);
    CoreModuleProperties.TCP_NODELAY.set(server, true);
    CoreModuleProperties.SOCKET_REUSEADDR.set(server, true);
    server.setSessionHeartbeat(HeartbeatType.IGNORE, HEARTBEAT);
    try {
      server.start();
    } catch (BindException e) {
      throw new IOException("NETCONF cannot listen on " + server.getHost() + " port " + address.getPort() + " ("
          + e.getMessage() + "): give another port with --netconf-port", e);
    }
  }

  private void algorithms() {
    server.setKeyExchangeFactories(NamedFactory.setUpTransformedFactories(true,
        List.of(BuiltinDHFactories.curve25519, BuiltinDHFactories.curve25519_libssh, BuiltinDHFactories.ecdhp256,
            BuiltinDHFactories.ecdhp384, BuiltinDHFactories.ecdhp521, BuiltinDHFactories.dhg16_512,
            BuiltinDHFactories.dhg14_256),
        ServerBuilder.DH2KEX));
    server.setCipherFactories(supported(List.of(BuiltinCiphers.aes128gcm,
        BuiltinCiphers.aes256gcm, BuiltinCiphers.cc20p1305_openssh, BuiltinCiphers.aes128ctr,
        BuiltinCiphers.aes256ctr)));
    server.setMacFactories(supported(List.of(BuiltinMacs.hmacsha256etm, BuiltinMacs.hmacsha512etm,
        BuiltinMacs.hmacsha256, BuiltinMacs.hmacsha512)));
    server.setSignatureFactories(supported(
        List.of(BuiltinSignatures.ed25519, BuiltinSignatures.nistp256, BuiltinSignatures.nistp384,
            BuiltinSignatures.nistp521, BuiltinSignatures.rsaSHA512, BuiltinSignatures.rsaSHA256)));
    server.setCompressionFactories(supported(List.of(BuiltinCompressions.none)));
    server.setRandomFactory(JceRandomFactory.INSTANCE);
  }

  /** Those that this JDK and BouncyCastle can do. */
  private static <T> List<NamedFactory<T>> supported(List<? extends NamedFactory<T>> wanted) {
    var found = new ArrayList<NamedFactory<T>>();
    for (NamedFactory<T> each : wanted) {
      if (!(each instanceof OptionalFeature optional) || optional.isSupported()) {
        found.add(each);
      }
    }
    return found;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return new InetSocketAddress(server.getHost(), server.getPort());
  }

  @Override
  public void close() throws IOException {
    server.stop(true);
  }

  /** One channel: the session's link. */
  private static final class Subsystem implements Command, AsyncCommandStreamsAware, ChannelDataReceiver, Link {
    private final ChannelSession channel;
    private final Opener opener;
    private Session session;
    private IoOutputStream out;
    private ExitCallback exit;

    Subsystem(ChannelSession channel, Opener opener) {
      this.channel = channel;
      this.opener = opener;
      channel.setDataReceiver(this);
    }

    @Override
    public void start(ChannelSession same, Environment environment) {
      var remote = (InetSocketAddress) channel.getSession().getIoSession().getRemoteAddress();
      session = opener.open(channel.getSession().getUsername(), remote.getAddress().getHostAddress(), "netconf-ssh",
          this);
      session.start();
    }

    @Override
    public int data(ChannelSession same, byte[] bytes, int offset, int count) {
      return session == null ? count : session.receive(bytes, offset, count);
    }

    @Override
    public void write(byte[] bytes, int offset, int count, Consumer<Throwable> written) {
      try {
        out.writeBuffer(new ByteArrayBuffer(bytes, offset, count)).addListener(future -> {
          Throwable failure = future.getException();
          written.accept(failure != null || future.isWritten() ? failure : new IOException("not written"));
        });
      } catch (IOException | RuntimeException e) {
        written.accept(e);
      }
    }

    @Override
    public void credit(int bytes) {
      try {
        channel.getLocalWindow().release(bytes);
      } catch (IOException e) {
        close(false);
      }
    }

    @Override
    public void close(boolean orderly) {
      if (orderly || shared()) {
        exit.onExit(0);
        channel.close(false);
      } else {
        channel.getSession().close(true);
      }
    }

    /** True if the connection carries other sessions, which go on. */
    private boolean shared() {
      return channel.getSession().getService(AbstractConnectionService.class).getChannels().size() > 1;
    }

    @Override
    public void destroy(ChannelSession same) {
      if (session != null) {
        session.ended();
      }
    }

    @Override
    public void close() {
      // end of the client's data; the session ends with the channel
    }

    @Override
    public void setIoOutputStream(IoOutputStream stream) { out = stream; }

    @Override
    public void setExitCallback(ExitCallback callback) { exit = callback; }

    @Override
    public void setIoInputStream(IoInputStream in) {
      // data() gets the input
    }

    @Override
    public void setIoErrorStream(IoOutputStream err) {
      // nothing is written there
    }

    @Override
    public void setInputStream(InputStream in) {
      // data() gets the input
    }

    @Override
    public void setOutputStream(OutputStream stream) {
      // the asynchronous stream is used
    }

    @Override
    public void setErrorStream(OutputStream err) {
      // nothing is written there
    }
  }
}
