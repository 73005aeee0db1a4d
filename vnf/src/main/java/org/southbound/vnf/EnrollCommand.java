// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.InstantSource;
import org.southbound.peer.Enrollment;
import org.southbound.peer.TrustException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code enroll}: brings an instance on another machine under a trust folder's authority. With {@code --trust} it writes
 * a bundle for the instance, with {@code --home} it installs one.
 */
final class EnrollCommand implements Command {
  @Override
  public CommandSpec spec() {
    var spec = CommandSpec.create().name("enroll")
        .addOption(Command.option("--trust", "DIR", "Trust folder whose authority signs; made if it is not there."))
        .addOption(Command.option("--name", "NF", "Name of the instance that the bundle is for."))
        .addOption(Command.option("--home", "DIR", "Home of the instance that takes the bundle."))
        .addOption(Command.option("--bundle", "FILE", "The bundle: a private key and certificates. Keep it secret."));
    spec.usageMessage().customSynopsis("./southbound enroll --trust DIR --name NF --bundle FILE",
        "       ./southbound enroll --home DIR --bundle FILE").description(
            "Gives an instance a certificate that its"
                + " peers trust, in two steps: the first form makes a bundle where the trust folder is, the second installs"
                + " it where the instance runs.");
    return spec;
  }

  @Override
  public int run(ParseResult arguments, PrintStream out, PrintStream err) throws UsageException, TrustException {
    var bundle = Path.of(Command.required(arguments, "--bundle"));
    boolean make = Command.given(arguments, "--trust");
    if (make == Command.given(arguments, "--home")) {
      throw new UsageException("give either --trust, to make a bundle, or --home, to install one");
    }
    if (make) {
      var name = Command.required(arguments, "--name");
      Enrollment.bundle(Path.of(Command.required(arguments, "--trust")), name, bundle, InstantSource.system());
      out.println(
          "wrote " + bundle + " for " + name + "; copy it there by a safe way, then: ./southbound enroll --home DIR"
              + " --bundle FILE");
    } else {
      if (Command.given(arguments, "--name")) {
        throw new UsageException("--name goes with --trust; a bundle knows its name");
      }
      var home = Path.of(Command.required(arguments, "--home"));
      var name = Enrollment.install(home, bundle, InstantSource.system());
      out.println(home + " is now " + name + ", trusted by the instances of the same trust folder");
    }
    return 0;
  }
}
