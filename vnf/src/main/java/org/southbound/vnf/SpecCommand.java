package org.southbound.vnf;
import java.io.PrintStream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
final class SpecCommand implements Command {
  @Override
  public CommandSpec spec() { return CommandSpec.create().name("spec"); }

  @Override
  public int run(ParseResult a, PrintStream out, PrintStream err) { return 1; }
}
