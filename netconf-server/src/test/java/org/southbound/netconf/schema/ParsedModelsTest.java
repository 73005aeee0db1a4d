// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opendaylight.yangtools.yang.model.spi.source.YangIRSource;

class ParsedModelsTest {
  private static final String NAME = "odd@2020-01-01.yang";
  private static final String TEXT = """
      module odd { yang-version 1.1; namespace "urn:odd"; prefix o;
        revision 2020-01-01; leaf a { type string { pattern 'a"b' + "\\\\d"; } } }
      """;

  @TempDir
  private Path folder;

  @Test
  void shouldKeepWhatTheParserFound() throws IOException {
    var stored = written();
    assertSame(Schema.parse(NAME, TEXT), stored.get(NAME, TEXT));
  }

  @Test
  void shouldParseWhatIsAnotherText() throws IOException {
    var stored = written();
    String other = TEXT.replace("leaf a", "leaf b");
    assertSame(Schema.parse(NAME, other), stored.get(NAME, other));
    assertThrows(IllegalArgumentException.class, () -> stored.get(NAME, "module odd {"));
  }

  /** A file that ends early: all is parsed. */
  @Test
  void shouldNotNeedTheFile() throws IOException {
    written();
    Path file = folder.resolve("models");
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[]{0, 3, 4, 20, whole.length / 2}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertSame(Schema.parse(NAME, TEXT), ParsedModels.read(file).get(NAME, TEXT));
    }
    assertSame(Schema.parse(NAME, TEXT), ParsedModels.read(folder.resolve("none")).get(NAME, TEXT));
  }

  private ParsedModels written() throws IOException {
    Path file = folder.resolve("models");
    ParsedModels.write(file, List.of(new Schema.Source(NAME, TEXT)));
    return ParsedModels.read(file);
  }

  private static void assertSame(YangIRSource expected, YangIRSource actual) {
    assertEquals(expected.statement(), actual.statement());
    assertEquals(expected.sourceId(), actual.sourceId());
    assertEquals(expected.symbolicName(), actual.symbolicName());
  }
}
