package org.alexnet.cli.show;

import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.model.Model;
import org.alexnet.network.Input;
import org.alexnet.network.Resize;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A picture of the images that a training would see. */
abstract class DataCommand extends PictureCommand {
  private static final int MOST = 1000;

  @Option(
      names = "--data",
      paramLabel = "SRC",
      required = true,
      description =
          "shapes, a folder with one subfolder per class (or train/ and val/ above those), an .axd"
              + " or a .safetensors file.")
  private String data;

  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description =
          "Images are drawn as this network receives them: ${COMPLETION-CANDIDATES}"
              + ModelName.OR_FILE
              + ". Default: "
              + ModelName.DEFAULT
              + ".")
  private String model;

  @Mixin private ModelFileOptions files;

  @Option(names = "--n", paramLabel = "N", description = "How many. Default: ${DEFAULT-VALUE}.")
  int n;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Fixes what is drawn. Default: ${DEFAULT-VALUE}.")
  long seed = 42;

  @Option(
      names = "--skip-bad",
      description = "Leaves out images that cannot be read instead of stopping.")
  private boolean skipBad;

  @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: one per core.")
  private Integer threads;

  DataCommand(Terminal terminal, int n) {
    super(terminal);
    this.n = n;
  }

  @Override
  void checkOptions() {
    Require.between(1, MOST, "--n", n);
    threads();
  }

  final int threads() {
    return Require.threads(threads);
  }

  @Override
  final Picture draw(ProgressView view) {
    Model chosen = files.model(model, ModelName.DEFAULT);
    Input input = chosen.network().input();
    OpenOptions options =
        new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                threads(),
                seed,
                skipBad,
                null)
            .stretched(input.resize() == Resize.STRETCH);
    // Which images are left out is known only once all have been read.
    OpenOptions opening = skipBad ? options : options.whenRead();
    try (DataSet images = DataSets.open(data, null, 0, opening)) {
      return draw(images.train(), chosen, view);
    }
  }

  /** Makes the picture of images that a training would see. */
  abstract Picture draw(ImageSource images, Model chosen, ProgressView view);
}
