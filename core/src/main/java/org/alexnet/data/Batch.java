package org.alexnet.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Images and labels as they are staged for a device, with the few numbers an image that say how to
 * bring it to the network's input.
 *
 * <p>Applying crop, mirror and colour shift and subtracting the mean is the first operation of a
 * program, so that every backend does it where its data is: {@code value[c][y][x] = scale *
 * stored[c][y'][x'] - mean[c][y'][x'] + shift[c]} with {@code y' = cropY + y} and {@code x' = cropX
 * + (mirror ? width - 1 - x : x)}, where height and width are those of the network's input, and
 * {@code stored} is the image as its source has it. Floating-point pixels are used exactly as
 * given.
 *
 * <p>Pixels lie image after image, each as C H W. A batch carries whole images, {@code pixel ==
 * stored}; or, where each is looked at in one place only, of each the window that is read there and
 * nothing else, {@code pixel[c][y][x] = stored[c][cropY + y][cropX + x]}; or no pixels, and of each
 * image its number among those that a backend keeps. The mean is that of whole images in all cases.
 *
 * <p>A batch is reused; only the first {@link #count()} images of it are real. What lies behind
 * them must be finite, is computed along, and counts nowhere.
 */
public final class Batch {

  /**
   * What the stored images of a batch look like.
   *
   * @param channels colours an image
   * @param height rows of a stored image, at least those of the network's input
   * @param width columns of a stored image
   * @param floats 32-bit floating point if true, unsigned bytes if false
   */
  public record Format(int channels, int height, int width, boolean floats) {
    /** {@return how many values one image has} */
    public int values() {
      return channels * height * width;
    }

    /** {@return how many bytes one image takes} */
    public long bytes() {
      return (long) values() * (floats ? Float.BYTES : 1);
    }

    /**
     * {@return a part of such an image, with all of its colours}
     *
     * @param rows of the part
     * @param columns of the part
     */
    public Format window(int rows, int columns) {
      return new Format(channels, rows, columns, floats);
    }
  }

  private final Format stored;
  private final Format format;
  private final KeptImages kept; // null where pixels are carried
  private final MemorySegment pixels;
  private final int[] labels;
  private final int[] cropY;
  private final int[] cropX;
  private final boolean[] mirror;
  private final float[] shift;
  private int count;

  /**
   * A batch over memory that a backend chose, of at least {@code capacity} images.
   *
   * @param stored size and type of the images as they are stored
   * @param format of what is carried of each: the same, or that of the windows which the network
   *     takes
   * @param capacity images there is room for
   * @param pixels at least {@code capacity * format.bytes()} bytes
   * @throws IllegalArgumentException if they are fewer, or if the windows are no parts of images
   */
  public Batch(Format stored, Format format, int capacity, MemorySegment pixels) {
    if (!format.equals(stored.window(format.height, format.width))
        || format.height > stored.height
        || format.width > stored.width) {
      throw new IllegalArgumentException("%s is no part of %s".formatted(format, stored));
    }
    this(stored, format, null, capacity, pixels);
  }

  private Batch(Format stored, Format format, KeptImages kept, int capacity, MemorySegment pixels) {
    this.stored = stored;
    this.format = format;
    this.kept = kept;
    if (pixels.byteSize() < bytes() * capacity) {
      throw new IllegalArgumentException(
          "a batch of %d images of %d bytes does not fit in %d bytes"
              .formatted(capacity, bytes(), pixels.byteSize()));
    }
    this.pixels = pixels;
    this.labels = new int[capacity];
    this.cropY = new int[capacity];
    this.cropX = new int[capacity];
    this.mirror = new boolean[capacity];
    this.shift = new float[capacity * format.channels()];
  }

  /**
   * {@return a batch in memory of the Java heap}
   *
   * @param stored size and type of the images as they are stored
   * @param format of what is carried of each
   * @param capacity images there is room for
   */
  public static Batch onHeap(Format stored, Format format, int capacity) {
    MemorySegment memory =
        format.floats()
            ? MemorySegment.ofArray(new float[Math.multiplyExact(capacity, format.values())])
            : MemorySegment.ofArray(new byte[Math.multiplyExact(capacity, format.values())]);
    return new Batch(stored, format, capacity, memory);
  }

  /**
   * {@return a batch of whole images in memory of the Java heap}
   *
   * @param format size and type of the images
   * @param capacity images there is room for
   */
  public static Batch onHeap(Format format, int capacity) {
    return onHeap(format, format, capacity);
  }

  /**
   * {@return a batch that carries the numbers of images which a backend keeps}
   *
   * @param kept images of bytes
   * @param capacity images there is room for
   * @param numbers at least {@code 4 * capacity} bytes
   */
  public static Batch naming(KeptImages kept, int capacity, MemorySegment numbers) {
    Format stored = kept.source().format();
    return new Batch(stored, stored, kept, capacity, numbers);
  }

  /** {@return size and type of the images as they are stored, and of the mean image} */
  public Format stored() {
    return stored;
  }

  /** {@return size and type of what is read of each image: the whole, or a window} */
  public Format format() {
    return format;
  }

  /** {@return how many images there is room for} */
  public int capacity() {
    return labels.length;
  }

  /** {@return how many images are real} */
  public int count() {
    return count;
  }

  /**
   * Says how many of the images are real: the first ones.
   *
   * @param count from 0 to the capacity
   * @throws IllegalArgumentException if there is no room for as many
   */
  public void setCount(int count) {
    if (count < 0 || count > capacity()) {
      throw new IllegalArgumentException(
          "%d images in a batch with room for %d".formatted(count, capacity()));
    }
    this.count = count;
  }

  /** {@return the images whose numbers are carried; null where pixels are} */
  public KeptImages kept() {
    return kept;
  }

  /** {@return how many bytes are carried of each image} */
  public long bytes() {
    return kept == null ? format.bytes() : Integer.BYTES;
  }

  /**
   * Says which image is meant, where numbers are carried.
   *
   * @param i from 0
   * @param number of an image of {@link #kept()}
   */
  public void name(int i, int number) {
    image(i).set(ValueLayout.JAVA_INT_UNALIGNED, 0, number);
  }

  /** {@return what is carried of all images: pixels, or numbers} */
  public MemorySegment pixels() {
    return pixels;
  }

  /**
   * {@return what is carried of image {@code i}: pixels, as C H W, or a number}
   *
   * @param i from 0
   */
  public MemorySegment image(int i) {
    return pixels.asSlice(i * bytes(), bytes());
  }

  /** {@return the class of each image} */
  public int[] labels() {
    return labels;
  }

  /** {@return whether of each image only the window that is read is carried} */
  public boolean cropped() {
    return !format.equals(stored);
  }

  /**
   * {@return the row of {@link #image} that is read first}
   *
   * @param i number of the image, from 0
   */
  public int firstRow(int i) {
    return cropped() ? 0 : cropY[i];
  }

  /**
   * {@return the leftmost column of {@link #image} that is read}
   *
   * @param i number of the image, from 0
   */
  public int firstColumn(int i) {
    return cropped() ? 0 : cropX[i];
  }

  /** {@return the first row of each stored image that is read} */
  public int[] cropY() {
    return cropY;
  }

  /** {@return the leftmost column of each stored image that is read} */
  public int[] cropX() {
    return cropX;
  }

  /** {@return whether each image is read from right to left} */
  public boolean[] mirror() {
    return mirror;
  }

  /** {@return what is added to every value of a channel, at {@code image * channels + channel}} */
  public float[] shift() {
    return shift;
  }
}
