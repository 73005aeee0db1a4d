// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;

/**
 * What each operation answers to each kind of mistake: all of the rpc-error but its message, by RFC 6241 appendix A. The table is
 * {@code error-table.txt}.
 */
@Timeout(120)
class ErrorTableTest {
  private static final String BASE = "urn:ietf:params:xml:ns:netconf:base:1.0";
  private static final Path TABLE = Path.of("src/test/resources/error-table.txt");

  /** A line of the table: columns divided by {@code |}; see there. */
  record Case(int line, String who, String request, String expected) {
    @Override
    public String toString() {
      return line + ": " + request;
    }
  }

  @TempDir
  static Path home;
  private static NetconfServer server;
  private static TestClient admin;
  private static TestClient guest;
  private static TestClient holder;
  private static boolean refuses;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT);
    server.datastores().subscribe(new Stubborn());
    server.start();
    admin = TestClient.admin(server);
    guest = TestClient.guest(server);
    holder = TestClient.admin(server);
    Files.createDirectory(home.resolve("files"));
    Files.writeString(home.resolve("files/big.xml"), "x".repeat((16 << 20) + 1));
  }

  @AfterAll
  static void stop() throws IOException {
    admin.close();
    guest.close();
    holder.close();
    server.close();
  }

  @BeforeEach
  void configure() throws NetconfException {
    var bench = new TreeBuilder(server.schema().node("/bench:bench")).leaf("counter", 1)
        .entry("entry", each -> each.leaf("name", "a").leaf("value", 1));
    server.datastores().editRunning(Writer.SYSTEM,
        before -> new TreeBuilder(server.schema().root()).put(bench.build()).build());
  }

  @AfterEach
  void reset() throws Exception {
    refuses = false;
    holder.call("<cancel-commit/>");
    admin.call("<cancel-commit/>");
    for (String each : List.of("running", "candidate", "startup")) {
      holder.call("<unlock><target><" + each + "/></target></unlock>");
    }
    admin.call("<discard-changes/>");
  }

  /** Refuses to go back from a counter of 13, if told so. */
  private static final class Stubborn implements ConfigSubscriber {
    @Override
    public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
      long was = new Tree(server.schema().root(), before).child("bench").number("counter", 0);
      if (refuses && was == 13) {
        throw NetconfException.of(ErrorTag.RESOURCE_DENIED, "It stays at 13.").appTag("test:stubborn");
      }
    }

    @Override
    public void apply() {
      // nothing to do
    }

    @Override
    public void rollback() {
      // nothing to do
    }
  }

  static List<Case> cases() throws IOException {
    List<String> lines = Files.readAllLines(TABLE);
    var cases = new java.util.ArrayList<Case>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] columns = line.split(" \\| ", -1);
        cases.add(new Case(i + 1, columns[0].strip(), columns[1].strip(),
            List.of(columns).subList(2, columns.length).stream().map(String::strip)
                .collect(Collectors.joining(" | "))));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldAnswerAsTheTableSays(Case each) throws Exception {
    prepare(each.who);
    TestClient client = each.who.equals("guest") ? guest : admin;
    String request = each.request.replace("@nc", "xmlns:nc=\"" + BASE + "\"")
        .replace("@b", "xmlns=\"urn:ncload:bench\"")
        .replace("@t", "xmlns=\"urn:southbound:test:trial\"");
    if (request.startsWith("<rpc") || request.startsWith("!")) {
      client.send(request.replaceFirst("^!", ""));
    } else {
      client.request(request);
    }
    String reply = client.read();
    assertEquals(each.expected, summary(reply), reply);
    assertTrue(reply.contains("<error-severity>error</error-severity>") && reply.contains("<error-message"), reply);
  }

  private static void ok(String reply) {
    assertTrue(reply.contains("<ok/>"), reply);
  }

  private static void prepare(String who) throws IOException {
    switch (who) {
      case "locked" -> {
        for (String each : List.of("running", "candidate", "startup")) {
          ok(holder.call("<lock><target><" + each + "/></target></lock>"));
        }
      }
      case "pending" -> ok(holder.call("<commit><confirmed/></commit>"));
      case "stubborn" -> {
        ok(admin.call("<edit-config><target><candidate/></target><config><bench xmlns=\"urn:ncload:bench\">"
            + "<counter>13</counter></bench></config></edit-config>"));
        ok(admin.call("<commit><confirmed/></commit>"));
        prepare("edited");
        refuses = true;
      }
      case "edited" -> ok(admin.call("<edit-config><target><candidate/></target><config>"
          + "<bench xmlns=\"urn:ncload:bench\"><counter>2</counter></bench></config></edit-config>"));
      default -> {
      }
    }
  }

  /** type | tag | app-tag | path | info, the latter as name=text. */
  private static String summary(String reply) {
    var info = new StringBuilder();
    Matcher match = Pattern.compile("<([\\w-]+)[^>]*>([^<]*)</\\1>")
        .matcher(reply.replaceAll("(?s).*<error-info>|</error-info>.*", ""));
    while (reply.contains("<error-info>") && match.find()) {
      info.append(info.isEmpty() ? "" : " ").append(match.group(1)).append('=').append(match.group(2));
    }
    return String.join(" | ", element(reply, "error-type"), element(reply, "error-tag"),
        element(reply, "error-app-tag"), element(reply, "error-path"), info);
  }

  private static String element(String reply, String name) {
    Matcher match = Pattern.compile("<" + name + "[^>]*>([^<]*)<").matcher(reply);
    return match.find() ? match.group(1) : "";
  }

  @Test
  void shouldHaveARowForEachTagAndEachOperation() throws IOException {
    Set<String> tags = new LinkedHashSet<>();
    Set<String> operations = new LinkedHashSet<>();
    for (Case each : cases()) {
      tags.add(each.expected.split(" \\| ", -1)[1].strip());
      operations.add(each.request.replaceAll("(?s)^(<rpc[^>]*>)?<([\\w-]+).*", "$2"));
    }
    for (ErrorTag each : ErrorTag.values()) {
      assertTrue(tags.contains(each.text()), each.text());
    }
    for (String each : List.of("get", "get-config", "edit-config", "copy-config", "delete-config", "lock", "unlock",
        "commit", "cancel-commit", "discard-changes", "validate", "close-session", "kill-session", "get-schema",
        "create-subscription")) {
      assertTrue(operations.contains(each), each);
    }
  }
}
