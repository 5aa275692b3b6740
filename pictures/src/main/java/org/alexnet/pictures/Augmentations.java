package org.alexnet.pictures;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.ColourShift;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.loading.BatchLoader;
import org.alexnet.data.loading.LoaderOptions;
import org.alexnet.data.source.Sources;
import org.alexnet.network.Input;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;

/**
 * An image of a data source, and how training varies it: crop, mirror, colours and noise as the
 * loader of batches draws them, before the mean is subtracted.
 */
public final class Augmentations {
  private static final int SIDE = 96;
  private static final int GAP = 8;

  /** Of the batches' colour shift, on the scale of pixels. */
  private static final float SCALE = 1;

  private Augmentations() {}

  /**
   * What to show.
   *
   * @param image its number in the source; null for one that is drawn
   * @param n variants of it
   * @param seed of what is drawn
   * @param augmentation how it is varied
   */
  public record Options(Integer image, int n, long seed, Augmentation augmentation) {}

  /**
   * Draws an image and its variants: first the image, with index -1, then variants from 0 on.
   *
   * @param source to take images from
   * @param input of the network, whose size variants have
   * @param options which image and how it is varied
   * @param threads that find the axes of the source's colours, where those are shifted
   * @param progress is told how far that is
   * @return the picture
   * @throws UsageException if there is no such image
   */
  public static Picture of(
      ImageSource source, Input input, Options options, int threads, ProgressListener progress) {
    int image =
        options.image != null
            ? options.image
            : Choice.of(source, Setting.NUMBER, 1, options.seed)[0];
    if (image < 0 || image >= source.size()) {
      throw UsageException.value(
          "The image",
          image,
          "from 0 to %,d, the images of %s".formatted(source.size() - 1, source.description()));
    }
    String name = Samples.className(source, image);
    Gallery.Item first =
        new Gallery.Item(Images.of(source, image).fitted(SIDE), -1, source.name(image), name);
    List<Gallery.Item> items = new ArrayList<>();
    for (Pixels variant : variants(source, input, options, image, threads, progress)) {
      items.add(
          new Gallery.Item(variant.fitted(SIDE), items.size(), "variant " + items.size(), ""));
    }
    return Gallery.beside("augmentations", first, items, GAP);
  }

  /** The first batch of a training on nothing but this image. */
  private static List<Pixels> variants(
      ImageSource source,
      Input input,
      Options options,
      int image,
      int threads,
      ProgressListener progress) {
    int n = options.n;
    int[] same = new int[n];
    Arrays.fill(same, image);
    LoaderOptions loading =
        new LoaderOptions(
            n,
            input.size(),
            input.size(),
            options.seed,
            false,
            options.augmentation,
            1,
            1,
            colour(source, options.augmentation, threads, progress));
    ImageSource copies = Sources.subset(source, same, source.description());
    try (BatchLoader loader =
        new BatchLoader(copies, loading, () -> Batch.onHeap(source.format(), n))) {
      loader.start(0, 0, 0);
      Batch batch = loader.next();
      List<Pixels> variants = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        variants.add(seen(source, batch, i, input.size()));
      }
      return variants;
    }
  }

  private static ColourShift colour(
      ImageSource source, Augmentation augmentation, int threads, ProgressListener progress) {
    if (augmentation != Augmentation.PAPER || source.format().floats()) {
      return null;
    }
    ColourAxes axes = PixelStatistics.of(source, threads, true, progress).colour();
    int channels = source.format().channels();
    return axes == null ? null : new ColourShift(axes, Collections.nCopies(channels, SCALE));
  }

  /** What the first operation of a program makes of an image, but for scale and mean. */
  private static Pixels seen(ImageSource source, Batch batch, int i, int size) {
    Batch.Format format = batch.format();
    if (format.floats()) {
      return Images.of(source, 0);
    }
    MemorySegment pixels = batch.image(i);
    return Pixels.of(
        size,
        size,
        (x, y) -> {
          int row = batch.cropY()[i] + y;
          int column = batch.cropX()[i] + (batch.mirror()[i] ? size - 1 - x : x);
          return Images.colour(
              format.channels(),
              c -> {
                long at = ((long) c * format.height() + row) * format.width() + column;
                int pixel = pixels.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
                float shift = batch.shift()[i * format.channels() + c];
                return Math.clamp(Math.round(pixel + shift), 0, 255);
              });
        });
  }
}
