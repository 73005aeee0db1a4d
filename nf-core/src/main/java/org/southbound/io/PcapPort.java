// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.southbound.metrics.Counter;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * A capture file as a port of bare Ethernet frames: {@code pcap:FILE} is read as an ingress, as fast as the worker goes,
 * and written as an egress. {@code pcap:FILE?speed=N} replays it N times as fast as it was captured.
 */
final class PcapPort implements Port {
  private static final String SPEED = "?speed=";
  private static final Destination FILE = new Destination(null, 0);

  private final String name;
  private final PcapReader reader;
  private final PcapWriter writer;
  private final double speed;

  // Reading.
  private boolean loaded;
  private volatile boolean ended;
  private volatile PortException failure;
  private long firstFrameNanos;
  private long beginNanos;
  private final Counter truncated = new Counter();
  private final Counter oversize = new Counter();

  // Writing.
  private final long wallClock = System.currentTimeMillis() * 1_000_000 - System.nanoTime();
  private int queued;
  private int refused;

  private PcapPort(String name, PcapReader reader, PcapWriter writer, double speed) {
    this.name = name;
    this.reader = reader;
    this.writer = writer;
    this.speed = speed;
    ended = reader == null;
  }

  /** Opens a file to read (ingress) or to write (egress). Throws PortException if that fails. */
  static PcapPort open(String name, String where, Ports.Options options) throws PortException {
    int mark = where.lastIndexOf(SPEED);
    double speed = mark < 0 ? 0 : speed(where.substring(mark + SPEED.length()), options);
    Path path;
    try {
      path = Path.of(mark < 0 ? where : where.substring(0, mark));
    } catch (InvalidPathException malformed) {
      throw PortException.usage("'" + where + "' is no file name; correct " + options.flag());
    }
    return switch (options.direction()) {
      case INGRESS -> new PcapPort(name, PcapReader.open(path), null, speed);
      case EGRESS -> new PcapPort(name, null, PcapWriter.open(path), 0);
      case BOTH -> throw PortException.usage("a file is read or written, not both; correct " + options.flag());
    };
  }

  private static double speed(String text, Ports.Options options) throws PortException {
    try {
      double speed = Double.parseDouble(text);
      if (speed > 0 && speed < Double.POSITIVE_INFINITY) {
        return speed;
      }
    } catch (NumberFormatException malformed) {
      // Reported below.
    }
    throw PortException.usage("speed '" + text + "' is not a number greater than 0; correct " + options.flag());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean tunnel() {
    return false;
  }

  @Override
  public int descriptor() {
    return -1;
  }

  @Override
  public boolean ended() {
    return ended;
  }

  @Override
  public PortException failure() {
    return failure;
  }

  @Override
  public long discarded(Drop reason) {
    return switch (reason) {
      case TRUNCATED -> truncated.get();
      case OVERSIZE -> oversize.get();
      default -> 0;
    };
  }

  @Override
  public int receive(Batch batch) {
    int space = batch.room();
    long now = System.nanoTime();
    int taken = 0;
    while (taken < space && !ended && load() && due(now)) {
      var packet = batch.add();
      packet.length(reader.length());
      MemorySegment.copy(reader.data(), reader.start(), packet.memory(), ValueLayout.JAVA_BYTE, packet.start(),
          reader.length());
      packet.receivedNanos = now;
      loaded = false;
      taken++;
    }
    return taken;
  }

  /** Has the reader at a frame that can be given out; false, and ended, if there is none. */
  private boolean load() {
    while (!loaded) {
      try {
        if (!reader.next()) {
          truncated.add(reader.cutShort() ? 1 : 0);
          ended = true;
          return false;
        }
      } catch (PortException corrupt) {
        failure = corrupt;
        ended = true;
        return false;
      }
      if (reader.truncated()) {
        truncated.add(1);
      } else if (reader.length() > Packet.LONGEST) {
        oversize.add(1);
      } else {
        loaded = true;
      }
    }
    return true;
  }

  private boolean due(long now) {
    if (speed == 0) {
      return true;
    }
    if (beginNanos == 0) {
      beginNanos = now;
      firstFrameNanos = reader.timeNanos();
    }
    return now - beginNanos >= (reader.timeNanos() - firstFrameNanos) / speed;
  }

  @Override
  public Destination destination(InetSocketAddress address) {
    return FILE;
  }

  @Override
  public void send(Packet packet, Destination destination) {
    queued++;
    try {
      if (writer == null) {
        refused++;
      } else {
        writer.write(packet.memory(), packet.start(), packet.length(), wallClock + System.nanoTime());
      }
    } catch (IOException full) {
      refused++;
    }
  }

  @Override
  public int flush() {
    int result = refused;
    if (queued > 0 && writer != null) {
      try {
        writer.flush();
      } catch (IOException full) {
        result = queued;
      }
    }
    queued = 0;
    refused = 0;
    return result;
  }

  @Override
  public void close() {
    ended = true;
    if (reader != null) {
      reader.close();
    } else {
      try {
        writer.close();
      } catch (IOException full) {
        // What could not be written was counted by flush.
      }
    }
  }
}
