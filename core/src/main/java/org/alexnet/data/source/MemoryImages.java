package org.alexnet.data.source;

import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.alexnet.Words;
import org.alexnet.data.Batch;
import org.alexnet.data.ClassNames;
import org.alexnet.data.ImageSource;
import org.alexnet.data.image.Pictures;

/**
 * Images that a program has in memory. They are not copied: what the lists and arrays hold must
 * stay as it is while the source is used.
 */
public final class MemoryImages implements ImageSource {
  /** Values of an image that an array of Java's has room for. */
  private static final long MOST_VALUES = 1L << 30;

  private final Batch.Format format;
  private final int size;
  private final Reader reader;
  private final Boolean stretched; // null where pictures are not brought to a size here
  private final int[] labels; // null where there are none
  private final List<String> classNames;

  /** Writes an image as C H W. */
  private interface Reader {
    void read(int image, MemorySegment to);

    /** Where the image lies as it is written; null if it does not. */
    default MemorySegment pixels(int image) {
      return null;
    }
  }

  /** Images as they are written. */
  private record Bytes(List<byte[]> images) implements Reader {
    @Override
    public void read(int image, MemorySegment to) {
      byte[] pixels = images.get(image);
      MemorySegment.copy(pixels, 0, to, ValueLayout.JAVA_BYTE, 0, pixels.length);
    }

    @Override
    public MemorySegment pixels(int image) {
      return MemorySegment.ofArray(images.get(image)).asReadOnly();
    }
  }

  private MemoryImages(
      Batch.Format format,
      int size,
      Reader reader,
      Boolean stretched,
      int[] labels,
      List<String> classNames) {
    if (size < 1) {
      throw new IllegalArgumentException("there are no images: at least one is needed");
    }
    this.format = format;
    this.size = size;
    this.reader = reader;
    this.stretched = stretched;
    this.labels = labels;
    this.classNames = classNames;
  }

  /**
   * Images as unsigned bytes, which a network brings to its size and to its own numbers.
   *
   * @param channels of an image: 1, or 3 for red, green and blue
   * @param height rows of each image
   * @param width columns of each image
   * @param pixels of each image, channels x height x width values of 0 to 255, columns fastest
   * @return the images, without labels
   * @throws IllegalArgumentException if there is no image, or one has another length
   */
  public static MemoryImages pixels(int channels, int height, int width, List<byte[]> pixels) {
    Batch.Format format = format(channels, height, width, false);
    List<byte[]> images = List.copyOf(pixels);
    for (int i = 0; i < images.size(); i++) {
      requireLength(format, i, images.get(i).length);
    }
    return new MemoryImages(format, images.size(), new Bytes(images), null, null, List.of());
  }

  /**
   * Images as numbers that a network reads exactly as they are: they have its size and are not
   * augmented, and nothing is subtracted.
   *
   * @param channels of an image
   * @param height rows of each image
   * @param width columns of each image
   * @param values of each image, channels x height x width finite numbers, columns fastest
   * @return the images, without labels
   * @throws IllegalArgumentException if there is no image, or one has another length or a value
   *     that is not finite
   */
  public static MemoryImages floats(int channels, int height, int width, List<float[]> values) {
    Batch.Format format = format(channels, height, width, true);
    List<float[]> images = List.copyOf(values);
    for (int i = 0; i < images.size(); i++) {
      requireLength(format, i, images.get(i).length);
      for (float value : images.get(i)) {
        if (!Float.isFinite(value)) {
          throw new IllegalArgumentException(
              "image %d holds %s; values must be finite".formatted(i, value));
        }
      }
    }
    return new MemoryImages(
        format,
        images.size(),
        (i, to) ->
            MemorySegment.copy(
                images.get(i), 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, format.values()),
        null,
        null,
        List.of());
  }

  /**
   * Pictures of any size and colour model, which are brought to one size each time they are read:
   * what is transparent is taken as its colour is stored.
   *
   * @param channels 1 for grey, 3 for red, green and blue
   * @param edge rows and columns that each picture is brought to: those a network stores, {@code
   *     network.input().stored()}
   * @param stretched whether both sides are brought to it, as networks with {@code Resize.STRETCH}
   *     have it, and not the shorter one and then the centre
   * @param pictures of at least one pixel each
   * @return the images, without labels
   * @throws IllegalArgumentException if there is no picture
   */
  public static MemoryImages pictures(
      int channels, int edge, boolean stretched, List<BufferedImage> pictures) {
    Batch.Format format = format(channels, edge, edge, false);
    List<BufferedImage> images = List.copyOf(pictures);
    return new MemoryImages(
        format,
        images.size(),
        (i, to) -> Pictures.write(images.get(i), format, stretched, to),
        stretched,
        null,
        List.of());
  }

  /**
   * The same images with a class each.
   *
   * @param ofImages the class of each image by its number, from 0
   * @param names of the classes in the order of their numbers; an empty list for classes without
   *     names
   * @return these images, labelled
   * @throws IllegalArgumentException if there are not as many labels as images, or one is below 0
   *     or has no name
   */
  public MemoryImages labelled(int[] ofImages, List<String> names) {
    if (ofImages.length != size) {
      throw new IllegalArgumentException(
          "there are %d labels for %d images; one an image is required"
              .formatted(ofImages.length, size));
    }
    List<String> classes = ClassNames.requireDistinct(names, "the list of class names");
    for (int i = 0; i < size; i++) {
      if (ofImages[i] < 0 || (!classes.isEmpty() && ofImages[i] >= classes.size())) {
        throw new IllegalArgumentException(
            "image %d has label %d; labels must be at least 0%s"
                .formatted(
                    i,
                    ofImages[i],
                    classes.isEmpty() ? "" : " and below the number of names, " + classes.size()));
      }
    }
    return new MemoryImages(format, size, reader, stretched, ofImages.clone(), classes);
  }

  private static Batch.Format format(int channels, int height, int width, boolean floats) {
    if (channels < 1 || height < 1 || width < 1 || (long) channels * height * width > MOST_VALUES) {
      throw new IllegalArgumentException(
          "images of %d x %d x %d (channels x height x width) are not possible"
              .formatted(channels, height, width));
    }
    return new Batch.Format(channels, height, width, floats);
  }

  private static void requireLength(Batch.Format format, int image, int length) {
    if (length != format.values()) {
      throw new IllegalArgumentException(
          "image %d has %,d values; %d x %d x %d (channels x height x width) are %,d"
              .formatted(
                  image,
                  length,
                  format.channels(),
                  format.height(),
                  format.width(),
                  format.values()));
    }
  }

  @Override
  public String description() {
    return Words.count(size, "image") + " in memory";
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Batch.Format format() {
    return format;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public boolean labelled() {
    return labels != null;
  }

  @Override
  public int label(int i) {
    return labels[i];
  }

  @Override
  public String name(int i) {
    return "image " + i;
  }

  @Override
  public Optional<Boolean> stretched() {
    return Optional.ofNullable(stretched);
  }

  @Override
  public void read(int i, MemorySegment to) {
    reader.read(i, to);
  }

  @Override
  public MemorySegment pixels(int i) {
    return reader.pixels(i);
  }
}
