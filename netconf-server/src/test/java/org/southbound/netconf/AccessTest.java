// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;

/** Access control as two users of ncclient see it, if Debian's python3-ncclient is installed. */
@Timeout(300)
class AccessTest {
  private static final String PYTHON = "/usr/bin/python3";

  @TempDir
  Path home;

  @Test
  void shouldKeepTwoUsersOfNcclientToTheirRules() throws Exception {
    assumeTrue(Files.isExecutable(Path.of(PYTHON))
        && new ProcessBuilder(PYTHON, "-c", "import ncclient").start().waitFor() == 0,
        "python3-ncclient is not installed");
    try (var server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      server.start();
      Process client = new ProcessBuilder(PYTHON, "src/test/python/access_test.py",
          Integer.toString(server.address().getPort()), TestServer.ADMIN_PASSWORD, TestServer.GUEST_PASSWORD)
          .redirectErrorStream(true).start();
      var said = new ArrayList<String>();
      try (BufferedReader out = client.inputReader(StandardCharsets.UTF_8);
          var in = client.outputWriter(StandardCharsets.UTF_8)) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          said.add(line);
          if (line.equals("ok subscribe") || line.equals("ok quiet")) { // it waits for what is denied to it the second time
            var notifications = server.notifications();
            notifications.publish(new TreeBuilder(notifications.node("southbound-state", "ownership-changed"))
                .leaf("epoch", 7).build());
            notifications.publish(new TreeBuilder(notifications.node("southbound-chain", "chain-changed"))
                .leaf("name", "web").leaf("change", "updated").build());
            in.write("published\n");
            in.flush();
          }
        }
      }
      assertEquals(0, client.waitFor(), String.join("\n", said));
      assertEquals(9, said.size(), String.join("\n", said));
    }
  }
}
