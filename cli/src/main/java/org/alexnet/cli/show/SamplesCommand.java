package org.alexnet.cli.show;

import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.model.Model;
import org.alexnet.pictures.Samples;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;

/** {@code show samples}: images with their classes. */
@Command(
    name = "samples",
    description =
        "Draws training images of a data source, spread over the classes as evenly as possible.")
final class SamplesCommand extends DataCommand {
  SamplesCommand(Terminal terminal) {
    super(terminal, 10);
  }

  @Override
  Picture draw(ImageSource images, Model model, ProgressView view) {
    return Samples.of(images, n, seed);
  }
}
