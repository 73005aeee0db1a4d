// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.southbound.io.PortException;
import org.southbound.peer.TrustException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The main program, {@code Main COMMAND [ARGUMENT...]}; exits 0 on success, 1 on failure, 2 on wrong usage. */
public final class Main {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private Main() {
  }

  public static void main(String[] args) {
    int code = execute(System.out, System.err, args);
    System.out.flush();
    System.exit(code);
  }

  /** Runs a command line; returns the exit code. */
  static int execute(PrintStream out, PrintStream err, String... args) {
    var commands = new LinkedHashMap<String, Command>();
    for (var command : List.of(new RunCommand(Endpoints::prepare), new TrafficCommand(),
        new SpecCommand(Catalog.FUNCTIONS), new EnrollCommand(),
        new VersionCommand(),
        new TrainCommand(Endpoints::prepare))) {
      commands.put(command.spec().name(), command);
    }
    return execute(commands, out, err, args);
  }

  /** Only the command that is asked for is set up: start-up time matters. */
  static int execute(Map<String, Command> commands, PrintStream out, PrintStream err, String... args) {
    if (args.length == 0) {
      root(commands).usage(err);
      return USAGE;
    }
    if (args[0].equals("--help") || args[0].equals("-h") || args[0].equals("help")) {
      root(commands).usage(out);
      return 0;
    }
    var command = commands.get(args[0]);
    if (command == null) {
      return say(err, "unknown command '" + args[0] + "', see ./southbound --help", USAGE);
    }
    var line = new CommandLine(withHelp(command.spec())).setUsageHelpWidth(100).setUsageHelpLongOptionsMaxWidth(28);
    try {
      ParseResult arguments = line.parseArgs(List.of(args).subList(1, args.length).toArray(String[]::new));
      if (arguments.isUsageHelpRequested()) {
        line.usage(out);
        return 0;
      }
      return command.run(arguments, out, err);
    } catch (UnmatchedArgumentException wrong) {
      var first = wrong.getUnmatched().getFirst();
      return say(err, args[0] + ": " + (wrong.isUnknownOption() ? "unknown option '" : "unexpected argument '") + first
          + "', see ./southbound " + args[0] + " --help", USAGE);
    } catch (ParameterException | Command.UsageException wrong) {
      return say(err, args[0] + ": " + lowerFirst(wrong.getMessage()) + ", see ./southbound " + args[0] + " --help",
          USAGE);
    } catch (StartException failure) {
      return say(err, failure.getMessage(), failure.exitCode());
    } catch (PortException failure) {
      return say(err, failure.getMessage(), failure.usage() ? USAGE : FAILED);
    } catch (TrustException failure) {
      return say(err, failure.getMessage(), FAILED);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return say(err, args[0] + ": interrupted", FAILED);
    } catch (Exception bug) {
      return say(err, args[0] + " failed: " + bug + "; please report this", FAILED);
    }
  }

  private static CommandLine root(Map<String, Command> commands) {
    var root = new CommandLine(CommandSpec.create().name("./southbound"));
    commands.forEach((name, command) -> root.addSubcommand(name, command.spec()));
    root.getCommandSpec().usageMessage().customSynopsis("./southbound COMMAND [ARGUMENT...]");
    return root;
  }

  private static CommandSpec withHelp(CommandSpec spec) {
    var name = spec.name();
    spec.usageMessage().sortOptions(false).sortSynopsis(false).abbreviateSynopsis(true);
    return spec.name("./southbound " + name).addOption(OptionSpec.builder("-h", "--help").type(boolean.class).arity("0")
        .usageHelp(true).description("Prints this and exits.").build());
  }

  private static String lowerFirst(String text) {
    var line = text.lines().findFirst().orElse("");
    return line.isEmpty() ? line : Character.toLowerCase(line.charAt(0)) + line.substring(1);
  }

  private static int say(PrintStream err, String message, int code) {
    err.println("southbound: " + message.replaceAll("\\s*\\R\\s*", " "));
    return code;
  }
}
