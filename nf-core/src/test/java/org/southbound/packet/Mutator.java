// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sample packets, spoiled: octets and lengths changed, cut, extended, spliced. The memory of each is exactly the
 * packet, between octets that do not belong to it. Repeatable by seed.
 */
final class Mutator {
  private static final int LONGEST = 700;
  private static final int MARGIN = 64;
  private static final int[] INTERESTING = {0, 1, 4, 5, 6, 7, 8, 0x0f, 17, 44, 0x40, 0x45, 0x4f, 58, 60, 0x60, 0x7f,
      0x80,
      0x81, 0x88, 0xff};

  private final SplittableRandom random;
  private final List<MemorySegment> samples = List.copyOf(Frames.samples().values());
  private final MemorySegment memory = Arena.ofAuto().allocate(LONGEST + 2 * MARGIN);
  private MemorySegment current = MemorySegment.NULL;

  Mutator(SplittableRandom random) {
    this.random = random;
    memory.fill((byte) 0x45);
  }

  /** The next packet; valid until the one after it. */
  MemorySegment next() {
    MemorySegment sample = samples.get(random.nextInt(samples.size()));
    int length = (int) sample.byteSize();
    MemorySegment.copy(sample, 0, memory, MARGIN, length);
    for (int changes = random.nextInt(5); changes > 0; changes--) {
      length = change(length);
    }
    current = memory.asSlice(MARGIN, length);
    return current;
  }

  private int change(int length) {
    if (length == 0) {
      return 0;
    }
    // Headers are where it hurts: half of the changes are in the first 64 octets.
    int at = MARGIN + random.nextInt(random.nextBoolean() ? length : Math.min(length, 64));
    switch (random.nextInt(7)) {
      case 0 -> set(at, Wire.u8(memory, at) ^ 1 << random.nextInt(8));
      case 1 -> set(at, random.nextInt(256));
      case 2, 3 -> set(at, INTERESTING[random.nextInt(INTERESTING.length)]);
      case 4 -> {
        return random.nextInt(length + 1);
      }
      case 5 -> {
        return Math.min(LONGEST, length + random.nextInt(40));
      }
      default -> {
        MemorySegment other = samples.get(random.nextInt(samples.size()));
        int from = random.nextInt((int) other.byteSize());
        int octets = Math.min((int) other.byteSize() - from, MARGIN + length - at);
        MemorySegment.copy(other, from, memory, at, octets);
      }
    }
    return length;
  }

  private void set(int at, int value) {
    Wire.u8(memory, at, value);
  }

  /** The current packet, for whoever has to repeat it. */
  String hex() {
    return HexFormat.of().formatHex(current.toArray(ValueLayout.JAVA_BYTE));
  }
}
