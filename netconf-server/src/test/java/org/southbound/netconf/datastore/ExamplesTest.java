// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.XmlIn;

/** The models' examples: what is good is accepted, what is bad is refused for the reason that the model gives. */
class ExamplesTest {
  private static final Path FOLDER = Path.of("../yang/examples");
  /** Error-app-tags of those that a must or a structural rule refuses; the others fail on a value's type. */
  private static final Map<String, String> APP_TAGS = Map.ofEntries(
      Map.entry("bad-chain-hop-mac-only.xml", "southbound:hop-without-peer"),
      Map.entry("bad-chain-no-hop.xml", "southbound:no-next-hop"),
      Map.entry("bad-peer-without-trust.xml", "missing-choice"),
      Map.entry("bad-pool-reference.xml", "instance-required"),
      Map.entry("bad-scope-port-inverted.xml", "southbound:scope-port-inverted"),
      Map.entry("bad-scope-port.xml", "southbound:scope-port-without-transport"),
      Map.entry("bad-threshold.xml", "southbound:threshold-inverted"),
      Map.entry("bad-translation-ambiguous.xml", "southbound:translation-ambiguous"),
      Map.entry("rpc-bad-replicate-option.xml", "southbound:option-not-applicable"),
      Map.entry("rpc-bad-service-chain-no-hop.xml", "too-few-elements"));

  static Stream<String> examples() throws IOException {
    try (var files = Files.list(FOLDER)) {
      return files.map(each -> each.getFileName().toString()).filter(each -> each.endsWith(".xml")).sorted().toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void shouldJudgeExampleAsItsNameSays(String name) throws Exception {
    if (!name.contains("bad-")) {
      read(name);
      return;
    }
    NetconfException error = assertThrows(NetconfException.class, () -> read(name));
    assertNotNull(error.path(), () -> error.tag() + " " + error.getMessage());
    if (APP_TAGS.containsKey(name)) {
      assertEquals(APP_TAGS.get(name), error.appTag(), error::getMessage);
    }
  }

  private static void read(String name) throws IOException, NetconfException {
    Schema schema = TestServer.schema();
    String text = Files.readString(FOLDER.resolve(name)).replaceFirst("<\\?xml[^>]*\\?>", "");
    ContainerNode empty = FileStore.empty(schema);
    String kind = name.substring(0, name.indexOf('-'));
    switch (kind) {
      case "rpc", "reply", "notif" -> {
        XmlIn in = open(text);
        YangNode node = switch (kind) {
          case "rpc" -> schema.rpc(in.namespace(), in.name());
          case "reply" -> schema.rpc(in.namespace(), in.name()).output();
          default -> schema.notification(schema.name(in.namespace().replaceFirst(".*:", ""), in.name()));
        };
        ContainerNode input = Editor.build(node, DataReader.input(in, node, DataPath.of(null, node)));
        // Some refer to a group of next hops, which this configuration has.
        ContainerNode running = config(schema, Files.readString(FOLDER.resolve("ok-chain-group.xml")));
        Validator.operation(schema.root(), running, null, node, input);
      }
      case "oper" -> Editor.apply(schema.root(), empty,
          DataReader.input(wrapped(text), schema.root(), null), Edit.Operation.MERGE);
      default -> Validator.config(schema.root(), null, config(schema, text));
    }
  }

  private static ContainerNode config(Schema schema, String text) throws NetconfException {
    return Editor.apply(schema.root(), FileStore.empty(schema), DataReader.config(wrapped(text), schema.root()),
        Edit.Operation.MERGE);
  }

  private static XmlIn wrapped(String text) throws NetconfException {
    return open("<config>" + text.replaceFirst("<\\?xml[^>]*\\?>", "") + "</config>");
  }

  private static XmlIn open(String text) throws NetconfException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return XmlIn.open(bytes, 0, bytes.length);
  }
}
