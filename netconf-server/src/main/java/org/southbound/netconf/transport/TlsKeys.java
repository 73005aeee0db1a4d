// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
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
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The key and the certificate by which the server is known over TLS.
 *
 * @param chain the server's certificate first
 */
public record TlsKeys(PrivateKey key, List<X509Certificate> chain) {
  private static final Duration VALIDITY = Duration.ofDays(3650);
  private static final Duration SKEW = Duration.ofDays(1);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z ]+)-----([^-]*)-----END \\1-----");
  /** RFC 9325: forward secrecy and authenticated encryption. */
  private static final List<String> CIPHERS = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /**
   * What is in the file, key (PKCS#8) and certificates in PEM; made, self-signed, ECDSA P-256, mode 0600, if there is no file.
   * Throws with one line that says what to do.
   */
  public static TlsKeys home(Path file, String name) throws IOException {
    try {
      if (!Files.exists(file)) {
        SshKeys.writePrivately(file, make(name));
      }
      PrivateKey key = null;
      var chain = new ArrayList<X509Certificate>();
      var blocks = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      while (blocks.find()) {
        byte[] der = Base64.getMimeDecoder().decode(blocks.group(2));
        if (blocks.group(1).equals("CERTIFICATE")) {
          chain.add(certificate(der));
        } else {
          key = key(der);
        }
      }
      if (key == null || chain.isEmpty()) {
        throw new GeneralSecurityException("no key or no certificate");
      }
      return new TlsKeys(key, chain);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("the TLS key and certificate in " + file
          + " cannot be used: restore them, or remove the file to have new ones made");
    }
  }

  private static String make(String name) throws GeneralSecurityException, IOException {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    var keys = generator.generateKeyPair();
    var subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name).build();
    var now = Instant.now();
    var builder = new JcaX509v3CertificateBuilder(subject, new BigInteger(127, RANDOM).add(BigInteger.ONE),
        Date.from(now.minus(SKEW)), Date.from(now.plus(VALIDITY)), subject, keys.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
    builder.addExtension(Extension.subjectAlternativeName, false,
        new GeneralNames(new GeneralName[]{new GeneralName(GeneralName.dNSName, name),
            new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, "127.0.0.1")}));
    try {
      var certificate = new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
      return pem("PRIVATE KEY", keys.getPrivate().getEncoded()) + pem("CERTIFICATE", certificate.getEncoded());
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static String pem(String label, byte[] der) {
    return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(der)
        + "\n-----END " + label + "-----\n";
  }

  /** A certificate in DER. */
  public static X509Certificate certificate(byte[] der) throws GeneralSecurityException {
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  /** A private key in PKCS#8, ECDSA or RSA. */
  public static PrivateKey key(byte[] der) throws GeneralSecurityException {
    var spec = new PKCS8EncodedKeySpec(der);
    try {
      return KeyFactory.getInstance("EC").generatePrivate(spec);
    } catch (GeneralSecurityException notEc) {
      return KeyFactory.getInstance("RSA").generatePrivate(spec);
    }
  }

  /** SHA-256 of the server's certificate: octets in hexadecimal separated by colons. */
  public String fingerprint() {
    return fingerprint(chain.getFirst());
  }

  /** SHA-256 of a certificate: octets in hexadecimal separated by colons. */
  public static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.ofDelimiter(":").withUpperCase()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is part of every JDK", e);
    }
  }

  /** TLS 1.2 and 1.3 with these keys, to clients that show a certificate. Throws if the keys cannot be used. */
  SslContext context(ClientTrust trust) throws SSLException {
    // No session is resumed: each handshake asks whether the client is trusted now.
    return SslContextBuilder.forServer(key, chain.toArray(X509Certificate[]::new)).sslProvider(SslProvider.JDK)
        .trustManager(trust).clientAuth(ClientAuth.REQUIRE).protocols("TLSv1.3", "TLSv1.2").ciphers(CIPHERS)
        .sessionCacheSize(1).sessionTimeout(1).build();
  }
}
