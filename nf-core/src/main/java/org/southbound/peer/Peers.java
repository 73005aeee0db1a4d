// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.southbound.peer.v1.Endpoint;

/** The peers that this instance calls: one warm connection for each endpoint, made at the first use. Any thread. */
public final class Peers implements AutoCloseable {
  /** HTTP/2 window: a stream of records is not held up by acknowledgements. */
  static final int WINDOW_BYTES = 8 << 20;
  /** A sender waits when this much is queued. */
  static final int READY_BYTES = 1 << 20;

  private final Trust trust;
  private final PeerListener listener;
  private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1,
      new DefaultThreadFactory("peer-client", true), NioIoHandler.newFactory());
  private final ConcurrentHashMap<Endpoint, PeerConnection> connections = new ConcurrentHashMap<>();

  public Peers(Trust trust, PeerListener listener) {
    this.trust = trust;
    this.listener = listener;
  }

  /**
   * The connection to {@code endpoint}, begun if it is the first use. Does not wait for it.
   *
   * @param endpoint host and peer_port, and nf unless any trusted NF at that address will do
   * @throws PeerException southbound:unknown-peer, it has no address
   */
  public PeerClient client(Endpoint endpoint) throws PeerException {
    if (endpoint.getHost().isEmpty() || endpoint.getPeerPort() <= 0 || endpoint.getPeerPort() > 65535) {
      throw new PeerException(PeerException.UNKNOWN,
          "no host and peer port are known for the NF '" + endpoint.getNf() + "'",
          endpoint.getNf(), 0, null);
    }
    var key = Endpoint.newBuilder(endpoint).clearDataPort().build();
    var found = connections.get(key);
    if (found != null) {
      return found;
    }
    try {
      var made = new PeerConnection(key, trust, listener, loop);
      var other = connections.putIfAbsent(key, made);
      if (other != null) {
        return other;
      }
      made.open();
      return made;
    } catch (TrustException e) {
      throw new PeerException(PeerException.REFUSED, e.getMessage(), endpoint.getNf(), 0, e);
    }
  }

  /** Cuts all connections. */
  @Override
  public void close() {
    connections.values().forEach(PeerConnection::close);
    connections.clear();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** The message of the deepest cause, which is the one that says something. */
  static String rootMessage(Throwable thrown) {
    var root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  /** Why a handshake failed, in one line. */
  static String handshakeMessage(Throwable thrown) {
    var message = rootMessage(thrown);
    if (message.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || message.contains("Empty client certificate chain")) {
      return "it shows no certificate";
    }
    return message.lines().findFirst().orElse("").strip();
  }
}
