// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.southbound.nf.NatNet.End;
import org.southbound.packet.Drop;
import org.southbound.packet.Parser;
import org.southbound.packet.Protocol;
import org.southbound.packet.Tcp;

/** The same packets through this NAT and through Linux's masquerade: the same comes out, but for the ports chosen. */
@Tag("interop")
class NatLinuxTest {
  private static final Path SCRIPT = Path.of("src/test/nat/linux_nat.py");
  private static final End EXTERNAL = new End(NatNet.EXTERNAL + 1, 0);

  /** A NAT: takes "inside HEX" or "outside HEX" and says what left, or "-". */
  private interface Box {
    String send(String side, byte[] frame) throws IOException;
  }

  private static Box ours(Rig rig) {
    return (side, frame) -> {
      if (rig.send(frame) != Drop.FORWARD) {
        return "-";
      }
      boolean in = destination(rig.left()).address() >>> 24 == 10;
      return (in ? "inside " : "outside ") + HexFormat.of().formatHex(rig.left());
    };
  }

  private static Box linux(Process process) {
    Writer to = process.outputWriter(StandardCharsets.UTF_8);
    BufferedReader from = process.inputReader(StandardCharsets.UTF_8);
    return (side, frame) -> {
      to.write(side + " " + HexFormat.of().formatHex(frame) + "\n");
      to.flush();
      return from.readLine();
    };
  }

  private static byte[] frame(String left) {
    assertTrue(left.length() > 30, left);
    return HexFormat.of().parseHex(left.substring(left.indexOf(' ') + 1));
  }

  /** What left, without what two NATs may choose: the external port, hop limit, and the checksums over them, which are right. */
  private static String plain(String left, End external) {
    if (left.equals("-")) {
      return left;
    }
    byte[] frame = frame(left);
    // Frames of a real link may have padding.
    frame = Arrays.copyOf(frame, 14 + ((frame[16] & 0xff) << 8 | (frame[17] & 0xff)));
    NatNet.assertChecksums(frame);
    var packet = NatNet.parsed(frame);
    var text = new StringBuilder(left.substring(0, left.indexOf(' ')));
    text.append(' ').append(ends(frame, external));
    if (Parser.isIcmpError(packet)) {
      byte[] quote = NatNet.quote(frame);
      byte[] quoted = new byte[14 + quote.length];
      System.arraycopy(frame, 0, quoted, 0, 14);
      System.arraycopy(quote, 0, quoted, 14, quote.length);
      text.append(" about ").append(quote.length);
      if (quote.length > 28) {
        NatNet.assertChecksums(quoted);
        text.append(' ').append(ends(quoted, external));
      }
    } else if (packet.protocol() == Protocol.TCP) {
      text.append(' ').append(packet.tcp().flags()).append(' ').append(packet.tcp().sequence());
    } else {
      text.append(' ').append(packet.payloadLength());
    }
    return text.toString();
  }

  private static String ends(byte[] frame, End external) {
    var text = frame[23] + " " + List.of(source(frame), destination(frame));
    var plain = text.replace(external.toString(), "EXTERNAL");
    // The identifier of an ICMP query is the port of both ends.
    return plain.equals(text) || frame[23] != Protocol.ICMP ? plain
        : plain.replace("port=" + external.port(), "port=EXTERNAL");
  }

  /** A connection, and whatever disturbs it. */
  private static List<String> conversation(Box box, int protocol, End host, End server) throws IOException {
    var result = new ArrayList<String>();
    var sent = packet(protocol, host, server, Tcp.SYN);
    var left = box.send("inside", sent);
    var external = source(frame(left));
    assertEquals(EXTERNAL.address(), external.address());
    result.add(plain(left, external));
    var answer = packet(protocol, server, external, Tcp.SYN | Tcp.ACK);
    var came = box.send("outside", answer);
    result.add(plain(came, external));
    result.add(plain(box.send("inside", packet(protocol, host, server, Tcp.ACK)), external));
    for (int octets : new int[]{28, 99}) {
      result.add(plain(box.send("outside", NatNet.error(NatNet.OUTSIDE + 99, external.address(), frame(left), octets)),
          external));
      result.add(plain(box.send("inside", NatNet.error(NatNet.INSIDE + 254, server.address(), frame(came), octets)),
          external));
    }
    var stranger = packet(protocol, outside(77, 7), external, Tcp.SYN);
    result.add(plain(box.send("outside", stranger), external));
    if (protocol != Protocol.ICMP) {
      result
          .add(plain(box.send("outside", packet(protocol, new End(server.address(), 7), external, Tcp.SYN)), external));
    }
    result.add(plain(
        box.send("outside", packet(protocol, server, new End(external.address(), external.port() ^ 512), Tcp.SYN)),
        external));
    if (protocol == Protocol.UDP) {
      var unchecked = packet(protocol, host, server, 0);
      unchecked[40] = 0;
      unchecked[41] = 0;
      result.add(plain(box.send("inside", unchecked), external));
    }
    if (protocol == Protocol.TCP) {
      result.add(plain(box.send("inside", packet(protocol, host, server, Tcp.FIN | Tcp.ACK)), external));
      result.add(plain(box.send("outside", packet(protocol, server, external, Tcp.RST | Tcp.ACK)), external));
    }
    return result;
  }

  @Test
  void shouldDoAsLinuxDoes() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")) && Files.isExecutable(Path.of("/usr/sbin/nft")),
        "root, nft");
    var process = new ProcessBuilder("/usr/bin/python3", SCRIPT.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var rig = new Rig(new Nat())) {
      rig.configure(
          nat(List.of(pool("p", "203.0.113.1/32")), List.of(rule("r", "10.0.0.0/8", "p")), List.of(), "filtering",
              "address-and-port-dependent"));
      var linux = linux(process);
      assertEquals("ready", process.inputReader(StandardCharsets.UTF_8).readLine());
      var ours = ours(rig);
      for (int protocol : new int[]{Protocol.TCP, Protocol.UDP, Protocol.ICMP}) {
        for (int i = 0; i < 5; i++) {
          var host = inside(i + 1, 5000 + i);
          var server = outside(10 + i, protocol == Protocol.ICMP ? 0 : 80);
          var expected = conversation(linux, protocol, host, server);
          assertEquals(String.join("\n", expected), String.join("\n", conversation(ours, protocol, host, server)));
          assertTrue(expected.stream().filter(line -> !line.equals("-")).count() >= 6, expected.toString());
        }
      }
    } finally {
      process.destroy();
    }
  }
}
