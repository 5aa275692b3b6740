package org.alexnet.data.source;

import org.alexnet.data.ProgressListener;
import org.alexnet.data.folder.FolderOptions;

/**
 * How a data source is opened.
 *
 * @param channels colours an image the network takes
 * @param height rows that images of bytes are stored with; more than the network takes where it
 *     crops
 * @param width columns that they are stored with
 * @param input rows and columns that the network takes, and that floating-point images must have
 * @param threads threads that decode
 * @param seed of generated data
 * @param skipBad whether image files that cannot be read are left out instead of refused
 * @param onDemand whether the images of a folder are decoded when they are read, not when it is
 *     opened
 * @param stretched whether both sides of a picture are brought to their size, and not the shorter
 *     one and then the centre
 * @param progress is told how many images of a folder are decoded; null for nobody
 */
public record OpenOptions(
    int channels,
    int height,
    int width,
    int input,
    int threads,
    long seed,
    boolean skipBad,
    boolean onDemand,
    boolean stretched,
    ProgressListener progress) {

  /** Takes {@link ProgressListener#NONE} for null. */
  public OpenOptions {
    progress = progress == null ? ProgressListener.NONE : progress;
  }

  /**
   * Every image is decoded when its folder is opened.
   *
   * @param channels of an image, 1 or 3
   * @param height of a stored image in pixels
   * @param width of a stored image in pixels
   * @param input edge of what the network reads, in pixels
   * @param threads that decode, at least 1
   * @param seed of generated images
   * @param skipBad whether files that cannot be read are left out
   * @param progress is told how many images are decoded
   */
  public OpenOptions(
      int channels,
      int height,
      int width,
      int input,
      int threads,
      long seed,
      boolean skipBad,
      ProgressListener progress) {
    this(channels, height, width, input, threads, seed, skipBad, false, false, progress);
  }

  /** {@return the same, decoding images when they are read} */
  public OpenOptions whenRead() {
    return new OpenOptions(
        channels, height, width, input, threads, seed, skipBad, true, stretched, progress);
  }

  /**
   * {@return the same for pictures that are brought to their size in another way}
   *
   * @param both whether both sides are brought to their size, and not the shorter one
   */
  public OpenOptions stretched(boolean both) {
    return new OpenOptions(
        channels, height, width, input, threads, seed, skipBad, onDemand, both, progress);
  }

  /** How a folder or files are opened. */
  FolderOptions folder() {
    return new FolderOptions(
        channels, height, width, threads, skipBad, onDemand, stretched, progress);
  }
}
