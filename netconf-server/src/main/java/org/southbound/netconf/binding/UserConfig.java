// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/** Gives the configured users their accounts, with the groups that ietf-netconf-acm (RFC 8341) puts them in. */
final class UserConfig implements ConfigSubscriber {
  private final Users users;
  private final String first;
  private final YangNode nfNode;
  private final YangNode nacmNode;
  private Map<String, Users.Account> accounts = Map.of();
  private Map<String, Users.Account> prepared = Map.of();

  /** A subscriber; the user {@code first} comes from the command line and stays. */
  UserConfig(Schema schema, Users users, String first) {
    this.users = users;
    this.first = first;
    this.nfNode = schema.node("/southbound-nf:nf");
    this.nacmNode = schema.node("/ietf-netconf-acm:nacm");
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    var nf = ConfigTree.of(nfNode, (DataContainerNode) YangNode.find(after, nfNode));
    var nacm = ConfigTree.of(nacmNode, (DataContainerNode) YangNode.find(after, nacmNode));
    var made = new LinkedHashMap<String, Users.Account>();
    for (var user : nf.container("management").list("user")) {
      var name = user.leaf("name", "");
      var groups = new HashSet<String>();
      for (var group : nacm.container("groups").list("group")) {
        if (group.leafList("user-name").contains(name)) {
          groups.add(group.leaf("name", ""));
        }
      }
      var path = "/southbound-nf:nf/southbound-nf:management/southbound-nf:user[southbound-nf:name='" + name + "']";
      made.put(name, new Users.Account(name, groups, hash(user.leaf("password", ""), path),
          keys(user.leafList("authorized-key"), path)));
    }
    prepared = made;
  }

  private static PasswordHash hash(String text, String path) throws NetconfException {
    try {
      if (text.startsWith("$0$")) {
        return PasswordHash.of(text.substring(3));
      }
      return text.isEmpty() ? null : PasswordHash.parse(text);
    } catch (IllegalArgumentException unusable) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "The password is none of the hashes that this server checks: "
          + "$0$ with the password itself, or $pbkdf2-sha256$.").at(path + "/southbound-nf:password");
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
    accounts.keySet().stream().filter(name -> !prepared.containsKey(name) && !name.equals(first))
        .forEach(users::remove);
    prepared.values().stream().filter(account -> !account.name().equals(first)).forEach(users::put);
    accounts = prepared;
  }

  @Override
  public void rollback() {
    prepared = accounts;
  }
}
