// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Limits;
import org.southbound.netconf.transport.ClientTrust;
import org.southbound.netconf.transport.Endpoint;
import org.southbound.netconf.transport.SshKeys;
import org.southbound.netconf.transport.Terms;
import org.southbound.netconf.transport.TlsKeys;
import org.southbound.nf.Config;

/**
 * Where and on what terms NETCONF is served: the simple way of {@code /nf/management}, which is one address for SSH and one for
 * TLS with the keys of the home, beside what ietf-netconf-server says.
 */
final class TransportConfig implements ConfigSubscriber {
  private static final String MANAGEMENT = "/southbound-nf:nf/southbound-nf:management";

  private final NetconfServer server;
  private final Users users;
  private final Path home;
  private final Binding.Flags flags;
  private final Map<String, Integer> ports;
  private final YangNode nfNode;
  private final YangNode serverNode;
  private final YangNode keystoreNode;
  private final YangNode truststoreNode;
  private final KeyPair hostKey;
  private TlsKeys tlsKeys;
  private Config atStart;
  private Limits limits = Limits.DEFAULT;
  private String name = "vnf1";

  TransportConfig(NetconfServer server, Binding.Parts parts) throws IOException {
    this.server = server;
    this.users = parts.users();
    this.home = parts.home();
    this.flags = parts.flags();
    this.ports = parts.ports();
    var schema = server.schema();
    this.nfNode = schema.node("/southbound-nf:nf");
    this.serverNode = schema.node("/ietf-netconf-server:netconf-server");
    this.keystoreNode = schema.node("/ietf-keystore:keystore");
    this.truststoreNode = schema.node("/ietf-truststore:truststore");
    this.hostKey = SshKeys.hostKey(home.resolve("host-key"));
  }

  @Override
  public List<YangNode> parts() {
    return List.of(nfNode, serverNode, keystoreNode, truststoreNode);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    Config nf = read(nfNode, after);
    name = nf.leaf("name", name);
    Config management = nf.container("management");
    limits = limits(management.container("netconf"));
    var endpoints = new ArrayList<Endpoint>();
    if (atStart == null) {
      atStart = addresses(management);
    }
    endpoints.add(ssh(management));
    tls(nf, management).ifPresent(endpoints::add);
    var keys = new KeyMaterial(read(keystoreNode, after), read(truststoreNode, after), hostKey, this::tlsKeys);
    var standard = new NetconfServerModel(keys, users, read(serverNode, after));
    endpoints.addAll(standard.endpoints());
    server.transports().prepare(endpoints,
        standard.clients(List.of(read(keystoreNode, after), read(truststoreNode, after))));
  }

  private static Config read(YangNode node, ContainerNode tree) {
    return ConfigTree.of(node, (DataContainerNode) YangNode.find(tree, node));
  }

  private static Limits limits(Config netconf) {
    int sessions = (int) netconf.number("maximum-sessions", Limits.DEFAULT.sessions());
    return new Limits(sessions, (int) netconf.number("maximum-sessions-per-user", sessions),
        (int) netconf.number("maximum-unauthenticated", Limits.DEFAULT.strangers()),
        Duration.ofSeconds(netconf.number("login-grace", Limits.DEFAULT.grace().toSeconds())),
        Duration.ofMillis(netconf.number("login-delay", Limits.DEFAULT.loginDelay().toMillis())),
        (int) netconf.number("login-attempts", Limits.DEFAULT.loginTries()),
        (int) netconf.number("maximum-message", Limits.DEFAULT.messageBytes()));
  }

  // ---- /nf/management

  /** The leaves that flags may override. */
  private static Config addresses(Config management) {
    var found = new HashMap<String, Config>();
    for (var each : List.of("netconf", "tls")) {
      var leaves = new HashMap<>(management.container(each).leaves());
      leaves.keySet().retainAll(List.of("address", "port"));
      found.put(each, new Config(leaves, Map.of(), Map.of(), Map.of()));
    }
    return new Config(Map.of(), Map.of(), found, Map.of());
  }

  private Endpoint ssh(Config management) throws NetconfException {
    Config netconf = management.container("netconf");
    var address = address("netconf", management, flags.ssh(), "2830");
    return new Endpoint("netconf", MANAGEMENT + "/southbound-nf:netconf/southbound-nf:port", "--netconf-port", address,
        new Terms.Ssh(List.of(hostKey), users, (int) netconf.number("idle-timeout", 3600), Terms.Keepalive.DEFAULT));
  }

  private Optional<Endpoint> tls(Config nf, Config management) throws NetconfException {
    boolean configured = management.containers().containsKey("tls");
    boolean given = flags.tls().isPresent() && addresses(management).container("tls").equals(atStart.container("tls"));
    if (!configured && !given) {
      return Optional.empty();
    }
    var path = MANAGEMENT + "/southbound-nf:tls";
    var authorities = new ArrayList<X509Certificate>();
    var wanted = management.container("tls").leafList("authority");
    for (Config each : nf.list("authority")) {
      if (wanted.contains(each.leaf("name", ""))) {
        for (String certificate : each.leafList("certificate")) {
          authorities.add(certificate(certificate, path + "/southbound-nf:authority"));
        }
      }
    }
    var byFingerprint = new HashMap<String, String>();
    var names = new ArrayList<String>();
    for (Config user : management.list("user")) {
      names.add(user.leaf("name", ""));
      for (String each : user.leafList("certificate")) {
        byFingerprint.put(each.toUpperCase(Locale.ROOT), user.leaf("name", ""));
      }
    }
    var idle = (int) management.container("netconf").number("idle-timeout", 3600);
    try {
      var trust = new ClientTrust(authorities, each -> byFingerprint.containsKey(TlsKeys.fingerprint(each)));
      return Optional.of(new Endpoint("tls", path + "/southbound-nf:port", "--tls-port",
          address("tls", management, flags.tls(), "6513"), new Terms.Tls(tlsKeys(), trust,
              chain -> UserConfig.byCertificate(chain.getFirst(), byFingerprint, names), idle,
              Terms.Keepalive.DEFAULT)));
    } catch (GeneralSecurityException | IOException e) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "TLS cannot be offered: " + e.getMessage()).at(path);
    }
  }

  private static X509Certificate certificate(String base64, String path) throws NetconfException {
    try {
      return TlsKeys.certificate(Base64.getMimeDecoder().decode(base64));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "The authority's certificate cannot be used: " + e.getMessage())
          .at(path);
    }
  }

  private InetSocketAddress address(String container, Config management, Optional<InetSocketAddress> flag, String port)
      throws NetconfException {
    Config here = addresses(management).container(container);
    if (flag.isPresent() && here.equals(atStart.container(container))) {
      return flag.get();
    }
    return address(here.leaf("address", "127.0.0.1"), Integer.parseInt(here.leaf("port", port)));
  }

  /** Of an address that the model has checked. */
  static InetSocketAddress address(String text, int port) throws NetconfException {
    try {
      return new InetSocketAddress(InetAddress.ofLiteral(text), port);
    } catch (IllegalArgumentException e) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, text + " is no address of this host.");
    }
  }

  private synchronized TlsKeys tlsKeys() throws IOException {
    if (tlsKeys == null) {
      tlsKeys = TlsKeys.home(home.resolve("tls.pem"), name);
    }
    return tlsKeys;
  }

  @Override
  public void apply() {
    server.sessions().limits(limits);
    server.transports().apply();
    report();
  }

  /** Says which ports are in use. */
  void report() {
    for (var each : List.of("netconf", "tls")) {
      var address = server.transports().address(each);
      if (address == null) {
        ports.remove(each);
      } else {
        ports.put(each, address.getPort());
      }
    }
  }

  @Override
  public void rollback() {
    server.transports().rollback();
  }
}
