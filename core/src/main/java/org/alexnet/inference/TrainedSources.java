package org.alexnet.inference;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.Words;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.data.source.Sources;
import org.alexnet.network.Input;
import org.alexnet.network.Resize;
import org.alexnet.run.RunConfig;

/** Opens images for a trained network: as it takes them, and those that its run did not see. */
record TrainedSources(TrainedModel model, Classifier.Options options) {

  /** All labelled images of a source, those to train on and those to evaluate on. */
  ImageSource all(String source) {
    return Sources.withClasses(checked(DataSets.openAll(source, opening())), model.classNames());
  }

  /**
   * The images that the run held out of its training data or was validated with. The caller closes
   * them.
   *
   * @throws AlexNetException if that is nothing, or if there is no run
   */
  ImageSource heldOut() {
    RunConfig run = model.run();
    if (run == null) {
      throw new AlexNetException("Weights alone do not say what they were validated with.");
    }
    if (run.data() == null) {
      throw new AlexNetException(
          Message.of(
              "The weights were imported, and nothing is known of what they were validated with:"
                  + " name the images to evaluate on (%s).",
              Setting.DATA));
    }
    run.requireSources();
    ImageSource source =
        DataSets.openValidation(run.data(), run.validation(), run.validationFraction(), opening());
    if (source == null) {
      throw new AlexNetException(
          Message.of(
              "The run held no images out and was not validated: name the images to evaluate on"
                  + " (%s).",
              Setting.DATA));
    }
    ImageSource images = checked(source);
    if (!run.heldOut(Sources.withClasses(images, run.classNames()))) {
      options
          .say()
          .accept(
              Message.of(
                  "%s: these are not the images that the run was validated with.",
                  images.description()));
    }
    return images;
  }

  /**
   * Of images that the run was trained on, those that it held out; other images as they are.
   * Whoever closes these closes those that were opened.
   */
  private ImageSource heldOut(String name, ImageSource opened) {
    RunConfig run = model.run();
    if (run == null || !opened.labelled()) {
      return opened;
    }
    if (run.validationFraction() > 0) {
      ImageSource rest = run.heldOutOf(name, opened, opening());
      if (rest != null) {
        options
            .say()
            .accept(
                Message.of(
                    run.heldOut(rest)
                        ? "%s is what the run was trained on: evaluating the %s that it held out"
                            + " (%s takes all)."
                        : "%s is where the run's images were, and they have changed: evaluating the"
                            + " %s that it would hold out now (%s takes all).",
                    opened.description(),
                    Words.count(rest.size(), "image"),
                    Setting.ALL_IMAGES));
        return rest;
      }
    } else if (run.trainedOn(opened)) {
      options
          .say()
          .accept(
              Message.of(
                  "%s is what the run was trained on: the errors are those on training images.",
                  opened.description()));
    }
    return opened;
  }

  /**
   * The images of a data source, as the network takes them, with labels by the network's classes.
   * The caller closes them.
   */
  ImageSource labelled(String source) {
    return Sources.withClasses(named(source), model.classNames());
  }

  /** As {@link #labelled}, without those that the run was trained on. */
  ImageSource unseen(String source) {
    ImageSource opened = named(source);
    try {
      return Sources.withClasses(heldOut(source, opened), model.classNames());
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  ImageSource named(String source) {
    return checked(DataSets.openForEvaluation(source, opening()));
  }

  /** Image files, as the network takes them, without labels. The caller closes them. */
  ImageSource files(List<Path> files) {
    return checked(DataSets.openFiles(files, opening()));
  }

  /**
   * Images are read once, so that those of a folder are decoded when it is their turn. Only where
   * the run left out bad images is that done at once: which of the others it held out depends on
   * it.
   */
  private OpenOptions opening() {
    Input input = model.network().input();
    OpenOptions opening =
        new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                options.threads(),
                model.run() == null ? TrainedModel.SEED : model.run().seed(),
                model.skipsBad(),
                options.progress())
            .stretched(input.resize() == Resize.STRETCH);
    return model.skipsBad() ? opening : opening.whenRead();
  }

  /** Pixels need to be brought to what the network was trained on. */
  private ImageSource checked(ImageSource source) {
    if (!source.format().floats() && !model.takesPixels()) {
      source.close();
      throw model.noPixels(source.description());
    }
    return source;
  }
}
