// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes Ethernet frames to a pcap file with nanoseconds (draft-ietf-opsawg-pcap). One thread. */
public final class PcapWriter implements AutoCloseable {
  private static final int NANOS = 0xa1b23c4d;
  private static final int ETHERNET = 1;
  private static final int SNAP_LENGTH = 262_144;
  private static final int HEADER = 16;

  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
  private final MemorySegment memory = MemorySegment.ofBuffer(buffer);

  /** Opens {@code path}, which is emptied if it exists. Throws PortException if that fails. */
  public static PcapWriter open(Path path) throws PortException {
    try {
      return new PcapWriter(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING));
    } catch (IOException failure) {
      throw PortException.failed("cannot write " + path + ": " + PcapReader.reason(failure), failure);
    }
  }

  private PcapWriter(FileChannel channel) throws IOException {
    this.channel = channel;
    buffer.putInt(NANOS).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0).putInt(SNAP_LENGTH)
        .putInt(ETHERNET);
    flush();
  }

  /** Adds a frame of {@code length} octets of {@code from}; it is in the file after {@link #flush}. */
  public void write(MemorySegment from, long at, int length, long timeNanos) throws IOException {
    if (buffer.remaining() < HEADER + length) {
      flush();
    }
    buffer.putInt((int) (timeNanos / 1_000_000_000)).putInt((int) (timeNanos % 1_000_000_000));
    buffer.putInt(length).putInt(length);
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, memory, ValueLayout.JAVA_BYTE, buffer.position(), length);
    buffer.position(buffer.position() + length);
  }

  /** Writes all frames so far to the file, so that a reader sees whole records. */
  public void flush() throws IOException {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } finally {
      buffer.compact();
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (channel.isOpen()) {
        flush();
      }
    } finally {
      channel.close();
    }
  }
}
