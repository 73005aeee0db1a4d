// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who may log in, and how. Changes take effect at the next log-in. Thread-safe.
 *
 * <p>A password that was right is remembered as a keyed hash under a key of this process, so only its first check pays for the
 * slow hash.
 */
public final class Users {
  private static final PasswordHash NOBODY = PasswordHash.ofNone();

  /** A user: the groups that logging in gives, keys, and a password's hash or null. */
  public record Account(String name, Set<String> groups, PasswordHash password, Set<PublicKey> keys) {
  }

  private final Map<String, Account> accounts = new ConcurrentHashMap<>();
  private final Map<String, byte[]> recent = new ConcurrentHashMap<>();
  private final byte[] key = new byte[32];
  private volatile String recovery = "";

  public Users() {
    new SecureRandom().nextBytes(key);
  }

  /** Adds or replaces a user. */
  public void put(Account account) {
    accounts.put(account.name(), account);
    recent.remove(account.name());
  }

  /** Removes a user; its sessions go on. */
  public void remove(String name) {
    accounts.remove(name);
    recent.remove(name);
  }

  /** Names the one user whose sessions are not subject to access control (RFC 8341 section 3.2.1). */
  public void recovery(String name) {
    recovery = name;
  }

  /** The user as access control sees it. */
  public User user(String name) {
    Account account = accounts.get(name);
    return new User(name, account == null ? Set.of() : account.groups(), name.equals(recovery));
  }

  /** True if this password was right before: a check that costs nothing. */
  public boolean recent(String name, String password) {
    byte[] good = recent.get(name);
    return good != null && accounts.containsKey(name) && MessageDigest.isEqual(keyed(name, password), good);
  }

  /** Checks a password. An unknown user takes as long as a wrong password. */
  @SuppressWarnings("ReferenceEquality") // the account may have been replaced by an equal one meanwhile
  public boolean password(String name, String password) {
    Account account = accounts.get(name);
    if (recent(name, password)) {
      return true;
    }
    if (account == null || account.password() == null) {
      NOBODY.matches(password);
      return false;
    }
    boolean right = account.password().matches(password);
    if (right && accounts.get(name) == account) {
      recent.put(name, keyed(name, password));
    }
    return right;
  }

  /** True if the key is one of the user's. */
  public boolean key(String name, PublicKey offered) {
    Account account = accounts.get(name);
    if (account == null) {
      return false;
    }
    for (PublicKey each : account.keys()) {
      if (org.apache.sshd.common.config.keys.KeyUtils.compareKeys(each, offered)) {
        return true;
      }
    }
    return false;
  }

  private byte[] keyed(String name, String password) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(name.getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      return mac.doFinal(password.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
    }
  }
}
