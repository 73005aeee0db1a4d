// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;

/** The first user's password. */
final class AdminPassword {
  private static final String VARIABLE = "SOUTHBOUND_ADMIN_PASSWORD";
  private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  private static final int LENGTH = 20;

  private AdminPassword() {
  }

  /**
   * From the environment; else, unless the user has keys, from {@code <home>/admin-password}, which is made with mode
   * 0600 if it is not there, and whose path is told to {@code err}. Throws StartException if that file is unusable.
   */
  static Optional<String> of(Map<String, String> environment, Settings settings, PrintStream err)
      throws StartException {
    var given = given(environment);
    if (given.isPresent()) {
      return given;
    }
    if (settings.authorizedKeys().isPresent()) {
      return Optional.empty();
    }
    var file = settings.home().resolve("admin-password");
    try {
      var password = Files.exists(file) ? Files.readString(file).strip() : create(file);
      if (password.isEmpty()) {
        throw new StartException(file + " is empty; remove it, or set " + VARIABLE, false, null);
      }
      err.println("southbound: the password of user " + settings.user() + " is in " + file);
      return Optional.of(password);
    } catch (IOException failure) {
      throw new StartException("cannot use " + file + " (" + Reason.of(failure) + "); set " + VARIABLE
          + " or give --authorized-keys", false, failure);
    }
  }

  /** The password given for this run, if one was. */
  static Optional<String> given(Map<String, String> environment) {
    return Optional.ofNullable(environment.get(VARIABLE)).filter(text -> !text.isEmpty());
  }

  private static String create(Path file) throws IOException {
    var random = new SecureRandom();
    var password = new StringBuilder();
    for (int i = 0; i < LENGTH; i++) {
      password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    // The mode is there from the beginning: nobody can open the file in between.
    Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, password + "\n");
    return password.toString();
  }
}
