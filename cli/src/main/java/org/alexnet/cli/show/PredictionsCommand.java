package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.Predictions;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code show predictions}: images and the classes that a network holds most probable. */
@Command(
    name = "predictions",
    description =
        "Draws images with their class and the five most probable ones: image files, images of"
            + " --data, or else of those that the run held out.")
final class PredictionsCommand extends TrainedCommand {
  private static final int MOST = 1000;

  @Parameters(
      arity = "0..*",
      paramLabel = "RUN IMAGE",
      description =
          "The folder that train wrote, and image files. No folder where --weights is given.")
  private List<Path> arguments = List.of();

  @Mixin private JudgedImages judged;

  @Option(names = "--n", paramLabel = "N", description = "Images of the source. Default: 10.")
  private Integer n;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Fixes which images are drawn. Default: 42.")
  private long seed = 42;

  @Mixin private BadImages bad;

  PredictionsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  List<Path> arguments() {
    return arguments;
  }

  @Override
  boolean skipsBad() {
    return bad.skipped;
  }

  @Override
  int usualBatch() {
    return Math.clamp(images().isEmpty() ? count() : images().size(), 1, 128);
  }

  private int count() {
    return n == null ? 10 : n;
  }

  @Override
  void checkOptions() {
    super.checkOptions();
    judged.check();
    Require.between(1, MOST, "--n", n);
    boolean files = !images().isEmpty();
    Require.that(!judged.named() || !files, "IMAGE", images(), "left out beside --data");
    Require.that(n == null || !files, "--n", n, "left out beside image files, which are all shown");
    Require.given(
        judged.named() || files || run() != null,
        "IMAGE",
        "image files, or --data, where there is no run");
  }

  @Override
  Picture draw(Classifier classifier) {
    if (!images().isEmpty()) {
      try (ImageSource files = classifier.images(images())) {
        return Predictions.of(classifier, files);
      }
    }
    try (ImageSource source = judged.open(classifier)) {
      return Predictions.of(classifier, source, count(), seed);
    }
  }
}
