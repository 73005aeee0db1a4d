// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.datastore.FileStore.Durability;

/** The examples of RFC 6241, replayed; those of its section 6.4 are in FilterTest. */
@Timeout(120)
class Rfc6241ExamplesTest {
  @TempDir
  Path home;

  @Test
  void shouldAnswerAsTheExamplesDo() throws IOException {
    try (var server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      server.start();
      try (var other = TestClient.admin(server); var client = TestClient.admin(server)) {
        String id = other.hello.replaceAll("(?s).*<session-id>(\\d+)<.*", "$1");
        String title = "";
        String reply = "";
        for (String line : Files.readAllLines(Path.of("src/test/resources/rfc6241-examples.txt"))) {
          String text = line.substring(Math.min(2, line.length())).strip().replace("$OTHER", id);
          if (line.startsWith("==")) {
            title = text;
          } else if (line.startsWith("*")) {
            assertTrue(other.call(text).contains("<ok/>"), title);
          } else if (line.startsWith(">")) {
            reply = asked(client, text);
          } else if (line.startsWith("< ~")) {
            String part = text.substring(1).strip();
            assertTrue(reply.contains(part), title + ": " + part + " in " + reply);
          } else if (line.startsWith("<")) {
            assertEquals(text, reply.replaceAll("(?s)^<rpc-reply[^>]*>(.*)</rpc-reply>$", "$1"), title);
          }
        }
        assertThrows(IOException.class, client::read);
        assertThrows(IOException.class, other::read);
      }
    }
  }

  private static String asked(TestClient client, String request) throws IOException {
    if (request.startsWith("<rpc")) {
      client.send(request);
      return client.read();
    }
    return client.call(request);
  }
}
