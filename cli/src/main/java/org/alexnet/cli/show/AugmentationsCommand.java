package org.alexnet.cli.show;

import org.alexnet.cli.option.AugmentationName;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.Augmentation;
import org.alexnet.data.ImageSource;
import org.alexnet.model.Model;
import org.alexnet.pictures.Augmentations;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.training.Activity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code show augmentations}: how training varies an image. */
@Command(
    name = "augmentations",
    description = {
      "Draws a training image and, beside it, how training varies it.",
      "With --json the panel of the image itself has the index -1."
    })
final class AugmentationsCommand extends DataCommand {
  @Option(
      names = "--augment",
      paramLabel = "A",
      converter = AugmentationName.class,
      description = "none, shapes or paper. Default: the model's.")
  private Augmentation augmentation;

  @Option(
      names = "--image",
      paramLabel = "I",
      description = "Number of the image, from 0. Default: one that is drawn.")
  private Integer image;

  AugmentationsCommand(Terminal terminal) {
    super(terminal, 8);
  }

  @Override
  Picture draw(ImageSource images, Model model, ProgressView view) {
    Augmentation usual =
        images.format().floats() ? Augmentation.NONE : model.recipe().augmentation();
    return Augmentations.of(
        images,
        model.network().input(),
        new Augmentations.Options(image, n, seed, augmentation == null ? usual : augmentation),
        threads(),
        view.of(Activity.AVERAGING));
  }
}
