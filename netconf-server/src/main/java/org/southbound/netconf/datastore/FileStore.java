// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * Running as one XML file: written beside it, synced, renamed over it, the folder synced. So at any moment the file is whole,
 * the old one or the new one.
 *
 * <p>SYNC: a save returns once the file is on the disk. BATCHED: a save returns at once and a thread writes the newest tree,
 * at most {@value #BATCH_MILLIS} ms later; that much may be lost by a crash, never more, never half of it.
 */
public final class FileStore implements Store {
  /** How safe a save is when it returns. */
  public enum Durability {
    SYNC, BATCHED
  }

  private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
  static final long BATCH_MILLIS = 100;

  private final Path file;
  private final YangNode root;
  private final Thread writer;
  private ContainerNode pending;
  private boolean closed;
  private IOException failure;

  public FileStore(Path file, Schema schema, Durability durability) {
    this.file = file;
    this.root = schema.root();
    this.writer = durability == Durability.SYNC ? null
        : Thread.ofPlatform().daemon().name("startup-writer").start(this::batches);
  }

  /**
   * Reads a stored configuration; an empty one if there is no file. A file that cannot be read or is no longer valid is set
   * aside as {@code <file>.corrupt-<time>}, and the start fails: running a firewall without its rules is not for the server to
   * decide. Started again, the instance begins from its flags.
   *
   * @throws IOException with one line that says what to do
   */
  public static ContainerNode load(Path file, Schema schema, InstantSource clock) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return empty(schema);
    } catch (IOException e) {
      throw new IOException("the stored configuration " + file + " cannot be read (" + e.getMessage()
          + "): let the instance's user read it, or move it away to begin from the flags", e);
    }
    try {
      XmlIn in = XmlIn.open(bytes, 0, bytes.length);
      if (!in.name().equals("config") || !in.namespace().equals(Schema.NETCONF)) {
        throw in.unknown();
      }
      ContainerNode tree = Editor.apply(schema.root(), empty(schema), DataReader.config(in, schema.root()),
          Edit.Operation.MERGE);
      in.end();
      Validator.config(schema.root(), null, tree);
      return Secrets.hashed(schema.root(), tree);
    } catch (NetconfException e) {
      Path aside = file.resolveSibling(file.getFileName() + ".corrupt-" + clock.instant().getEpochSecond());
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      throw new IOException("the stored configuration cannot be used (" + e.getMessage()
          + (e.path() == null ? "" : " at " + e.path()) + "); it is now " + aside
          + ": repair it and move it back, or start again to begin from the flags");
    }
  }

  /** A tree with nothing in it. */
  public static ContainerNode empty(Schema schema) {
    return ImmutableNodes.newContainerBuilder().withNodeIdentifier(schema.root().id).build();
  }

  @Override
  public void save(ContainerNode tree) throws IOException {
    if (writer == null) {
      write(tree);
      return;
    }
    synchronized (this) {
      if (failure != null) {
        IOException e = failure;
        failure = null;
        throw e;
      }
      pending = tree;
      notifyAll();
    }
  }

  private void batches() {
    while (true) {
      ContainerNode tree;
      synchronized (this) {
        try {
          while (pending == null && !closed) {
            wait();
          }
          if (!closed) {
            wait(BATCH_MILLIS);
          }
        } catch (InterruptedException e) {
          closed = true;
        }
        tree = pending;
        pending = null;
        if (tree == null) {
          if (closed) {
            return;
          }
          continue;
        }
      }
      try {
        write(tree);
      } catch (IOException e) {
        LOG.error("{} cannot be written: {}", file, e.toString());
        synchronized (this) {
          failure = e; // told to the next commit, which then fails
        }
      }
    }
  }

  private void write(ContainerNode tree) throws IOException {
    var out = new XmlOut(4096);
    out.raw("<config xmlns=\"").raw(Schema.NETCONF).raw("\">");
    new DataWriter(root.schema(), out, null).children(root, tree, Schema.NETCONF, null);
    out.raw("</config>\n");
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    // The configuration may hold secrets: nobody else reads it.
    var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    try (var channel = FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING), owner)) {
      var buffer = ByteBuffer.wrap(out.array(), 0, out.length());
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (var folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    if (writer == null) {
      return;
    }
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
  }
}
