// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlOut;

/** A configuration in a file of its own: one config element. */
public final class ConfigFile {
  private ConfigFile() {
  }

  /** The content of the file. */
  public static XmlOut text(YangNode root, ContainerNode tree) {
    var out = new XmlOut(4096);
    out.raw("<config xmlns=\"").raw(Schema.NETCONF).raw("\">");
    new DataWriter(root.schema(), out, null).children(root, tree, Schema.NETCONF, null);
    return out.raw("</config>\n");
  }

  /**
   * Puts the file in place of one that may be there. At any moment there is the old or the new one, whole; on return the new one
   * is on the disk.
   */
  public static void replace(Path file, XmlOut text) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    // The configuration may hold secrets: nobody else reads it.
    var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    try (var channel = FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS), owner)) {
      var buffer = ByteBuffer.wrap(text.array(), 0, text.length());
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync(file);
  }

  /** Removes the file, if there is one, for good. */
  static void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
    sync(file);
  }

  private static void sync(Path file) throws IOException {
    try (var folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
