package org.alexnet.data;

import java.util.function.IntConsumer;

/**
 * How image files are read.
 *
 * @param channels 3 for colour, 1 for grey
 * @param height rows that every image is brought to
 * @param width columns that every image is brought to
 * @param threads threads that decode
 * @param skipBad whether files that cannot be read are left out and counted instead of refused
 * @param progress is told how many images are done, in order, from any thread; null for nobody
 */
public record FolderOptions(
    int channels, int height, int width, int threads, boolean skipBad, IntConsumer progress) {

  public FolderOptions {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException(
          channels + " channels: images are read in 3 (colour) or 1 (grey)");
    }
    if (height < 1 || width < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "images of %d x %d on %d threads: all must be at least 1"
              .formatted(height, width, threads));
    }
  }

  Batch.Format format() {
    return new Batch.Format(channels, height, width, false);
  }
}
