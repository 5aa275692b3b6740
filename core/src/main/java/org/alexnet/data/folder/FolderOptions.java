package org.alexnet.data.folder;

import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ProgressListener;

/**
 * How image files are read.
 *
 * @param channels 3 for colour, 1 for grey
 * @param height rows that every image is brought to
 * @param width columns that every image is brought to
 * @param threads threads that decode
 * @param skipBad whether files that cannot be read are left out and counted instead of refused
 * @param onDemand whether images are decoded when they are read and not when the source is opened,
 *     for a source that is read once: a bad file is then found when it is its turn
 * @param stretched whether both sides of an image are brought to their size, and not the shorter
 *     one and then the centre
 * @param progress is told how many images are decoded; null for nobody
 */
public record FolderOptions(
    int channels,
    int height,
    int width,
    int threads,
    boolean skipBad,
    boolean onDemand,
    boolean stretched,
    ProgressListener progress) {

  /** Decoded when the source is opened. */
  public FolderOptions(
      int channels,
      int height,
      int width,
      int threads,
      boolean skipBad,
      ProgressListener progress) {
    this(channels, height, width, threads, skipBad, false, false, progress);
  }

  public FolderOptions {
    progress = progress == null ? ProgressListener.NONE : progress;
    if (channels != 1 && channels != 3) {
      throw new AlexNetException(
          "The network takes images of %d channels, and image files have 3 (colour) or 1 (grey): give its images as a .safetensors file."
              .formatted(channels));
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
