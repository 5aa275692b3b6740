package org.alexnet.data.loading;

import java.util.Arrays;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.UnreadableImageException;

/**
 * A batch on its way: which images it takes, which of them are begun and which are done. Guarded by
 * the loader's lock, but for {@link #fill}.
 */
final class BatchAssembly {
  private static final int UNTOUCHED = -1;

  private final Batch batch;
  private final int[] order;
  private final int first;
  private final int count;
  private final Augmenter.Draws draws;
  private volatile boolean cancelled;
  private final int from; // of the places that are filled
  private final int to;
  private int begun;
  private int pieces; // on their way
  private int failedAt = Integer.MAX_VALUE;
  private RuntimeException failure;

  /** Some places of the batch, for one thread. */
  record Piece(BatchAssembly filling, int from, int to) {}

  /**
   * @param order the images of the epoch
   * @param first where in it the batch begins
   * @param count images of the batch
   */
  BatchAssembly(
      Batch batch,
      int[] order,
      int first,
      int count,
      LoaderOptions options,
      Augmenter.Draws draws) {
    this.batch = batch;
    this.order = order;
    this.first = first;
    this.count = count;
    this.draws = draws;
    this.to = Math.min(count, options.end());
    this.from = Math.min(to, options.first());
    this.begun = UNTOUCHED;
  }

  Batch batch() {
    return batch;
  }

  /** The next places, {@code most} of them; null if all are begun. The first may have none. */
  Piece take(int most) {
    if (begun == to) {
      return null;
    }
    int next = Math.max(from, begun);
    begun = Math.min(to, next + most);
    pieces++;
    return new Piece(this, next, begun);
  }

  /** Makes what is left undone be left undone. */
  void cancel() {
    cancelled = true;
  }

  boolean complete() {
    return begun == to && pieces == 0;
  }

  /**
   * Notes that a piece is over, and how; of several failures the one of the first place is kept.
   */
  void finished(Piece piece, RuntimeException failed) {
    pieces--;
    if (failed != null && piece.from < failedAt) {
      failedAt = piece.from;
      failure = failed;
    }
  }

  /** What went wrong; null if nothing did. */
  RuntimeException failure() {
    return failure;
  }

  /**
   * Assembles the images of a piece.
   *
   * @param leftOut receives images that cannot be read, with the reason; null if such are a failure
   * @return what went wrong, or null
   */
  RuntimeException fill(
      Piece piece,
      ImageSource source,
      Augmenter augmenter,
      Augmenter.Scratch scratch,
      Map<Integer, String> leftOut) {
    if (piece.from == from) {
      prepare(source);
    }
    for (int place = piece.from; place < piece.to && !cancelled; place++) {
      int image = order[first + place];
      try {
        augmenter.put(image, batch, place, draws, scratch);
      } catch (UnreadableImageException e) {
        if (leftOut == null) {
          return e;
        }
        leftOut.put(image, e.reason());
        batch.image(place).fill((byte) 0);
      } catch (AlexNetException e) {
        return e;
      } catch (RuntimeException | Error e) {
        return new IllegalStateException(
            "%s of %s cannot be put into a batch: %s"
                .formatted(source.name(image), source.description(), e),
            e);
      }
    }
    return null;
  }

  /**
   * Sets the count, the labels of images that are loaded elsewhere, and the places behind the last
   * image. Other threads write the places in between meanwhile, so nothing of those is touched
   * here.
   */
  private void prepare(ImageSource source) {
    batch.setCount(count);
    for (int place = 0; place < count; place++) {
      if (place < from || place >= to) {
        batch.labels()[place] = source.label(order[first + place]);
      }
    }
    int channels = batch.format().channels();
    Arrays.fill(batch.shift(), count * channels, batch.capacity() * channels, 0);
    long bytes = batch.bytes();
    long images = batch.capacity() - count;
    batch.pixels().asSlice(count * bytes, images * bytes).fill((byte) 0);
    for (int place = count; place < batch.capacity(); place++) {
      batch.labels()[place] = 0;
      batch.cropY()[place] = 0;
      batch.cropX()[place] = 0;
      batch.mirror()[place] = false;
    }
  }
}
