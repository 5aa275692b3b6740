package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.DeviceOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.option.TrainedOptions;
import org.alexnet.cli.output.LeftOut;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.training.Activity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** A picture of what a trained network makes of images. */
abstract class TrainedCommand extends PictureCommand {
  @Option(names = "--batch", paramLabel = "N", description = "Images per step. Default: 128.")
  private Integer batch;

  @ArgGroup(validate = false, heading = "%nWeights instead of a run:%n", order = 1)
  private TrainedOptions trained = new TrainedOptions();

  @ArgGroup(validate = false, heading = "%nDevices:%n", order = 2)
  private DeviceOptions devices = new DeviceOptions();

  TrainedCommand(Terminal terminal) {
    super(terminal);
  }

  /** The folder of the run, and image files; the latter alone where weights are given. */
  abstract List<Path> arguments();

  /** Images a step where nothing else is said. */
  abstract int usualBatch();

  /** Layers whose outputs are needed. */
  List<String> layers() {
    return List.of();
  }

  /** Whether images that cannot be read are left out. */
  boolean skipsBad() {
    return false;
  }

  @Override
  void checkOptions() {
    Require.atLeast(1, "--batch", batch);
    run(); // refuses that there is neither a run nor weights
  }

  final Path run() {
    return trained.run(arguments());
  }

  final List<Path> images() {
    return trained.images(arguments());
  }

  final TrainedOptions trained() {
    return trained;
  }

  @Override
  final Picture draw(ProgressView view) {
    view.working(Activity.COMPILING.toString(), 0, 0);
    Classifier.Options options =
        devices
            .classifier(
                batch != null ? batch : usualBatch(),
                view::message,
                skipsBad() ? new LeftOut(terminal) : null,
                view.of(Activity.PREDICTING))
            .observing(layers());
    try (Classifier classifier = trained.open(run(), options)) {
      return draw(classifier);
    }
  }

  /** Makes the picture by a network that is open. */
  abstract Picture draw(Classifier classifier);
}
