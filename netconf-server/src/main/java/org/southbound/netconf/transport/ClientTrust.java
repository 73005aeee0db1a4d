// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Which certificates of clients are believed: those that are pinned, and those that one of the authorities signed, for clients,
 * in their time (RFC 5280). The system's own authorities are none of them.
 */
public final class ClientTrust extends X509ExtendedTrustManager {
  private final List<X509Certificate> authorities;
  private final Predicate<X509Certificate> pinned;
  private final X509ExtendedTrustManager paths;

  /** Throws if an authority's certificate cannot be used. */
  public ClientTrust(List<X509Certificate> authorities, Predicate<X509Certificate> pinned)
      throws GeneralSecurityException, IOException {
    this.authorities = List.copyOf(authorities);
    this.pinned = pinned;
    if (authorities.isEmpty()) {
      paths = null;
      return;
    }
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry(Integer.toString(i), authorities.get(i));
    }
    var factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    paths = (X509ExtendedTrustManager) factory.getTrustManagers()[0];
  }

  /** The client's certificates with the authority that signed the last, as far as it is one of these. */
  List<X509Certificate> path(List<X509Certificate> chain) {
    var path = new ArrayList<>(chain);
    X509Certificate last = chain.getLast();
    authorities.stream().filter(each -> signed(last, each) && !path.contains(each)).findFirst().ifPresent(path::add);
    return path;
  }

  private static boolean signed(X509Certificate certificate, X509Certificate by) {
    try {
      if (!certificate.getIssuerX500Principal().equals(by.getSubjectX500Principal())) {
        return false;
      }
      certificate.verify(by.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
    if (pinned.test(chain[0])) {
      chain[0].checkValidity();
    } else if (paths == null) {
      throw new CertificateException("no authority is configured, and the certificate is not known");
    } else {
      paths.checkClientTrusted(chain, type, engine);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
    throw new CertificateException("engines only");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("engines only");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
    throw new CertificateException("clients only");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
    throw new CertificateException("clients only");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("clients only");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() { return authorities.toArray(X509Certificate[]::new); }

  @Override
  public String toString() {
    return "trust in " + Arrays.toString(authorities.stream().map(X509Certificate::getSubjectX500Principal).toArray());
  }
}
