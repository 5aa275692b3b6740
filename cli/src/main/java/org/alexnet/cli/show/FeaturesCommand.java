package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.network.FilterLayer;
import org.alexnet.network.Layer;
import org.alexnet.pictures.Features;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code show features}: what a layer makes of an image. */
@Command(
    name = "features",
    description = {
      "Draws an image and, beside it, what a layer makes of it: its maps, each from its smallest"
          + " value, dark blue, to its largest, yellow.",
      "With --json the panel of the image itself has the index -1, the maps theirs from 0."
    })
final class FeaturesCommand extends TrainedCommand {
  @Parameters(
      arity = "0..*",
      paramLabel = "RUN IMAGE",
      description =
          "The folder that train wrote, and an image file. No folder where --weights is given.")
  private List<Path> arguments = List.of();

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description = "Default: the network's first convolution, conv1.")
  private String layer;

  @Option(
      names = "--n",
      paramLabel = "N",
      description = "How many maps. Default: 32, or all where the layer has fewer.")
  private Integer n;

  private String chosen;

  FeaturesCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  List<Path> arguments() {
    return arguments;
  }

  @Override
  int usualBatch() {
    return 1;
  }

  @Override
  void checkOptions() {
    super.checkOptions();
    Require.atLeast(1, "--n", n);
    Require.given(!images().isEmpty(), "IMAGE", "one image file");
    Require.that(images().size() == 1, "IMAGE", images(), "one image file");
  }

  @Override
  List<String> layers() {
    chosen = layer;
    if (layer == null) {
      try (TrainedWeights weights = trained().weights(run())) {
        List<Layer> layers = weights.network().layers();
        chosen =
            layers.stream()
                .filter(FilterLayer.class::isInstance)
                .findFirst()
                .orElse(layers.getFirst())
                .name();
      }
    }
    return List.of(chosen);
  }

  @Override
  Picture draw(Classifier classifier) {
    try (ImageSource image = classifier.images(images())) {
      return Features.of(classifier, image, chosen, n);
    } catch (AlexNetException e) {
      if (e.getCause() instanceof UnreadableImageException bad) { // there is none to go on with
        throw new AlexNetException(
            "%s %s; give another image".formatted(images().getFirst(), bad.reason()), e);
      }
      throw e;
    }
  }
}
