// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.transport.CertToName;
import org.southbound.netconf.transport.TlsKeys;

/** Gives the configured users their accounts. */
final class UserConfig implements ConfigSubscriber {
  private static final Logger LOG = LoggerFactory.getLogger(UserConfig.class);

  private final Users users;
  private final Users.Account first;
  private final boolean fixed;
  private final YangNode nfNode;
  private Map<String, Users.Account> accounts = Map.of();
  private Map<String, Users.Account> prepared = Map.of();
  /** A password is configured for the first user and not in force. */
  private boolean overruled;
  private boolean said;

  /**
   * A subscriber.
   *
   * @param first the user of the command line, whose account stays; what is configured for that user is added
   * @param fixed a password was given for this run: it counts, not a configured one
   */
  UserConfig(Schema schema, Users users, Users.Account first, boolean fixed) {
    this.users = users;
    this.first = first;
    this.fixed = fixed;
    this.nfNode = schema.node("/southbound-nf:nf");
  }

  @Override
  public List<YangNode> parts() {
    return List.of(nfNode);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    var nf = ConfigTree.of(nfNode, (DataContainerNode) YangNode.find(after, nfNode));
    var made = new LinkedHashMap<String, Users.Account>();
    made.put(first.name(), first);
    overruled = false;
    for (var user : nf.container("management").list("user")) {
      var name = user.leaf("name", "");
      var path = "/southbound-nf:nf/southbound-nf:management/southbound-nf:user[southbound-nf:name='" + name + "']";
      var account = new Users.Account(name, Set.of(), hash(user.leaf("password", ""), path),
          keys(user.leafList("authorized-key"), path));
      made.put(name, name.equals(first.name()) ? withFirst(account) : account);
    }
    prepared = made;
  }

  /**
   * The user whom a trusted certificate names: by its fingerprint, else by its DNS names, else by its e-mail addresses, whole or
   * what is before the at sign.
   */
  static Optional<String> byCertificate(X509Certificate certificate, Map<String, String> fingerprints,
      List<String> names) {
    var known = fingerprints.get(TlsKeys.fingerprint(certificate));
    if (known != null) {
      return Optional.of(known);
    }
    for (var name : names) {
      if (CertToName.names(certificate, CertToName.DNS).contains(name)) {
        return Optional.of(name);
      }
    }
    for (var name : names) {
      if (CertToName.names(certificate, CertToName.RFC822).stream()
          .anyMatch(each -> each.equals(name) || each.startsWith(name + "@"))) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  private Users.Account withFirst(Users.Account configured) {
    var keys = new HashSet<>(first.keys());
    keys.addAll(configured.keys());
    boolean given = fixed || configured.password() == null;
    overruled = given && configured.password() != null;
    return new Users.Account(first.name(), first.groups(), given ? first.password() : configured.password(), keys);
  }

  private static PasswordHash hash(String text, String path) throws NetconfException {
    try {
      return text.isEmpty() ? null : PasswordHash.parse(text);
    } catch (IllegalArgumentException unusable) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "The password is none of the hashes that this server checks: "
          + "$0$ with the password itself, $pbkdf2-sha256$, $5$ or $6$.").at(path + "/southbound-nf:password");
    }
  }

  private static Set<PublicKey> keys(Iterable<String> lines, String path) throws NetconfException {
    var keys = new ArrayList<PublicKey>();
    for (var line : lines) {
      try {
        keys.add(PublicKeyEntry.parsePublicKeyEntry(line).resolvePublicKey(null, Map.of(),
            PublicKeyEntryResolver.FAILING));
      } catch (java.io.IOException | GeneralSecurityException | IllegalArgumentException unusable) {
        throw NetconfException.of(ErrorTag.INVALID_VALUE, "The key cannot be used: " + unusable.getMessage())
            .at(path + "/southbound-nf:authorized-key");
      }
    }
    return Set.copyOf(keys);
  }

  @Override
  public void apply() {
    accounts.keySet().stream().filter(name -> !prepared.containsKey(name)).forEach(users::remove);
    prepared.values().stream().filter(account -> !account.equals(accounts.get(account.name()))).forEach(users::put);
    accounts = prepared;
    if (overruled && !said) {
      LOG.info("the configured password of {} is not in force: another was given at the start", first.name());
      said = true;
    }
  }

  @Override
  public void rollback() {
    prepared = accounts;
  }
}
