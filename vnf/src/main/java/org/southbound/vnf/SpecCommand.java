// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.southbound.api.VnfApi;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.Link;
import org.southbound.engine.EngineMetrics;
import org.southbound.nf.NetworkFunction;
import org.southbound.nf.SpecificationDocument;
import org.southbound.transfer.ReplicateVariant;
import org.southbound.transfer.TransferVariant;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code spec}: prints a network function's specification document, by default as Markdown. */
final class SpecCommand implements Command {
  private final Map<String, Supplier<NetworkFunction>> functions;

  /** The command, for the network functions of this program by type. */
  SpecCommand(Map<String, Supplier<NetworkFunction>> functions) {
    this.functions = functions;
  }

  @Override
  public CommandSpec spec() {
    var spec = CommandSpec.create().name("spec")
        .addPositional(PositionalParamSpec.builder().paramLabel("NF").type(String.class).arity("0..1").index("0")
            .description("Network function: " + types() + ".").build())
        .addOption(Command.flag("--html", "A page for people."))
        .addOption(Command.flag("--xml", "For machines, in the namespace of southbound-spec."))
        .addOption(Command.flag("--json", "For machines, as RFC 7951 encodes southbound-spec."));
    spec.usageMessage().description("Prints a network function's specification document: labels, metrics, variants,"
        + " state, alarms. Without a flag as Markdown.");
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err) throws UsageException {
    String type = arguments.matchedPositionalValue(0, null);
    if (type == null) {
      throw new UsageException("name a network function, one of " + types());
    }
    var function = functions.get(type);
    if (function == null) {
      throw new UsageException("unknown network function '" + type + "', there are " + types());
    }
    var forms = Stream.of("--html", "--xml", "--json").filter(form -> Command.given(arguments, form))
        .toList();
    if (forms.size() > 1) {
      throw new UsageException("give only one of " + String.join(", ", forms));
    }
    var document = document(type, function.get());
    out.print(switch (forms.isEmpty() ? "" : forms.getFirst()) {
      case "--html" -> document.html();
      case "--xml" -> document.xml();
      case "--json" -> document.json();
      default -> document.markdown();
    });
    return 0;
  }

  private String types() {
    return String.join(", ", functions.keySet());
  }

  private static SpecificationDocument document(String type, NetworkFunction function) {
    var descriptions = new EnumMap<VnfApi.Operation, Map<String, String>>(VnfApi.Operation.class);
    descriptions.put(VnfApi.Operation.TRANSFER, by(Catalog.TRANSFERS, TransferVariant::name,
        TransferVariant::description));
    descriptions.put(VnfApi.Operation.REPLICATE, by(Catalog.REPLICATIONS, ReplicateVariant::name,
        ReplicateVariant::description));
    var operations = new ArrayList<SpecificationDocument.Operation>();
    VariantNumbers.of(type).forEach((operation, variants) -> operations.add(SpecificationDocument.Operation.of(
        operation.name().toLowerCase(Locale.ROOT),
        variants.entrySet().stream().map(each -> new SpecificationDocument.Variant(each.getKey(),
            descriptions.get(operation).get(each.getKey()), each.getValue().performance(), each.getValue().accuracy(),
            each.getValue().resource())).toList())));
    return new SpecificationDocument(function.specification(), EngineMetrics.common(), operations,
        Catalog.protocols(Optional.of(new Link(0, InetAddress.getLoopbackAddress()))).stream()
            .map(ChainingProtocol::name).toList());
  }

  private static <T> Map<String, String> by(List<T> all, Function<T, String> name,
      Function<T, String> description) {
    return all.stream().collect(Collectors.toMap(name, description));
  }
}
