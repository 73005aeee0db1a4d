// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing buffer of XML in UTF-8. One thread at a time. Element names must be ASCII. */
public final class XmlOut {
  private byte[] bytes;
  private int length;

  public XmlOut(int capacity) {
    bytes = new byte[capacity];
  }

  public byte[] array() {
    return bytes;
  }

  public int length() {
    return length;
  }

  /** Forgets what was written after {@code mark}, a former {@link #length}. */
  public void truncate(int mark) {
    length = mark;
  }

  public byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  private void need(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  /** Markup as it is, ASCII only. */
  @SuppressWarnings("deprecation") // getBytes(int, int, byte[], int) is the one way to copy ASCII without an encoder
  public XmlOut raw(String ascii) {
    int n = ascii.length();
    need(n);
    ascii.getBytes(0, n, bytes, length);
    length += n;
    return this;
  }

  public XmlOut raw(byte[] from, int offset, int count) {
    need(count);
    System.arraycopy(from, offset, bytes, length, count);
    length += count;
    return this;
  }

  public XmlOut raw(byte[] from) {
    return raw(from, 0, from.length);
  }

  public XmlOut raw(char c) {
    need(1);
    bytes[length++] = (byte) c;
    return this;
  }

  /** Character data, escaped. */
  public XmlOut text(String text) {
    return escaped(text, false);
  }

  /** The value of an attribute in double quotes, escaped. */
  public XmlOut attribute(String name, String value) {
    raw(' ').text(name).raw("=\""); // a client's attributes, which go back to it, may have any name
    return escaped(value, true).raw('"');
  }

  /** {@code <name>text</name>}. */
  public XmlOut element(String name, String text) {
    return raw('<').raw(name).raw('>').text(text).raw("</").raw(name).raw('>');
  }

  private XmlOut escaped(String text, boolean attribute) {
    int n = text.length();
    need(n * 3);
    for (int i = 0; i < n; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        switch (c) {
          case '<' -> raw("&lt;");
          case '>' -> raw("&gt;");
          case '&' -> raw("&amp;");
          case '\r' -> raw("&#13;");
          case '"' -> raw(attribute ? "&quot;" : "\"");
          case '\n' -> raw(attribute ? "&#10;" : "\n");
          case '\t' -> raw(attribute ? "&#9;" : "\t");
          default -> {
            if (c >= ' ') { // XML 1.0 has no other control characters, not even escaped
              raw(c);
            }
          }
        }
        need((n - i) * 3);
      } else {
        int end = Character.isHighSurrogate(c) && i + 1 < n ? i + 2 : i + 1;
        raw(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
        i = end - 1;
      }
    }
    return this;
  }

  /** Replaces {@code reserved} bytes at {@code mark} by a text that is at most as long; what follows moves up. */
  public void replace(int mark, int reserved, String ascii) {
    byte[] head = ascii.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(head, 0, bytes, mark, head.length);
    System.arraycopy(bytes, mark + reserved, bytes, mark + head.length, length - mark - reserved);
    length -= reserved - head.length;
  }

  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
