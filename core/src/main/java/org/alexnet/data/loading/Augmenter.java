package org.alexnet.data.loading;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourShift;
import org.alexnet.data.ImageSource;
import org.alexnet.random.Philox;

/** Puts images of a source into places of a batch, varied as an {@link Augmentation} says. */
final class Augmenter {
  /** Part of each side that is cropped for {@link Augmentation#SHAPES}, in 32nds. */
  private static final int WINDOW = 28;

  private static final int PLACE = Philox.stream("augment/place");
  private static final int NOISE = Philox.stream("augment/noise");

  private final ImageSource source;
  private final Batch.Format stored;
  private final Augmentation augmentation;
  private final int height;
  private final int width;
  private final long seed;
  private final ColourShift colour; // null for none

  Augmenter(ImageSource source, LoaderOptions options) {
    this.source = source;
    this.stored = source.format();
    this.augmentation = options.augmentation();
    this.height = options.height();
    this.width = options.width();
    this.seed = options.seed();
    this.colour = augmentation == Augmentation.PAPER ? options.colour() : null;
    check();
  }

  private void check() {
    boolean same = stored.height() == height && stored.width() == width;
    String images =
        "%s holds images of %d x %d (height x width)"
            .formatted(source.description(), stored.height(), stored.width());
    if (stored.floats() && augmentation != Augmentation.NONE) {
      throw new AlexNetException(
          "%s holds floating-point images, which are used as they are: augmentation must be %s, not %s"
              .formatted(source.description(), Augmentation.NONE, augmentation));
    }
    if (!same && (stored.floats() || augmentation == Augmentation.SHAPES)) {
      throw new AlexNetException(
          "%s; %s requires those of the network, %d x %d"
              .formatted(
                  images,
                  stored.floats() ? "floating-point data" : "augmentation shapes",
                  height,
                  width));
    }
    if (stored.height() < height || stored.width() < width) {
      throw new AlexNetException(
          "%s; the network takes %d x %d, and stored images must not be smaller"
              .formatted(images, height, width));
    }
  }

  /** What one thread needs to work with. */
  final class Scratch {
    private final byte[] read = new byte[stored.floats() ? 0 : stored.values()];
    private final byte[] varied = new byte[read.length];
    private final MemorySegment memory = MemorySegment.ofArray(read);
    private final int[] words = new int[4];
    private final int[] columns = new int[width];
  }

  /** The random numbers of one global step. */
  record Draws(Philox place, Philox noise, Philox colour) {}

  Draws draws(long step) {
    return new Draws(
        new Philox(seed, (int) step, PLACE),
        new Philox(seed, (int) step, NOISE),
        ColourShift.draws(seed, step));
  }

  /**
   * Writes image {@code image} of the source, its label, crop, mirror and colour shift to a place
   * of the batch.
   */
  void put(int image, Batch batch, int place, Draws draws, Scratch scratch) {
    batch.labels()[place] = source.labelled() ? source.label(image) : 0;
    if (colour != null) {
      colour.put(draws.colour, place, batch.shift());
    } else {
      int channels = stored.channels();
      Arrays.fill(batch.shift(), place * channels, (place + 1) * channels, 0);
    }
    drawWindow(batch, place, draws, scratch);
    if (batch.kept() != null) {
      batch.name(place, image);
    } else if (augmentation == Augmentation.SHAPES) {
      source.read(image, scratch.memory);
      vary(place, draws, scratch);
      MemorySegment.copy(
          scratch.varied,
          0,
          batch.pixels(),
          ValueLayout.JAVA_BYTE,
          place * stored.bytes(),
          scratch.varied.length);
    } else if (batch.cropped()) {
      crop(image, batch, place, scratch);
    } else {
      source.read(image, batch.image(place));
    }
  }

  /** Copies the window that is read of an image, which consists of bytes then. */
  private void crop(int image, Batch batch, int place, Scratch scratch) {
    MemorySegment whole = source.pixels(image);
    if (whole == null) {
      source.read(image, scratch.memory);
      whole = scratch.memory;
    }
    long from = (long) batch.cropY()[place] * stored.width() + batch.cropX()[place];
    long to = place * batch.format().bytes();
    for (int c = 0; c < stored.channels(); c++) {
      for (int y = 0; y < height; y++) {
        MemorySegment.copy(whole, from + (long) y * stored.width(), batch.pixels(), to, width);
        to += width;
      }
      from += (long) stored.height() * stored.width();
    }
  }

  /** Draws where an image is read, and in which direction. */
  private void drawWindow(Batch batch, int place, Draws draws, Scratch scratch) {
    int spareY = stored.height() - height;
    int spareX = stored.width() - width;
    if (augmentation != Augmentation.PAPER) {
      set(batch, place, spareY / 2, spareX / 2, false);
    } else {
      draws.place.block(place, scratch.words);
      set(
          batch,
          place,
          below(scratch.words[0], spareY + 1),
          below(scratch.words[1], spareX + 1),
          scratch.words[2] < 0);
    }
  }

  private static void set(Batch batch, int place, int cropY, int cropX, boolean mirror) {
    batch.cropY()[place] = cropY;
    batch.cropX()[place] = cropX;
    batch.mirror()[place] = mirror;
  }

  /** A uniform integer in [0, bound) from the bits of a word, as {@link Philox#below} makes it. */
  private static int below(int word, int bound) {
    return (int) (((word & 0xFFFFFFFFL) * bound) >>> 32);
  }

  /** Mirror, window and noise. The four words of a place are: row, column, mirror, unused. */
  private void vary(int place, Draws draws, Scratch scratch) {
    int[] words = scratch.words;
    draws.place.block(place, words);
    int rows = Math.max(1, height * WINDOW / 32);
    int columns = Math.max(1, width * WINDOW / 32);
    int top = below(words[0], height - rows + 1);
    int left = below(words[1], width - columns + 1);
    boolean mirror = words[2] < 0;
    for (int x = 0; x < width; x++) {
      int from = left + x * columns / width;
      scratch.columns[x] = mirror ? width - 1 - from : from;
    }
    int to = 0;
    for (int c = 0; c < stored.channels(); c++) {
      for (int y = 0; y < height; y++) {
        int from = (c * height + top + y * rows / height) * width;
        for (int x = 0; x < width; x++) {
          scratch.varied[to++] = scratch.read[from + scratch.columns[x]];
        }
      }
    }
    ByteNoise.add(draws.noise, place, scratch.varied, words);
  }
}
