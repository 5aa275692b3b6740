package org.alexnet.cli.show;

import java.util.List;
import java.util.concurrent.Callable;
import org.alexnet.cli.output.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

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

  @Parameters(arity = "0..*", hidden = true)
  private List<String> words = List.of();

  private ShowCommand() {}

  /** The command with every kind. */
  public static CommandLine of(Terminal terminal) {
    return new CommandLine(new ShowCommand())
        .setUnmatchedOptionsArePositionalParams(true) // of a kind that there is not
        .addSubcommand(new SamplesCommand(terminal))
        .addSubcommand(new AugmentationsCommand(terminal))
        .addSubcommand(new FiltersCommand(terminal))
        .addSubcommand(new FeaturesCommand(terminal))
        .addSubcommand(new PredictionsCommand(terminal))
        .addSubcommand(new NeighboursCommand(terminal))
        .addSubcommand(new CurvesCommand(terminal))
        .addSubcommand(new ConfusionCommand(terminal));
  }

  @Override
  public Integer call() {
    String wrong =
        words.isEmpty()
            ? "A kind of picture is needed"
            : "'%s' is no kind of picture; there are".formatted(words.getFirst());
    throw new ParameterException(
        spec.commandLine(), wrong + ": " + String.join(", ", spec.subcommands().keySet()));
  }
}
