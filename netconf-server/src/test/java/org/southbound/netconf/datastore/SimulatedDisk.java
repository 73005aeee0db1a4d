// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A disk in memory that forgets when power fails: of what was written to a file and not synced each sector stays or goes by
 * itself; of names made, renamed and deleted and not synced, the first so many stay. It can also fail once, after half of what
 * was to be written.
 */
final class SimulatedDisk implements Disk {
  private static final int SECTOR = 512;

  /** Power has failed. */
  static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A change of the content: bytes at a place, or, without bytes, the length. */
  private static final class Write {
    final int place;
    final byte[] bytes;

    Write(int place, byte[] bytes) {
      this.place = place;
      this.bytes = bytes;
    }

    byte[] on(byte[] content) {
      if (bytes == null) {
        return Arrays.copyOf(content, place);
      }
      byte[] made = Arrays.copyOf(content, Math.max(content.length, place + bytes.length));
      System.arraycopy(bytes, 0, made, place, bytes.length);
      return made;
    }
  }

  private static final class File {
    byte[] kept = {};
    byte[] content = {};
    final List<Write> open = new ArrayList<>();

    void apply(Write write) {
      open.add(write);
      content = write.on(content);
    }

    byte[] afterCut(Random random) {
      byte[] left = kept;
      int mood = random.nextInt(3); // nothing lost, all lost, or some
      for (Write each : open) {
        if (each.bytes == null) {
          left = mood == 0 || random.nextBoolean() ? each.on(left) : left;
          continue;
        }
        for (int from = 0; from < each.bytes.length;) {
          int to = Math.min(each.bytes.length, (each.place + from) / SECTOR * SECTOR + SECTOR - each.place);
          if (mood == 0 || (mood == 2 && random.nextBoolean())) {
            left = new Write(each.place + from, Arrays.copyOfRange(each.bytes, from, to)).on(left);
          }
          from = to;
        }
      }
      return left;
    }
  }

  private interface Naming {
    void on(Map<String, File> names);
  }

  private final Map<String, File> names = new HashMap<>();
  private final Map<String, File> keptNames = new HashMap<>();
  private final List<Naming> openNames = new ArrayList<>();
  private int untilCut = Integer.MAX_VALUE;
  private int untilFailure = Integer.MAX_VALUE;

  /** Power fails instead of the step after so many. */
  void cutAfter(int steps) {
    untilCut = steps;
  }

  /** The step after so many fails, and no other. */
  void failAfter(int steps) {
    untilFailure = steps;
  }

  /** The disk once power is back. */
  SimulatedDisk afterCut(Random random) {
    var disk = new SimulatedDisk();
    int kept = random.nextInt(openNames.size() + 1);
    openNames.subList(0, kept).forEach(each -> each.on(keptNames));
    keptNames.forEach((name, file) -> {
      var same = new File();
      same.kept = file.afterCut(random);
      same.content = same.kept;
      disk.names.put(name, same);
    });
    disk.keptNames.putAll(disk.names);
    return disk;
  }

  private void step() throws IOException {
    if (untilCut-- <= 0) {
      throw new PowerCut();
    }
    if (untilFailure-- == 0) {
      throw new IOException("No space left on device");
    }
  }

  private void name(Naming naming) throws IOException {
    step();
    naming.on(names);
    openNames.add(naming);
  }

  /** Spoils a byte of a file for good. */
  void spoil(String name, int place) {
    names.get(name).content[place] ^= 1;
  }

  @Override
  public byte[] read(String name) {
    File file = names.get(name);
    return file == null ? null : file.content.clone();
  }

  @Override
  public Output create(String name) throws IOException {
    var file = new File();
    name(all -> all.put(name, file));
    return new Output() {
      @Override
      public long length() {
        return file.content.length;
      }

      @Override
      public void write(byte[] bytes, int offset, int count) throws IOException {
        try {
          step();
        } catch (IOException | PowerCut e) {
          file.apply(new Write(file.content.length, Arrays.copyOfRange(bytes, offset, offset + count / 2)));
          throw e;
        }
        file.apply(new Write(file.content.length, Arrays.copyOfRange(bytes, offset, offset + count)));
      }

      @Override
      public void sync() throws IOException {
        step();
        file.kept = file.content;
        file.open.clear();
      }

      @Override
      public void truncate(long length) throws IOException {
        step();
        file.apply(new Write((int) length, null));
      }

      @Override
      public void close() {
        // nothing is held
      }
    };
  }

  @Override
  public void rename(String from, String to) throws IOException {
    name(all -> {
      File file = all.remove(from);
      if (file != null) {
        all.put(to, file);
      }
    });
  }

  @Override
  public void delete(String name) throws IOException {
    name(all -> all.remove(name));
  }

  @Override
  public List<String> names() {
    return List.copyOf(names.keySet());
  }

  @Override
  public void syncFolder() throws IOException {
    step();
    keptNames.clear();
    keptNames.putAll(names);
    openNames.clear();
  }
}
