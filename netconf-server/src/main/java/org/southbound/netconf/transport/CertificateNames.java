// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/** Finds the user of a certificate that is trusted. */
@FunctionalInterface
public interface CertificateNames {
  /**
   * The user, or nothing: then the client is refused.
   *
   * @param path the client's certificate first, then authorities up to the trusted one
   */
  Optional<String> user(List<X509Certificate> path);
}
