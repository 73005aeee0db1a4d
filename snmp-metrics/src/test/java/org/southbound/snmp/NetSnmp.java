// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Programs that are not ours, of net-snmp and libsmi; a test that needs one is skipped where it is not installed. */
final class NetSnmp {
  /** What a program answered. */
  record Answer(int status, String text) {
    /** The text of a program that succeeded. */
    String ok() {
      assertEquals(0, status, text);
      return text;
    }

    /** Lines "OID = TYPE: value" by OID without its leading dot. */
    Map<String, String> values() {
      var result = new LinkedHashMap<String, String>();
      for (String line : ok().lines().toList()) {
        int equals = line.indexOf(" = ");
        if (line.startsWith(".") && equals > 0) {
          result.put(line.substring(1, equals), line.substring(equals + 3).strip());
        }
      }
      return result;
    }
  }

  private NetSnmp() {
  }

  static boolean isInstalled(String program) {
    for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  /** Asks an agent, numerically and without MIB files. */
  static Answer ask(String program, SnmpAgent agent, List<String> credentials, String... names)
      throws IOException, InterruptedException {
    var arguments = new ArrayList<>(List.of("-m", "", "-On", "-t", "2", "-r", "1"));
    arguments.addAll(credentials);
    arguments.add("127.0.0.1:" + agent.address().getPort());
    arguments.addAll(List.of(names));
    return run(program, Map.of(), arguments);
  }

  static Answer run(String program, Map<String, String> environment, List<String> arguments)
      throws IOException, InterruptedException {
    assumeTrue(isInstalled(program), program + " is not installed");
    var command = new ArrayList<>(List.of(program));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    var process = builder.start();
    process.getOutputStream().close();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), program + " hangs");
    return new Answer(process.exitValue(), text);
  }
}
