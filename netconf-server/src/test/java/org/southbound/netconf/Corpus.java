// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Inputs that fuzzing begins with, where Jazzer looks for them; replayed in every run without Jazzer, which is slow to start. */
public final class Corpus {
  private Corpus() {
  }

  /** Gives each input of a method of a fuzz test to the test. */
  public static void replay(Class<?> owner, String method, Consumer<byte[]> test) throws IOException {
    Path folder = Path.of("src/test/resources", owner.getName().replace('.', '/') + "Inputs", method);
    List<Path> inputs;
    try (var files = Files.list(folder)) {
      inputs = files.sorted().toList();
    }
    assertFalse(inputs.isEmpty(), folder::toString);
    for (Path input : inputs) {
      try {
        test.accept(Files.readAllBytes(input));
      } catch (RuntimeException | Error e) {
        throw new AssertionError(input + ": " + e, e);
      }
    }
  }
}
