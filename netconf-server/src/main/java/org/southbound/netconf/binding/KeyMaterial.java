// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.jcajce.interfaces.EdDSAPrivateKey;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.transport.TlsKeys;
import org.southbound.nf.Config;

/**
 * Keys and certificates as ietf-crypto-types (RFC 9640) writes them, given in place or by reference to ietf-keystore (RFC 9642)
 * and ietf-truststore (RFC 9641). A hidden private key is the server's own, of its home.
 */
final class KeyMaterial {
  private static final BouncyCastleProvider BOUNCY_CASTLE = new BouncyCastleProvider();

  private final Config keystore;
  private final Config truststore;
  private final KeyPair ownHostKey;
  private final Own ownTls;

  /** The server's own key and certificate for TLS, made when they are first needed. */
  interface Own {
    TlsKeys get() throws IOException;
  }

  KeyMaterial(Config keystore, Config truststore, KeyPair ownHostKey, Own ownTls) {
    this.keystore = keystore;
    this.truststore = truststore;
    this.ownHostKey = ownHostKey;
    this.ownTls = ownTls;
  }

  /** The key pair of an SSH host key's {@code public-key} container. */
  KeyPair hostKey(Config choice, String path) throws NetconfException {
    Config pair = choice.containers().containsKey("inline-definition") ? choice.container("inline-definition")
        : entry(keystore.container("asymmetric-keys").list("asymmetric-key"),
            choice.leaf("central-keystore-reference", ""));
    try {
      if (hidden(pair)) {
        return ownHostKey;
      }
      PrivateKey secret = privateKey(pair);
      var made = new KeyPair(publicKeyOf(secret, pair), secret);
      checkPair(made);
      return made;
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw unusable("The host key", e, path);
    }
  }

  /** Key and certificates of a TLS server's {@code certificate} container. */
  TlsKeys tls(Config choice, String path) throws NetconfException {
    Config pair;
    String certificate;
    if (choice.containers().containsKey("inline-definition")) {
      pair = choice.container("inline-definition");
      certificate = pair.leaf("cert-data", "");
    } else {
      Config reference = choice.container("central-keystore-reference");
      pair = entry(keystore.container("asymmetric-keys").list("asymmetric-key"), reference.leaf("asymmetric-key", ""));
      certificate = entry(pair.container("certificates").list("certificate"), reference.leaf("certificate", ""))
          .leaf("cert-data", "");
    }
    try {
      if (hidden(pair) && certificate.isEmpty()) {
        return ownTls.get();
      }
      PrivateKey secret = hidden(pair) ? ownTls.get().key() : privateKey(pair);
      List<X509Certificate> chain = certificates(certificate);
      if (chain.isEmpty()) {
        throw new GeneralSecurityException("no certificate is given");
      }
      checkPair(new KeyPair(chain.getFirst().getPublicKey(), secret));
      return new TlsKeys(secret, chain);
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw unusable("The server's certificate or its key", e, path);
    }
  }

  /** Certificates given in place, or a bag of them. */
  List<X509Certificate> trusted(Config choice, String path) throws NetconfException {
    Config bag = choice.containers().containsKey("inline-definition") ? choice.container("inline-definition")
        : entry(truststore.container("certificate-bags").list("certificate-bag"),
            choice.leaf("central-truststore-reference", ""));
    var found = new ArrayList<X509Certificate>();
    for (Config each : bag.list("certificate")) {
      try {
        found.addAll(certificates(each.leaf("cert-data", "")));
      } catch (GeneralSecurityException | RuntimeException e) {
        throw unusable("The certificate " + each.leaf("name", ""), e, path);
      }
    }
    return found;
  }

  /** Public keys of SSH given in place, or a bag of them. */
  Set<PublicKey> publicKeys(Config choice, String path) throws NetconfException {
    Config bag = choice.containers().containsKey("inline-definition") ? choice.container("inline-definition")
        : entry(truststore.container("public-key-bags").list("public-key-bag"),
            choice.leaf("central-truststore-reference", ""));
    var found = new LinkedHashSet<PublicKey>();
    for (Config each : bag.list("public-key")) {
      try {
        found.add(publicKey(each));
      } catch (GeneralSecurityException | IOException | RuntimeException e) {
        throw unusable("The public key " + each.leaf("name", ""), e, path);
      }
    }
    return found;
  }

  private static Config entry(List<Config> list, String name) {
    return list.stream().filter(each -> each.leaf("name", "").equals(name)).findFirst().orElse(Config.EMPTY);
  }

  private static boolean hidden(Config pair) {
    return pair.leaves().containsKey("hidden-private-key");
  }

  private static NetconfException unusable(String what, Exception why, String path) {
    return NetconfException.of(ErrorTag.INVALID_VALUE, what + " cannot be used: " + why.getMessage()).at(path);
  }

  private static PublicKey publicKey(Config key) throws GeneralSecurityException, IOException {
    byte[] octets = Base64.getMimeDecoder().decode(key.leaf("public-key", ""));
    if (key.leaf("public-key-format", "").equals("ssh-public-key-format")) {
      return new ByteArrayBuffer(octets).getRawPublicKey();
    }
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        KeyFactory factory = algorithm.equals("Ed25519") ? KeyFactory.getInstance(algorithm, BOUNCY_CASTLE)
            : KeyFactory.getInstance(algorithm);
        return factory.generatePublic(new X509EncodedKeySpec(octets));
      } catch (GeneralSecurityException other) {
        // Perhaps of the next kind.
      }
    }
    throw new GeneralSecurityException("neither an ECDSA nor an RSA nor an Ed25519 key");
  }

  private static PrivateKey privateKey(Config pair) throws GeneralSecurityException, IOException {
    String encoded = pair.leaf("cleartext-private-key", "");
    if (encoded.isEmpty()) {
      throw new GeneralSecurityException("there is no private key");
    }
    byte[] octets = Base64.getMimeDecoder().decode(encoded);
    byte[] pkcs8 = switch (pair.leaf("private-key-format", "")) {
      case "rsa-private-key-format" -> new PrivateKeyInfo(
          new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
          ASN1Primitive.fromByteArray(octets)).getEncoded();
      case "ec-private-key-format" -> {
        var key = ECPrivateKey.getInstance(octets);
        yield new PrivateKeyInfo(
            new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, key.getParametersObject()), key).getEncoded();
      }
      case "one-asymmetric-key-format" -> octets;
      default -> throw new GeneralSecurityException("the format of the private key is not supported");
    };
    try {
      return TlsKeys.key(pkcs8);
    } catch (GeneralSecurityException other) {
      return KeyFactory.getInstance("Ed25519", BOUNCY_CASTLE).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }
  }

  private static PublicKey publicKeyOf(PrivateKey secret, Config pair) throws GeneralSecurityException, IOException {
    if (pair.leaves().containsKey("public-key")) {
      return publicKey(pair);
    }
    return switch (secret) {
      case EdDSAPrivateKey key -> key.getPublicKey();
      case RSAPrivateCrtKey key -> KeyFactory.getInstance("RSA")
          .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
      default -> throw new GeneralSecurityException("give the public key too");
    };
  }

  /** The two belong together. */
  private static void checkPair(KeyPair pair) throws GeneralSecurityException {
    String algorithm = switch (pair.getPrivate().getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> "Ed25519";
    };
    Signature signature = algorithm.equals("Ed25519") ? Signature.getInstance(algorithm, BOUNCY_CASTLE)
        : Signature.getInstance(algorithm);
    signature.initSign(pair.getPrivate());
    signature.update(new byte[32]);
    byte[] signed = signature.sign();
    signature.initVerify(pair.getPublic());
    signature.update(new byte[32]);
    boolean right;
    try {
      right = signature.verify(signed);
    } catch (GeneralSecurityException otherKind) {
      right = false;
    }
    if (!right) {
      throw new GeneralSecurityException("the private and the public key are no pair");
    }
  }

  /** A CMS structure that holds certificates (RFC 5652), or one certificate, in DER. */
  private static List<X509Certificate> certificates(String base64) throws GeneralSecurityException {
    var found = new ArrayList<X509Certificate>();
    byte[] der = Base64.getMimeDecoder().decode(base64);
    for (var each : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(der))) {
      found.add((X509Certificate) each);
    }
    if (found.isEmpty()) {
      throw new GeneralSecurityException("no certificate in " + Arrays.toString(Arrays.copyOf(der, 8)));
    }
    return leafFirst(found);
  }

  /** A CMS structure's certificates are a set: the one that signed none of the others comes first. */
  private static List<X509Certificate> leafFirst(List<X509Certificate> all) {
    var ordered = new ArrayList<X509Certificate>();
    X509Certificate next = all.stream()
        .filter(each -> all.stream().noneMatch(
            other -> other != each && other.getIssuerX500Principal().equals(each.getSubjectX500Principal())))
        .findFirst().orElse(all.getFirst());
    while (next != null && !ordered.contains(next)) {
      ordered.add(next);
      X509Certificate last = next;
      next = all.stream().filter(each -> last.getIssuerX500Principal().equals(each.getSubjectX500Principal()))
          .findFirst().orElse(null);
    }
    all.stream().filter(each -> !ordered.contains(each)).forEach(ordered::add);
    return ordered;
  }
}
