// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.datastore.FileStore.Durability;

/** The server as ncclient sees it, if Debian's python3-ncclient is installed. */
@Timeout(300)
class NcclientTest {
  private static final String PYTHON = "/usr/bin/python3";

  @TempDir
  Path home;

  private static String run(Path output, String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    if (!process.waitFor(240, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return process.waitFor() + "\n" + Files.readString(output, StandardCharsets.UTF_8);
  }

  @Test
  void shouldServeNcclient() throws Exception {
    Path output = home.resolve("output");
    assumeTrue(Files.isExecutable(Path.of(PYTHON)) && run(output, PYTHON, "-c", "import ncclient").startsWith("0\n"),
        "python3-ncclient is not installed");
    try (var server = TestServer.create(home, Durability.SYNC, NetconfConfig.Limits.DEFAULT)) {
      server.start();
      String result = run(output, PYTHON, "src/test/python/ncclient_test.py",
          Integer.toString(server.address().getPort()),
          TestServer.ADMIN_PASSWORD);
      assertTrue(result.startsWith("0\n"), result);
      List<String> passed = result.lines().filter(each -> each.startsWith("ok ")).toList();
      assertEquals(21, passed.size(), result);
    }
  }
}
