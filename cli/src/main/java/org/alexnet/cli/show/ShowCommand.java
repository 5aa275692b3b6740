package org.alexnet.cli.show;

import java.util.concurrent.Callable;
import org.alexnet.cli.output.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code show}: pictures of data, networks and runs. */
@Command(
    name = "show",
    description = "Makes a picture of data, of what a network has learned, or of a run.",
    synopsisSubcommandLabel = "KIND")
public final class ShowCommand implements Callable<Integer> {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  private boolean help;

  private ShowCommand() {}

  /** The command with every kind. */
  public static CommandLine of(Terminal terminal) {
    return new CommandLine(new ShowCommand())
        .addSubcommand("filters", new FiltersCommand(terminal));
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(),
        "A kind of picture is needed: " + String.join(", ", spec.subcommands().keySet()));
  }
}
