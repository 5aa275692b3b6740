package org.alexnet.cli.show;

import java.nio.file.Path;
import org.alexnet.cli.option.TrainedOptions;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.pictures.Filters;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code show filters}: the filters of a convolution. */
@Command(
    name = "filters",
    description = {
      "Draws the filters of a convolution, each normalized by itself.",
      "Filters of three inputs are in colour; of others, each input is a panel in grey. The columns"
          + " of a network are kept apart."
    })
final class FiltersCommand extends PictureCommand {
  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description =
          "Default: the network's first convolution, conv1, and those that read the same.")
  private String layer;

  @ArgGroup(validate = false, heading = "%nWeights instead of a run:%n", order = 1)
  private TrainedOptions trained = new TrainedOptions();

  FiltersCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  void checkOptions() {
    trained.requireOne(run);
  }

  @Override
  Picture draw(ProgressView view) {
    try (TrainedWeights weights = trained.weights(run)) {
      return Filters.of(weights, layer);
    }
  }
}
