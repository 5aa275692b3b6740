package org.alexnet.data.source;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.Batch;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.folder.FolderSource;
import org.alexnet.data.folder.SplitFolder;
import org.alexnet.data.prepared.Preparation;
import org.alexnet.data.prepared.PreparedSource;
import org.alexnet.data.prepared.PreparedSource.Part;

/**
 * Opens what a user names as data: {@code shapes} or {@code shapes:N}, a folder with one subfolder
 * a class or with {@code train/} and {@code val/} (or {@code test/}) above those, an {@code .axd}
 * file that {@link Preparation} made, or a {@code .safetensors} file.
 */
public final class DataSets {
  private static final String SHAPES = "shapes";
  private static final int SHAPES_DEFAULT = 4000;
  private static final int SHAPES_LEAST = 10;
  private static final int SHAPES_MOST = 10_000_000; // 30 GB, for they are kept in memory
  private static final String KINDS =
      "data are 'shapes', 'shapes:N', a folder with one subfolder per class (or train/ and val/"
          + " above those), an .axd file made by alexnet prepare, or a .safetensors file";
  private static final String PREPARED = ".axd";
  private static final String TENSORS = ".safetensors";

  private DataSets() {}

  /**
   * Opens a training set and what it is judged by: {@code valSrc}, or the last {@code valFraction}
   * of each class of the training set, or what {@code src} brings for it ({@code shapes} another
   * stream of the seed, a folder its {@code val/} or {@code test/}), or nothing. Labels of the
   * validation set follow the names of the training set's classes.
   *
   * @param src training images
   * @param valSrc a source as for {@link #openForEvaluation}; null for none
   * @param valFraction above 0 and below 1; 0 for none
   * @param options size of the images and how to read them
   * @return both sets, which the caller closes
   * @throws AlexNetException if a source cannot be used, or if their classes do not match
   * @throws IllegalArgumentException if both {@code valSrc} and {@code valFraction} are given
   */
  public static DataSet open(String src, String valSrc, double valFraction, OpenOptions options) {
    return open(Data.named(src), valSrc == null ? null : Data.named(valSrc), valFraction, options);
  }

  /**
   * As {@link #open(String, String, double, OpenOptions)}, of images that are named or given. Given
   * ones bring no others to be judged by.
   *
   * @param src training images
   * @param valSrc validation images; null for none
   * @param valFraction above 0 and below 1; 0 for none
   * @param options size of the images and how to read them
   * @return both sets, which the caller closes; images that were given stay open
   * @throws AlexNetException if a source cannot be used, or if their classes do not match
   * @throws IllegalArgumentException if both {@code valSrc} and {@code valFraction} are given
   */
  public static DataSet open(Data src, Data valSrc, double valFraction, OpenOptions options) {
    if (valSrc != null && valFraction != 0) {
      throw new IllegalArgumentException(
          "validation data were given twice, as a source and as a fraction: give one of them");
    }
    if (!(valFraction >= 0 && valFraction < 1)) {
      throw new IllegalArgumentException(
          "validation fraction %s must be above 0 and below 1".formatted(valFraction));
    }
    ImageSource train =
        fitted(src.given() == null ? openTraining(src.name(), options) : src.given(), options);
    ImageSource validation = null;
    try {
      if (valFraction > 0) {
        return Sources.split(train, valFraction);
      }
      if (valSrc != null) {
        validation = openForEvaluation(valSrc, options);
      } else if (src.given() == null && bringsValidation(src.name())) {
        validation = openForEvaluation(src.name(), options);
      }
      if (validation != null) {
        requireComparable(train, validation);
        validation = Sources.withClasses(validation, train.classNames());
      }
      return new DataSet(train, validation);
    } catch (RuntimeException e) {
      new DataSet(train, validation).close();
      throw e;
    }
  }

  /** What is learned from one source says nothing about another of another kind. */
  private static void requireComparable(ImageSource train, ImageSource validation) {
    if (train.format().floats() != validation.format().floats()) {
      throw new AlexNetException(
          "%s holds %s and %s holds %s; validation images must be of the kind that is trained on"
              .formatted(
                  train.description(), kind(train), validation.description(), kind(validation)));
    }
    if (train.classNames().isEmpty() && !validation.classNames().isEmpty()) {
      throw new AlexNetException(
          "%s names its classes (%s) and %s does not, so that labels cannot be matched; validate with a source whose labels are numbers, such as a .safetensors file"
              .formatted(
                  validation.description(),
                  Sources.listed(validation.classNames()),
                  train.description()));
    }
  }

  private static String kind(ImageSource source) {
    return source.format().floats() ? "floating-point images" : "pixels";
  }

  private static ImageSource openForEvaluation(Data data, OpenOptions options) {
    return data.given() == null
        ? openForEvaluation(data.name(), options)
        : fitted(data.given(), options);
  }

  /**
   * {@return images that a program gives, as a network takes them}
   *
   * @param source stays open when what is returned is closed
   * @param options size of the images
   * @throws AlexNetException if the network cannot take them
   */
  public static ImageSource given(ImageSource source, OpenOptions options) {
    return fitted(new GivenSource(source), options);
  }

  /**
   * Opens images to judge a network by: of {@code shapes} the validation stream, of a folder its
   * {@code val/} or {@code test/} where it has one, else the folder itself.
   *
   * @param src what the user named
   * @param options size of the images and how to read them
   * @return the images, which the caller closes
   */
  public static ImageSource openForEvaluation(String src, OpenOptions options) {
    if (isShapes(src)) {
      int n = shapes(src);
      return fitted(ShapesSource.of(Math.max(1, n / 4), options.seed(), "validation"), options);
    }
    Path path = existing(src);
    ImageSource source;
    if (Files.isDirectory(path)) {
      Path folder = SplitFolder.of(path).forEvaluation();
      source = FolderSource.open(folder, options.folder(), 1, FolderSource.budget());
    } else if (isPrepared(src)) {
      Part part = PreparedSource.hasValidation(path) ? Part.VALIDATION : Part.TRAIN;
      source = PreparedSource.open(path, part);
    } else {
      source = SafetensorsSource.open(path);
    }
    return fitted(source, options);
  }

  /**
   * Opens all labelled images of a source: those to train on and those to evaluate on, as far as it
   * has both.
   *
   * @param src what the user named
   * @param options size of the images and how to read them
   * @return the images, which the caller closes
   */
  public static ImageSource openAll(String src, OpenOptions options) {
    if (!bringsValidation(src)) {
      return openForEvaluation(src, options);
    }
    ImageSource train = fitted(openTraining(src, options), options);
    try {
      ImageSource rest = openForEvaluation(src, options);
      return Sources.joined(train, Sources.withClasses(rest, train.classNames()));
    } catch (RuntimeException e) {
      train.close();
      throw e;
    }
  }

  /**
   * Opens what a run with these sources is judged by, as {@link #open} does, without more of the
   * training set than that takes.
   *
   * @param src training images
   * @param valSrc validation images, or null
   * @param valFraction share of the training images to hold out, or 0
   * @param options size of the images and how to read them
   * @return null if nothing is held out
   */
  public static ImageSource openValidation(
      String src, String valSrc, double valFraction, OpenOptions options) {
    if (valFraction > 0) {
      return Sources.split(fitted(openTraining(src, options), options), valFraction).validation();
    }
    if (valSrc != null) {
      return openForEvaluation(valSrc, options);
    }
    return bringsValidation(src) ? openForEvaluation(src, options) : null;
  }

  /**
   * {@return the name of a source that means the same in every working folder}
   *
   * @param src what the user named
   */
  public static String absolute(String src) {
    return isShapes(src) || Data.isGiven(src)
        ? src
        : existing(src).toAbsolutePath().normalize().toString();
  }

  private static ImageSource openTraining(String src, OpenOptions options) {
    if (isShapes(src)) {
      return ShapesSource.of(shapes(src), options.seed(), "train");
    }
    Path path = existing(src);
    if (Files.isDirectory(path)) {
      return FolderSource.open(SplitFolder.of(path).forTraining(), options.folder());
    }
    return isPrepared(src) ? PreparedSource.open(path, Part.TRAIN) : SafetensorsSource.open(path);
  }

  /**
   * Opens image files, without labels, to be decoded when they are read.
   *
   * @param images files of pictures
   * @param options size of the images and how to read them
   * @return the images in the order of the files
   */
  public static ImageSource openFiles(List<Path> images, OpenOptions options) {
    return FolderSource.files(images, options.folder());
  }

  /**
   * {@return whether a source can be opened at the place that it names}
   *
   * @param src what the user named
   */
  public static boolean exists(String src) {
    try {
      return isShapes(src) || Files.exists(Path.of(src));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /**
   * {@return what a user should know where pictures were brought to their size ahead, and in
   * another way than a network takes them; empty where there is nothing}
   *
   * @param source images
   * @param options as the network takes them
   * @param network its name
   */
  public static Optional<Message> otherwiseResized(
      ImageSource source, OpenOptions options, String network) {
    return source
        .stretched()
        .filter(stretched -> stretched != options.stretched())
        .map(
            stretched ->
                Message.of(
                    stretched
                        ? "%s holds whole pictures, stretched to squares, and %s takes their"
                            + " centres: prepare them again in that way (%s)."
                        : "%s holds the centres of pictures, and %s takes whole ones, stretched to"
                            + " squares: prepare them again in that way (%s).",
                    source.description(),
                    network,
                    Setting.RESIZE));
  }

  private static boolean bringsValidation(String src) {
    if (isShapes(src)) {
      return true;
    }
    Path path = existing(src);
    if (isPrepared(src)) {
      return PreparedSource.hasValidation(path);
    }
    return Files.isDirectory(path) && SplitFolder.of(path).validation() != null;
  }

  private static boolean isPrepared(String src) {
    return src.endsWith(PREPARED);
  }

  private static boolean isShapes(String src) {
    return src.equals(SHAPES) || src.startsWith(SHAPES + ":");
  }

  private static int shapes(String src) {
    if (src.equals(SHAPES)) {
      return SHAPES_DEFAULT;
    }
    String number = src.substring(SHAPES.length() + 1);
    long n;
    try {
      n = Long.parseLong(number);
    } catch (NumberFormatException e) {
      n = 0;
    }
    if (n < SHAPES_LEAST || n > SHAPES_MOST) {
      throw new UsageException(
          "%s: the number of images must be a whole number from %,d to %,d, as in shapes:%d"
              .formatted(src, SHAPES_LEAST, SHAPES_MOST, SHAPES_DEFAULT));
    }
    return (int) n;
  }

  /** A folder, a prepared file or a .safetensors file. */
  private static Path existing(String src) {
    Path path;
    try {
      path = Path.of(src);
    } catch (InvalidPathException e) {
      throw new AlexNetException("'%s' is not a path; %s".formatted(src, KINDS), e);
    }
    if (src.isBlank() || !Files.exists(path)) {
      if (Data.isGiven(src)) {
        throw new AlexNetException(
            Message.of(
                "The images of the run (%s) were given by a program, which alone can give them"
                    + " again: give them, or name other images (%s).",
                Data.givenDescription(src), Setting.DATA));
      }
      throw new AlexNetException("'%s' does not exist; %s".formatted(src, KINDS));
    }
    boolean file = Files.isRegularFile(path);
    if (!Files.isDirectory(path) && !(file && (isPrepared(src) || src.endsWith(TENSORS)))) {
      throw new AlexNetException(
          "'%s' is no folder, .axd or .safetensors file; %s".formatted(src, KINDS));
    }
    return path;
  }

  /** Pixels in the size asked for; other images as they are, if they have the network's. */
  private static ImageSource fitted(ImageSource source, OpenOptions options) {
    Batch.Format format = source.format();
    int height = format.floats() ? options.input() : options.height();
    int width = format.floats() ? options.input() : options.width();
    boolean size = format.height() == height && format.width() == width;
    if (format.channels() != options.channels() || (format.floats() && !size)) {
      source.close();
      throw new AlexNetException(
          "%s holds images of %d x %d x %d (channels x height x width); %d x %d x %d are required"
              .formatted(
                  source.description(),
                  format.channels(),
                  format.height(),
                  format.width(),
                  options.channels(),
                  height,
                  width));
    }
    return size ? source : Sources.resized(source, height, width, options.stretched());
  }
}
