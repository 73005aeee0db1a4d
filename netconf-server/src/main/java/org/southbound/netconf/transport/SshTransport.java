// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.security.PublicKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import jdk.net.ExtendedSocketOptions;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.io.IoAcceptor;
import org.apache.sshd.common.io.IoConnector;
import org.apache.sshd.common.io.nio2.Nio2Session;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.AsyncAuthException;
import org.apache.sshd.server.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.channel.ChannelSessionFactory;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.session.ServerSession;
import org.apache.sshd.server.subsystem.SubsystemFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.session.Limits;
import org.southbound.netconf.session.Session;

/**
 * NETCONF over SSH (RFC 6242): the subsystem {@code netconf} and nothing else, no shell, no forwarding. Several addresses share
 * a few threads; an address has terms of its own, which may change while it listens.
 */
final class SshTransport implements Transport {
  private static final Logger LOG = LoggerFactory.getLogger(SshTransport.class);
  private static final int BACKLOG = 128;
  private static final int CHANNELS = 32;
  /** Where a connection came in, or what it was called out for. */
  private static final AttributeKey<Door> DOOR = new AttributeKey<>();

  private final Engine server = (Engine) ServerBuilder.builder().factory(Engine::new).build();
  private final Opener opener;
  private final Supplier<Limits> limits;
  private final Strangers strangers;
  private final Passwords passwords;
  private final Map<SocketAddress, Door> doors = new HashMap<>();
  private IoConnector connector;

  /** The terms of an address, or of a call; {@code outcome} is a call's. */
  private record Door(Supplier<? extends Terms> terms, CompletableFuture<Call> outcome) {
    Terms.Ssh ssh() {
      return (Terms.Ssh) terms.get();
    }
  }

  /** A server whose addresses come and go. */
  private static final class Engine extends SshServer {
    IoAcceptor begin() {
      ioServiceFactory = new SshIo(this);
      checkConfig();
      setSessionFactory(createSessionFactory());
      acceptor = createAcceptor();
      setupSessionTimeout(getSessionFactory());
      return acceptor;
    }

    IoConnector connector() {
      return getIoServiceFactory().createConnector(getSessionFactory());
    }
  }

  private final IoAcceptor acceptor;

  SshTransport(Opener opener, Supplier<Limits> limits, Strangers strangers, Passwords passwords) {
    this.opener = opener;
    this.limits = limits;
    this.strangers = strangers;
    this.passwords = passwords;
    SshAlgorithms.offer(server);
    server.setKeyPairProvider(KeyPairProvider.EMPTY_KEYPAIR_PROVIDER); // each door has its own
    server.setForwardingFilter(null);
    server.setChannelFactories(List.<ChannelFactory>of(ChannelSessionFactory.INSTANCE));
    server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE, UserAuthPasswordFactory.INSTANCE));
    server.setPublickeyAuthenticator((user, key, session) -> key(user, key, session));
    server.setPasswordAuthenticator((user, password, session) -> password(user, password, session));
    server.setSubsystemFactories(List.of(new SubsystemFactory() {
      @Override
      public String getName() { return "netconf"; }

      @Override
      public Command createSubsystem(ChannelSession channel) {
        return new SshSubsystem(channel, SshTransport.this);
      }
    }));
    CoreModuleProperties.IDLE_TIMEOUT.set(server, Duration.ZERO); // sessions have their own
    CoreModuleProperties.NIO2_READ_TIMEOUT.set(server, Duration.ZERO);
    CoreModuleProperties.TCP_NODELAY.set(server, true);
    CoreModuleProperties.SOCKET_REUSEADDR.set(server, true);
    CoreModuleProperties.SOCKET_BACKLOG.set(server, BACKLOG);
    CoreModuleProperties.MAX_CONCURRENT_CHANNELS.set(server, CHANNELS);
    server.addSessionListener(new SessionListener() {
      @Override
      public void sessionCreated(org.apache.sshd.common.session.Session session) {
        arrived((ServerSession) session);
      }

      @Override
      public void sessionEvent(org.apache.sshd.common.session.Session session, Event event) {
        if (event == Event.KeyEstablished) {
          strangers.engaged(session);
        }
      }

      @Override
      public void sessionClosed(org.apache.sshd.common.session.Session session) {
        strangers.remove(session);
        Door door = session.getAttribute(DOOR);
        if (door != null && door.outcome != null) {
          door.outcome.completeExceptionally(new IOException("the client did not open a session"));
        }
      }
    });
    acceptor = server.begin();
  }

  @Override
  public InetSocketAddress listen(InetSocketAddress address, Supplier<? extends Terms> terms) throws IOException {
    synchronized (doors) { // who connects at once waits for the entry
      Set<SocketAddress> before = new HashSet<>(acceptor.getBoundAddresses());
      acceptor.bind(address);
      for (SocketAddress each : acceptor.getBoundAddresses()) {
        if (!before.contains(each)) {
          doors.put(each, new Door(terms, null));
          return (InetSocketAddress) each;
        }
      }
      throw new IOException("not bound");
    }
  }

  @Override
  public void unlisten(InetSocketAddress bound) {
    acceptor.unbind(bound);
    synchronized (doors) {
      doors.remove(bound);
    }
  }

  @Override
  public CompletableFuture<Call> call(InetSocketAddress to, InetSocketAddress from, Supplier<? extends Terms> terms,
      Duration patience) {
    var outcome = new CompletableFuture<Call>();
    synchronized (this) {
      connector = connector == null ? server.connector() : connector;
    }
    var attempt = connector.connect(to, AttributeRepository.ofKeyValuePair(DOOR, new Door(terms, outcome)), from);
    attempt.addListener(future -> {
      if (future.getException() != null) {
        outcome.completeExceptionally(future.getException());
      } else if (!future.isConnected()) {
        outcome.completeExceptionally(new IOException("not connected"));
      }
    });
    CompletableFuture.delayedExecutor(patience.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS, Runnable::run)
        .execute(() -> {
          if (!attempt.isDone()) {
            attempt.cancel();
            outcome.completeExceptionally(new IOException("no answer"));
          }
        });
    return outcome;
  }

  private void arrived(ServerSession session) {
    var io = session.getIoSession();
    Door door;
    if (io.getAttribute(AttributeRepository.class) instanceof AttributeRepository called) {
      door = called.getAttribute(DOOR);
    } else {
      synchronized (doors) {
        door = doors.get(io.getAcceptanceAddress());
      }
    }
    if (door == null) {
      session.close(true); // the address is being given up
      return;
    }
    Terms.Ssh terms = door.ssh();
    session.setAttribute(DOOR, door);
    session.setKeyPairProvider(KeyPairProvider.wrap(terms.hostKeys()));
    CoreModuleProperties.AUTH_TIMEOUT.set(session, limits.get().grace());
    CoreModuleProperties.MAX_AUTH_REQUESTS.set(session, limits.get().loginTries());
    keepalive(io, terms.keepalive());
    vacant(session);
  }

  private static void keepalive(org.apache.sshd.common.io.IoSession io, Terms.Keepalive keepalive) {
    if (keepalive != null && io instanceof Nio2Session nio) {
      try {
        option(nio, StandardSocketOptions.SO_KEEPALIVE, true);
        option(nio, ExtendedSocketOptions.TCP_KEEPIDLE, keepalive.idle());
        option(nio, ExtendedSocketOptions.TCP_KEEPINTERVAL, keepalive.interval());
        option(nio, ExtendedSocketOptions.TCP_KEEPCOUNT, keepalive.probes());
      } catch (IOException | UnsupportedOperationException e) {
        LOG.debug("no keepalive", e);
      }
    }
  }

  private static <T> void option(Nio2Session io, SocketOption<T> option, T value) throws IOException {
    io.getSocket().setOption(option, value);
  }

  /** The connection has no session. */
  void vacant(ServerSession session) {
    if (session.isOpen()) {
      var remote = (InetSocketAddress) session.getIoSession().getRemoteAddress();
      strangers.add(session, remote.getAddress(), () -> session.close(true));
    }
  }

  /** The connection has a session. */
  Session open(ServerSession connection, SshSubsystem link) {
    strangers.remove(connection);
    Door door = connection.getAttribute(DOOR);
    var remote = (InetSocketAddress) connection.getIoSession().getRemoteAddress();
    Session session = opener.open(connection.getUsername(), remote.getAddress().getHostAddress(), "netconf-ssh", link,
        () -> door.terms.get().idleSeconds());
    if (door.outcome != null) {
      door.outcome.complete(new Call(session, ended -> connection.addCloseFutureListener(future -> ended.run())));
    }
    return session;
  }

  private static boolean key(String user, PublicKey key, ServerSession session) {
    return session.getAttribute(DOOR).ssh().users().key(user, key);
  }

  private boolean password(String user, String password, ServerSession session) {
    var users = session.getAttribute(DOOR).ssh().users();
    if (users.recent(user, password)) {
      return true;
    }
    // The slow hash must not hold up the sessions that share this thread.
    var later = new AsyncAuthException();
    passwords.check(() -> users.password(user, password), later::setAuthed);
    throw later;
  }

  @Override
  public void close() throws IOException {
    if (connector != null) {
      connector.close(true);
    }
    server.close(true);
  }
}
