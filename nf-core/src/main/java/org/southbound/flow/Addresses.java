// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

/** IP addresses as two words, high and low (IPv4: the lower 32 bits of low), and their text. Never asks a name server. */
public final class Addresses {
  private Addresses() {
  }

  /** Text of an address; IPv6 as RFC 5952 says. */
  public static String text(int ipVersion, long high, long low) {
    if (ipVersion == 4) {
      return (low >>> 24 & 0xff) + "." + (low >>> 16 & 0xff) + "." + (low >>> 8 & 0xff) + "." + (low & 0xff);
    }
    if (high == 0 && low >>> 32 == 0xffff) {
      return "::ffff:" + text(4, 0, low & 0xffffffffL);
    }
    // The longest run of zero groups, the first of equals, at least two (RFC 5952 section 4.2).
    int runStart = 8;
    int runLength = 1;
    for (int i = 0; i < 8; i++) {
      int j = i;
      while (j < 8 && group(high, low, j) == 0) {
        j++;
      }
      if (j - i > runLength) {
        runStart = i;
        runLength = j - i;
      }
      i = Math.max(i, j - 1);
    }
    var text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == runStart) {
        text.append("::");
        i += runLength - 1;
      } else {
        if (i > 0 && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(group(high, low, i)));
      }
    }
    return text.toString();
  }

  private static int group(long high, long low, int i) {
    return (int) ((i < 4 ? high : low) >>> (48 - 16 * (i & 3))) & 0xffff;
  }

  /** Reads an address without zone: {@code {ipVersion, high, low}}. Throws ScopeException. */
  static long[] parse(String text) {
    return text.indexOf(':') < 0 ? new long[]{4, 0, parse4(text)} : parse6(text);
  }

  private static long parse4(String text) {
    var octets = text.split("\\.", -1);
    long address = 0;
    for (var octet : octets) {
      address = address << 8 | number(octet, 10, 3, 255, text);
    }
    if (octets.length != 4) {
      throw bad(text);
    }
    return address;
  }

  private static long[] parse6(String text) {
    int gap = text.indexOf("::");
    var words = new long[2];
    if (gap < 0) {
      if (put(text, words, 0, text) != 8) {
        throw bad(text);
      }
    } else {
      int first = put(text.substring(0, gap), words, 0, text);
      var tail = new long[2];
      int rest = put(text.substring(gap + 2), tail, 0, text);
      if (first + rest > 7) {
        throw bad(text);
      }
      put(text.substring(gap + 2), words, 8 - rest, text);
    }
    return new long[]{6, words[0], words[1]};
  }

  /** Puts the groups of {@code part} from group {@code at} on; returns the group after the last. */
  private static int put(String part, long[] words, int at, String text) {
    if (part.isEmpty()) {
      return at;
    }
    var groups = part.split(":", -1);
    for (int i = 0; i < groups.length; i++) {
      if (i == groups.length - 1 && groups[i].indexOf('.') >= 0) {
        long address = parse4(groups[i]);
        set(words, at++, address >>> 16, text);
        set(words, at++, address & 0xffff, text);
      } else {
        set(words, at++, number(groups[i], 16, 4, 0xffff, text), text);
      }
    }
    return at;
  }

  private static void set(long[] words, int group, long value, String text) {
    if (group > 7) {
      throw bad(text);
    }
    words[group >>> 2] |= value << (48 - 16 * (group & 3));
  }

  private static int number(String digits, int radix, int most, int greatest, String text) {
    if (digits.isEmpty() || digits.length() > most) {
      throw bad(text);
    }
    int value = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(i) < 128 ? Character.digit(digits.charAt(i), radix) : -1;
      if (digit < 0) {
        throw bad(text);
      }
      value = value * radix + digit;
    }
    if (value > greatest) {
      throw bad(text);
    }
    return value;
  }

  private static ScopeException bad(String text) {
    return new ScopeException("", "", "\"" + text + "\" is no IP address");
  }
}
