package org.alexnet.data.loading;

import org.alexnet.data.Augmentation;
import org.alexnet.data.ColourShift;

/**
 * How batches are made.
 *
 * @param batch images a batch
 * @param height rows the network takes
 * @param width columns the network takes
 * @param seed of order and augmentation
 * @param shuffle whether each epoch has an order of its own
 * @param augmentation how images are varied
 * @param threads threads that assemble batches
 * @param depth batches that are made ahead
 * @param colour the colour shift of {@link Augmentation#PAPER}; null for none
 * @param skipBad whether images that cannot be read are left out, as {@link BatchLoader#leftOut}
 *     lists them, instead of ending the epoch
 * @param first place of each batch from which on images are loaded: what comes before is another
 *     worker's
 * @param end place behind the last that is loaded
 */
public record LoaderOptions(
    int batch,
    int height,
    int width,
    long seed,
    boolean shuffle,
    Augmentation augmentation,
    int threads,
    int depth,
    ColourShift colour,
    boolean skipBad,
    int first,
    int end) {

  /** Batches made ahead where nothing else is asked for. */
  public static final int DEPTH = 3;

  /** Without a colour shift. */
  public LoaderOptions(
      int batch,
      int height,
      int width,
      long seed,
      boolean shuffle,
      Augmentation augmentation,
      int threads,
      int depth) {
    this(batch, height, width, seed, shuffle, augmentation, threads, depth, null);
  }

  /** An image that cannot be read ends the epoch. */
  public LoaderOptions(
      int batch,
      int height,
      int width,
      long seed,
      boolean shuffle,
      Augmentation augmentation,
      int threads,
      int depth,
      ColourShift colour) {
    this(batch, height, width, seed, shuffle, augmentation, threads, depth, colour, false);
  }

  /** All places of each batch. */
  public LoaderOptions(
      int batch,
      int height,
      int width,
      long seed,
      boolean shuffle,
      Augmentation augmentation,
      int threads,
      int depth,
      ColourShift colour,
      boolean skipBad) {
    this(
        batch,
        height,
        width,
        seed,
        shuffle,
        augmentation,
        threads,
        depth,
        colour,
        skipBad,
        0,
        batch);
  }

  /** The same for some places of each batch only; every image's label is there all the same. */
  public LoaderOptions places(int from, int to) {
    return new LoaderOptions(
        batch,
        height,
        width,
        seed,
        shuffle,
        augmentation,
        threads,
        depth,
        colour,
        skipBad,
        from,
        to);
  }

  public LoaderOptions {
    if (batch < 1 || height < 1 || width < 1 || threads < 1 || depth < 1) {
      throw new IllegalArgumentException(
          "batch %d, height %d, width %d, threads %d and depth %d must all be at least 1"
              .formatted(batch, height, width, threads, depth));
    }
    if (first < 0 || first >= end || end > batch) {
      throw new IllegalArgumentException(
          "places %d to %d of a batch of %d".formatted(first, end, batch));
    }
  }
}
