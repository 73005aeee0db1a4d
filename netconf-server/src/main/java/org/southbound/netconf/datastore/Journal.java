// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The format of a journal: records one after the other, each a line {@code #number length synced checksum} and the content. The
 * checksum (CRC-32C, hexadecimal) is that of the line before it and the content; {@code synced} is how much of the file was known
 * to be on the disk when the record was written. So the end of a file, which a power cut may tear, can be told from damage to
 * what was there for good.
 */
final class Journal {
  private static final Pattern HEAD = Pattern.compile("#(\\d{1,18}) (\\d{1,9}) (\\d{1,18}) ");
  private static final int MAX_HEAD = 64;
  private static final int CHECKSUM = 8;

  private record Entry(long number, int from, int to, long synced) {
  }

  /**
   * What can be read.
   *
   * @param contents of the records, in order, up to the first that is not whole
   * @param length of these records in the file
   * @param damaged something after that was on the disk for good
   */
  record Contents(List<byte[]> contents, int length, boolean damaged) {
  }

  private Journal() {
  }

  /** One record. */
  static byte[] record(long number, long synced, byte[] content, int count) {
    byte[] head = ("#" + number + " " + count + " " + synced + " ").getBytes(StandardCharsets.US_ASCII);
    byte[] record = new byte[head.length + CHECKSUM + 1 + count + 1];
    System.arraycopy(head, 0, record, 0, head.length);
    int at = head.length;
    byte[] checksum = checksum(head, 0, head.length, content, 0, count).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(checksum, 0, record, at, CHECKSUM);
    at += CHECKSUM;
    record[at++] = '\n';
    System.arraycopy(content, 0, record, at, count);
    record[at + count] = '\n';
    return record;
  }

  private static String checksum(byte[] head, int from, int length, byte[] content, int start, int count) {
    var crc = new CRC32C();
    crc.update(head, from, length);
    crc.update(content, start, count);
    String hex = Long.toHexString(crc.getValue());
    return "0".repeat(CHECKSUM - hex.length()) + hex;
  }

  static Contents read(byte[] file) {
    var contents = new ArrayList<byte[]>();
    int at = 0;
    for (long number = 1; at < file.length; number++) {
      Entry record = at(file, at);
      if (record == null || record.number != number) {
        return new Contents(contents, at, damaged(file, at));
      }
      contents.add(java.util.Arrays.copyOfRange(file, record.from, record.to));
      at = record.to + 1;
    }
    return new Contents(contents, at, false);
  }

  /** A later record says that this place had been synced. */
  private static boolean damaged(byte[] file, int place) {
    for (int at = place + 1; at < file.length; at++) {
      if (file[at] == '#' && file[at - 1] == '\n') {
        Entry record = at(file, at);
        if (record != null && record.synced > place) {
          return true;
        }
      }
    }
    return false;
  }

  /** The record at a place, or null if there is none that is whole. */
  private static Entry at(byte[] file, int at) {
    Matcher head = HEAD.matcher(
        new String(file, at, Math.min(MAX_HEAD, file.length - at), StandardCharsets.ISO_8859_1));
    if (!head.lookingAt()) {
      return null;
    }
    int count = Integer.parseInt(head.group(2));
    int checksum = at + head.end();
    int from = checksum + CHECKSUM + 1;
    if (count > file.length - from - 1 || file[from - 1] != '\n' || file[from + count] != '\n') {
      return null;
    }
    String is = new String(file, checksum, CHECKSUM, StandardCharsets.ISO_8859_1);
    return is.equals(checksum(file, at, head.end(), file, from, count))
        ? new Entry(Long.parseLong(head.group(1)), from, from + count, Long.parseLong(head.group(3)))
        : null;
  }
}
