package org.alexnet.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The program {@code alexnet}. Exit status 0 is success, 2 wrong usage, 1 any other failure; 130
 * and 143 are the JVM's own after SIGINT and SIGTERM.
 */
@Command(
    name = "alexnet",
    description = "Trains and runs the networks of the AlexNet family.",
    synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  private boolean help;

  private Main() {}

  /** Runs one command and ends the process. */
  public static void main(String[] arguments) {
    System.exit(run(Terminal.ofProcess(), arguments));
  }

  /** Runs one command. */
  static int run(Terminal terminal, String... arguments) {
    CommandLine line = new CommandLine(new Main());
    commands(terminal).forEach(line::addSubcommand);
    line.setOut(new PrintWriter(terminal.out(), true));
    line.setErr(new PrintWriter(terminal.err(), true));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    boolean verbose = List.of(arguments).contains("--verbose");
    line.setParameterExceptionHandler(
        (e, _) -> {
          terminal.fail(usage(e), verbose ? e : null);
          return WRONG_USAGE;
        });
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          terminal.fail(oneLine(e), verbose ? e : null);
          return e instanceof IllegalArgumentException ? WRONG_USAGE : FAILED;
        });
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError e) {
      terminal.fail(
          "Out of memory (%s). Take a smaller --batch, or allow Java more: ALEXNET_JAVA_OPTS=-Xmx8g"
              .formatted(e.getMessage()),
          verbose ? e : null);
      return FAILED;
    } finally {
      terminal.flush();
    }
  }

  private static List<Object> commands(Terminal terminal) {
    List<Object> commands = new ArrayList<>();
    commands.add(new TrainCommand(terminal));
    commands.add(new EvalCommand(terminal));
    commands.add(new PredictCommand(terminal));
    commands.add(new InitCommand(terminal));
    commands.add(new SummaryCommand(terminal));
    commands.add(new DevicesCommand(terminal));
    commands.add(new BenchCommand(terminal));
    commands.add(new SelftestCommand(terminal));
    return commands;
  }

  private static String usage(ParameterException e) {
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    String message = e.getMessage().lines().findFirst().orElse("wrong usage").strip();
    String end = message.endsWith(".") || message.endsWith("?") ? "" : ".";
    return "%s%s See %s --help.".formatted(message, end, name);
  }

  /** What a user is shown of a failure. */
  private static String oneLine(Exception e) {
    String message = e.getMessage();
    boolean meant = e instanceof AlexNetException || e instanceof IllegalArgumentException;
    if (meant && message != null) {
      return message.replaceAll("\\s*\\R\\s*", " ");
    }
    String what = e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    return "%s; --verbose shows where.".formatted(what.replaceAll("\\s*\\R\\s*", " "));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "A command is needed: " + String.join(", ", spec.subcommands().keySet()));
  }
}
