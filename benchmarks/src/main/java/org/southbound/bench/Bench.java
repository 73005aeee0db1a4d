// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./southbound bench}: runs benchmarks by name, in a JVM of their own each, and prints what they measured. */
@Command(name = "./southbound bench", mixinStandardHelpOptions = true, description = "Runs the benchmarks.")
public final class Bench implements Callable<Integer> {
  /** One figure; {@code reference} is what the thing to compare with took in the same run, 0 if there is none. */
  public record Figure(String name, Map<String, String> params, double value, String unit, double reference) {
    String json() {
      String parameters = params.entrySet().stream().map(entry -> quote(entry.getKey()) + ":" + quote(entry.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
      return "{\"name\":" + quote(name) + ",\"params\":" + parameters + ",\"value\":" + value + ",\"unit\":"
          + quote(unit) + ",\"reference\":" + reference + "}";
    }

    String line() {
      String parameters = params.isEmpty() ? "" : " " + params;
      String ratio = reference == 0 ? "" : String.format(" (%.2f x reference)", value / reference);
      return String.format("%-60s %12.2f %s%s", name + parameters, value, unit, ratio);
    }
  }

  /** Benchmarks that compare whole processes, beside those of JMH. */
  private interface Processes {
    /** Runs loads of that many seconds; {@code write}: keeps the figures in the sources, where they have a place there. */
    List<Figure> run(double seconds, boolean write) throws IOException, InterruptedException;
  }

  private static final Map<String, Processes> PROCESSES = Map.of(
      "ForwardBench.cpu", (seconds, write) -> ForwardBench.run(seconds),
      "InterfaceBench.cpu", (seconds, write) -> InterfaceBench.run(seconds),
      "NetconfBench.server", (seconds, write) -> NetconfBench.run(seconds),
      "TransferBench.transfer", (seconds, write) -> TransferBench.run(),
      "VariantsBench.variants", (seconds, write) -> VariantsBench.run(write));

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Benchmarks whose name contains this; all if none.")
  private List<String> names = List.of();
  @Option(names = "--list", description = "Print the names and stop.")
  private boolean list;
  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures to FILE as JSON.")
  private Path json;
  @Option(names = "--seconds", paramLabel = "N", defaultValue = "1", description = "Length of an iteration, of which there are 8 (default ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(names = "--write", description = "Write the numbers of the variants, which getVariants returns, to the sources.")
  private boolean write;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).setParameterExceptionHandler((error, arguments) -> refuse(error, 2))
        .setExecutionExceptionHandler((error, command, parsed) -> refuse(error, 1)).execute(args));
  }

  private static int refuse(Exception error, int status) {
    System.err
        .println("southbound: bench: " + (error instanceof IOException ? "cannot write " : "") + error.getMessage());
    return status;
  }

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    List<String> chosen = available().stream().filter(this::isNamed).toList();
    if (list) {
      chosen.forEach(System.out::println);
      return 0;
    }
    if (chosen.isEmpty()) {
      System.err.println("southbound: bench: no benchmark is named so, see ./southbound bench --list");
      return 2;
    }
    if (json != null) Files.writeString(json, ""); // a bad path must not show only after the minutes of a run
    List<Figure> figures = new ArrayList<>();
    List<String> measured = chosen.stream().filter(name -> !PROCESSES.containsKey(name)).toList();
    if (!measured.isEmpty()) {
      for (RunResult result : new Runner(options(measured)).run()) figures.addAll(figures(result));
    }
    for (String name : chosen) {
      if (PROCESSES.containsKey(name)) figures.addAll(PROCESSES.get(name).run(seconds, write));
    }
    figures.forEach(figure -> System.out.println(figure.line()));
    if (json != null) {
      Files.writeString(json, figures.stream().map(Figure::json).collect(Collectors.joining(",\n ", "[", "]\n")));
    }
    return 0;
  }

  private boolean isNamed(String name) {
    return names.isEmpty() || names.stream().anyMatch(name::contains);
  }

  /** Names as {@code Class.method}, sorted. */
  private static List<String> available() {
    OutputFormat silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
    var measured = BenchmarkList.defaultList().getAll(silent, List.of()).stream()
        .map(entry -> shortName(entry.getUsername()));
    return Stream.concat(measured, PROCESSES.keySet().stream()).sorted().toList();
  }

  private static String shortName(String qualified) {
    return qualified.substring(qualified.lastIndexOf('.', qualified.lastIndexOf('.') - 1) + 1);
  }

  private Options options(List<String> chosen) {
    OptionsBuilder options = new OptionsBuilder();
    for (String name : chosen) options.include("\\." + Pattern.quote(name) + "$");
    TimeValue time = TimeValue.seconds(seconds);
    options.forks(1).warmupIterations(3).warmupTime(time).measurementIterations(5).measurementTime(time)
        .shouldFailOnError(true).addProfiler(GCProfiler.class);
    return options.build();
  }

  /** The time, and the bytes allocated in it. */
  private static List<Figure> figures(RunResult result) {
    String name = shortName(result.getParams().getBenchmark());
    Map<String, String> params = new TreeMap<>();
    for (String key : result.getParams().getParamsKeys()) params.put(key, result.getParams().getParam(key));
    List<Figure> figures = new ArrayList<>();
    var primary = result.getPrimaryResult();
    figures.add(new Figure(name, params, primary.getScore(), primary.getScoreUnit(), 0));
    result.getSecondaryResults().forEach((key, secondary) -> {
      if (key.endsWith("gc.alloc.rate.norm")) {
        figures.add(new Figure(name + ".allocated", params, secondary.getScore(), secondary.getScoreUnit(), 0));
      }
    });
    return figures;
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
