// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code ./southbound} decides by itself, before anything is built. */
class LauncherTest {
  private static final Path ROOT = Path.of(System.getProperty("southbound.root"));
  @TempDir
  private Path folder;

  private record Result(int status, String out, String err) {}

  @ParameterizedTest
  @ValueSource(strings = {"demo", "run", "traffic", "ctl", "spec", "enroll", "test", "bench", "version"})
  void shouldListCommand(String command) throws Exception {
    Result help = launch(Map.of(), "--help");
    assertEquals(0, help.status, help.err);
    assertTrue(help.out.lines().anyMatch(line -> line.startsWith("  " + command + " ")), help.out);
  }

  @Test
  void shouldPrintVersion() throws Exception {
    Result version = launch(Map.of(), "version");
    assertEquals(0, version.status, version.err);
    assertTrue(version.out.matches("southbound [0-9]+\\.[0-9]+\\.[0-9]+\\S*\n"), version.out);
  }

  @Test
  void shouldRefuseUnknownCommandWithOneLine() throws Exception {
    Result result = launch(Map.of(), "frobnicate");
    assertEquals(2, result.status);
    assertEquals("southbound: unknown command 'frobnicate', see ./southbound --help\n", result.err);
  }

  @Test
  void shouldPrintUsageWithoutCommand() throws Exception {
    Result result = launch(Map.of());
    assertEquals(2, result.status);
    assertTrue(result.err.startsWith("usage: "), result.err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--bogus", "--minutes=3", "--minutes", "--minutes 0", "--minutes x"})
  void shouldRefuseWrongTestArguments(String arguments) throws Exception {
    Result result = launch(Map.of(), ("test " + arguments).split(" "));
    assertEquals(2, result.status, result.err);
    assertEquals(1, result.err.lines().count(), result.err);
  }

  /** The launcher is a link in another folder, and the only Java around is a wrong one. */
  @Test
  void shouldSayHowToGetJavaWhenItIsMissing() throws Exception {
    Path wrong = Files.createDirectories(folder.resolve("jdk/bin"));
    Files.writeString(wrong.resolve("javac"), "").toFile().setExecutable(true);
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"2.5\"\n");
    Path link = Files.createSymbolicLink(folder.resolve("sb"), ROOT.resolve("southbound"));
    Map<String, String> environment = Map.of("SOUTHBOUND_JDKS", folder + "/jdk", "JAVA_HOME", "", "JAVA25_HOME", "");
    Result result = launch(environment, link, "run");
    assertEquals(1, result.status, result.err);
    assertTrue(result.err.startsWith("southbound: found no JDK 25: "), result.err);
  }

  private Result launch(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
    return launch(environment, ROOT.resolve("southbound"), arguments);
  }

  private Result launch(Map<String, String> environment, Path program, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out"), err = folder.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "no end: " + command);
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
