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
    return matched(checked(DataSets.openAll(source, opening())));
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
    ImageSource images = matched(checked(source));
    if (!run.heldOut(images)) {
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
    return matched(named(source));
  }

  /** As {@link #labelled}, without those that the run was trained on. */
  ImageSource unseen(String source) {
    ImageSource opened = named(source);
    ImageSource rest;
    try {
      rest = heldOut(source, opened);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    return matched(rest);
  }

  /** The images of a data source, with its own classes if it has any. The caller closes them. */
  ImageSource named(String source) {
    return checked(DataSets.openForEvaluation(source, opening()));
  }

  /** As {@link #named}, of which none is left out, whatever the run did. */
  ImageSource each(String source) {
    return checked(DataSets.openForEvaluation(source, opening(false)));
  }

  /** Image files, as the network takes them, without labels. The caller closes them. */
  ImageSource files(List<Path> files) {
    return checked(DataSets.openFiles(files, opening(false)));
  }

  /** Images that a program has, as the network takes them. They stay open. */
  ImageSource given(ImageSource source) {
    ImageSource fitted = DataSets.given(source, opening(false));
    if (!fitted.format().floats() && !model.takesPixels()) {
      throw model.noPixels(source.description());
    }
    return fitted;
  }

  /** As {@link #given}, with labels by the network's classes. */
  ImageSource givenLabelled(ImageSource source) {
    return matched(given(source));
  }

  /**
   * Labels by the network's classes, matched by name.
   *
   * @throws AlexNetException if that cannot be; the images are then closed
   */
  private ImageSource matched(ImageSource images) {
    List<String> own = images.classNames();
    try {
      if (images.labelled() && !own.isEmpty() && model.classNames().isEmpty()) {
        throw new AlexNetException(
            Message.of(
                "%s names its classes (%s), and the weights do not say which of their classes"
                    + " those are: give their names in the order of the labels (%s).",
                images.description(), Sources.listed(own), Setting.CLASS_NAMES));
      }
      return Sources.withClasses(images, model.classNames());
    } catch (RuntimeException e) {
      images.close();
      throw e;
    }
  }

  /**
   * Images are read once, so that those of a folder are decoded when it is their turn. Only where
   * the run left out bad images is that done at once: which of the others it held out depends on
   * it.
   */
  private OpenOptions opening() {
    return opening(model.skipsBad());
  }

  private OpenOptions opening(boolean skipBad) {
    Input input = model.network().input();
    OpenOptions opening =
        new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                options.threads(),
                model.run() == null ? TrainedModel.SEED : model.run().seed(),
                skipBad,
                options.progress())
            .stretched(input.resize() == Resize.STRETCH);
    return skipBad ? opening : opening.whenRead();
  }

  /** Pixels need to be brought to what the network was trained on. */
  private ImageSource checked(ImageSource source) {
    if (!source.format().floats() && !model.takesPixels()) {
      source.close();
      throw model.noPixels(source.description());
    }
    DataSets.otherwiseResized(source, opening(), model.network().name()).ifPresent(options.say());
    return source;
  }
}
