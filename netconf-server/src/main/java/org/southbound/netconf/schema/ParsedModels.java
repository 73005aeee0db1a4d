// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.opendaylight.yangtools.yang.ir.IOSupport;
import org.opendaylight.yangtools.yang.model.api.source.SourceIdentifier;
import org.opendaylight.yangtools.yang.model.spi.source.YangIRSource;

/**
 * The statements of modules as they were parsed once, in a file: reading them takes a fraction of the time, and needs no
 * parser that the JVM would have to compile. A module is known by its file's name and its text.
 */
public final class ParsedModels {
  /** Names the file from which modules are taken; without it every text is parsed. */
  public static final String PROPERTY = "southbound.models";

  private record Key(String fileName, int length, int hash) {
    static Key of(String fileName, String text) {
      return new Key(fileName, text.length(), text.hashCode());
    }
  }

  private final Map<Key, byte[]> statements = new HashMap<>();

  private ParsedModels() {
  }

  /** Those of the file that {@link #PROPERTY} names; none if there is none that can be read. */
  static ParsedModels stored() {
    String name = System.getProperty(PROPERTY);
    return name == null ? new ParsedModels() : read(Path.of(name));
  }

  /** Those of a file; none if it cannot be read. */
  static ParsedModels read(Path file) {
    var models = new ParsedModels();
    if (Files.isReadable(file)) {
      try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
        for (int i = in.readInt(); i > 0; i--) {
          var key = new Key(in.readUTF(), in.readInt(), in.readInt());
          models.statements.put(key, in.readNBytes(in.readInt()));
        }
      } catch (IOException damaged) {
        models.statements.clear(); // the texts are there
      }
    }
    return models;
  }

  /** Parses the modules and writes them to the file. Throws IllegalArgumentException if one is wrong. */
  public static void write(Path file, Collection<Schema.Source> sources) throws IOException {
    try (var out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeInt(sources.size());
      for (Schema.Source each : sources) {
        var bytes = new ByteArrayOutputStream();
        IOSupport.writeStatement(new DataOutputStream(bytes), Schema.parse(each.fileName(), each.text()).statement());
        var key = Key.of(each.fileName(), each.text());
        out.writeUTF(key.fileName);
        out.writeInt(key.length);
        out.writeInt(key.hash);
        out.writeInt(bytes.size());
        bytes.writeTo(out);
      }
    }
  }

  /** The module, from here if it is here, else from its text. */
  YangIRSource get(String fileName, String text) {
    byte[] found = statements.get(Key.of(fileName, text));
    try {
      return found == null ? Schema.parse(fileName, text)
          : new YangIRSource(SourceIdentifier.ofYangFileName(fileName),
              IOSupport.readStatement(new DataInputStream(new ByteArrayInputStream(found))), null);
    } catch (IOException damaged) {
      return Schema.parse(fileName, text);
    }
  }
}
