// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user can do wrong: one line that says what to do, exit code 1 (failed) or 2 (wrong usage). */
@Timeout(60)
class MainTest {
  private static final List<String> PORTS = List.of("--netconf-port", "--snmp-port", "--data-port", "--peer-port",
      "--metrics-port");

  @TempDir
  private Path folder;

  private record Result(int code, String out, String err) {
    /** One line, the same for all: who speaks, what is wrong. */
    void refused(int expected, String... words) {
      assertEquals(expected, code, err);
      assertEquals("", out);
      assertEquals(1, err.lines().count(), err);
      assertTrue(err.startsWith("southbound: "), err);
      for (var word : words) {
        assertTrue(err.contains(word), err);
      }
    }
  }

  private static Result southbound(String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code = Main.execute(new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8), arguments);
    return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** {@code run} in the test's folder, on free ports but for those that are given. */
  private Result run(String... more) {
    var arguments = new ArrayList<>(List.of("run", "--home", folder.resolve("home").toString()));
    for (var port : PORTS) {
      if (!List.of(more).contains(port)) {
        arguments.addAll(List.of(port, "0"));
      }
    }
    arguments.addAll(List.of(more));
    return southbound(arguments.toArray(String[]::new));
  }

  // ---- help

  @ParameterizedTest
  @ValueSource(strings = {"run", "traffic", "spec", "enroll", "version"})
  void shouldPrintHelp(String command) {
    var help = southbound(command, "--help");
    assertEquals(0, help.code, help.err);
    assertTrue(help.out.startsWith("Usage: ./southbound " + command), help.out);
    assertTrue(help.out.lines().allMatch(line -> line.length() <= 100), help.out);
  }

  // ---- spec

  @ParameterizedTest
  @CsvSource({"monitor, '', '# southbound monitor'", "firewall, --html, '<!DOCTYPE html>'",
      "firewall, --xml, '<?xml'", "monitor, --json, '{'"})
  void shouldPrintSpecification(String nf, String form, String begins) {
    var spec = form.isEmpty() ? southbound("spec", nf) : southbound("spec", nf, form);
    assertEquals(0, spec.code, spec.err);
    assertTrue(spec.out.startsWith(begins), spec.out);
    for (var word : List.of("packets-received", "loss-free", "interval", "nsh-vxlan-gpe", "dropped-denied")) {
      assertTrue(spec.out.contains(word), word);
    }
  }

  @Test
  void shouldRefuseWrongSpec() {
    southbound("spec").refused(2, "monitor, firewall", "--help");
    southbound("spec", "router").refused(2, "'router'", "monitor, firewall");
    southbound("spec", "monitor", "--xml", "--json").refused(2, "only one");
  }

  // ---- wrong flags

  @Test
  void shouldNameWhatItDoesNotKnow() {
    southbound("run", "--bogus").refused(2, "unknown option '--bogus'");
    southbound("run", "now").refused(2, "unexpected argument 'now'");
    southbound("traffic", "--pcap").refused(2, "--pcap");
    southbound("enroll", "--bundle", "x").refused(2, "--trust", "--home");
  }

  @ParameterizedTest
  @CsvSource({"--nf, router", "--name, a b", "--address, 300.1.1.1", "--durability, never", "--workers, 0",
      "--max-flows, many", "--max-flows, 15", "--netconf-port, 65536", "--data-port, -1", "--ingress, tun",
      "--ingress, udp:here",
      "--egress, x25:eth0", "--address, ''", "--trust, ''", "--user, ''", "--home, ''"})
  void shouldRefuseFlagOfRun(String flag, String value) {
    (flag.equals("--home") ? southbound("run", flag, value) : run(flag, value)).refused(2, flag);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--authorized-keys", "--yang-path"})
  void shouldSayWhichFileIsMissing(String flag) {
    run(flag, folder.resolve("nothing").toString()).refused(1, folder.resolve("nothing").toString(), flag);
  }

  @Test
  void shouldRefuseKeysThatAreNone() throws IOException {
    var keys = Files.writeString(folder.resolve("keys"), "these are no keys\n");
    run("--authorized-keys", keys.toString()).refused(1, keys.toString(), "--authorized-keys");
  }

  @Test
  void shouldResolveTheAddress() throws Exception {
    var given = Map.of("address", List.of("localhost"), "home", List.of(folder.toString()));
    assertEquals(InetAddress.getByName("localhost").getHostAddress(),
        Bootstrap.settings(given, false, false, new ArrayList<>()).address());
  }

  // ---- ports in use

  @ParameterizedTest
  @ValueSource(strings = {"--netconf-port", "--snmp-port", "--data-port", "--peer-port", "--metrics-port"})
  void shouldNameTheFlagOfAPortInUse(String flag) throws IOException {
    var loopback = InetAddress.getByAddress(new byte[]{127, 0, 0, 1});
    try (var tcp = new ServerSocket(0, 1, loopback);
        var udp = new DatagramSocket(0, loopback)) {
      int port = flag.equals("--snmp-port") || flag.equals("--data-port") ? udp.getLocalPort() : tcp.getLocalPort();
      run(flag, Integer.toString(port)).refused(1, flag, Integer.toString(port), "in use");
    }
    // The next start is a first one again.
    assertTrue(Files.notExists(folder.resolve("home/running.xml")));
    assertTrue(Files.notExists(folder.resolve("home/bootstrap.properties")));
  }

  // ---- the home

  @Test
  void shouldRefuseHomeThatIsNoFolder() throws IOException {
    Files.writeString(folder.resolve("home"), "");
    run().refused(1, folder.resolve("home").toString(), "--home");
  }

  @ParameterizedTest
  @CsvSource({"bootstrap.properties, 'nf=router'", "bootstrap.properties, 'data-port=x'",
      "bootstrap.properties, 'colour=red'", "running.xml, '<config'", "peer.pem, ''", "host-key, ''"})
  void shouldNameTheFileThatIsCorrupt(String name, String content) throws IOException {
    var file = Files.createDirectories(folder.resolve("home")).resolve(name);
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    (name.equals("bootstrap.properties") ? southbound("run", "--home", folder.resolve("home").toString()) : run())
        .refused(1, file.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"running.xml", "host-key", "bootstrap.properties", "snmp-engine", "peer.pem"})
  void shouldNameTheFileThatIsAFolder(String name) throws IOException {
    Files.createDirectories(folder.resolve("home").resolve(name));
    var result = run();
    result.refused(1, folder.resolve("home").resolve(name).toString());
    assertFalse(result.err.contains("chmod"), result.err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"peer.pem", "host-key"})
  void shouldSayWhatToDoWithAKeyThatIsNoText(String name) throws IOException {
    var file = Files.createDirectories(folder.resolve("home")).resolve(name);
    Files.write(file, new byte[]{0x30, (byte) 0x82, (byte) 0xff, 0});
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    run().refused(1, file.toString(), "remove it");
  }

  @Test
  void shouldLeaveNoConfigurationWhenTheFlagsCannotBeKept() throws IOException {
    Files.createDirectories(folder.resolve("home/bootstrap.properties.new"));
    run().refused(1, "bootstrap.properties", "--home");
    assertTrue(Files.notExists(folder.resolve("home/running.xml")));
  }

  // ---- capture files

  @Test
  void shouldSayWhatIsWrongWithACapture() throws IOException {
    var missing = folder.resolve("missing.pcap");
    run("--until-end", "--ingress", "pcap:" + missing).refused(1, missing.toString(), "--ingress");
    var text = Files.writeString(folder.resolve("text.pcap"), "no packets here, only words\n");
    run("--until-end", "--ingress", "pcap:" + text).refused(1, text.toString(), "--ingress");
    southbound("traffic", "--pcap", missing.toString(), "--to", "127.0.0.1:1", "--sink", "127.0.0.1:0").refused(1,
        missing.toString());
    run("--until-end").refused(2, "--ingress");
  }

  @Test
  void shouldAccountForWhatIsLeftOfATruncatedCapture() throws IOException {
    var capture = Path.of(System.getProperty("southbound.root"), "vnf/src/main/traffic/edge.pcap.gz");
    byte[] whole;
    try (var in = new GZIPInputStream(Files.newInputStream(capture))) {
      whole = in.readAllBytes();
    }
    var cut = Files.write(folder.resolve("cut.pcap"), Arrays.copyOf(whole, whole.length - 7));
    var result = run("--address", "0.0.0.0", "--until-end", "--ingress", "pcap:" + cut, "--egress",
        "pcap:" + folder.resolve("out.pcap"));
    assertEquals(0, result.code, result.err);
    var ready = result.out.lines().findFirst().orElse("");
    assertEquals(5, Pattern.compile("[\"/]0\\.0\\.0\\.0:\\d").matcher(ready).results().count(), ready);
    assertTrue(result.out.contains("\"done\":true") && result.out.contains("\"dropped\":{\"truncated\":1}"),
        result.out);
  }

  // ---- the end

  /** The rehearsal has keys in its folder. */
  @Test
  void shouldEndWhileItWarmsUpAndLeaveNothing() throws Exception {
    var temporary = Files.createDirectory(folder.resolve("tmp"));
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + temporary, "-cp",
        System.getProperty("java.class.path"), Main.class.getName(), "run", "--home",
        folder.resolve("home").toString()));
    PORTS.forEach(port -> command.addAll(List.of(port, "0")));
    var process = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile()).start();
    try {
      while (Files.notExists(folder.resolve("home/running.xml")) && !process.waitFor(5, TimeUnit.MILLISECONDS)) {
        // Not yet.
      }
      process.destroy();
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue(), Files.readString(folder.resolve("log")));
      assertEquals(List.of(), List.of(temporary.toFile().list()));
    } finally {
      process.destroyForcibly();
    }
  }
}
