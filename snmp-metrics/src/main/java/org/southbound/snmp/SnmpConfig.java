// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the agent is told; the names and defaults are those of {@code management/snmp} in the YANG module southbound-nf.
 *
 * @param address IP address to listen on
 * @param port UDP port; 0: any free one
 * @param community read-only community of SNMPv2c, on a loopback address only. Absent: {@code public} on a loopback
 *   address, none otherwise. Empty: none
 * @param root where SOUTHBOUND-MIB is rooted, below enterprises
 * @param name sysName
 * @param contact sysContact
 * @param location sysLocation
 * @param description sysDescr
 * @param folder keeps the engine's id and its count of boots
 * @param users SNMPv3 users
 * @param targets where notifications go
 */
public record SnmpConfig(InetAddress address, int port, Optional<String> community, String root, String name,
    String contact, String location, String description, Path folder, List<User> users, List<Target> targets) {
  /** The default root, below the enterprise number for documentation (RFC 5612). */
  public static final String ROOT = "1.3.6.1.4.1.32473.2016";

  private static final int SHORTEST_PASSWORD = 8;

  /** Checks what YANG does not, for flags come without it. */
  public SnmpConfig {
    users = List.copyOf(users);
    targets = List.copyOf(targets);
    if (!root.matches("1\\.3\\.6\\.1\\.4\\.1(\\.(0|[1-9][0-9]{0,8})){1,100}")) {
      throw new IllegalArgumentException(
          "SNMP root " + root + " is not below enterprises: give one such as " + ROOT);
    }
    if (community.isPresent() && !community.get().isEmpty() && !address.isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "an SNMP community is taken only on a loopback address, not on " + address.getHostAddress()
              + ": configure an SNMPv3 user");
    }
    for (var target : targets) {
      if (target.user.isEmpty() == target.community.isEmpty()) {
        throw new IllegalArgumentException("SNMP target " + target.name + " needs either a user or a community");
      }
      if (!target.user.isEmpty() && users.stream().noneMatch(user -> user.name.equals(target.user))) {
        throw new IllegalArgumentException("SNMP target " + target.name + " names the unknown user " + target.user);
      }
    }
  }

  /** A loopback agent with the default settings. */
  public static SnmpConfig loopback(int port, String name, String description, Path folder) {
    return new SnmpConfig(InetAddress.getLoopbackAddress(), port, Optional.empty(), ROOT, name, "", "", description,
        folder, List.of(), List.of());
  }

  /** The community that is in force; empty: none. */
  String effectiveCommunity() {
    return community.orElse(address.isLoopbackAddress() ? "public" : "");
  }

  /** Leaves out the secrets. */
  @Override
  public String toString() {
    return "SnmpConfig[" + address.getHostAddress() + ":" + port + ", root " + root + ", " + users + ", " + targets
        + "]";
  }

  /** How a user authenticates. */
  public enum Authentication {
    /** HMAC-SHA-96 (RFC 3414), for old managers. */
    SHA_1,
    /** HMAC-192-SHA-256 (RFC 7860). */
    SHA_256,
    /** HMAC-384-SHA-512 (RFC 7860). */
    SHA_512
  }

  /**
   * An SNMPv3 user, who may read, only authenticated and encrypted (AES-128, RFC 3826).
   *
   * @param privacyPassword password for encryption; empty: that for authentication
   */
  public record User(String name, Authentication authentication, String authenticationPassword,
      String privacyPassword) {
    /** Checks the lengths (RFC 3414 section 11.2). */
    public User {
      if (privacyPassword.isEmpty()) {
        privacyPassword = authenticationPassword;
      }
      if (Math.min(authenticationPassword.length(), privacyPassword.length()) < SHORTEST_PASSWORD) {
        throw new IllegalArgumentException(
            "the passwords of SNMP user " + name + " must have at least " + SHORTEST_PASSWORD + " characters");
      }
    }

    /** Leaves out the secrets. */
    @Override
    public String toString() {
      return "User[" + name + ", " + authentication + "]";
    }
  }

  /**
   * Where notifications go.
   *
   * @param host IP address or host name
   * @param tags by which reports name their targets
   * @param user SNMPv3 user; empty: by community
   * @param community SNMPv2c community; empty: by user
   * @param inform InformRequest, else Trap
   * @param timeoutMillis time for the answer to an inform
   * @param retries times an unanswered inform is sent again
   */
  public record Target(String name, String host, int port, Set<String> tags, String user, String community,
      boolean inform, int timeoutMillis, int retries) {
    /** Copies the tags. */
    public Target {
      tags = Set.copyOf(tags);
    }

    /** Leaves out the secrets. */
    @Override
    public String toString() {
      return "Target[" + name + ", " + host + ":" + port + "]";
    }
  }
}
