package org.alexnet.cli;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.DeviceOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.option.TrainedOptions;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LeftOut;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.PredictionPrinter;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.drawing.PictureFile;
import org.alexnet.training.Activity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code predict}: the most probable classes of images. */
@Command(
    name = "predict",
    description = {
      "Prints the most probable classes of images.",
      "Images that cannot be read are listed and left out; the exit status is then 1 unless"
          + " --skip-bad is given."
    })
final class PredictCommand extends LongCommand {
  @Parameters(
      arity = "0..*",
      paramLabel = "RUN IMAGE",
      description =
          "The folder that train wrote, and image files. No folder where --weights is given.")
  private List<Path> arguments = List.of();

  @ArgGroup(validate = false, heading = "%nWeights instead of a run:%n", order = 1)
  private TrainedOptions trained = new TrainedOptions();

  @Option(
      names = "--data",
      paramLabel = "SRC",
      description = "Images of a data source, instead of files; labels are not needed.")
  private String data;

  @Option(names = "--top", paramLabel = "K", description = "Classes per image. Default: 5.")
  private int top = 5;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Writes logits and probabilities, [images, classes], to a .safetensors file: a row for"
              + " every image, in their order, of NaN where it cannot be read.")
  private Path out;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description =
          "Writes the output of this layer to --out instead, as tensor features: [images, channels,"
              + " height, width], or [images, outputs] from the first fully-connected layer on.")
  private String layer;

  @Option(names = "--batch", paramLabel = "N", description = "Images per step. Default: 128.")
  private Integer batch;

  @Option(
      names = "--skip-bad",
      description = "Does not count images that cannot be read as a failure.")
  private boolean skipBad;

  @ArgGroup(validate = false, heading = "%nDevices:%n", order = 2)
  private DeviceOptions devices = new DeviceOptions();

  @Mixin private CommonOptions common;

  private volatile PredictionPrinter printer;

  PredictCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.atLeast(1, "--top", top);
    Path run = trained.run(arguments);
    List<Path> images = trained.images(arguments);
    Require.that(layer == null || out != null, "--layer", layer, "given together with --out");
    if (out != null) {
      PictureFile.require(out, ".safetensors");
    }
    Require.that(data == null || images.isEmpty(), "IMAGE", images, "left out beside --data");
    Require.given(data != null || !images.isEmpty(), "IMAGE", "image files, or --data");
    int size = batch != null ? batch : data != null ? 128 : Math.clamp(images.size(), 1, 128);
    LeftOut leftOut = new LeftOut(terminal);
    ProgressView view = show(common);
    view.working(Activity.COMPILING.toString(), 0, 0);
    Classifier.Options options =
        devices
            .classifier(size, view::message, leftOut, view.of(Activity.PREDICTING))
            .observing(layer == null ? List.of() : List.of(layer));
    try (Classifier classifier = trained.open(run, options);
        PredictionPrinter open =
            new PredictionPrinter(terminal, view, common.json, classifier, top, layer, out)) {
      printer = open;
      if (data != null) {
        classifier.score(data, printer);
      } else {
        printer.align(images);
        classifier.score(images, printer);
      }
      view.end();
      printer.finish();
    } finally {
      view.end();
    }
    leftOut.requireNone(skipBad);
    return ExitStatus.SUCCESS;
  }

  @Override
  public String cutOff() {
    PredictionPrinter begun = printer;
    return begun == null ? "Stopped before the first image; there is no result." : begun.abandon();
  }
}
