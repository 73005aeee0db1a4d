// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceTest {
  @TempDir
  private Path home;

  private Settings settings() {
    return new Settings("a", "monitor", home, "127.0.0.1", 0, Optional.empty(), 0, 0, 0, 0, List.of(), Optional.empty(),
        Optional.empty(),
        "admin", Optional.empty(), Optional.empty(), Optional.empty(), "sync", false, 1, 1000, false);
  }

  /** Two would write one configuration. */
  @Test
  void shouldRefuseAFolderThatAnotherInstanceUses() throws Exception {
    var first = new Instance(settings());
    try {
      StartException refusal = assertThrows(StartException.class, () -> new Instance(settings()));
      assertEquals("another instance runs in " + home + "; stop it, or name another by --home", refusal.getMessage());
    } finally {
      first.close();
    }
    new Instance(settings()).close();
  }
}
