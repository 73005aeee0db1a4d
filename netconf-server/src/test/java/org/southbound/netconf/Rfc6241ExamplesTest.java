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
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.YangNode;

/** The examples of RFC 6241 and RFC 8526, replayed; those of section 6.4 of RFC 6241 are in FilterTest. */
@Timeout(120)
class Rfc6241ExamplesTest {
  @TempDir
  Path home;

  @Test
  void shouldAnswerAsTheExamplesDo() throws IOException {
    try (var server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      server.start();
      replay(server, "rfc6241-examples.txt");
    }
  }

  /** What get-data shows of a peer's session besides the configuration is the instance's own. */
  @Test
  void shouldAnswerAsTheExamplesOfNmdaDo() throws IOException {
    try (var server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      YangNode bgp = server.schema().node("/example-bgp:bgp");
      server.operational().add(bgp, reader -> new TreeBuilder(bgp).entry("peer",
          peer -> peer.leaf("name", "2001:db8::2:3").leaf("local-port", 60794).leaf("state", "established")).build());
      server.start();
      replay(server, "rfc8526-examples.txt");
    }
  }

  private static void replay(NetconfServer server, String file) throws IOException {
    try (var other = TestClient.admin(server); var client = TestClient.admin(server)) {
      String id = other.hello.replaceAll("(?s).*<session-id>(\\d+)<.*", "$1");
      String title = "";
      String reply = "";
      for (String line : Files.readAllLines(Path.of("src/test/resources", file))) {
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

  private static String asked(TestClient client, String request) throws IOException {
    if (request.startsWith("<rpc")) {
      client.send(request);
      return client.read();
    }
    return client.call(request);
  }
}
