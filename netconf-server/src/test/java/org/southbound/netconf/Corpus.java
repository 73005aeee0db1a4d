// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Inputs that fuzzing found worth keeping, replayed in every run without the fuzzer. */
public final class Corpus {
  private Corpus() {
  }

  /** Gives each file of src/test/corpus/NAME to the test. */
  public static void replay(String name, Consumer<byte[]> test) throws IOException {
    List<Path> inputs;
    try (var files = Files.list(Path.of("src/test/corpus", name))) {
      inputs = files.sorted().toList();
    }
    assertFalse(inputs.isEmpty(), name);
    for (Path input : inputs) {
      try {
        test.accept(Files.readAllBytes(input));
      } catch (RuntimeException | Error e) {
        throw new AssertionError(input + ": " + e, e);
      }
    }
  }
}
