package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.Confusion;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code show confusion}: which classes a network takes for which. */
@Command(
    name = "confusion",
    description =
        "Draws the confusion matrix: how many images of each class were predicted as each class, of"
            + " the images that the run held out or of --data.")
final class ConfusionCommand extends TrainedCommand {
  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @Mixin private JudgedImages judged;

  @Mixin private BadImages bad;

  ConfusionCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  List<Path> arguments() {
    return run == null ? List.of() : List.of(run);
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
    judged.check();
    trained().requireOne(run);
    Require.given(judged.named() || run != null, "--data", "a data source beside --weights");
  }

  @Override
  Picture draw(Classifier classifier) {
    try (ImageSource images = judged.open(classifier)) {
      return Confusion.of(classifier, images);
    }
  }
}
