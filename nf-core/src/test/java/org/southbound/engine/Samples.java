// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.southbound.chain.ControlFrame;
import org.southbound.io.PcapReader;
import org.southbound.packet.PacketPool;

/** Packets to begin with: captured, built by scapy, and in the tunnels that a worker knows. */
final class Samples {
  static final int SPI = 0x0ABCDE;
  private static final Path SCAPY_PYTHON = Path.of("/usr/bin/python3");
  private static final int LONGEST = 1600;

  private Samples() {
  }

  static Path root() {
    return Path.of(System.getProperty("southbound.root", ".."));
  }

  /** Every {@code step}-th frame of a capture, at most {@code most}. */
  static List<byte[]> capture(Path file, int step, int most) {
    var result = new ArrayList<byte[]>();
    try (var reader = PcapReader.open(file)) {
      for (int i = 0; result.size() < most && reader.next(); i++) {
        if (i % step == 0) {
          result.add(java.util.Arrays.copyOfRange(reader.data(), reader.start(),
              reader.start() + Math.min(reader.length(), LONGEST)));
        }
      }
    } catch (org.southbound.io.PortException failure) {
      throw new AssertionError(failure);
    }
    return result;
  }

  /** Bare frames. */
  static List<byte[]> frames() throws Exception {
    var result = new ArrayList<byte[]>();
    var traffic = root().resolve("vnf/src/main/traffic");
    result.addAll(capture(traffic.resolve("edge.pcap.gz"), 1, 200));
    result.addAll(capture(traffic.resolve("mixed.pcap.gz"), 97, 200));
    var traces = Path.of(System.getProperty("southbound.traces", root().resolve("../shared/traces").toString()));
    if (Files.isDirectory(traces)) {
      try (var files = Files.list(traces)) {
        for (var file : files.filter(each -> each.toString().matches(".*\\.pcap(\\.gz)?")).sorted().toList()) {
          result.addAll(capture(file, 7, 40));
        }
      }
    }
    result.addAll(scapy());
    return result;
  }

  /** What the goldens' script prints, where scapy is installed. */
  private static List<byte[]> scapy() throws IOException, InterruptedException {
    var script = root().resolve("nf-core/src/test/golden/headers/packets.py");
    if (!Files.isExecutable(SCAPY_PYTHON) || !Files.exists(script)) {
      return List.of();
    }
    var process = new ProcessBuilder(SCAPY_PYTHON.toString(), script.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var result = new ArrayList<byte[]>();
    for (var line : new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
        .lines().toList()) {
      String[] cells = line.split("\t", -1);
      result.add(HexFormat.of().parseHex(cells[1]));
    }
    process.waitFor();
    return result;
  }

  /** A frame in VXLAN-GPE without NSH. */
  static byte[] bare(byte[] frame) {
    return ByteBuffer.allocate(8 + frame.length).putInt(0x0C00_0003).putInt(0).put(frame).array();
  }

  /** A frame in VXLAN-GPE and NSH of metadata type 1. */
  static byte[] type1(byte[] frame, int spi, int si, int ttl, boolean control, int... contexts) {
    var out = ByteBuffer.allocate(8 + 24 + frame.length).putInt(0x0C00_0004).putInt(0x1234_5600);
    out.putInt((control ? 1 << 29 : 0) | ttl << 22 | 6 << 16 | 1 << 8 | 3).putInt(spi << 8 | si);
    for (int i = 0; i < 4; i++) {
      out.putInt(i < contexts.length ? contexts[i] : 0);
    }
    return out.put(frame).array();
  }

  /** A frame in VXLAN-GPE and NSH of metadata type 2, with these context headers. */
  static byte[] type2(byte[] frame, int spi, int si, byte[] metadata) {
    return ByteBuffer.allocate(8 + 8 + metadata.length + frame.length).putInt(0x0C00_0004).putInt(0)
        .putInt(63 << 22 | 2 + metadata.length / 4 << 16 | 2 << 8 | 3).putInt(spi << 8 | si).put(metadata).put(frame)
        .array();
  }

  /** Context headers: a stranger's of 5 octets, then the labels. */
  static byte[] metadata() {
    return HexFormat.of().parseHex("010309050102030405000000" + "fff60110" + "00000015000000160000000000000000");
  }

  /** Tunnel packets around frames, and control frames. */
  static List<byte[]> tunnels(List<byte[]> frames) {
    var result = new ArrayList<byte[]>();
    for (int i = 0; i < frames.size(); i += 3) {
      byte[] frame = frames.get(i);
      result.add(bare(frame));
      result.add(type1(frame, SPI, i % 2 == 0 ? 254 : 253, 63, false, 21, 22));
      result.add(type2(frame, SPI, 254, i % 2 == 0 ? metadata() : new byte[0]));
    }
    String[] texts = {"udp", "ipv4 10.0.0.0/8 -> any", "127.0.0.1 4790", "a b", "", "::1 99999", "x"};
    for (int type = 1; type <= 4; type++) {
      for (var text : texts) {
        result.add(type1(control(type, text), SPI, 254, 63, true));
      }
    }
    return result;
  }

  private static byte[] control(int type, String text) {
    try (var pool = new PacketPool(1)) {
      var packet = pool.take();
      ControlFrame.write(packet, type, new UUID(1, 2), 3, text);
      return packet.memory().asSlice(packet.start(), packet.length()).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Samples, spoiled: octets and lengths changed, cut, extended, spliced. Repeatable by seed. */
  static final class Mutations {
    private static final int[] INTERESTING = {0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 17, 24, 44, 0x3f, 0x40, 0x45, 0x4f, 58, 60,
        0x60, 0x7f, 0x80, 0x81, 0x88, 0xb5, 0xfe, 0xff};

    private final List<byte[]> samples;
    private final SplittableRandom random;
    final byte[] octets = new byte[LONGEST + 400];
    int length;

    Mutations(List<byte[]> samples, long seed) {
      this.samples = samples;
      random = new SplittableRandom(seed);
    }

    /** Makes the next packet: {@link #length} of {@link #octets}. */
    void next() {
      byte[] sample = samples.get(random.nextInt(samples.size()));
      length = sample.length;
      System.arraycopy(sample, 0, octets, 0, length);
      for (int changes = random.nextInt(5); changes > 0 && length > 0; changes--) {
        change();
      }
    }

    private void change() {
      // Headers are where it hurts: half of the changes are in the first 96 octets.
      int at = random.nextInt(random.nextBoolean() ? length : Math.min(length, 96));
      switch (random.nextInt(7)) {
        case 0 -> octets[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> octets[at] = (byte) random.nextInt(256);
        case 2, 3 -> octets[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
        case 4 -> length = random.nextInt(length + 1);
        case 5 -> length = Math.min(octets.length, length + random.nextInt(40));
        default -> {
          byte[] other = samples.get(random.nextInt(samples.size()));
          int from = random.nextInt(other.length);
          System.arraycopy(other, from, octets, at, Math.min(other.length - from, length - at));
        }
      }
    }

    /** The present packet, for whoever has to repeat it. */
    String hex() {
      return HexFormat.of().formatHex(octets, 0, length);
    }
  }
}
