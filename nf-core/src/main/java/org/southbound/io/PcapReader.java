// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads frames from capture files: pcap with micro- and nanoseconds, and pcapng, either byte order, plain or gzip
 * (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). What is no Ethernet is given an Ethernet header. One thread.
 */
public final class PcapReader implements AutoCloseable {
  private static final VarHandle SHORT_BE = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle SHORT_LE = MethodHandles.byteArrayViewVarHandle(short[].class,
      ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT_BE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int MICROS = 0xa1b2c3d4;
  private static final int NANOS = 0xa1b23c4d;
  private static final int SECTION = 0x0a0d0d0a;
  private static final int SECTION_ORDER = 0x1a2b3c4d;
  private static final int INTERFACE = 1;
  private static final int OBSOLETE_PACKET = 2;
  private static final int SIMPLE_PACKET = 3;
  private static final int ENHANCED_PACKET = 6;
  private static final int IF_TSRESOL = 9;
  private static final int IF_TSOFFSET = 14;

  private static final int NULL = 0;
  private static final int ETHERNET = 1;
  private static final int RAW_BSD = 12;
  private static final int RAW_OPENBSD = 14;
  private static final int RAW = 101;
  private static final int LOOP = 108;
  private static final int LINUX_SLL = 113;
  private static final int IPV4 = 228;
  private static final int IPV6 = 229;
  private static final int LINUX_SLL2 = 276;

  private static final int ETHERNET_HEADER = 14;
  /** Far more than any frame; a greater length is a corrupt file. */
  private static final int LONGEST_RECORD = 1 << 24;

  private final String file;
  private final InputStream in;
  private boolean bigEndian;
  private final boolean blocks;
  private long records;
  private boolean within;
  private boolean cut;

  // pcap: of the file. pcapng: of the current section.
  private int linkType;
  private boolean nanos;
  private final List<Interface> interfaces = new ArrayList<>();

  /** The record as it is in the file, and the frame in it with room for an Ethernet header in front. */
  private byte[] data = new byte[ETHERNET_HEADER + 65_536];
  private int start;
  private int end;
  private long originalLength;
  private long timeNanos;

  /** An interface description block: how to read the packets that name it. Time is in units of 1/perSecond. */
  private record Interface(int linkType, long snapLength, long perSecond, long offsetSeconds) {
  }

  /** Opens {@code path} and checks its header. Throws PortException if it is no capture file. */
  public static PcapReader open(Path path) throws PortException {
    InputStream in = null;
    try {
      in = Files.newInputStream(path);
      return new PcapReader(path.toString(), unpacked(in));
    } catch (IOException failure) {
      close(in);
      throw PortException.failed("cannot read " + path + ": " + reason(failure), failure);
    } catch (PortException failure) {
      close(in);
      throw failure;
    }
  }

  private static void close(InputStream in) {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException ignored) {
      // Nothing was written, so nothing is lost.
    }
  }

  static String reason(IOException failure) {
    return switch (failure) {
      case NoSuchFileException missing -> "no such file";
      case FileNotFoundException missing -> "no such file";
      case AccessDeniedException denied -> "permission denied";
      case EOFException cut -> "the file ends too early";
      case ZipException corrupt -> "corrupt gzip data (" + corrupt.getMessage() + ")";
      default -> failure.getMessage();
    };
  }

  private static InputStream unpacked(InputStream in) throws IOException {
    var back = new PushbackInputStream(new java.io.BufferedInputStream(in, 1 << 18), 2);
    byte[] magic = back.readNBytes(2);
    back.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    return gzip ? new java.io.BufferedInputStream(new GZIPInputStream(back, 1 << 16), 1 << 18) : back;
  }

  private PcapReader(String file, InputStream in) throws IOException, PortException {
    this.file = file;
    this.in = in;
    if (in.readNBytes(data, 0, 4) < 4) {
      throw corrupt("is too short for a capture file");
    }
    int magic = (int) INT_BE.get(data, 0);
    blocks = magic == SECTION;
    if (blocks) {
      section();
      return;
    }
    int other = Integer.reverseBytes(magic);
    bigEndian = magic == MICROS || magic == NANOS;
    nanos = magic == NANOS || other == NANOS;
    if (!bigEndian && other != MICROS && other != NANOS) {
      throw corrupt("is neither pcap nor pcapng; convert it with editcap");
    }
    if (in.readNBytes(data, 0, 20) < 20) {
      throw corrupt("is too short for a capture file");
    }
    linkType = supported(int32(16) & 0xffff);
  }

  /** Goes to the next frame; false at the end of the file. Throws PortException if the file is corrupt. */
  public boolean next() throws PortException {
    within = false;
    try {
      return blocks ? nextBlock() : nextRecord();
    } catch (IOException failure) {
      throw PortException.failed(
          "cannot read " + file + ": " + reason(failure) + " at record " + (within ? records : records + 1), failure);
    }
  }

  private void begin() {
    records++;
    within = true;
  }

  private boolean nextRecord() throws IOException, PortException {
    int got = in.readNBytes(data, 0, 16);
    if (got < 16) {
      cut = got > 0;
      return false;
    }
    begin();
    long seconds = int32(0) & 0xffff_ffffL;
    long fraction = int32(4) & 0xffff_ffffL;
    timeNanos = seconds * 1_000_000_000 + (nanos ? fraction : fraction * 1000);
    originalLength = int32(12) & 0xffff_ffffL;
    return read(int32(8), int32(8)) && ethernet(linkType);
  }

  private boolean nextBlock() throws IOException, PortException {
    while (true) {
      int got = in.readNBytes(data, 0, 4);
      if (got < 4) {
        cut = got > 0;
        return false;
      }
      if ((int) INT_BE.get(data, 0) == SECTION) {
        section();
        continue;
      }
      int type = int32(0);
      if (in.readNBytes(data, 0, 4) < 4) {
        cut = true;
        return false;
      }
      int length = blockLength(int32(0));
      switch (type) {
        case INTERFACE -> describe(length);
        case ENHANCED_PACKET, OBSOLETE_PACKET -> {
          return packet(type, length);
        }
        case SIMPLE_PACKET -> {
          return simplePacket(length);
        }
        default -> {
          if (!skip(length)) {
            return false;
          }
        }
      }
    }
  }

  /** Octets of a block between its two lengths. */
  private int blockLength(int total) throws PortException {
    if (total < 12 || total % 4 != 0 || total > LONGEST_RECORD) {
      throw corrupt("is corrupt: block of " + (total & 0xffff_ffffL) + " octets");
    }
    return total - 12;
  }

  /** A section header block behind its type: byte order, and no interfaces yet. */
  private void section() throws IOException, PortException {
    if (in.readNBytes(data, 0, 8) < 8) {
      throw corrupt("is corrupt: a section header is cut short");
    }
    int order = (int) INT_BE.get(data, 4);
    bigEndian = order == SECTION_ORDER;
    if (!bigEndian && Integer.reverseBytes(order) != SECTION_ORDER) {
      throw corrupt("is corrupt: unknown byte order of a section");
    }
    interfaces.clear();
    int length = blockLength(int32(0));
    // The body and the repeated length: four octets of the body, the byte order, have been read.
    if (length < 16 || !body(length - 4)) {
      throw corrupt("is corrupt: a section header is cut short");
    }
    if (int16(0) != 1) {
      throw corrupt("has an unknown version of pcapng");
    }
  }

  private void describe(int length) throws IOException, PortException {
    if (length < 8 || !body(length)) {
      throw corrupt("is corrupt: an interface description is cut short");
    }
    long perSecond = 1_000_000;
    long offset = 0;
    for (int at = 8; at + 4 <= length;) {
      int code = int16(at);
      int size = int16(at + 2);
      if (code == 0 || at + 4 + size > length) {
        break;
      }
      if (code == IF_TSRESOL && size == 1) {
        perSecond = resolution(data[at + 4]);
      } else if (code == IF_TSOFFSET && size == 8) {
        long first = int32(at + 4) & 0xffff_ffffL;
        long second = int32(at + 8) & 0xffff_ffffL;
        offset = bigEndian ? (first << 32) + second : (second << 32) + first;
      }
      at += 4 + (size + 3 & ~3);
    }
    interfaces.add(new Interface(int16(0), int32(4) & 0xffff_ffffL, perSecond, offset));
  }

  /** Negative power of 10, or with the high bit of 2 (draft-ietf-opsawg-pcapng section 4.2). */
  private long resolution(byte value) throws PortException {
    int power = value & 0x7f;
    if (power > (value < 0 ? 62 : 18)) {
      throw corrupt("has a timestamp resolution that is not supported");
    }
    return value < 0 ? 1L << power : Math.round(Math.pow(10, power));
  }

  private boolean packet(int type, int length) throws IOException, PortException {
    if (length < 20) {
      throw corrupt("is corrupt: packet block of " + length + " octets");
    }
    begin();
    if (in.readNBytes(data, 0, 20) < 20) {
      cut = true;
      return false;
    }
    var source = source(type == ENHANCED_PACKET ? int32(0) : int16(0));
    long ticks = ((int32(4) & 0xffff_ffffL) << 32) + (int32(8) & 0xffff_ffffL);
    timeNanos = (source.offsetSeconds + ticks / source.perSecond) * 1_000_000_000
        + Math.round((double) (ticks % source.perSecond) * 1e9 / source.perSecond);
    int captured = int32(12);
    originalLength = int32(16) & 0xffff_ffffL;
    if (captured < 0 || captured > length - 20) {
      throw corrupt("is corrupt: a packet is longer than its block");
    }
    return read(captured, length - 20 + 4) && ethernet(source.linkType);
  }

  private boolean simplePacket(int length) throws IOException, PortException {
    if (length < 4) {
      throw corrupt("is corrupt: packet block of " + length + " octets");
    }
    begin();
    if (in.readNBytes(data, 0, 4) < 4) {
      cut = true;
      return false;
    }
    var source = source(0);
    originalLength = int32(0) & 0xffff_ffffL;
    long captured = Math.min(originalLength, length - 4);
    if (source.snapLength > 0) {
      captured = Math.min(captured, source.snapLength);
    }
    return read((int) captured, length - 4 + 4) && ethernet(source.linkType);
  }

  private Interface source(int number) throws PortException {
    if (number < 0 || number >= interfaces.size()) {
      throw corrupt("is corrupt: a packet names interface " + (number & 0xffff_ffffL) + ", which is not described");
    }
    return interfaces.get(number);
  }

  /** Reads a body of {@code length} octets and the repeated length behind it, all at the start of the data. */
  private boolean body(int length) throws IOException {
    if (data.length < length + 4) {
      data = new byte[length + 4];
    }
    return in.readNBytes(data, 0, length + 4) == length + 4;
  }

  private boolean skip(int length) throws IOException {
    try {
      in.skipNBytes(length + 4L);
      return true;
    } catch (EOFException end) {
      cut = true;
      return false;
    }
  }

  /** Reads {@code stored} octets, of which the first {@code captured} are the packet; false if the file ends before. */
  private boolean read(int captured, int stored) throws IOException, PortException {
    if (captured < 0 || captured > LONGEST_RECORD) {
      throw corrupt("is corrupt: a packet of " + (captured & 0xffff_ffffL) + " octets");
    }
    if (data.length < ETHERNET_HEADER + stored) {
      data = new byte[ETHERNET_HEADER + stored];
    }
    start = ETHERNET_HEADER;
    end = start + captured;
    if (in.readNBytes(data, start, stored) < stored) {
      cut = true;
      return false;
    }
    return true;
  }

  /** Puts an Ethernet header in place of whatever the link type has; true. */
  private boolean ethernet(int type) throws PortException {
    int before = start;
    switch (supported(type)) {
      case RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6 -> header(start, end > start ? ipType(start) : 0);
      case NULL, LOOP -> {
        if (end - start >= 4) {
          header(start + 4, end - start > 4 ? ipType(start + 4) : 0);
        }
      }
      case LINUX_SLL -> {
        if (end - start >= 16) {
          header(start + 16, (short) SHORT_BE.get(data, start + 14) & 0xffff);
        }
      }
      case LINUX_SLL2 -> {
        if (end - start >= 20) {
          header(start + 20, (short) SHORT_BE.get(data, start) & 0xffff);
        }
      }
      default -> {
      }
    }
    originalLength += before - start;
    return true;
  }

  /** Writes an Ethernet header of zero addresses in front of {@code payload}; the frame starts there. */
  private void header(int payload, int etherType) {
    start = payload - ETHERNET_HEADER;
    for (int i = start; i < payload - 2; i++) {
      data[i] = 0;
    }
    SHORT_BE.set(data, payload - 2, (short) etherType);
  }

  private int ipType(int at) {
    return switch (data[at] >> 4 & 15) {
      case 4 -> 0x0800;
      case 6 -> 0x86dd;
      default -> 0;
    };
  }

  private int supported(int type) throws PortException {
    return switch (type) {
      case NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2 -> type;
      default -> throw corrupt("has link type " + type + ", which is not supported; capture on an Ethernet interface");
    };
  }

  private PortException corrupt(String what) {
    String at = within ? " (record " + records + ")" : records == 0 ? "" : " (behind record " + records + ")";
    return PortException.failed(file + " " + what + at, null);
  }

  private int int32(int at) {
    return bigEndian ? (int) INT_BE.get(data, at) : (int) INT_LE.get(data, at);
  }

  private int int16(int at) {
    return (bigEndian ? (short) SHORT_BE.get(data, at) : (short) SHORT_LE.get(data, at)) & 0xffff;
  }

  /** Array that holds the frame, until the next {@link #next}. */
  public byte[] data() {
    return data;
  }

  /** Where the frame starts in the array. */
  public int start() {
    return start;
  }

  /** Captured octets of the frame. */
  public int length() {
    return end - start;
  }

  /** Whether the capture kept only the beginning of the frame. */
  public boolean truncated() {
    return originalLength > length();
  }

  /** When the frame was captured, nanoseconds since 1970. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Whether the file ended in the middle of a record. */
  public boolean cutShort() {
    return cut;
  }

  /** Records read. */
  public long records() {
    return records;
  }

  @Override
  public void close() {
    close(in);
  }
}
