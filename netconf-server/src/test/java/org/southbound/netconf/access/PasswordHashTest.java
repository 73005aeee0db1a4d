// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
  @Test
  void shouldReadWhatItWrites() {
    PasswordHash made = PasswordHash.of("secret");
    PasswordHash read = PasswordHash.parse(made.toString());
    assertTrue(read.equals(made) && read.matches("secret") && !read.matches("Secret"));
    assertFalse(made.equals(PasswordHash.of("secret")), "the salt is fresh");
  }

  /** A hash that could not be checked, or only in hours, must not get as far as a log-in. */
  @ParameterizedTest
  @ValueSource(strings = {"", "secret", "$5$salt$abc", "$pbkdf2-sha256$0$AAAA$", "$pbkdf2-sha256$2000000000$AAAA$KEY",
      "$pbkdf2-sha256$99999999999$AAAA$KEY", "$pbkdf2-sha256$1000$$KEY", "$pbkdf2-sha256$1000$AAAA$AAAA",
      "$pbkdf2-sha256$0$AAAA$KEY"})
  void shouldRefuse(String text) {
    String key = "A".repeat(43);
    assertThrows(IllegalArgumentException.class, () -> PasswordHash.parse(text.replace("KEY", key)));
    assertTrue(PasswordHash.parse("$pbkdf2-sha256$1$AAAA$" + key).toString().endsWith(key));
  }
}
