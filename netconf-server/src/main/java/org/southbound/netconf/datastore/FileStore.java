// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;

import java.util.regex.Pattern;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * A configuration as one XML file, and a journal beside it of what changed since the file was written: {@code running.xml} says
 * at its end which generation it is, {@code running.xml.7.journal} holds the changes of generation 7. A journal that has grown is
 * followed by the next one, while the file is written anew in the background; so what is stored is the file, with its
 * generation's journal and those after it. Files are written beside their place, synced, renamed over it, the folder synced.
 *
 * <p>SYNC: a save returns once its change is on the disk. BATCHED: once the operating system has it, so that the end of the
 * process loses nothing; a power cut loses the changes of the last {@value #BATCH_MILLIS} ms and of the sync then under way at
 * most, never one before them, and none in part.
 *
 * <p>A save that fails leaves what was stored before; the next one writes the file anew.
 */
public final class FileStore implements Store {
  /** How safe a save is when it returns. */
  public enum Durability {
    SYNC, BATCHED
  }

  static final long BATCH_MILLIS = 100;
  /** A journal that is longer, and longer than the file, is followed by another. */
  private static final int JOURNAL_BYTES = 2 << 20;
  private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
  private static final Pattern GENERATION = Pattern.compile("<!-- generation (\\d{1,18}) -->\\s*$");

  private final Disk disk;
  private final String name;
  private final YangNode root;
  private final Durability durability;
  private final int journalBytes;
  private final Thread keeper;
  private ContainerNode stored;
  private long generation = -1;
  private Disk.Output journal; // null: the next save writes the file
  private long records;
  private long synced;
  private long fileBytes;
  /** Of the journal that continues the file; an older one than that in use as long as the file could not be written. */
  private long fileGeneration = -1;
  private boolean writing; // of the file, in the background
  private boolean closed;

  public FileStore(Path file, Schema schema, Durability durability) {
    this(new FolderDisk(file.toAbsolutePath().getParent()), file.getFileName().toString(), schema, durability,
        JOURNAL_BYTES, true);
  }

  /** @param kept false: the caller does what is to be done in the background: {@link #sync} and {@link #compact} */
  FileStore(Disk disk, String name, Schema schema, Durability durability, int journalBytes, boolean kept) {
    this.disk = disk;
    this.journalBytes = journalBytes;
    this.name = name;
    this.root = schema.root();
    this.durability = durability;
    this.keeper = kept ? Thread.ofPlatform().daemon().name(name + "-keeper").start(this::keep) : null;
  }

  /**
   * Reads a stored configuration; an empty one if there is no file. A file that cannot be read or is no longer valid is set
   * aside as {@code <file>.corrupt-<time>}, and the start fails: running a firewall without its rules is not for the server to
   * decide. Started again, the instance begins from what comes next.
   *
   * @param next what a start without the file begins from, for the message
   * @throws IOException with one line that says what to do
   */
  public static ContainerNode load(Path file, Schema schema, InstantSource clock, String next) throws IOException {
    return load(new FolderDisk(file.toAbsolutePath().getParent()), file, schema, clock, next);
  }

  static ContainerNode load(Disk disk, Path file, Schema schema, InstantSource clock, String next)
      throws IOException {
    String name = file.getFileName().toString();
    String at = name;
    try {
      byte[] bytes = disk.read(name);
      if (bytes == null) {
        return empty(schema);
      }
      ContainerNode tree = applied(schema, empty(schema), bytes);
      for (long generation = generationOf(bytes);; generation++) {
        at = journal(name, generation);
        bytes = disk.read(at);
        if (bytes == null) {
          break;
        }
        tree = replayed(schema, tree, bytes, at, disk.read(journal(name, generation + 1)) != null);
      }
      at = name;
      Validator.config(schema.root(), null, tree);
      return Secrets.hashed(schema.root(), tree);
    } catch (IOException e) {
      throw new IOException("the stored configuration " + file.resolveSibling(at) + " cannot be read (" + e.getMessage()
          + "): let the instance's user read it, or move it away to begin from " + next, e);
    } catch (NetconfException e) {
      String aside = at + ".corrupt-" + clock.instant().getEpochSecond();
      disk.rename(at, aside);
      throw new IOException("the stored configuration cannot be used (" + e.getMessage()
          + (e.path() == null ? "" : " at " + e.path()) + "); it is now " + file.resolveSibling(aside)
          + ": repair it and move it back, or start again to begin from "
          + (at.equals(name) ? next : name + ", which is older"));
    }
  }

  private static ContainerNode replayed(Schema schema, ContainerNode tree, byte[] journal, String name,
      boolean followed)
      throws NetconfException {
    Journal.Contents found = Journal.read(journal);
    int rest = journal.length - found.length();
    if (found.damaged() || (rest > 0 && followed)) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED,
          "the journal is damaged at byte " + found.length());
    }
    if (rest > 0) {
      LOG.warn("the last {} bytes of {} were not written whole before power failed, and are left out", rest, name);
    }
    ContainerNode after = tree;
    for (byte[] each : found.contents()) {
      after = applied(schema, after, each);
    }
    return after;
  }

  private static ContainerNode applied(Schema schema, ContainerNode before, byte[] config) throws NetconfException {
    XmlIn in = XmlIn.open(config, 0, config.length);
    if (!in.name().equals("config") || !in.namespace().equals(Schema.NETCONF)) {
      throw in.unknown();
    }
    ContainerNode tree = Editor.apply(schema.root(), before, DataReader.config(in, schema.root()),
        Edit.Operation.MERGE);
    in.end();
    return tree;
  }

  /** 0 for a file that an administrator wrote. */
  private static long generationOf(byte[] file) {
    int from = Math.max(0, file.length - 64);
    Matcher match = GENERATION.matcher(new String(file, from, file.length - from, StandardCharsets.ISO_8859_1));
    return match.find() ? Long.parseLong(match.group(1)) : 0;
  }

  private static String journal(String name, long generation) {
    return name + "." + generation + ".journal";
  }

  /** A tree with nothing in it. */
  public static ContainerNode empty(Schema schema) {
    return ImmutableNodes.newContainerBuilder().withNodeIdentifier(schema.root().id).build();
  }

  @Override
  public synchronized void save(ContainerNode tree) throws IOException {
    var difference = new XmlOut(512);
    if (journal == null || !Difference.write(root, stored, tree, difference)) {
      rewrite(tree);
      return;
    }
    long before = journal.length();
    byte[] record = Journal.record(records + 1, synced, difference.array(), difference.length());
    try {
      journal.write(record, 0, record.length);
      if (durability == Durability.SYNC) {
        journal.sync();
        synced = journal.length();
      }
    } catch (IOException e) {
      giveUp(before);
      throw e;
    }
    records++;
    stored = tree;
    if ((durability == Durability.BATCHED && synced == before) || journal.length() > journalLimit()) {
      notifyAll();
    }
  }

  private long journalLimit() {
    return Math.max(journalBytes, fileBytes);
  }

  /** The change of which so much may be written was refused: it must not be there after a restart. */
  private void giveUp(long length) {
    try {
      journal.truncate(length);
      journal.sync();
    } catch (IOException e) {
      LOG.error("{} cannot be shortened by a change that was refused: {}", journal(name, generation), e.toString());
    }
    abandon();
  }

  private void abandon() {
    try {
      journal.close();
    } catch (IOException e) {
      LOG.warn("{} cannot be closed: {}", journal(name, generation), e.toString());
    }
    journal = null;
  }

  /** Writes the file with another tree than the one stored, at once. */
  private void rewrite(ContainerNode tree) throws IOException {
    awaitFile();
    if (generation < 0) {
      generation = newest();
    }
    byte[] former = disk.read(name);
    if (journal != null) {
      try {
        settle();
      } finally {
        abandon();
      }
    }
    generation++;
    try {
      fileBytes = write(tree, generation);
      fileGeneration = generation;
    } catch (IOException e) {
      restore(former);
      throw e;
    }
    stored = tree;
    forget(generation);
    begin();
  }

  private void settle() throws IOException {
    if (isBehind()) {
      journal.sync();
    }
  }

  /** The file may be the new one already, which was refused. */
  private void restore(byte[] former) {
    try {
      if (former == null) {
        disk.delete(name);
      } else if (!java.util.Arrays.equals(former, disk.read(name))) {
        put(former, former.length);
      }
      disk.syncFolder();
    } catch (IOException e) {
      LOG.error("{} cannot be restored after a change that was refused: {}", name, e.toString());
    }
  }

  /** The journal of the present generation; if it cannot be, the next save writes the file again. */
  private void begin() {
    try {
      Disk.Output next = disk.create(journal(name, generation));
      disk.syncFolder();
      journal = next;
      records = 0;
      synced = 0;
    } catch (IOException e) {
      LOG.error("{} cannot be begun: {}", journal(name, generation), e.toString());
    }
  }

  /** The greatest generation that left anything: it is never used again. */
  private long newest() throws IOException {
    byte[] present = disk.read(name);
    long newest = present == null ? 0 : generationOf(present);
    for (String each : disk.names()) {
      newest = Math.max(newest, journalGeneration(each));
    }
    return newest;
  }

  private long journalGeneration(String file) {
    String number = file.startsWith(name + ".") && file.endsWith(".journal") && file.length() > name.length() + 9
        ? file.substring(name.length() + 1, file.length() - ".journal".length())
        : "";
    return number.matches("\\d{1,18}") ? Long.parseLong(number) : -1;
  }

  private long write(ContainerNode tree, long of) throws IOException {
    var out = new XmlOut(4096);
    out.raw("<config xmlns=\"").raw(Schema.NETCONF).raw("\">");
    new DataWriter(root.schema(), out, null).children(root, tree, Schema.NETCONF, null);
    out.raw("</config>\n<!-- generation ").raw(Long.toString(of)).raw(" -->\n");
    put(out.array(), out.length());
    return out.length();
  }

  private void put(byte[] content, int count) throws IOException {
    String fresh = name + ".new";
    try (Disk.Output file = disk.create(fresh)) {
      file.write(content, 0, count);
      file.sync();
    }
    disk.rename(fresh, name);
    disk.syncFolder();
  }

  /** Journals before the generation of the file are of no use. */
  private void forget(long before) {
    try {
      for (String each : disk.names()) {
        long of = journalGeneration(each);
        if (of >= 0 && of < before) {
          disk.delete(each);
        }
      }
    } catch (IOException e) {
      LOG.warn("old journals of {} cannot be removed: {}", name, e.toString());
    }
  }

  private void awaitFile() throws IOException {
    try {
      while (writing) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  // ---- in the background

  private void keep() {
    try {
      while (true) {
        synchronized (this) {
          while (!closed && !isBehind() && !isLong()) {
            wait();
          }
          if (closed) {
            return;
          }
          long now = System.nanoTime();
          long end = now + TimeUnit.MILLISECONDS.toNanos(BATCH_MILLIS);
          for (; isBehind() && !closed && now < end; now = System.nanoTime()) {
            wait(TimeUnit.NANOSECONDS.toMillis(end - now) + 1);
          }
        }
        sync();
        compact();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isBehind() { return journal != null && synced < journal.length(); }

  private boolean isLong() { return journal != null && !writing && journal.length() > journalLimit(); }

  /** Syncs what is batched, without holding up those who save. */
  void sync() {
    Disk.Output file;
    long length;
    synchronized (this) {
      if (!isBehind()) {
        return;
      }
      file = journal;
      length = file.length();
    }
    IOException failure = null;
    try {
      file.sync();
    } catch (IOException e) {
      failure = e;
    }
    synchronized (this) {
      if (file != journal) {
        return; // given up, or followed by another, meanwhile
      }
      if (failure == null) {
        synced = Math.max(synced, length);
      } else {
        writeAnew(failure);
      }
    }
  }

  private void writeAnew(IOException why) {
    LOG.error("{} cannot be synced, {} is written anew: {}", journal(name, generation), name, why.toString());
    abandon();
    try {
      rewrite(stored);
    } catch (IOException e) {
      LOG.error("{} cannot be written; a power cut loses the last commits: {}", name, e.toString());
    }
  }

  /** Follows a journal that is long enough by another, and writes the file. */
  void compact() {
    ContainerNode tree;
    long of;
    synchronized (this) {
      if (!isLong()) {
        return;
      }
      try {
        journal.sync(); // before any record of the next
      } catch (IOException e) {
        writeAnew(e);
        return;
      }
      abandon();
      generation++;
      begin();
      tree = stored;
      of = generation;
      writing = true;
    }
    long bytes = 0;
    long written = -1;
    try {
      bytes = write(tree, of);
      written = of;
      forget(of);
    } catch (IOException e) {
      LOG.error("{} cannot be written, its journals stay: {}", name, e.toString());
    }
    synchronized (this) {
      fileBytes = Math.max(bytes, fileBytes);
      fileGeneration = Math.max(written, fileGeneration);
      writing = false;
      notifyAll();
    }
  }

  /** Leaves the file alone, with no journal; if it cannot be written, what is there stays and is synced. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      awaitFile();
      closed = true;
      notifyAll();
      if (stored != null) {
        try {
          if (journal == null || records > 0 || fileGeneration != generation) {
            write(stored, ++generation);
          }
          forget(Long.MAX_VALUE);
        } finally {
          if (journal != null) {
            settle();
            abandon();
          }
        }
      }
    }
    if (keeper != null) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
