// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.southbound.nf.NatNet.destination;
import static org.southbound.nf.NatNet.inside;
import static org.southbound.nf.NatNet.nat;
import static org.southbound.nf.NatNet.outside;
import static org.southbound.nf.NatNet.packet;
import static org.southbound.nf.NatNet.pool;
import static org.southbound.nf.NatNet.rule;
import static org.southbound.nf.NatNet.source;
import static org.southbound.nf.NatNet.through;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.nf.NatNet.End;
import org.southbound.packet.Drop;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;

/** Whatever hosts send: a mapping is a bijection, and what comes back is what the host would have got without a NAT. */
class NatPropertyTest {
  private static final Path TSHARK = Path.of("/usr/bin/tshark");
  private static final int[] PROTOCOLS = {Protocol.TCP, Protocol.UDP, Protocol.ICMP};
  private static final int STEPS = 4000;
  private static final int IDLE_MILLIS = 240_000;

  @TempDir
  private Path folder;

  private record Key(int protocol, End end) {
  }

  /** Random traffic, and what must hold of it. */
  private static final class World implements AutoCloseable {
    final SplittableRandom random;
    final Rig rig = new Rig(new Nat());
    final boolean parity;
    final Map<Key, End> external = new HashMap<>();
    final Map<Key, End> internal = new HashMap<>();
    final List<byte[]> frames = new ArrayList<>();
    int refused;

    World(long seed) {
      random = new SplittableRandom(seed);
      parity = random.nextBoolean();
      // Few ports, so that they run out.
      rig.configure(nat(
          List.of(pool("p", "203.0.113.0/31", "first-port", "" + (1000 + random.nextInt(9)), "last-port", "1100",
              "block-size",
              "" + (1 + random.nextInt(40)))),
          List.of(rule("r", "10.0.0.0/8", "p")), List.of(), "port-parity", "" + parity));
    }

    End host() {
      return inside(1 + random.nextInt(12), 2000 + random.nextInt(40));
    }

    End server() {
      return outside(random.nextInt(4), 80 + random.nextInt(4));
    }

    void step() {
      int protocol = PROTOCOLS[random.nextInt(3)];
      switch (random.nextInt(1000) == 0 ? 0 : 1 + random.nextInt(20)) {
        case 0 -> idle();
        case 1 -> turn(random.nextBoolean() ? Protocol.TCP : Protocol.UDP);
        case 2 -> error(protocol);
        default -> conversation(protocol, host(), server());
      }
    }

    /** All sessions end, so mappings go, and their ports may be given to others. */
    void idle() {
      rig.pass(IDLE_MILLIS + 60_001);
      rig.pass(1);
      assertTrue(rig.tables.values().stream().allMatch(table -> table.size() == 0), "nothing is left");
      external.clear();
      internal.clear();
    }

    /** The mapping that a translated packet shows, which must agree with all that were seen. */
    End mapped(int protocol, End host, byte[] left) {
      var shown = source(left);
      var known = external.putIfAbsent(new Key(protocol, host), shown);
      assertTrue(known == null || known.equals(shown), "one external endpoint for " + host);
      var other = internal.putIfAbsent(new Key(protocol, shown), host);
      assertTrue(other == null || other.equals(host), shown + " stands for one inside endpoint");
      assertTrue(shown.address() >>> 1 == NatNet.EXTERNAL >>> 1 && shown.port() >= 1000 && shown.port() <= 1100);
      if (parity && protocol == Protocol.UDP) {
        assertEquals(host.port() & 1, shown.port() & 1);
      }
      return shown;
    }

    byte[] send(byte[] frame) {
      var left = through(rig, frame);
      frames.add(left);
      return left;
    }

    void conversation(int protocol, End host, End server) {
      var sent = packet(protocol, host, server, Tcp.SYN);
      var verdict = rig.send(sent);
      if (verdict == Drop.NO_PORT) {
        refused++;
        assertNull(external.get(new Key(protocol, host)), "who has a mapping is never refused");
        return;
      }
      assertEquals(Drop.FORWARD, verdict);
      var shown = mapped(protocol, host, send(sent));
      // Only the source has changed.
      assertArrayEquals(like(sent, rig.left()), rig.left());
      var answer = packet(protocol, server, shown, Tcp.SYN | Tcp.ACK);
      assertArrayEquals(ip(packet(protocol, server, host, Tcp.SYN | Tcp.ACK)), ip(send(answer)),
          "as if there were no NAT");
    }

    private static byte[] ip(byte[] frame) {
      return Arrays.copyOfRange(frame, 14, frame.length);
    }

    /** {@code sent} with the endpoint and checksums of {@code left}. */
    private static byte[] like(byte[] sent, byte[] left) {
      var result = sent.clone();
      boolean icmp = sent[23] == Protocol.ICMP;
      int[] changed = icmp ? new int[]{24, 25, 26, 27, 28, 29, 36, 37, 38, 39}
          : sent[23] == Protocol.TCP ? new int[]{24, 25, 26, 27, 28, 29, 34, 35, 50, 51}
          : new int[]{24, 25, 26, 27, 28, 29, 34, 35, 40, 41};
      for (int at : changed) {
        result[at] = left[at];
      }
      return result;
    }

    void turn(int protocol) {
      var two = host();
      var target = external.get(new Key(protocol, two));
      var one = host();
      if (target == null || one.equals(two)) {
        return;
      }
      if (rig.send(packet(protocol, one, target, Tcp.SYN)) != Drop.FORWARD) {
        refused++;
        return;
      }
      var came = send(packet(protocol, one, target, Tcp.SYN));
      assertEquals(two, destination(came));
      var shown = mapped(protocol, one, came);
      var back = send(packet(protocol, two, shown, Tcp.SYN | Tcp.ACK));
      assertEquals(one, destination(back));
      assertEquals(target, source(back));
    }

    void error(int protocol) {
      var host = host();
      var server = server();
      var sent = packet(protocol, host, server, Tcp.SYN);
      if (external.get(new Key(protocol, host)) == null || rig.send(sent) != Drop.FORWARD) {
        return;
      }
      // Not in the middle of a checksum, which could not be kept.
      int quoted = 28 + 2 * random.nextInt(15);
      var error = NatNet.error(NatNet.OUTSIDE + 200, source(rig.left()).address(), rig.left(), quoted);
      var came = send(error);
      assertEquals(host.address(), destination(came).address());
      assertArrayEquals(Arrays.copyOfRange(sent, 14, Math.min(sent.length, 14 + quoted)), NatNet.quote(came));
    }

    @Override
    public void close() {
      rig.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void shouldBeABijectionThatGoesBack(long seed) {
    try (var world = new World(seed)) {
      for (int i = 0; i < STEPS; i++) {
        world.step();
      }
      assertEquals(world.external.size(), new HashSet<>(world.internal.keySet()).size());
      assertTrue(world.refused > 0 && world.frames.size() > STEPS / 4,
          world.refused + " of " + world.frames.size() + ": ports ran out, packets passed");
    }
  }

  /** An implementation that is not ours reads what left, and finds all checksums right, those of quoted packets too. */
  @Test
  void shouldLeaveChecksumsThatTsharkFindsRight() throws Exception {
    assumeTrue(Files.isExecutable(TSHARK), "no " + TSHARK);
    var octets = new ByteArrayOutputStream();
    var out = new DataOutputStream(octets);
    int count;
    try (var world = new World(99)) {
      for (int i = 0; i < 1000; i++) {
        world.step();
      }
      for (int word : new int[]{0xa1b2c3d4, 2 << 16 | 4, 0, 0, 65_535, 1}) {
        out.writeInt(word);
      }
      count = world.frames.size();
      for (var frame : world.frames) {
        for (int word : new int[]{0, 0, frame.length, frame.length}) {
          out.writeInt(word);
        }
        out.write(frame);
      }
    }
    var pcap = Files.write(folder.resolve("left.pcap"), octets.toByteArray());
    var process = new ProcessBuilder(TSHARK.toString(), "-r", pcap.toString(), "-o", "ip.check_checksum:TRUE", "-o",
        "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=|", "-e",
        "ip.checksum.status", "-e", "tcp.checksum.status", "-e", "udp.checksum.status", "-e", "icmp.checksum.status")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    process.waitFor();
    assertEquals(count, lines.size());
    for (var line : lines) {
      // 0: bad. Of a quoted packet that is cut off, and so not verified: 2.
      assertTrue(line.matches("[12,|]+") && line.startsWith("1"), line);
    }
  }
}
