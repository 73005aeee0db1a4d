// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Debian's yanglint, in interactive mode: one process judges many documents. */
final class Yanglint {
  /** What has no verdict: the program crashed over it. */
  static final String CRASHED = "crashed";
  private static final Pattern MARK = Pattern.compile("Unknown command \"at:([^\"]*)\"");
  private static final long PATIENCE_SECONDS = 60;
  private static final int MAX_CRASHES = 20;

  private Yanglint() {
  }

  /** True if the program is on the PATH. */
  static boolean present() {
    for (String each : System.getenv("PATH").split(File.pathSeparator, -1)) {
      if (Files.isExecutable(Path.of(each, "yanglint"))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Has documents judged.
   *
   * @param modules the commands that load the modules
   * @param commands the command for each document, by its file name
   * @return for each file name refused, the reason
   */
  static Map<String, String> refused(Path folder, List<String> modules, Map<String, String> commands)
      throws IOException, InterruptedException {
    var refused = new TreeMap<String, String>();
    var open = new ArrayList<>(commands.keySet());
    for (int crashes = 0; !open.isEmpty(); crashes++) {
      var lines = new ArrayList<>(modules);
      for (String each : open) {
        lines.add("at:" + each); // no command, so that the log says where we are
        lines.add(commands.get(each));
      }
      Path log = folder.resolve("yanglint.log");
      int status = run(folder, lines, log);
      String last = read(log, refused);
      if (status == 0) {
        return refused;
      }
      if (crashes == MAX_CRASHES || last == null) {
        throw new IllegalStateException("yanglint ended with " + status + ", see " + log);
      }
      refused.put(last, CRASHED);
      open.subList(0, open.indexOf(last) + 1).clear();
    }
    return refused;
  }

  private static int run(Path folder, List<String> lines, Path log) throws IOException, InterruptedException {
    Path script = folder.resolve("commands");
    Files.writeString(script, String.join("\n", lines) + "\nquit\n");
    Process process = new ProcessBuilder("yanglint").directory(folder.toFile()).redirectInput(script.toFile())
        .redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("yanglint hangs, see " + log);
    }
    return process.exitValue();
  }

  /** Collects the refusals; the file that was last begun. */
  private static String read(Path log, Map<String, String> refused) throws IOException {
    String file = null;
    String reason = "";
    for (String line : Files.readAllLines(log)) {
      Matcher mark = MARK.matcher(line);
      if (mark.find()) {
        file = mark.group(1);
        reason = "";
      } else if (line.startsWith("YANGLINT[E]")) {
        if (file == null || !line.contains('"' + file + '"')) {
          throw new IllegalStateException("yanglint: " + reason + line + ", see " + log);
        }
        refused.put(file, reason);
      } else if (line.startsWith("libyang[0]")) { // an error; others are warnings
        reason = reason + line + ' ';
        if (file == null) {
          throw new IllegalStateException("yanglint: " + line + ", see " + log);
        }
      }
    }
    return file;
  }
}
