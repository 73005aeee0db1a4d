// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A small certificate authority in a folder: {@code authority.pem} (its key and certificate, mode 0600), {@code ca.pem}
 * (the certificate alone, for other vendors' NFs) and {@code lock}. The first instance that uses the folder makes it.
 */
final class Authority {
  static final Duration VALIDITY = Duration.ofDays(3650);
  static final Duration INSTANCE_VALIDITY = Duration.ofDays(365);
  /** Those of other machines cannot renew by themselves. */
  static final Duration BUNDLE_VALIDITY = Duration.ofDays(825);

  /** File locks keep processes apart, not threads of one process. */
  private static final ReentrantLock PROCESS = new ReentrantLock();

  private final Path folder;
  private final Credentials credentials;

  private Authority(Path folder, Credentials credentials) {
    this.folder = folder;
    this.credentials = credentials;
  }

  /** Opens the authority in {@code folder}, and makes both if they are not there. Safe against others that do the same. */
  static Authority open(Path folder, Instant now) throws TrustException {
    PROCESS.lock();
    try {
      if (Files.notExists(folder)) {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        Files.createDirectories(folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      try (
          var channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        var lock = channel.lock();
        try {
          return new Authority(folder, load(folder, now));
        } finally {
          lock.release();
        }
      }
    } catch (IOException e) {
      throw new TrustException("cannot use the trust folder " + folder + " (" + e.getMessage()
          + "): name a folder that this user may write, or enroll with a bundle", e);
    } finally {
      PROCESS.unlock();
    }
  }

  private static Credentials load(Path folder, Instant now) throws TrustException {
    var file = folder.resolve("authority.pem");
    var found = Credentials.read(file, "restore it, or remove " + folder + " and enroll every instance again");
    if (found == null) {
      found = Credentials.newAuthority(now, VALIDITY);
      found.write(file);
      Credentials.write(folder.resolve("ca.pem"), Credentials.toPem(found.certificate()), "rw-r--r--");
    }
    if (found.certificate().getBasicConstraints() < 0) {
      throw new TrustException(file + " is no certificate authority: name another trust folder");
    }
    if (found.expired(now)) {
      throw new TrustException(
          "the authority in " + folder + " expired on " + found.certificate().getNotAfter().toInstant()
              + ": remove the folder and enroll every instance again");
    }
    return found;
  }

  X509Certificate certificate() {
    return credentials.certificate();
  }

  /** A new key and certificate for an instance; it never outlives the authority. */
  Credentials issue(String name, Instant now, Duration validity) throws TrustException {
    var left = Duration.between(now, certificate().getNotAfter().toInstant());
    return credentials.issue(name, now, left.compareTo(validity) < 0 ? left : validity);
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
