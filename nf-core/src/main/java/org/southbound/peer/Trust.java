// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Who this instance is to its peers, and whom it believes. A peer is trusted, in this order, when
 * <ol>
 * <li>its certificate has the fingerprint of a configured peer (its name is that peer's);
 * <li>the authority of this instance's trust folder or bundle signed it (its name is in the certificate);
 * <li>a configured authority signed it, and the certificate has the name of a peer configured with that authority.
 * </ol>
 * A peer that is configured with fingerprints is believed by these alone. All methods are safe in any thread.
 */
public final class Trust {
  /** In the instance's home. */
  static final String FILE = "peer.pem";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}");
  private static final Duration SELF_SIGNED_VALIDITY = Duration.ofDays(3650);

  private final String name;
  private final Path home;
  private final Path folder;
  private final InstantSource clock;
  private volatile Credentials own;
  private volatile Configured configured = new Configured(Map.of(), Map.of(), Map.of(), 0);
  /** Decisions by fingerprint, since every call asks; emptied when the configuration changes. */
  private volatile Map<String, String> decided = new ConcurrentHashMap<>();

  /**
   * A peer of the YANG list {@code peer}, by fingerprints or by an authority.
   *
   * @param fingerprints SHA-256 of certificates in DER, octets in hexadecimal separated by colons
   * @param authority name of a configured authority; null with fingerprints
   */
  public record Peer(String name, Collection<String> fingerprints, String authority) {
  }

  private record Configured(Map<String, String> names, Map<String, Peer> peers,
      Map<String, List<X509Certificate>> authorities, int generation) {
  }

  /** A certificate that is not believed. */
  static final class Refused extends CertificateException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  private Trust(String name, Path home, Path folder, InstantSource clock) {
    this.name = name;
    this.home = home;
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * The trust of the instance {@code name} that lives in {@code home}.
   *
   * @param folder the trust folder ({@code --trust}); null: the bundle that was installed in {@code home}, else a
   *     self-signed certificate that peers know by its fingerprint
   */
  public static Trust open(String name, Path home, Path folder, InstantSource clock) throws TrustException {
    checkName(name);
    var trust = new Trust(name, home, folder, clock);
    try {
      Files.createDirectories(home);
    } catch (IOException e) {
      throw new TrustException(
          "cannot make " + home + " (" + e.getMessage() + "): name a --home that this user may write",
          e);
    }
    trust.refresh();
    return trust;
  }

  static void checkName(String name) throws TrustException {
    if (!NAME.matcher(name).matches()) {
      throw new TrustException("'" + name + "' is no name of an instance: use 1 to 64 of A-Z a-z 0-9 _ . -");
    }
  }

  /** Renews the certificate when a third of its life is left or the folder's authority is another; call it daily. */
  public synchronized void refresh() throws TrustException {
    var now = clock.instant();
    var file = home.resolve(FILE);
    var found = Credentials.read(file, "remove it; with a bundle, install a new one");
    var next = folder != null ? fromFolder(found, now) : fromHome(found, now);
    if (!next.equals(found)) {
      next.write(file);
    }
    own = next;
    decided = new ConcurrentHashMap<>();
  }

  private Credentials fromFolder(Credentials found, Instant now) throws TrustException {
    var authority = Authority.open(folder, now);
    boolean current = found != null && authority.certificate().equals(found.authority())
        && Credentials.nameOf(found.certificate()).equals(name) && !found.nearEnd(now);
    return current ? found : authority.issue(name, now, Authority.INSTANCE_VALIDITY);
  }

  private Credentials fromHome(Credentials found, Instant now) throws TrustException {
    if (found == null || found.authority() == null) {
      boolean current = found != null && Credentials.nameOf(found.certificate()).equals(name) && !found.expired(now);
      return current ? found : Credentials.selfSigned(name, now, SELF_SIGNED_VALIDITY);
    }
    var file = home.resolve(FILE);
    var enrolled = Credentials.nameOf(found.certificate());
    if (!enrolled.equals(name)) {
      throw new TrustException(file + " is for " + enrolled + ", not for " + name + ": run with --name " + enrolled
          + ", or install a bundle for " + name);
    }
    if (found.expired(now)) {
      throw new TrustException("the certificate in " + file + " expired on "
          + found.certificate().getNotAfter().toInstant() + ": run with --trust DIR, or enroll again");
    }
    return found;
  }

  /**
   * Replaces the configured peers and authorities. Takes effect for the next call of any peer.
   *
   * @param authorities certificates by name
   * @throws TrustException an authority is not there, or a peer has neither fingerprint nor authority
   */
  public synchronized void configure(Collection<Peer> peers, Map<String, List<X509Certificate>> authorities)
      throws TrustException {
    var names = new HashMap<String, String>();
    var byName = new HashMap<String, Peer>();
    for (var peer : peers) {
      if (peer.authority() != null && !authorities.containsKey(peer.authority())) {
        throw new TrustException("peer " + peer.name() + " names the authority " + peer.authority()
            + ", which is not configured: configure it, or give the peer's fingerprint");
      }
      if (peer.authority() == null && peer.fingerprints().isEmpty()) {
        throw new TrustException(
            "peer " + peer.name() + " has neither fingerprint nor authority: configure one of them");
      }
      byName.put(peer.name(), peer);
      for (var fingerprint : peer.fingerprints()) {
        names.put(fingerprint.toUpperCase(Locale.ROOT), peer.name());
      }
    }
    configured = new Configured(names, byName, Map.copyOf(authorities), configured.generation + 1);
    decided = new ConcurrentHashMap<>();
  }

  /** Rises with each {@link #configure}. */
  int generation() {
    return configured.generation;
  }

  /** Name of this instance. */
  public String name() {
    return name;
  }

  /** This instance's certificate. */
  public X509Certificate certificate() {
    return own.certificate();
  }

  /** When this instance's certificate ends. */
  public Instant expires() {
    return own.certificate().getNotAfter().toInstant();
  }

  /** Fingerprint of this instance's certificate, for others to configure. */
  public String fingerprint() {
    return fingerprint(own.certificate());
  }

  /** SHA-256 of the certificate in DER, octets in hexadecimal separated by colons. */
  public static String fingerprint(X509Certificate certificate) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Name of the peer that showed {@code chain}.
   *
   * @throws CertificateException it is not trusted; the message says why, in one line
   */
  public String check(X509Certificate... chain) throws CertificateException {
    if (chain == null || chain.length == 0) {
      throw new Refused("it shows no certificate");
    }
    var fingerprint = fingerprint(chain[0]);
    var decisions = decided;
    var known = decisions.get(fingerprint);
    if (known == null) {
      known = decide(fingerprint, chain);
      decisions.put(fingerprint, known);
    }
    return known;
  }

  private String decide(String fingerprint, X509Certificate... chain) throws CertificateException {
    var settings = configured;
    var now = clock.instant();
    var leaf = chain[0];
    if (now.isBefore(leaf.getNotBefore().toInstant()) || now.isAfter(leaf.getNotAfter().toInstant())) {
      throw new Refused("its certificate is valid from " + leaf.getNotBefore().toInstant() + " to "
          + leaf.getNotAfter().toInstant() + " only");
    }
    var pinned = settings.names.get(fingerprint);
    if (pinned != null) {
      return pinned;
    }
    var shown = Credentials.nameOf(leaf);
    var authority = own.authority();
    var peer = settings.peers.get(shown);
    if (peer != null && !peer.fingerprints().isEmpty()) {
      throw new Refused("it calls itself " + shown + ", whose configured fingerprints are others than " + fingerprint);
    }
    if (authority != null && NAME.matcher(shown).matches() && validates(List.of(authority), now, chain)) {
      return shown;
    }
    var names = new HashSet<>(Credentials.dnsNames(leaf));
    for (var candidate : settings.peers.values()) {
      if (candidate.authority() != null && names.contains(candidate.name())
          && validates(settings.authorities.get(candidate.authority()), now, chain)) {
        return candidate.name();
      }
    }
    throw new Refused("nobody we trust vouches for the certificate of '" + shown + "' with fingerprint " + fingerprint
        + ": share a --trust folder, enroll it, or configure that fingerprint");
  }

  private static boolean validates(List<X509Certificate> authorities, Instant now, X509Certificate... chain) {
    Set<TrustAnchor> anchors = new HashSet<>();
    for (var authority : authorities) {
      anchors.add(new TrustAnchor(authority, null));
    }
    try {
      var parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      // Peers may send the authority itself; the path ends before it.
      var path = Arrays.stream(chain).filter(certificate -> !authorities.contains(certificate)).toList();
      if (path.isEmpty()) {
        return false;
      }
      CertPathValidator.getInstance("PKIX").validate(CertificateFactory.getInstance("X.509").generateCertPath(path),
          parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Shows the certificate in force at each handshake, so that a renewal needs no restart. */
  X509ExtendedKeyManager keys() {
    return new Keys();
  }

  /**
   * Decides during the handshake.
   *
   * @param expected name that the peer must have; empty: any that is trusted
   */
  X509ExtendedTrustManager decider(String expected) {
    return new Decider(expected);
  }

  private final class Keys extends X509ExtendedKeyManager {
    private static final String ALIAS = "own";

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[]{ALIAS};
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[]{ALIAS};
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return keyType.startsWith("EC") ? ALIAS : null;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
      return chooseServerAlias(keyType, issuers, null);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[]{own.certificate()};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return own.key();
    }
  }

  private final class Decider extends X509ExtendedTrustManager {
    private final String expected;

    Decider(String expected) {
      this.expected = expected;
    }

    private void decideFor(X509Certificate... chain) throws CertificateException {
      var shown = check(chain);
      if (!expected.isEmpty() && !shown.equals(expected)) {
        throw new Refused("it is " + shown + ", not " + expected);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
      decideFor(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
        throws CertificateException {
      decideFor(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
        throws CertificateException {
      decideFor(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
      decideFor(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
        throws CertificateException {
      decideFor(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
        throws CertificateException {
      decideFor(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      // None named, so that peers also show certificates that we know by fingerprint.
      return new X509Certificate[0];
    }
  }
}
