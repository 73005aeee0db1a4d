// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A password's hash: PBKDF2 with HMAC-SHA-256 (RFC 8018), written {@code $pbkdf2-sha256$iterations$salt$hash} in Base64, as
 * passlib and others do; or one of crypt(3), {@code $5$} or {@code $6$}.
 */
public final class PasswordHash {
  private static final int ITERATIONS = 310_000;
  /** Some seconds: a log-in must end. */
  private static final int MAX_ITERATIONS = 10_000_000;
  private static final int BITS = 256;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Null, or the hash as crypt(3) writes it. */
  private final String crypt;
  private final int iterations;
  private final byte[] salt;
  private final byte[] hash;

  private PasswordHash(String crypt) {
    this(crypt, 0, new byte[0], new byte[0]);
  }

  private PasswordHash(int iterations, byte[] salt, byte[] hash) {
    this(null, iterations, salt, hash);
  }

  private PasswordHash(String crypt, int iterations, byte[] salt, byte[] hash) {
    this.crypt = crypt;
    this.iterations = iterations;
    this.salt = salt;
    this.hash = hash;
  }

  /** Hashes a password with a fresh salt. Slow on purpose: some 100 ms. */
  public static PasswordHash of(String password) {
    byte[] salt = new byte[16];
    RANDOM.nextBytes(salt);
    return new PasswordHash(ITERATIONS, salt, derive(password, salt, ITERATIONS));
  }

  /** A hash of no password: it takes the usual time to compare with, and none to make. */
  static PasswordHash ofNone() {
    byte[] salt = new byte[16];
    byte[] hash = new byte[BITS / Byte.SIZE];
    RANDOM.nextBytes(salt);
    RANDOM.nextBytes(hash);
    return new PasswordHash(ITERATIONS, salt, hash);
  }

  /** As {@link #of}, in a form that iana-crypt-hash has: {@code $6$}. */
  public static PasswordHash crypt(String password) {
    return new PasswordHash(ShaCrypt.hash(password));
  }

  /** Reads the written form. */
  public static PasswordHash parse(String text) {
    if (ShaCrypt.understands(text)) {
      return new PasswordHash(text);
    }
    String[] parts = text.split("\\$", -1);
    if (parts.length != 5 || !parts[1].equals("pbkdf2-sha256")) {
      throw new IllegalArgumentException("not a password hash of the form $pbkdf2-sha256$iterations$salt$hash");
    }
    var parsed = new PasswordHash(Integer.parseInt(parts[2]), decode(parts[3]), decode(parts[4]));
    if (parsed.iterations < 1 || parsed.iterations > MAX_ITERATIONS || parsed.salt.length == 0
        || parsed.hash.length != BITS / Byte.SIZE) {
      throw new IllegalArgumentException("a password hash with too many or no rounds, no salt, or not 256 bits");
    }
    return parsed;
  }

  /** passlib writes a dot for the plus of Base64. */
  private static byte[] decode(String text) {
    return Base64.getDecoder().decode(text.replace('.', '+'));
  }

  /** True if it is the password. Takes as long as {@link #of}. */
  public boolean matches(String password) {
    return crypt != null ? ShaCrypt.matches(password, crypt)
        : MessageDigest.isEqual(hash, derive(password, salt, iterations));
  }

  private static byte[] derive(String password, byte[] salt, int iterations) {
    var spec = new PBEKeySpec(password.toCharArray(), salt, iterations, BITS);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("PBKDF2WithHmacSHA256 is part of every JDK", e);
    } finally {
      spec.clearPassword();
    }
  }

  @Override
  public String toString() {
    if (crypt != null) {
      return crypt;
    }
    var encoder = Base64.getEncoder().withoutPadding();
    return "$pbkdf2-sha256$" + iterations + "$" + encoder.encodeToString(salt).replace('+', '.') + "$"
        + encoder.encodeToString(hash).replace('+', '.');
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PasswordHash same && java.util.Objects.equals(crypt, same.crypt)
        && iterations == same.iterations && MessageDigest.isEqual(salt, same.salt)
        && MessageDigest.isEqual(hash, same.hash);
  }

  @Override
  public int hashCode() {
    return crypt != null ? crypt.hashCode() : java.util.Arrays.hashCode(hash);
  }
}
