// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.PrintStream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * A subcommand. Its options are declared as data: annotations would be read by reflection at every start.
 */
interface Command {
  /** Name, description and options. */
  CommandSpec spec();

  /** Does it; returns the exit code. A failure's message is one line that says what to do. */
  int run(ParseResult arguments, PrintStream out, PrintStream err) throws Exception;

  /** A wrong command line: exit code 2. */
  final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  /** An option with a value. */
  static OptionSpec option(String name, String value, String description) {
    return OptionSpec.builder(name).paramLabel(value).type(String.class).description(description).build();
  }

  /** An option without value. */
  static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).type(boolean.class).arity("0").description(description).build();
  }

  /** Value of an option, or {@code otherwise}. */
  static String value(ParseResult arguments, String option, String otherwise) {
    return arguments.matchedOptionValue(option, otherwise);
  }

  /** Value of an option that must be given. */
  static String required(ParseResult arguments, String option) throws UsageException {
    String value = arguments.matchedOptionValue(option, null);
    if (value == null) {
      throw new UsageException("missing option " + option);
    }
    return value;
  }

  /** Whether an option without value was given. */
  static boolean given(ParseResult arguments, String option) {
    return arguments.hasMatchedOption(option);
  }

  /** A whole number from an option. */
  static int number(String option, String text, int from, int to) throws UsageException {
    try {
      int number = Integer.parseInt(text);
      if (number >= from && number <= to) {
        return number;
      }
    } catch (NumberFormatException malformed) {
      // Reported below.
    }
    throw new UsageException(option + " takes a number from " + from + " to " + to + ", not '" + text + "'");
  }
}
