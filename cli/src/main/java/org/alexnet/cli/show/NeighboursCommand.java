package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.pictures.Neighbours;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code show neighbours}: images that a network holds for alike. */
@Command(
    name = "neighbours",
    description = {
      "Draws images and, beside each, those of --data that a layer's output is nearest to, by"
          + " Euclidean distance.",
      "With --json a panel's index is the number of the image in --data, and -1 for an image file."
    })
final class NeighboursCommand extends TrainedCommand {
  private static final int MOST = 100;

  @Parameters(
      arity = "0..*",
      paramLabel = "RUN IMAGE",
      description =
          "The folder that train wrote, and image files. No folder where --weights is given.")
  private List<Path> arguments = List.of();

  @Option(
      names = "--data",
      paramLabel = "SRC",
      required = true,
      description =
          "Images to search, of whatever classes. Of shapes and of folders with val/, only the"
              + " validation images.")
  private String data;

  @Option(
      names = "--queries",
      paramLabel = "N",
      description = "Takes this many images from the source instead of image files.")
  private Integer queries;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description = "Default: fc7, or the last hidden fully-connected layer.")
  private String layer;

  @Option(names = "--k", paramLabel = "K", description = "Neighbours of each. Default: 6.")
  private int k = 6;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Fixes which images are drawn. Default: 42.")
  private long seed = 42;

  private String chosen;

  @Mixin private BadImages bad;

  NeighboursCommand(Terminal terminal) {
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
    return 128;
  }

  @Override
  void checkOptions() {
    super.checkOptions();
    Require.between(1, MOST, "--k", k);
    Require.between(1, MOST, "--queries", queries);
    boolean files = !images().isEmpty();
    Require.given(files || queries != null, "IMAGE", "image files, or --queries");
    Require.that(!files || queries == null, "IMAGE", images(), "left out beside --queries");
  }

  @Override
  List<String> layers() {
    chosen = layer;
    if (layer == null) {
      try (TrainedWeights weights = trained().weights(run())) {
        chosen = Neighbours.usualLayer(weights.network());
      }
    }
    return List.of(chosen);
  }

  @Override
  Picture draw(Classifier classifier) {
    try (ImageSource searched = classifier.imagesOfAnyClass(data)) {
      if (queries != null) {
        return Neighbours.of(classifier, searched, queries, chosen, k, seed);
      }
      try (ImageSource files = classifier.images(images())) {
        return Neighbours.of(classifier, searched, files, chosen, k);
      }
    }
  }
}
