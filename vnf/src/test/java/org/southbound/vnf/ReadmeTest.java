// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.classifier.Translations;
import org.southbound.engine.Dataplane;
import org.southbound.engine.EngineMetrics;
import org.southbound.engine.Worker;
import org.southbound.flow.Record;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.metrics.Counter;
import org.southbound.metrics.Metrics;
import org.southbound.nf.NetworkFunction;
import org.southbound.packet.Checksum;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/** What README.md and docs/ show: the examples compile and do what is said, the commands exist, the links lead somewhere. */
@Timeout(120)
class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("southbound.root"));
  private static final Path README = ROOT.resolve("README.md");
  private static final Path SCRIPTS = ROOT.resolve("manager-scripts/src");
  private static final String PYTHON = "/usr/bin/python3";
  private static final Pattern FENCE = Pattern.compile("(?ms)^```([a-z]*)\\n(.*?)^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)");
  private static final Pattern COMMAND = Pattern.compile("\\./southbound ([a-z][a-z-]*)");
  private static final Pattern LABELLED_COMMAND = Pattern
      .compile("\\./southbound ctl((?: --?\\S+ \\S+)*) ([a-z][a-z-]+)");
  private static final Pattern FLAG = Pattern.compile("(?<![\\w-])--([a-z][a-z-]+)");

  /** IP octets of each packet sent to the example. */
  private static final int IP_OCTETS = 1000;
  private static final int LABEL = 22;

  @TempDir
  private Path folder;

  // ---- what the documents hold

  private static List<Path> documents() throws IOException {
    try (var docs = Files.list(ROOT.resolve("docs"))) {
      return Stream.concat(Stream.of(README), docs.filter(file -> file.toString().endsWith(".md")).sorted()).toList();
    }
  }

  /** The fenced blocks of a language; empty: those that name none. */
  private static List<String> blocks(Path document, String language) throws IOException {
    var found = new ArrayList<String>();
    var matcher = FENCE.matcher(Files.readString(document));
    while (matcher.find()) {
      if (matcher.group(1).equals(language)) {
        found.add(matcher.group(2));
      }
    }
    return found;
  }

  /** Lines of the shell blocks, continued ones joined. */
  private static List<String> shellLines(Path document) throws IOException {
    return blocks(document, "sh").stream().flatMap(block -> block.replace("\\\n", " ").lines()).map(String::strip)
        .toList();
  }

  // ---- the network function

  @Test
  void shouldCompileAndRunTheNetworkFunction() throws Exception {
    var source = blocks(README, "java").stream().filter(block -> block.contains("implements NetworkFunction"))
        .findFirst()
        .orElseThrow();
    try (var loader = compile(source)) {
      var type = loader.loadClass("org.southbound.nf.Quota");
      run((NetworkFunction) type.getDeclaredConstructor().newInstance());
    }
  }

  /** Against the API alone, with every warning an error. */
  private URLClassLoader compile(String source) throws Exception {
    var file = folder.resolve("Quota.java");
    var classes = Files.createDirectory(folder.resolve("classes"));
    Files.writeString(file, source);
    var api = Path.of(NetworkFunction.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    var compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      boolean compiled = compiler.getTask(messages, files, null,
          List.of("-Xlint:all", "-Werror", "-proc:none", "-d", classes.toString(), "-classpath", api.toString()), null,
          files.getJavaFileObjects(file)).call();
      assertTrue(compiled, messages.toString());
    }
    assertEquals("", messages.toString());
    return new URLClassLoader(new java.net.URL[]{classes.toUri().toURL()}, NetworkFunction.class.getClassLoader());
  }

  /** README: a flow may carry 1 MB, is labelled from half of it on, and is dropped beyond. */
  private static void run(NetworkFunction nf) throws Exception {
    var port = new MemoryPort();
    try (var worker = new Worker("readme", nf, new Worker.Sizes(1024, 1000, false))) {
      worker.input(port);
      worker.egress(port, null);
      var metrics = new Metrics();
      EngineMetrics.register(metrics, List.of(worker));
      worker.start();
      new Dataplane(List.of(worker)).translations(
          each -> new Translations(List.of(new Translations.Rule("low", 0, 0, LABEL, true, null, new Counter()))));

      for (int i = 0; i < 1100; i++) {
        port.arriving.add(frame(1, i % 2 == 1));
      }
      for (int i = 0; i < 10; i++) {
        port.arriving.add(frame(2, false));
      }
      assertTrue(eventually(() -> worker.counters().received.get() == 1110));
      assertTrue(eventually(() -> worker.counters().sent.get() + worker.counters().dropped() == 1110));

      assertEquals(1010, worker.counters().sent.get());
      assertEquals(Map.of(Drop.DENIED, 100L), worker.counters().drops());
      assertEquals(1010, port.labels.size());
      assertEquals(500, port.labels.stream().filter(label -> label == LABEL).count());
      assertEquals(Map.of("packets-over-quota", 100L), metrics.query(List.of("packets-over-quota")));
      assertEquals(Set.of(1100L * IP_OCTETS, 10L * IP_OCTETS), Dataplane.on(worker, () -> octets(worker)));
      assertEquals(2, worker.flows().size());
    }
  }

  /** The field that the example declares, of all flows. */
  private static Set<Long> octets(Worker worker) {
    long offset = worker.nf().specification().perFlow().offset("octets");
    var found = new TreeSet<Long>();
    var record = new Record();
    for (int id = worker.flows().next(0); id >= 0; id = worker.flows().next(id + 1)) {
      record.bind(worker.flows(), id);
      found.add(record.getLong(offset));
    }
    return found;
  }

  private static boolean eventually(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return true;
  }

  /** UDP between 192.0.2.1 and 198.51.100.1, a flow by its client port; the other way if {@code back}. */
  private static byte[] frame(int flow, boolean back) {
    int client = 0xC000_0201;
    int server = 0xC633_6401;
    short clientPort = (short) (40_000 + flow);
    short serverPort = 5000;
    var out = ByteBuffer.allocate(14 + IP_OCTETS);
    out.put(new byte[]{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0});
    out.putInt(0x4500 << 16 | IP_OCTETS).putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0);
    out.putInt(back ? server : client).putInt(back ? client : server);
    out.putShort(back ? serverPort : clientPort).putShort(back ? clientPort : serverPort);
    out.putShort((short) (IP_OCTETS - 20)).putShort((short) 0);
    out.putShort(14 + 10, (short) Checksum.ipv4(MemorySegment.ofArray(out.array()), 14));
    return out.array();
  }

  /** Frames from a queue; of those sent it keeps the first label. */
  private static final class MemoryPort implements Port {
    final ConcurrentLinkedQueue<byte[]> arriving = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<Integer> labels = new ConcurrentLinkedQueue<>();

    @Override
    public String name() {
      return "memory";
    }

    @Override
    public boolean tunnel() {
      return false;
    }

    @Override
    public int receive(Batch batch) {
      int taken = 0;
      while (batch.room() > 0) {
        byte[] octets = arriving.poll();
        if (octets == null) {
          break;
        }
        var packet = batch.add();
        packet.length(octets.length);
        MemorySegment.copy(octets, 0, packet.memory(), ValueLayout.JAVA_BYTE, packet.start(), octets.length);
        taken++;
      }
      return taken;
    }

    @Override
    public Destination destination(InetSocketAddress address) {
      return new Destination(address, 0);
    }

    @Override
    public void send(Packet packet, Destination destination) {
      labels.add(packet.label(0));
    }

    @Override
    public int flush() {
      return 0;
    }

    @Override
    public int descriptor() {
      return -1;
    }

    @Override
    public void close() {
      arriving.clear();
    }
  }

  // ---- the Python examples

  private static boolean python(String... arguments) throws IOException, InterruptedException {
    return run(Stream.concat(Stream.of(PYTHON), Stream.of(arguments)).toArray(String[]::new)).startsWith("0\n");
  }

  private static String run(String... command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PYTHONPATH", SCRIPTS.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    var process = builder.start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      var text = String.join("\n", out.readAllLines());
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "no end: " + String.join(" ", command));
      return process.exitValue() + "\n" + text;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldCompileThePythonExamples() throws Exception {
    assumeTrue(Files.isExecutable(Path.of(PYTHON)), PYTHON + " is not installed");
    int examples = 0;
    for (var document : documents()) {
      for (var block : blocks(document, "python")) {
        var file = folder.resolve("example" + examples++ + ".py");
        Files.writeString(file, block);
        var result = run(PYTHON, "-c",
            "import sys; compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1], 'exec')", file.toString());
        assertEquals("0\n", result, document.toString());
      }
    }
    assertTrue(examples >= 2, "README shows the raw RPC and the package");
  }

  @Test
  void shouldOnlyCallWhatThePackageHas() throws Exception {
    var client = Files.readString(SCRIPTS.resolve("southbound/client.py"));
    for (var document : documents()) {
      for (var block : blocks(document, "python").stream().filter(each -> each.contains("from southbound import"))
          .toList()) {
        var called = Pattern.compile("\\bnf\\.([a-z_]+)\\(").matcher(block);
        while (called.find()) {
          assertTrue(client.contains("  def " + called.group(1) + "("), document + ": nf." + called.group(1));
        }
      }
    }
  }

  // ---- the commands

  @Test
  void shouldOnlyNameCommandsThatExist() throws Exception {
    var launcher = Files.readString(ROOT.resolve("southbound"));
    for (var document : documents()) {
      var named = COMMAND.matcher(Files.readString(document));
      while (named.find()) {
        assertTrue(Pattern.compile("(?m)^  " + named.group(1) + " +\\S").matcher(launcher).find(),
            document + ": ./southbound " + named.group(1));
      }
    }
  }

  @Test
  void shouldOnlyNameSubcommandsThatExist() throws Exception {
    var ctl = Files.readString(SCRIPTS.resolve("southbound/ctl.py"));
    for (var document : documents()) {
      var named = LABELLED_COMMAND.matcher(Files.readString(document));
      while (named.find()) {
        assertTrue(ctl.contains("\ndef " + named.group(2).replace('-', '_') + "(nf, "),
            document + ": ctl " + named.group(2));
      }
    }
  }

  @Test
  void shouldOnlyShowFlagsThatExist() throws Exception {
    var flags = new TreeSet<String>();
    try (var sources = Files.walk(ROOT.resolve("vnf/src/main/java"))) {
      for (var source : sources.filter(file -> file.toString().endsWith(".java")).toList()) {
        var text = Files.readString(source);
        Pattern.compile("(?:new Flag\\(\"|\"--)([a-z][a-z-]+)\"").matcher(text).results()
            .forEach(match -> flags.add(match.group(1)));
      }
    }
    flags.add("help");
    for (var document : documents()) {
      for (var line : shellLines(document)) {
        if (line.matches("(?:\\w+=\\S+ )*\\./southbound (?:run|traffic|enroll|spec) .*")) {
          FLAG.matcher(line.replaceFirst("\\s#.*", "")).results().map(match -> match.group(1))
              .forEach(flag -> assertTrue(flags.contains(flag), document + ": --" + flag + " of " + line));
        }
      }
    }
  }

  /** Every line with ctl goes through the command line's own parser. */
  @Test
  void shouldParseEveryCtlLine() throws Exception {
    assumeTrue(Files.isExecutable(Path.of(PYTHON)) && python("-c", "import ncclient"),
        "python3-ncclient is not installed");
    var lines = new ArrayList<String>();
    for (var document : documents()) {
      shellLines(document).stream().map(line -> line.replaceFirst("^(?:\\w+=\\S+ )*", ""))
          .filter(line -> line.startsWith("./southbound ctl ")).forEach(lines::add);
    }
    assertFalse(lines.isEmpty());
    var file = Files.write(folder.resolve("lines"), lines);
    var result = run(PYTHON, "-c", """
        import shlex, sys
        from southbound import ctl
        for line in open(sys.argv[1], encoding='utf-8'):
          words = shlex.split(line, comments=True)
          try:
            ctl.parser().parse_args(words[2:])
          except SystemExit as end:
            if end.code:
              sys.exit('not accepted: ' + line)
        """, file.toString());
    assertTrue(result.startsWith("0\n"), result);
  }

  // ---- the rest

  @Test
  void shouldLinkToFilesThatExist() throws Exception {
    for (var document : documents()) {
      var links = LINK.matcher(Files.readString(document));
      while (links.find()) {
        var target = links.group(1);
        if (!target.contains("://")) {
          assertTrue(Files.exists(document.resolveSibling(target)), document + " links to " + target);
        }
      }
    }
  }
}
