package org.alexnet.data;

import java.util.function.IntConsumer;

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
    IntConsumer progress) {

  FolderOptions folder() {
    return new FolderOptions(channels, height, width, threads, skipBad, progress);
  }
}
