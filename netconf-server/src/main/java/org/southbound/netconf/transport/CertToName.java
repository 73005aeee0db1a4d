// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;

/**
 * Whose certificate it is: the list cert-to-name of ietf-x509-cert-to-name (RFC 7407 section 2.1). The first entry whose
 * fingerprint matches and whose map finds a name decides.
 *
 * @param entries in order of their ids
 */
public record CertToName(List<Entry> entries) implements CertificateNames {
  /** Kinds of alternative names (RFC 5280 section 4.2.1.6). */
  public static final int RFC822 = 1;
  public static final int DNS = 2;
  public static final int IP = 7;

  private static final List<String> HASHES = List.of("", "MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512");

  /**
   * One entry.
   *
   * @param fingerprint of the certificate or an authority of its path: the hash algorithm's octet and the hash, octets in
   *     hexadecimal separated by colons; null: any certificate
   * @param map name of an identity of ietf-x509-cert-to-name
   * @param name the name if the map is {@code specified}
   */
  public record Entry(String fingerprint, String map, String name) {
  }

  @Override
  public Optional<String> user(List<X509Certificate> path) {
    for (Entry each : entries) {
      if (each.fingerprint == null || path.stream().anyMatch(certificate -> matches(certificate, each.fingerprint))) {
        Optional<String> name = map(each, path.getFirst()).filter(text -> !text.isEmpty());
        if (name.isPresent()) {
          return name;
        }
      }
    }
    return Optional.empty();
  }

  /** True if the certificate has this tls-fingerprint. */
  static boolean matches(X509Certificate certificate, String fingerprint) {
    try {
      byte[] octets = HexFormat.ofDelimiter(":").parseHex(fingerprint.toLowerCase(Locale.ROOT));
      if (octets.length < 2 || octets[0] < 1 || octets[0] >= HASHES.size()) {
        return false;
      }
      byte[] hash = MessageDigest.getInstance(HASHES.get(octets[0])).digest(certificate.getEncoded());
      return MessageDigest.isEqual(hash, java.util.Arrays.copyOfRange(octets, 1, octets.length));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return false;
    }
  }

  private static Optional<String> map(Entry entry, X509Certificate certificate) {
    return switch (entry.map) {
      case "specified" -> Optional.ofNullable(entry.name);
      case "san-rfc822-name" -> alternative(certificate, RFC822);
      case "san-dns-name" -> alternative(certificate, DNS);
      case "san-ip-address" -> alternative(certificate, IP);
      case "san-any" -> alternative(certificate, 0);
      case "common-name" -> commonName(certificate);
      default -> Optional.empty();
    };
  }

  private static Optional<String> alternative(X509Certificate certificate, int wanted) {
    return names(certificate, wanted).stream().findFirst();
  }

  /**
   * A certificate's alternative names, in order, as RFC 7407 writes them.
   *
   * @param wanted {@link #RFC822}, {@link #DNS}, {@link #IP}, or 0 for all of these
   */
  public static List<String> names(X509Certificate certificate, int wanted) {
    var found = new ArrayList<String>();
    try {
      var names = certificate.getSubjectAlternativeNames();
      for (List<?> each : names == null ? List.<List<?>>of() : names) {
        int kind = (Integer) each.get(0);
        if ((wanted == 0 || kind == wanted) && each.get(1) instanceof String text) {
          switch (kind) {
            case RFC822 -> {
              int at = text.lastIndexOf('@') + 1;
              found.add(text.substring(0, at) + text.substring(at).toLowerCase(Locale.ROOT));
            }
            case DNS -> found.add(text.toLowerCase(Locale.ROOT));
            case IP -> found.add(address(text));
            default -> {
              // No name that can be mapped.
            }
          }
        }
      }
    } catch (GeneralSecurityException | UnknownHostException e) {
      return List.of(); // names that cannot be read are no names
    }
    return found;
  }

  private static String address(String text) throws UnknownHostException {
    byte[] address = InetAddress.ofLiteral(text).getAddress();
    return address.length == 4 ? text : HexFormat.of().formatHex(address);
  }

  private static Optional<String> commonName(X509Certificate certificate) {
    var names = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()).getRDNs(BCStyle.CN);
    return names.length == 0 ? Optional.empty() : Optional.of(names[0].getFirst().getValue().toString());
  }
}
