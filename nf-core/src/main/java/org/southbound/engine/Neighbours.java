// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.peer.PeerClient;
import org.southbound.peer.PeerException;

/** The other NF instances that this one knows: by configuration, or because they told it where they are. Any thread. */
public final class Neighbours {
  private static final Logger LOG = LoggerFactory.getLogger(Neighbours.class);

  private volatile Endpoint self;
  private final ClientFactory clients;
  private volatile Map<String, Endpoint> configured = Map.of();
  private final Map<String, Endpoint> heard = new ConcurrentHashMap<>();

  /** Opens, or finds open, a connection to a peer. */
  @FunctionalInterface
  public interface ClientFactory {
    /** The name may be empty, where only the address is known. */
    PeerClient client(String nf, String host, int peerPort) throws PeerException;
  }

  /** The neighbours of the instance at {@code self}. */
  public Neighbours(Endpoint self, ClientFactory clients) {
    this.self = self;
    this.clients = clients;
  }

  /** This instance. */
  public Endpoint self() {
    return self;
  }

  /** The ports are known now. */
  public void self(Endpoint bound) {
    self = bound;
  }

  /** The peers of the configuration, by name. */
  public void configured(Map<String, Endpoint> peers) {
    configured = Map.copyOf(peers);
  }

  /** Begins to connect, so that the first call does not wait for it. */
  private void connect(Endpoint peer) {
    try {
      client(peer);
    } catch (PeerException unusable) {
      // The first call says so.
    }
  }

  /** A peer said where it is. */
  void heard(Endpoint peer) {
    if (!peer.nf().isEmpty() && !peer.host().isEmpty()) {
      heard.put(peer.nf(), peer);
      if (!peer.nf().equals(self.nf())) {
        connect(peer);
      }
    }
  }

  /**
   * Name and addresses of an endpoint, of which either may be missing.
   *
   * @throws PeerException southbound:unknown-peer: neither address nor a known name
   */
  Endpoint resolve(Endpoint wanted) throws PeerException {
    if (!wanted.host().isEmpty()) {
      if (!wanted.nf().isEmpty()) {
        return wanted;
      }
      var name = clients.client("", wanted.host(), wanted.peerPort()).description().getNf();
      return new Endpoint(name, wanted.host(), wanted.dataPort(), wanted.peerPort(), wanted.mac());
    }
    var known = configured.get(wanted.nf());
    if (known == null || known.host().isEmpty()) {
      // A peer may be configured without its address, when only its certificate matters.
      known = heard.get(wanted.nf());
    }
    if (known == null) {
      throw new PeerException(PeerException.UNKNOWN,
          "no peer is called " + wanted.nf() + "; configure it, or give its address", wanted.nf(), 0, null);
    }
    return known;
  }

  /** A connection to a peer. */
  PeerClient client(Endpoint peer) throws PeerException {
    return clients.client(peer.nf(), peer.host(), peer.peerPort());
  }

  /** Something that is asked of a peer. */
  @FunctionalInterface
  interface Call {
    void to(Endpoint peer) throws PeerException;
  }

  /** Asks the same of several peers at once, and waits for all of them, but no longer than {@code most}. */
  void tell(Collection<Endpoint> peers, Call call, Duration most) {
    var calls = peers.stream().distinct().map(peer -> Thread.ofVirtual().start(() -> {
      try {
        call.to(peer);
      } catch (PeerException failure) {
        LOG.info("{} was not told: {}", peer.nf(), failure.getMessage());
      }
    })).toList();
    long deadline = System.nanoTime() + most.toNanos();
    try {
      for (var each : calls) {
        each.join(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where a peer takes packets. */
  static InetSocketAddress data(Endpoint peer) throws PeerException {
    try {
      return new InetSocketAddress(InetAddress.getByName(peer.host()), peer.dataPort());
    } catch (UnknownHostException unknown) {
      throw new PeerException(PeerException.UNKNOWN, "the host " + peer.host() + " of " + peer.nf() + " is not known",
          peer.nf(), 0, unknown);
    }
  }
}
