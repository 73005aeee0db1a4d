// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A private key (ECDSA P-256), its certificate, and the authority that signed it. On disk one PEM file of mode 0600:
 * key, certificate, authority. One file, so that a crash never leaves a key beside another key's certificate.
 *
 * @param authority null when the certificate is self-signed
 */
record Credentials(PrivateKey key, X509Certificate certificate, X509Certificate authority) {
  private static final SecureRandom RANDOM = new SecureRandom();
  /** Clocks of instances may differ by this. */
  private static final Duration SKEW = Duration.ofDays(1);
  private static final Base64.Encoder BASE64 = Base64.getMimeEncoder(64, new byte[]{'\n'});
  private static final Set<PosixFilePermission> OTHERS = EnumSet.of(PosixFilePermission.GROUP_READ,
      PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

  /** Of an instance that trusts by fingerprints. */
  static Credentials selfSigned(String name, Instant now, Duration validity) throws TrustException {
    var keys = generate();
    return new Credentials(keys.getPrivate(), certify(keys, name, null, false, now, validity), null);
  }

  /** A new authority, which signs itself. */
  static Credentials newAuthority(Instant now, Duration validity) throws TrustException {
    var keys = generate();
    var name = "southbound authority " + Long.toHexString(RANDOM.nextLong());
    return new Credentials(keys.getPrivate(), certify(keys, name, null, true, now, validity), null);
  }

  /** Signs a certificate for a new key of the instance {@code name}. */
  Credentials issue(String name, Instant now, Duration validity) throws TrustException {
    var keys = generate();
    return new Credentials(keys.getPrivate(), certify(keys, name, this, false, now, validity), certificate);
  }

  private static KeyPair generate() throws TrustException {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new TrustException("this Java cannot make ECDSA P-256 keys: use a JDK 25 with the module jdk.crypto.ec", e);
    }
  }

  private static X509Certificate certify(KeyPair keys, String name, Credentials issuer, boolean authority, Instant now,
      Duration validity) throws TrustException {
    try {
      var subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, new DERUTF8String(name)).build();
      var issuerName = issuer == null
          ? subject
          : X500Name.getInstance(issuer.certificate.getSubjectX500Principal().getEncoded());
      var builder = new JcaX509v3CertificateBuilder(issuerName, new BigInteger(127, RANDOM).add(BigInteger.ONE),
          Date.from(now.minus(SKEW)), Date.from(now.plus(validity)), subject, keys.getPublic());
      var extensions = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true,
          authority ? new BasicConstraints(0) : new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true,
          new KeyUsage(authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
      builder.addExtension(Extension.subjectKeyIdentifier, false,
          extensions.createSubjectKeyIdentifier(keys.getPublic()));
      if (issuer != null) {
        builder.addExtension(Extension.authorityKeyIdentifier, false,
            extensions.createAuthorityKeyIdentifier(issuer.certificate));
      }
      if (!authority) {
        builder.addExtension(Extension.extendedKeyUsage, false,
            new ExtendedKeyUsage(new KeyPurposeId[]{KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
        // The instance's name comes first: it is the one that peers go by. The rest lets any gRPC client check the host.
        var loopback = InetAddress.getLoopbackAddress().getHostAddress();
        builder.addExtension(Extension.subjectAlternativeName, false,
            new GeneralNames(new GeneralName[]{new GeneralName(GeneralName.dNSName, name),
                new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, loopback)}));
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA")
          .build(issuer == null ? keys.getPrivate() : issuer.key);
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new TrustException("cannot make a certificate for " + name + ": " + e.getMessage(), e);
    }
  }

  /** First DNS name in the certificate, else its common name. */
  static String nameOf(X509Certificate certificate) {
    var names = dnsNames(certificate);
    if (!names.isEmpty()) {
      return names.getFirst();
    }
    var common = new X500Name(certificate.getSubjectX500Principal().getName()).getRDNs(BCStyle.CN);
    return common.length == 0 ? "" : common[0].getFirst().getValue().toString();
  }

  /** DNS names in the certificate, in order. */
  static List<String> dnsNames(X509Certificate certificate) {
    var names = new ArrayList<String>();
    try {
      var all = certificate.getSubjectAlternativeNames();
      if (all != null) {
        for (var name : all) {
          if ((Integer) name.get(0) == GeneralName.dNSName) {
            names.add((String) name.get(1));
          }
        }
      }
    } catch (GeneralSecurityException e) {
      // Names that cannot be read are no names; the certificate is then refused for want of one.
      names.clear();
    }
    return names;
  }

  /** Signed by {@code other}. */
  static boolean signed(X509Certificate certificate, X509Certificate other) {
    try {
      certificate.verify(other.getPublicKey());
      return certificate.getIssuerX500Principal().equals(other.getSubjectX500Principal());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** A third of the life, or less, is left. */
  boolean nearEnd(Instant now) {
    var begin = certificate.getNotBefore().toInstant();
    var end = certificate.getNotAfter().toInstant();
    return now.isAfter(end.minus(Duration.between(begin, end).dividedBy(3)));
  }

  boolean expired(Instant now) {
    return now.isAfter(certificate.getNotAfter().toInstant());
  }

  /** As in the file. */
  String toPem() throws TrustException {
    var text = new StringBuilder(block("PRIVATE KEY", key.getEncoded())).append(toPem(certificate));
    if (authority != null) {
      text.append(toPem(authority));
    }
    return text.toString();
  }

  static String toPem(X509Certificate certificate) throws TrustException {
    try {
      return block("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new TrustException("a certificate cannot be written: " + e.getMessage(), e);
    }
  }

  private static String block(String label, byte[] content) {
    return "-----BEGIN " + label + "-----\n" + BASE64.encodeToString(content) + "\n-----END " + label + "-----\n";
  }

  /**
   * Reads a file; null when there is none.
   *
   * @param remedy what to do when it is damaged, as in "remove it"
   */
  static Credentials read(Path file, String remedy) throws TrustException {
    try {
      if (Files.notExists(file)) {
        return null;
      }
      if (Files.isDirectory(file)) {
        throw new IllegalArgumentException("it is a folder");
      }
      if (Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
        throw new TrustException(file + " holds a private key that others may read: chmod 600 " + file);
      }
      // A character set that has all octets: what is no PEM is found in there.
      return parse(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new TrustException("cannot read " + file + " (" + e.getMessage() + "): run as its owner, or enroll again",
          e);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new TrustException(file + " is damaged (" + e.getMessage() + "): " + remedy, e);
    }
  }

  private static Credentials parse(String pem) throws GeneralSecurityException {
    PrivateKey key = null;
    var certificates = new ArrayList<X509Certificate>();
    var factory = CertificateFactory.getInstance("X.509");
    for (int at = pem.indexOf("-----BEGIN "); at >= 0; at = pem.indexOf("-----BEGIN ", at + 1)) {
      int labelEnd = pem.indexOf("-----", at + 11);
      var label = labelEnd < 0 ? "" : pem.substring(at + 11, labelEnd);
      int end = pem.indexOf("-----END " + label + "-----", at);
      if (label.isEmpty() || end < 0) {
        throw new IllegalArgumentException("cut short");
      }
      var content = Base64.getMimeDecoder().decode(pem.substring(labelEnd + 5, end));
      switch (label) {
        case "PRIVATE KEY" -> key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(content));
        case "CERTIFICATE" -> certificates
            .add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(content)));
        default -> throw new IllegalArgumentException("unexpected " + label);
      }
    }
    if (key == null || certificates.isEmpty() || certificates.size() > 2) {
      throw new IllegalArgumentException("it needs a private key and one or two certificates");
    }
    var authority = certificates.size() == 2 ? certificates.get(1) : null;
    if (!matches(key, certificates.getFirst().getPublicKey())) {
      throw new IllegalArgumentException("the key is not the certificate's");
    }
    if (authority != null && !signed(certificates.getFirst(), authority)) {
      throw new IllegalArgumentException("the certificate is not signed by the authority beside it");
    }
    return new Credentials(key, certificates.getFirst(), authority);
  }

  private static boolean matches(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
    var probe = new byte[32];
    RANDOM.nextBytes(probe);
    var signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update(probe);
    var signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(probe);
    return signature.verify(signed);
  }

  /** Replaces {@code file} at one step, mode 0600. */
  void write(Path file) throws TrustException {
    write(file, toPem(), "rw-------");
  }

  /** Replaces {@code file} at one step: readers see the old content or the new, also after a crash. */
  static void write(Path file, String content, String mode) throws TrustException {
    try {
      var temporary = Files.createTempFile(file.toAbsolutePath().getParent(), "." + file.getFileName(), ".new");
      try {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString(mode));
        Files.writeString(temporary, content);
        try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new TrustException("cannot write " + file + " (" + e.getMessage() + "): check its folder's owner and space",
          e);
    }
  }
}
