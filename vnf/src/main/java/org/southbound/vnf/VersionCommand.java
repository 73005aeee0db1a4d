// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code version}: prints the version, which the build writes into the jar. */
final class VersionCommand implements Command {
  @Override
  public CommandSpec spec() {
    var spec = CommandSpec.create().name("version");
    spec.usageMessage().description("Prints the version.");
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err) {
    var version = VersionCommand.class.getPackage().getImplementationVersion();
    out.println("southbound " + (version == null ? "unknown" : version));
    return 0;
  }
}
