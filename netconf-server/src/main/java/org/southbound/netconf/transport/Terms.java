// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import io.netty.handler.ssl.SslContext;
import java.security.KeyPair;
import java.util.List;
import javax.net.ssl.SSLException;
import org.southbound.netconf.access.Users;

/** On what terms clients are met at one address: immutable, replaced when the configuration changes. */
public sealed interface Terms {
  /** After so many seconds of silence a session without a subscription is closed; 0: never. */
  int idleSeconds();

  /** When a silent TCP peer is taken for dead; null: never. */
  Keepalive keepalive();

  /**
   * Probes of TCP, in seconds.
   *
   * @param idle silence before the first
   * @param interval time between two
   * @param probes unanswered ones until the connection is given up
   */
  record Keepalive(int idle, int interval, int probes) {
    public static final Keepalive DEFAULT = new Keepalive(60, 15, 4);
  }

  /**
   * SSH.
   *
   * @param hostKeys in order of preference
   * @param users who may log in
   */
  record Ssh(List<KeyPair> hostKeys, Users users, int idleSeconds, Keepalive keepalive) implements Terms {
  }

  /**
   * TLS.
   *
   * @param names whose certificate it is
   */
  record Tls(SslContext context, ClientTrust trust, CertificateNames names, int idleSeconds,
      Keepalive keepalive) implements Terms {

    /** Throws if the keys cannot be used. */
    public Tls(TlsKeys keys, ClientTrust trust, CertificateNames names, int idleSeconds, Keepalive keepalive)
        throws SSLException {
      this(keys.context(trust), trust, names, idleSeconds, keepalive);
    }
  }
}
