// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaResourcesTest {
  /** Where the product is unpacked is not ours to choose. */
  @Test
  void shouldReadModulesFromJarInFolderWithOddName(@TempDir Path folder) throws Exception {
    Path jar = Files.createDirectories(folder.resolve("a b+c%20d#e")).resolve("modules.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      // Found by the folder's own entry.
      out.putNextEntry(new JarEntry("models/"));
      out.putNextEntry(new JarEntry("models/some.yang"));
      out.write("module some {}".getBytes(StandardCharsets.UTF_8));
    }
    try (var loader = new URLClassLoader(new URL[]{jar.toUri().toURL()}, null)) {
      assertEquals(List.of("some.yang"),
          Schema.resources(loader, "models").stream().map(Schema.Source::fileName).toList());
    }
  }
}
