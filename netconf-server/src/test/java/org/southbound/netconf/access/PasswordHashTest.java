// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
  @Test
  void shouldReadWhatItWrites() {
    PasswordHash made = PasswordHash.of("secret");
    PasswordHash read = PasswordHash.parse(made.toString());
    assertTrue(read.equals(made) && read.matches("secret") && !read.matches("Secret"));
    assertFalse(made.equals(PasswordHash.of("secret")), "the salt is fresh");
  }

  /** Made by openssl passwd. */
  @ParameterizedTest
  @CsvSource({"Hello world!,$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
      "Hello world!,$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
      "a much longer password than a block of the digest is long and then some more,$5$x$0W.DKRFfJKUDw3qD52kfOM7rTPfbQ5ucEEW9aYURb5B",
      "pässword,$6$abcdefghijklmnop$PgfBRn5NkXbA2XZtilnguWKQpJpfJShmLyZHZeZDGfPC0OAI0h9GDSq13PAh4FBaE5zk5GFVxj.FP0gNFfKla1"})
  void shouldTakeHashesOfCrypt(String password, String hash) {
    assertTrue(PasswordHash.parse(hash).matches(password));
    assertFalse(PasswordHash.parse(hash).matches(password + "x"));
  }

  @Test
  void shouldMakeHashesOfCrypt() {
    PasswordHash made = PasswordHash.crypt("secret");
    assertTrue(made.toString().startsWith("$6$rounds=") && PasswordHash.parse(made.toString()).equals(made)
        && made.matches("secret") && !made.matches("Secret"), made.toString());
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
