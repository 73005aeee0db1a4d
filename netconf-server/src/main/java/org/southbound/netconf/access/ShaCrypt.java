// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hashes {@code $5$} and {@code $6$} of crypt(3), which iana-crypt-hash (RFC 7317) names: SHA-256 and SHA-512, by Drepper's
 * "Unix crypt using SHA-256 and SHA-512".
 */
final class ShaCrypt {
  private static final Pattern FORM = Pattern
      .compile("\\$([56])\\$(rounds=(\\d{1,9})\\$)?([a-zA-Z0-9./]{1,16})\\$([a-zA-Z0-9./]{43}|[a-zA-Z0-9./]{86})");
  private static final String ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int DEFAULT_ROUNDS = 5_000;
  private static final int LEAST_ROUNDS = 1_000;
  /** Some seconds: a log-in must end. */
  private static final int MOST_ROUNDS = 5_000_000;
  /** Some 100 ms. */
  private static final int OWN_ROUNDS = 200_000;
  private static final SecureRandom RANDOM = new SecureRandom();

  private ShaCrypt() {
  }

  /** True if it is such a hash, with as many rounds as can be checked. */
  static boolean understands(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches() && form.group(5).length() == (form.group(1).equals("5") ? 43 : 86)
        && (form.group(3) == null || Integer.parseInt(form.group(3)) <= MOST_ROUNDS);
  }

  /** A password's {@code $6$} hash with a fresh salt. */
  static String hash(String password) {
    var salt = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      salt.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return hash(password, "6", salt.toString(), OWN_ROUNDS, true);
  }

  /** True if {@code text}, which must be understood, is the password's hash. */
  static boolean matches(String password, String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("not understood");
    }
    int rounds = form.group(3) == null ? DEFAULT_ROUNDS : Math.max(LEAST_ROUNDS, Integer.parseInt(form.group(3)));
    String made = hash(password, form.group(1), form.group(4), rounds, false);
    return MessageDigest.isEqual(made.substring(made.lastIndexOf('$')).getBytes(StandardCharsets.US_ASCII),
        text.substring(text.lastIndexOf('$')).getBytes(StandardCharsets.US_ASCII));
  }

  private static String hash(String password, String kind, String salt, int rounds, boolean sayRounds) {
    MessageDigest digest = digest(kind.equals("5") ? "SHA-256" : "SHA-512");
    int size = digest.getDigestLength();
    byte[] word = password.getBytes(StandardCharsets.UTF_8);
    byte[] salted = salt.getBytes(StandardCharsets.US_ASCII);
    digest.update(word);
    digest.update(salted);
    byte[] b = digest.digest(word);
    digest.update(word);
    digest.update(salted);
    digest.update(repeated(b, word.length));
    for (int n = word.length; n > 0; n >>= 1) {
      digest.update((n & 1) != 0 ? b : word);
    }
    byte[] a = digest.digest();
    for (int i = 0; i < word.length; i++) {
      digest.update(word);
    }
    byte[] p = repeated(digest.digest(), word.length);
    for (int i = 0; i < 16 + (a[0] & 0xff); i++) {
      digest.update(salted);
    }
    byte[] s = repeated(digest.digest(), salted.length);
    for (int i = 0; i < rounds; i++) {
      digest.update((i & 1) != 0 ? p : a);
      if (i % 3 != 0) {
        digest.update(s);
      }
      if (i % 7 != 0) {
        digest.update(p);
      }
      digest.update((i & 1) != 0 ? a : p);
      a = digest.digest();
    }
    return "$" + kind + "$" + (sayRounds ? "rounds=" + rounds + "$" : "") + salt + "$" + encode(a, size);
  }

  private static byte[] repeated(byte[] block, int length) {
    byte[] out = new byte[length];
    for (int i = 0; i < length; i++) {
      out[i] = block[i % block.length];
    }
    return out;
  }

  /** Three octets, far apart, make four characters; which three is told by turning the order round after each. */
  private static String encode(byte[] hash, int size) {
    var out = new StringBuilder();
    int third = size / 3;
    int x = 0;
    int y = third;
    int z = 2 * third;
    for (int i = 0; i < third; i++) {
      group(out, hash[x], hash[y], hash[z], 4);
      int first = x;
      if (size == 64) {
        x = y + 1;
        y = z + 1;
        z = first + 1;
      } else {
        x = z + 1;
        z = y + 1;
        y = first + 1;
      }
    }
    if (size == 64) {
      group(out, (byte) 0, (byte) 0, hash[63], 2);
    } else {
      group(out, (byte) 0, hash[31], hash[30], 3);
    }
    return out.toString();
  }

  private static void group(StringBuilder out, byte high, byte middle, byte low, int characters) {
    int bits = (high & 0xff) << 16 | (middle & 0xff) << 8 | low & 0xff;
    for (int i = 0; i < characters; i++, bits >>= 6) {
      out.append(ALPHABET.charAt(bits & 0x3f));
    }
  }

  private static MessageDigest digest(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(name + " is part of every JDK", e);
    }
  }
}
