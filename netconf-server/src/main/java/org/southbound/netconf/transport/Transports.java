// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.session.Limits;

/**
 * All addresses that the server listens on, and the clients that it calls. A change opens what is new before it closes what is gone, keeps the sockets of what
 * stays, and touches no session. Changes come one at a time; the rest is thread-safe.
 */
public final class Transports implements AutoCloseable {
  /** A socket and the terms of now. */
  private static final class Listener {
    final Transport transport;
    final InetSocketAddress bound;
    volatile Endpoint endpoint;

    Listener(Transport transport, Endpoint endpoint) throws IOException {
      this.transport = transport;
      this.endpoint = endpoint;
      this.bound = transport.listen(endpoint.address(), () -> this.endpoint.terms());
    }

    void close() {
      transport.unlisten(bound);
    }
  }

  private final Opener opener;
  private final Supplier<Limits> limits;
  private final Strangers strangers;
  private final Passwords passwords;
  private final Map<Object, Listener> fresh = new LinkedHashMap<>();
  private volatile Map<Object, Listener> open = Map.of();
  private List<Endpoint> wanted = List.of();
  private List<Endpoint> prepared = List.of();
  private List<NetconfClient> clients = List.of();
  private List<NetconfClient> preparedClients = List.of();
  private final CallHome callHome = new CallHome(this::transport);
  private SshTransport ssh;
  private TlsTransport tls;
  private boolean started;

  public Transports(Opener opener, Supplier<Limits> limits) {
    this.opener = opener;
    this.limits = limits;
    this.strangers = new Strangers(() -> limits.get().strangers());
    this.passwords = new Passwords(limits);
  }

  /** Opens what is new among the endpoints, or refuses; calls nobody yet; to be followed by {@link #apply} or {@link #rollback}. */
  public void prepare(List<Endpoint> endpoints, List<NetconfClient> toCall) throws NetconfException {
    prepared = endpoints;
    preparedClients = toCall;
    if (!started) {
      return;
    }
    for (Endpoint each : endpoints) {
      try {
        open(each);
      } catch (IOException e) {
        rollback();
        throw NetconfException.of(ErrorTag.RESOURCE_DENIED, unusable(each, e) + ": choose another address or port.")
            .appTag("southbound:address-in-use").at(each.path());
      }
    }
  }

  private void open(Endpoint endpoint) throws IOException {
    if (!open.containsKey(endpoint.key()) && !fresh.containsKey(endpoint.key())) {
      fresh.put(endpoint.key(), new Listener(transport(endpoint.terms()), endpoint));
    }
  }

  private static String unusable(Endpoint endpoint, IOException e) {
    return "NETCONF cannot listen on " + endpoint.address().getAddress().getHostAddress() + " port "
        + endpoint.address().getPort() + " (" + e.getMessage() + ")";
  }

  private synchronized Transport transport(Terms terms) {
    return switch (terms) {
      case Terms.Ssh mine -> {
        ssh = ssh == null ? new SshTransport(opener, limits, strangers, passwords) : ssh;
        yield ssh;
      }
      case Terms.Tls mine -> {
        tls = tls == null ? new TlsTransport(opener, limits, strangers) : tls;
        yield tls;
      }
    };
  }

  /** What was prepared is in force. */
  public void apply() {
    wanted = prepared;
    clients = preparedClients;
    if (!started) {
      return;
    }
    var next = new LinkedHashMap<Object, Listener>();
    for (Endpoint each : wanted) {
      Listener listener = open.containsKey(each.key()) ? open.get(each.key()) : fresh.get(each.key());
      listener.endpoint = each;
      next.put(each.key(), listener);
    }
    fresh.clear();
    Map<Object, Listener> before = open;
    open = next;
    before.forEach((key, listener) -> {
      if (!next.containsKey(key)) {
        listener.close();
      }
    });
    callHome.configure(clients);
  }

  /** What was prepared is forgotten. */
  public void rollback() {
    fresh.values().forEach(Listener::close);
    fresh.clear();
    prepared = wanted;
    preparedClients = clients;
  }

  /** For a server without configuration: the one address it has. */
  public void listen(String name, InetSocketAddress address, Terms terms) {
    wanted = List.of(new Endpoint(name, null, "--netconf-port", address, terms));
  }

  /** Listens from now on, on what was applied. Throws with one line that says what to do. */
  public void start() throws IOException {
    for (Endpoint each : wanted) {
      try {
        open(each);
      } catch (IOException e) {
        rollback();
        throw new IOException(unusable(each, e)
            + (each.flag() == null ? ": free it or change the configuration"
                : ": give another port with " + each.flag()),
            e);
      }
    }
    started = true;
    prepared = wanted;
    preparedClients = clients;
    apply();
  }

  /** Where the endpoint of that name listens, or null. */
  public InetSocketAddress address(String name) {
    return open.values().stream().filter(each -> each.endpoint.name().equals(name)).findFirst()
        .map(each -> new InetSocketAddress(each.endpoint.address().getAddress(), each.bound.getPort())).orElse(null);
  }

  /** Connections that have no session. */
  public int strangers() {
    return strangers.count();
  }

  /** Ends all connections. */
  @Override
  public void close() throws IOException {
    callHome.configure(List.of());
    if (ssh != null) {
      ssh.close();
    }
    if (tls != null) {
      tls.close();
    }
    passwords.close();
  }
}
