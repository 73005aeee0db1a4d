// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of the past on disk, for replay (RFC 5277 section 3.3): files of records, each file named by the number of its
 * first event; the oldest go when there is too much or when they are too old. One thread writes, taking events from the
 * {@link EventLog} at its own pace: whoever publishes never waits for the disk. What is written is synced within a second. A torn
 * or corrupt end of a file is cut off. Thread-safe.
 *
 * <pre>
 * record: length(4) crc32c(4) number(8) epoch-second(8) nano(4) notification(length)
 * </pre>
 */
final class ReplayLog implements AutoCloseable {
  /** How much is kept: bytes in all, and for how long. A file is begun when the last one has that many bytes. */
  record Bounds(long bytes, Duration age, long fileBytes) {
    static final Bounds DEFAULT = new Bounds(32L << 20, Duration.ofDays(7), 1L << 20);
  }

  /** An event as it is stored. */
  static final class Stored {
    final long number;
    final Instant time;
    final byte[] xml;

    Stored(long number, Instant time, byte[] xml) {
      this.number = number;
      this.time = time;
      this.xml = xml;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(ReplayLog.class);
  private static final String SUFFIX = ".events";
  private static final int HEADER = 28;
  private static final int MAX_RECORD = 64 << 20;
  private static final int BATCH = 64 * 1024;
  private static final long SYNC_MILLIS = 1000;
  private static final long RETRY_MILLIS = 10_000;
  private static final long GATHER_MILLIS = 5;
  private static final long PATIENCE_MILLIS = 200;

  /** One file; {@code begun} is the time of its first event. */
  private static final class Segment {
    final Path file;
    final long first;
    final Instant begun;
    volatile long length;

    Segment(Path file, long first, Instant begun, long length) {
      this.file = file;
      this.first = first;
      this.begun = begun;
      this.length = length;
    }
  }

  private final Path folder;
  private final Bounds bounds;
  private final InstantSource clock;
  private final ArrayList<Segment> segments = new ArrayList<>(); // guarded by this
  private Instant created;
  private Instant aged;
  private long next;
  private FileChannel channel; // of the last segment; the writer's
  private boolean torn; // the last segment may end in half an event
  private long missed; // the writer's, like the next
  private Instant quietUntil = Instant.MIN;
  private Thread writer;
  private boolean behind;
  private boolean woken;
  private boolean idle;
  private boolean awaited;
  private boolean closed;

  /** Opens what is in the folder, which is made if it is not there. */
  ReplayLog(Path folder, Bounds bounds, InstantSource clock) throws IOException {
    this.folder = folder;
    this.bounds = bounds;
    this.clock = clock;
    Files.createDirectories(folder);
    List<Path> files;
    try (var list = Files.list(folder)) {
      files = list.filter(each -> each.getFileName().toString().endsWith(SUFFIX)).sorted().toList();
    }
    for (Path each : files) {
      open(each);
    }
    recoverTail();
    readIndex();
    expire();
  }

  private void open(Path file) throws IOException {
    try (var in = FileChannel.open(file, StandardOpenOption.READ)) {
      Stored head = record(in, 0, in.size());
      if (head != null) {
        segments.add(new Segment(file, head.number, head.time, in.size()));
        return;
      }
    }
    Files.delete(file); // not one whole event in it
  }

  /** Cuts what a crash left half written off the newest file, and finds the number to go on with. */
  private void recoverTail() throws IOException {
    if (segments.isEmpty()) {
      return;
    }
    Segment last = segments.getLast();
    try (var in = FileChannel.open(last.file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long at = 0;
      for (Stored each = record(in, 0, last.length); each != null; each = record(in, at, last.length)) {
        at += HEADER + each.xml.length;
        next = each.number + 1;
      }
      if (at < last.length) {
        LOG.warn("{} had {} bytes at its end that are no event; they are cut off", last.file, last.length - at);
        in.truncate(at);
        last.length = at;
      }
    }
  }

  /** The record at a position, or null if there is no whole one. */
  private static Stored record(FileChannel in, long position, long end) throws IOException {
    var header = ByteBuffer.allocate(HEADER);
    if (position + HEADER > end || !fill(in, header, position)) {
      return null;
    }
    int length = header.getInt(0);
    if (length < 0 || length > MAX_RECORD || position + HEADER + length > end) {
      return null;
    }
    var body = ByteBuffer.allocate(length);
    if (!fill(in, body, position + HEADER) || checksum(header, body.array()) != header.getInt(4)) {
      return null;
    }
    try {
      return new Stored(header.getLong(8), Instant.ofEpochSecond(header.getLong(16), header.getInt(24)), body.array());
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static boolean fill(FileChannel in, ByteBuffer into, long position) throws IOException {
    while (into.hasRemaining()) {
      if (in.read(into, position + into.position()) < 0) {
        return false;
      }
    }
    return true;
  }

  private static int checksum(ByteBuffer header, byte[] body) {
    var crc = new CRC32C();
    crc.update(header.slice(8, HEADER - 8));
    crc.update(body);
    return (int) crc.getValue();
  }

  /** The number that follows the last one stored. */
  synchronized long next() {
    return next;
  }

  /** When the log was begun. */
  synchronized Instant created() {
    return created;
  }

  /** When the newest event that is no longer kept happened, or null. */
  synchronized Instant aged() {
    return aged;
  }

  // ---- what is not in the events: when the log was begun and how far back it goes

  private Path index() {
    return folder.resolve("index");
  }

  private void readIndex() throws IOException {
    try {
      List<String> lines = Files.readAllLines(index());
      created = Instant.parse(lines.get(0));
      aged = lines.size() < 2 ? null : Instant.parse(lines.get(1));
    } catch (IOException | DateTimeException | IndexOutOfBoundsException e) { // not there, or not whole
      created = segments.isEmpty() ? clock.instant() : segments.getFirst().begun;
      writeIndex();
    }
  }

  private void writeIndex() throws IOException {
    Path fresh = folder.resolve("index.new");
    Files.writeString(fresh, created + "\n" + (aged == null ? "" : aged + "\n"));
    Files.move(fresh, index(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  // ---- writing

  /** Stores what the log gets from now on. */
  void follow(EventLog log) {
    writer = Thread.ofPlatform().daemon().name("event-log").start(() -> run(log));
  }

  /** There are new events in the log. */
  synchronized void wake() {
    woken = true;
    if (idle) {
      notifyAll();
    }
  }

  /**
   * Waits a little until all before {@code number} is stored: for the thread that fills the log, so that a burst does not
   * overwrite what is yet to be stored. A disk that does not keep up is not waited for again until it has caught up.
   */
  synchronized void await(long number) {
    long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    try {
      awaited = next < number;
      if (awaited) {
        notifyAll();
      }
      while (next < number && !behind && !closed) {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          behind = true;
        } else {
          wait(left);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(EventLog log) {
    long cursor = log.first();
    var batch = ByteBuffer.allocate(BATCH);
    boolean unsynced = false;
    while (true) {
      boolean last;
      synchronized (this) {
        try {
          if (!woken && !closed) {
            idle = true;
            wait(unsynced ? SYNC_MILLIS : 0);
            idle = false;
          }
          if (!awaited && !closed) {
            wait(GATHER_MILLIS); // more events may be close behind, and it is waking that costs
          }
        } catch (InterruptedException e) {
          closed = true;
        }
        woken = false;
        last = closed;
      }
      try {
        long before = cursor;
        cursor = store(log, cursor, batch);
        unsynced |= cursor != before;
        if (unsynced && channel != null && (last || cursor == before)) {
          channel.force(false);
          unsynced = false;
        }
      } catch (IOException e) {
        LOG.error("events cannot be stored in {} ({}); those of the next {} s cannot be replayed later", folder,
            e.getMessage(), RETRY_MILLIS / 1000);
        abandon();
        torn = true;
        synchronized (this) {
          behind = true;
        }
        batch.clear();
        cursor = log.next();
        pause();
      }
      if (last) {
        abandon();
        return;
      }
    }
  }

  private long store(EventLog log, long from, ByteBuffer batch) throws IOException {
    long cursor = from;
    while (true) {
      Event event;
      try {
        event = log.get(cursor);
      } catch (EventLog.Overwritten e) {
        missed += log.first() - cursor;
        cursor = log.first();
        continue;
      }
      if (event == null) {
        flush(batch);
        sayMissed();
        synchronized (this) {
          behind = false;
        }
        return cursor;
      }
      if (batch.remaining() < HEADER + event.xml.length) {
        flush(batch);
      }
      rotate(event, batch);
      ByteBuffer into = batch.remaining() >= HEADER + event.xml.length ? batch
          : ByteBuffer.allocate(HEADER + event.xml.length);
      put(event, into);
      if (into != batch) {
        flush(into);
      }
      cursor++;
      synchronized (this) {
        next = cursor;
        notifyAll();
      }
    }
  }

  private void sayMissed() {
    Instant now = clock.instant();
    if (missed > 0 && now.isAfter(quietUntil)) {
      LOG.warn("events come faster than {} takes them; {} of them cannot be replayed later", folder, missed);
      missed = 0;
      quietUntil = now.plusMillis(RETRY_MILLIS);
    }
  }

  private static void put(Event event, ByteBuffer into) {
    var header = ByteBuffer.allocate(HEADER).putLong(8, event.number).putLong(16, event.time.getEpochSecond())
        .putInt(24, event.time.getNano());
    header.putInt(0, event.xml.length).putInt(4, checksum(header, event.xml));
    into.put(header).put(event.xml);
  }

  private void flush(ByteBuffer batch) throws IOException {
    batch.flip();
    int count = batch.remaining();
    try {
      while (batch.hasRemaining()) {
        channel.write(batch);
      }
    } finally {
      batch.clear();
    }
    if (count > 0) {
      synchronized (this) {
        segments.getLast().length += count;
      }
    }
  }

  /** Begins a file if the last one is full, or so old that it would outlive its events. */
  private void rotate(Event event, ByteBuffer batch) throws IOException {
    Segment last;
    synchronized (this) {
      last = segments.isEmpty() ? null : segments.getLast();
    }
    boolean fit = last != null && !torn && last.length + batch.position() < bounds.fileBytes
        && last.begun.isAfter(clock.instant().minus(bounds.age.dividedBy(8)));
    if (fit && channel != null) {
      return;
    }
    if (channel != null) {
      flush(batch);
      channel.force(false);
      channel.close();
      channel = null;
    }
    if (fit) {
      channel = FileChannel.open(last.file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
      return;
    }
    Path file = folder.resolve(String.format("%016x", event.number) + SUFFIX);
    channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
    synchronized (this) {
      segments.add(new Segment(file, event.number, event.time, 0));
    }
    torn = false;
    expire();
  }

  private void expire() throws IOException {
    Instant oldest = clock.instant().minus(bounds.age);
    boolean changed = false;
    while (true) {
      Segment gone;
      synchronized (this) {
        long bytes = segments.stream().mapToLong(each -> each.length).sum();
        if (segments.size() < 2 || (bytes <= bounds.bytes && segments.get(1).begun.isAfter(oldest))) {
          break;
        }
        gone = segments.removeFirst();
      }
      Instant newest = newestOf(gone);
      synchronized (this) {
        aged = newest;
      }
      Files.deleteIfExists(gone.file);
      changed = true;
    }
    if (changed) {
      writeIndex();
    }
  }

  private static Instant newestOf(Segment segment) throws IOException {
    Instant newest = segment.begun;
    try (var in = FileChannel.open(segment.file, StandardOpenOption.READ)) {
      long at = 0;
      for (Stored each = record(in, 0, segment.length); each != null; each = record(in, at, segment.length)) {
        at += HEADER + each.xml.length;
        newest = each.time;
      }
    }
    return newest;
  }

  private void abandon() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      LOG.warn("{}: {}", folder, e.getMessage());
    }
    channel = null;
  }

  private synchronized void pause() {
    long end = System.nanoTime() + RETRY_MILLIS * 1_000_000;
    try {
      for (long left = RETRY_MILLIS; left > 0 && !closed; left = (end - System.nanoTime()) / 1_000_000) {
        wait(left);
      }
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  /** Stores what is still in the log. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (writer != null) {
      try {
        writer.join(2000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  // ---- reading

  /** Reads from the first event that is not older than a time. */
  Reader since(Instant start) {
    return new Reader(start);
  }

  /** Reads forward. One thread at a time. */
  final class Reader {
    private final Instant start;
    private long number = -1;
    private long position;
    private Segment segment;

    private Reader(Instant start) {
      this.start = start;
      synchronized (ReplayLog.this) {
        for (Segment each : segments) {
          segment = segment == null || !each.begun.isAfter(start) ? each : segment;
        }
      }
    }

    /** Some more events in order, about that many bytes; none if there are none at present. Those that are gone are left out. */
    List<Stored> read(long bytes) throws IOException {
      var found = new ArrayList<Stored>();
      long room = bytes;
      while (room > 0 && segment != null) {
        long end = segment.length;
        try (var in = FileChannel.open(segment.file, StandardOpenOption.READ)) {
          while (room > 0) {
            Stored each = record(in, position, end);
            if (each == null) {
              break;
            }
            position += HEADER + each.xml.length;
            if (number >= 0 || !each.time.isBefore(start)) {
              number = each.number + 1;
              found.add(each);
              room -= each.xml.length;
            }
          }
        } catch (java.nio.file.NoSuchFileException e) {
          // Aged out meanwhile: what follows it is next.
        }
        if (room > 0 && !more(end)) {
          break;
        }
      }
      return found;
    }

    /** True if there may be more, in this file or in the following one. */
    private boolean more(long end) {
      Segment following;
      synchronized (ReplayLog.this) {
        following = segments.stream().filter(each -> each.first > segment.first).findFirst().orElse(null);
      }
      if (segment.length > end) { // written to before the following one was begun
        return true;
      }
      if (following == null) {
        return false;
      }
      segment = following;
      position = 0;
      return true;
    }
  }
}
