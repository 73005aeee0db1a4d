// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.transport.CertToName;
import org.southbound.netconf.transport.ClientTrust;
import org.southbound.netconf.transport.Endpoint;
import org.southbound.netconf.transport.NetconfClient;
import org.southbound.netconf.transport.Terms;
import org.southbound.nf.Config;

/**
 * What the container netconf-server of ietf-netconf-server says.
 *
 * @param users who may log in where no users are configured
 */
record NetconfServerModel(KeyMaterial keys, Users users, Config server) {
  private static final String BASE = "/ietf-netconf-server:netconf-server/ietf-netconf-server:";
  /** What Linux takes. */
  private static final long MOST_SECONDS = 32_767;
  private static final long MOST_PROBES = 127;

  /** Features of the modules behind it that are not there. */
  static final Set<String> ABSENT_FEATURES = Set.of("ietf-crypto-types:one-symmetric-key-format",
      "ietf-crypto-types:symmetrically-encrypted-value-format",
      "ietf-crypto-types:asymmetrically-encrypted-value-format", "ietf-crypto-types:cms-enveloped-data-format",
      "ietf-crypto-types:cms-encrypted-data-format", "ietf-crypto-types:p10-csr-format",
      "ietf-crypto-types:csr-generation", "ietf-crypto-types:certificate-expiration-notification",
      "ietf-crypto-types:cleartext-passwords", "ietf-crypto-types:encrypted-passwords",
      "ietf-crypto-types:cleartext-symmetric-keys", "ietf-crypto-types:hidden-symmetric-keys",
      "ietf-crypto-types:encrypted-symmetric-keys", "ietf-crypto-types:encrypted-private-keys",
      "ietf-keystore:symmetric-keys", "ietf-tcp-client:proxy-connect", "ietf-tcp-client:socks4-supported",
      "ietf-tcp-client:socks4a-supported", "ietf-tcp-client:socks5-supported", "ietf-tcp-client:socks5-gss-api",
      "ietf-tcp-client:socks5-username-password", "ietf-ssh-common:ssh-x509-certs",
      "ietf-ssh-common:transport-params", "ietf-ssh-common:asymmetric-key-pair-generation",
      "ietf-ssh-common:algorithm-discovery", "ietf-ssh-server:ssh-server-keepalives",
      "ietf-ssh-server:local-user-auth-hostbased", "ietf-ssh-server:local-user-auth-none",
      "ietf-tls-common:hello-params", "ietf-tls-common:algorithm-discovery",
      "ietf-tls-common:asymmetric-key-pair-generation", "ietf-tls-server:tls-server-keepalives",
      "ietf-tls-server:server-ident-raw-public-key", "ietf-tls-server:server-ident-tls12-psk",
      "ietf-tls-server:server-ident-tls13-epsk", "ietf-tls-server:client-auth-raw-public-key",
      "ietf-tls-server:client-auth-tls12-psk", "ietf-tls-server:client-auth-tls13-epsk",
      "iana-crypt-hash:crypt-hash-md5");

  /** The addresses to listen on. */
  List<Endpoint> endpoints() throws NetconfException {
    var found = new ArrayList<Endpoint>();
    Config listen = server.container("listen");
    int idle = (int) listen.number("idle-timeout", 180);
    for (Config each : listen.container("endpoints").list("endpoint")) {
      boolean ssh = each.containers().containsKey("ssh");
      Config stack = each.container(ssh ? "ssh" : "tls");
      String path = BASE
          + "listen/ietf-netconf-server:endpoints/ietf-netconf-server:endpoint[ietf-netconf-server:name='"
          + each.leaf("name", "") + "']/ietf-netconf-server:" + (ssh ? "ssh" : "tls");
      Config tcp = stack.container("tcp-server-parameters");
      Terms terms = terms(stack, ssh, idle, keepalive(tcp), path);
      for (Config bind : tcp.list("local-bind")) {
        String address = bind.leaf("local-address", "");
        found.add(new Endpoint(each.leaf("name", "") + " " + address, path
            + "/ietf-netconf-server:tcp-server-parameters/ietf-netconf-server:local-bind[ietf-netconf-server:local-address='"
            + address + "']", null,
            TransportConfig.address(address, (int) bind.number("local-port", ssh ? 830 : 6513)), terms));
      }
    }
    return found;
  }

  /**
   * The clients to call.
   *
   * @param besides what else they are made from
   */
  List<NetconfClient> clients(Object besides) throws NetconfException {
    var found = new ArrayList<NetconfClient>();
    for (Config each : server.container("call-home").list("netconf-client")) {
      String path = BASE + "call-home/ietf-netconf-server:netconf-client[ietf-netconf-server:name='"
          + each.leaf("name", "") + "']";
      Config kind = each.container("connection-type");
      Config periodic = kind.containers().get("periodic");
      int idle = periodic == null ? 0 : (int) periodic.number("idle-timeout", 180);
      var targets = new ArrayList<NetconfClient.Target>();
      for (Config endpoint : each.container("endpoints").list("endpoint")) {
        targets.add(target(endpoint, idle, path));
      }
      Config strategy = each.container("reconnect-strategy");
      String anchor = periodic == null ? "" : periodic.leaf("anchor-time", "");
      found.add(new NetconfClient(each.leaf("name", ""), List.of(each, besides), targets,
          periodic == null ? null : Duration.ofMinutes(Math.max(1, periodic.number("period", 60))),
          anchor.isEmpty() ? Instant.now() : OffsetDateTime.parse(anchor).toInstant(),
          NetconfClient.Start
              .valueOf(strategy.leaf("start-with", "first-listed").replace('-', '_').toUpperCase(Locale.ROOT)),
          Duration.ofSeconds(strategy.number("max-wait", 5)), (int) strategy.number("max-attempts", 3)));
    }
    return found;
  }

  private NetconfClient.Target target(Config endpoint, int idle, String client) throws NetconfException {
    boolean ssh = endpoint.containers().containsKey("ssh");
    Config stack = endpoint.container(ssh ? "ssh" : "tls");
    Config tcp = stack.container("tcp-client-parameters");
    String path = client + "/ietf-netconf-server:endpoints/ietf-netconf-server:endpoint[ietf-netconf-server:name='"
        + endpoint.leaf("name", "") + "']/ietf-netconf-server:" + (ssh ? "ssh" : "tls");
    String from = tcp.leaf("local-address", "");
    InetSocketAddress local = from.isEmpty() ? null
        : TransportConfig.address(from, (int) tcp.number("local-port", 0));
    return new NetconfClient.Target(endpoint.leaf("name", ""), tcp.leaf("remote-address", ""),
        (int) tcp.number("remote-port", ssh ? 4334 : 4335), local, terms(stack, ssh, idle, keepalive(tcp), path));
  }

  private static Terms.Keepalive keepalive(Config tcp) {
    Config given = tcp.containers().get("keepalives");
    return given == null ? null
        : new Terms.Keepalive((int) Math.min(MOST_SECONDS, given.number("idle-time", 7200)),
            (int) Math.min(MOST_SECONDS, given.number("probe-interval", 75)),
            (int) Math.min(MOST_PROBES, given.number("max-probes", 9)));
  }

  private Terms terms(Config stack, boolean ssh, int idle, Terms.Keepalive keepalive, String path)
      throws NetconfException {
    return ssh ? ssh(stack.container("ssh-server-parameters"), idle, keepalive, path)
        : tls(stack, idle, keepalive, path);
  }

  private Terms ssh(Config parameters, int idle, Terms.Keepalive keepalive, String path) throws NetconfException {
    var hostKeys = new ArrayList<KeyPair>();
    for (Config each : parameters.container("server-identity").list("host-key")) {
      hostKeys.add(keys.hostKey(each.container("public-key"), path
          + "/ietf-netconf-server:ssh-server-parameters/ietf-netconf-server:server-identity/ietf-netconf-server:host-key["
          + "ietf-netconf-server:name='" + each.leaf("name", "") + "']"));
    }
    var list = parameters.container("client-authentication").container("users").list("user");
    if (list.isEmpty()) {
      return new Terms.Ssh(hostKeys, users, idle, keepalive);
    }
    var own = new Users();
    for (Config each : list) {
      own.put(account(each,
          path + "/ietf-netconf-server:ssh-server-parameters/ietf-netconf-server:client-authentication/"
              + "ietf-netconf-server:users/ietf-netconf-server:user[ietf-netconf-server:name='" + each.leaf("name", "")
              + "']"));
    }
    return new Terms.Ssh(hostKeys, own, idle, keepalive);
  }

  private Users.Account account(Config user, String path) throws NetconfException {
    Set<PublicKey> offered = user.containers().containsKey("public-keys")
        ? keys.publicKeys(user.container("public-keys"), path + "/ietf-netconf-server:public-keys")
        : Set.of();
    String hash = user.container("password").leaf("hashed-password", "");
    if (!offered.isEmpty() && !hash.isEmpty()) {
      throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED,
          "A user who must show a key and a password too is not supported: give one of the two.").at(path);
    }
    try {
      return new Users.Account(user.leaf("name", ""), Set.of(), hash.isEmpty() ? null : PasswordHash.parse(hash),
          offered);
    } catch (IllegalArgumentException e) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE,
          "The password is none of the hashes that this server checks: $0$ with the password itself, $5$ or $6$.")
          .at(path + "/ietf-netconf-server:password/ietf-netconf-server:hashed-password");
    }
  }

  private Terms tls(Config stack, int idle, Terms.Keepalive keepalive, String path) throws NetconfException {
    Config parameters = stack.container("tls-server-parameters");
    String below = path + "/ietf-netconf-server:tls-server-parameters/ietf-netconf-server:";
    var own = keys.tls(parameters.container("server-identity").container("certificate"),
        below + "server-identity/ietf-netconf-server:certificate");
    Config clients = parameters.container("client-authentication");
    var authorities = new ArrayList<X509Certificate>();
    var pinned = new ArrayList<X509Certificate>();
    if (clients.containers().containsKey("ca-certs")) {
      authorities.addAll(keys.trusted(clients.container("ca-certs"), below + "client-authentication"));
    }
    if (clients.containers().containsKey("ee-certs")) {
      pinned.addAll(keys.trusted(clients.container("ee-certs"), below + "client-authentication"));
    }
    var names = stack.container("netconf-server-parameters").container("client-identity-mappings").list("cert-to-name")
        .stream().sorted(Comparator.comparingLong(each -> each.number("id", 0)))
        .map(each -> new CertToName.Entry(each.leaves().get("fingerprint"), each.leaf("map-type", ""),
            each.leaves().get("name")))
        .toList();
    try {
      return new Terms.Tls(own, new ClientTrust(authorities, pinned::contains), new CertToName(names), idle, keepalive);
    } catch (GeneralSecurityException | IOException e) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "TLS cannot be offered: " + e.getMessage()).at(path);
    }
  }
}
