package org.alexnet.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import org.alexnet.AlexNetException;
import org.alexnet.cli.exchange.ExportCommand;
import org.alexnet.cli.exchange.ImportCommand;
import org.alexnet.cli.option.EmptyValues;
import org.alexnet.cli.option.Numbers;
import org.alexnet.cli.option.OverwrittenFiles;
import org.alexnet.cli.option.RepeatedOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.Terminal;
import org.alexnet.cli.show.ShowCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The program {@code alexnet}. It ends with an {@link ExitStatus}. */
@Command(
    name = "alexnet",
    description = "Trains and runs the networks of the AlexNet family.",
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Shows the version.")
  private boolean version;

  private Main() {}

  /** Runs one command and ends the process. */
  public static void main(String[] arguments) {
    System.exit(run(Terminal.ofProcess(), arguments));
  }

  /** Runs one command. */
  static int run(Terminal terminal, String... arguments) {
    CommandLine line = new CommandLine(new Main());
    addCommands(line, terminal, arguments);
    Numbers.register(line);
    line.setOut(new PrintWriter(terminal.out(), true));
    line.setErr(new PrintWriter(terminal.err(), true));
    line.setUsageHelpAutoWidth(true);
    line.setExecutionStrategy(
        parsed -> {
          EmptyValues.refuse(parsed);
          RepeatedOptions.refuse(parsed);
          OverwrittenFiles.refuse(parsed);
          return new CommandLine.RunLast().execute(parsed);
        });
    boolean verbose = List.of(arguments).contains("--verbose");
    Failures failures = new Failures(terminal, verbose);
    line.setParameterExceptionHandler(
        (e, _) -> {
          if (e.getCause() instanceof AlexNetException file) { // that an option names
            return failures.report(file);
          }
          terminal.fail(usage(e), verbose ? e : null);
          return ExitStatus.WRONG_USAGE;
        });
    line.setExecutionExceptionHandler((e, _, _) -> failures.report(e));
    // Closed last: a signal does not end the process before its failure has been reported.
    try (Interruption _ = interruption(line, terminal, arguments)) {
      int status = execute(line, failures, arguments);
      status = answered(terminal, status);
      terminal.flush();
      return status;
    }
  }

  private static int execute(CommandLine line, Failures failures, String... arguments) {
    try {
      return line.execute(arguments);
    } catch (Error e) { // the parser of the command line hands on exceptions only
      return failures.report(e);
    }
  }

  /** What a signal does to the command that is called; null where it is soon done. */
  private static Interruption interruption(
      CommandLine line, Terminal terminal, String... arguments) {
    CommandLine called = line;
    for (String word : arguments) {
      CommandLine next = called.getSubcommands().get(word);
      if (next == null) {
        break;
      }
      called = next;
    }
    return called.getCommand() instanceof LongCommand along
        ? new Interruption(terminal, along)
        : null;
  }

  /** An answer that did not get to its reader is a failure. */
  private static int answered(Terminal terminal, int status) {
    if (status == ExitStatus.SUCCESS && terminal.out().checkError()) {
      terminal.fail(
          "Standard output cannot be written (is the disk full, or its reader gone?).", null);
      return ExitStatus.FAILED;
    }
    return status;
  }

  /** Every command, made when it is needed. */
  private static SequencedMap<String, Function<Terminal, Object>> commands() {
    SequencedMap<String, Function<Terminal, Object>> commands = new LinkedHashMap<>();
    commands.put("train", TrainCommand::new);
    commands.put("eval", EvalCommand::new);
    commands.put("predict", PredictCommand::new);
    commands.put("show", ShowCommand::of);
    commands.put("report", ReportCommand::new);
    commands.put("watch", WatchCommand::new);
    commands.put("prepare", PrepareCommand::new);
    commands.put("import", ImportCommand::new);
    commands.put("export", ExportCommand::new);
    commands.put("init", InitCommand::new);
    commands.put("summary", SummaryCommand::new);
    commands.put("devices", DevicesCommand::new);
    commands.put("bench", BenchCommand::new);
    commands.put("selftest", SelftestCommand::new);
    return commands;
  }

  /** Adds the one command that is called, or all: reading a command's options takes its time. */
  private static void addCommands(CommandLine line, Terminal terminal, String... arguments) {
    var commands = commands();
    if (arguments.length > 0 && commands.containsKey(arguments[0])) {
      commands.keySet().retainAll(Set.of(arguments[0]));
    }
    commands.forEach((name, make) -> line.addSubcommand(name, make.apply(terminal)));
  }

  private static String usage(ParameterException e) {
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    String message = e.getMessage().lines().findFirst().orElse("wrong usage").strip();
    String end = message.endsWith(".") || message.endsWith("?") ? "" : ".";
    return "%s%s See %s --help.".formatted(message, end, name);
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "A command is needed: " + String.join(", ", spec.subcommands().keySet()));
  }
}
