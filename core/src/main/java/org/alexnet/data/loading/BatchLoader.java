package org.alexnet.data.loading;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;

/**
 * Assembles the batches of an epoch on threads of its own and keeps a few ahead of the training.
 *
 * <p>What a batch holds depends on the source, the options, the epoch, the batch's place in it and
 * the global step alone: it has the same bits with any number of threads, and when an epoch is
 * resumed in its middle. Batches are reused; one that {@link #next()} gave belongs to the caller
 * until {@link #release} gives it back.
 *
 * <p>One thread is meant to call it.
 */
public final class BatchLoader implements AutoCloseable {
  private static final int MOST_AT_ONCE = 16;

  private final ImageSource source;
  private final LoaderOptions options;
  private final Augmenter augmenter;
  private final int pieceSize;
  private final List<Thread> threads = new ArrayList<>();

  private final Object lock = new Object();
  private final Deque<Batch> free = new ArrayDeque<>();
  private final Set<Batch> taken = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<BatchAssembly> ahead = new ArrayDeque<>();
  private final SortedMap<Integer, String> leftOut = new ConcurrentSkipListMap<>();
  private int[] order;
  private int firstBatch;
  private long firstStep;
  private int nextBatch;
  private int working;
  private long waited;
  private boolean closed;

  /**
   * A loader that waits for {@link #start}.
   *
   * @param allocate makes a batch of the source's images, or of the windows that are read of them,
   *     with room for {@code options.batch()} images or more, in memory that any thread may write;
   *     called {@code depth + 1} times, now
   * @throws AlexNetException if source, network size and augmentation do not go together
   */
  public BatchLoader(ImageSource source, LoaderOptions options, Supplier<Batch> allocate) {
    if (source.size() < 1) {
      throw new IllegalArgumentException(source.description() + " holds no images");
    }
    this.source = source;
    this.options = options;
    this.augmenter = new Augmenter(source, options);
    this.pieceSize = Math.clamp(options.batch() / (4 * options.threads()), 1, MOST_AT_ONCE);
    for (int i = 0; i <= options.depth(); i++) {
      free.add(checked(allocate.get()));
    }
    for (int i = 0; i < options.threads(); i++) {
      threads.add(Thread.ofPlatform().daemon().name("data-" + i).start(this::work));
    }
  }

  private Batch checked(Batch batch) {
    Batch.Format stored = source.format();
    boolean carried =
        batch.format().equals(stored)
            || batch.format().equals(stored.window(options.height(), options.width()));
    if (batch.kept() != null
        && (batch.kept().source() != source || options.augmentation() == Augmentation.SHAPES)) {
      throw new IllegalArgumentException(
          "images that are kept are not those of %s with augmentation %s"
              .formatted(source.description(), options.augmentation()));
    }
    if (!batch.stored().equals(stored) || !carried || batch.capacity() < options.batch()) {
      throw new IllegalArgumentException(
          "a batch of %d images %s was allocated for %d images %s"
              .formatted(batch.capacity(), batch.format(), options.batch(), stored));
    }
    return batch;
  }

  /** Batches of a whole epoch, the last of which may be smaller. */
  public int batchesPerEpoch() {
    return Math.ceilDiv(source.size(), options.batch());
  }

  /**
   * Begins an epoch, leaving the one that was under way. Batches that were handed out stay with the
   * caller.
   *
   * @param epoch number of the epoch, which fixes the order of the images
   * @param firstStep global step of the first batch that is delivered
   * @param firstBatchOfEpoch number within the epoch of the first batch that is delivered; 0 but
   *     when resuming
   */
  public void start(int epoch, long firstStep, int firstBatchOfEpoch) {
    if (firstBatchOfEpoch < 0 || firstBatchOfEpoch > batchesPerEpoch()) {
      throw new IllegalArgumentException(
          "epoch begun at batch %d of %d".formatted(firstBatchOfEpoch, batchesPerEpoch()));
    }
    int[] images =
        options.shuffle()
            ? EpochOrder.shuffled(source.size(), options.seed(), epoch)
            : EpochOrder.sequential(source.size());
    synchronized (lock) {
      abandon();
      this.order = images;
      this.firstBatch = firstBatchOfEpoch;
      this.firstStep = firstStep;
      this.nextBatch = firstBatchOfEpoch;
      lock.notifyAll();
    }
  }

  /** Takes back every batch that was begun, when nobody writes to it any more. */
  private void abandon() {
    nextBatch = batchesPerEpoch();
    List<BatchAssembly> begun = List.copyOf(ahead);
    ahead.clear();
    begun.forEach(BatchAssembly::cancel);
    boolean interrupted = false;
    while (working > 0) {
      try {
        lock.wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    begun.forEach(filling -> free.add(filling.batch()));
  }

  /**
   * The next batch of the epoch, when it is ready; null at the end of the epoch. Images behind
   * {@link Batch#count()} are zero.
   *
   * @throws AlexNetException with the message of what went wrong while it was assembled
   */
  public Batch next() {
    synchronized (lock) {
      long begun = System.nanoTime();
      try {
        while (mustWait()) {
          await();
        }
      } finally {
        waited += System.nanoTime() - begun;
      }
      if (ahead.isEmpty()) {
        return null;
      }
      rethrow(ahead.element().failure());
      Batch batch = ahead.remove().batch();
      taken.add(batch);
      return batch;
    }
  }

  /** Whether the next batch is still to come. */
  private boolean mustWait() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
    if (order == null) {
      throw new IllegalStateException("no epoch was begun: call start first");
    }
    if (!ahead.isEmpty()) {
      return !ahead.element().complete();
    }
    if (nextBatch == batchesPerEpoch()) {
      return false;
    }
    if (free.isEmpty()) {
      throw new IllegalStateException(
          "all %d batches were handed out and none was released".formatted(taken.size()));
    }
    return true;
  }

  private static void rethrow(RuntimeException failure) {
    if (failure instanceof AlexNetException known) {
      throw new AlexNetException(known.message(), failure);
    }
    if (failure != null) {
      throw new IllegalStateException(failure.getMessage(), failure);
    }
  }

  /** Gives a batch back that {@link #next()} handed out. */
  public void release(Batch batch) {
    synchronized (lock) {
      if (!taken.remove(batch)) {
        throw new IllegalArgumentException("the batch released was not handed out by this loader");
      }
      free.add(batch);
      lock.notifyAll();
    }
  }

  /**
   * Images that could not be read, with the reason, where such are to be left out: their places in
   * batches handed out so far hold zeros.
   */
  public SortedMap<Integer, String> leftOut() {
    return Collections.unmodifiableSortedMap(leftOut);
  }

  /** Nanoseconds that callers of {@link #next()} waited since the loader was made. */
  public long waitNanos() {
    synchronized (lock) {
      return waited;
    }
  }

  /** Stops the threads, at the latest when each is done with its image; the source stays open. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      ahead.forEach(BatchAssembly::cancel);
      lock.notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void await() {
    try {
      lock.wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AlexNetException("interrupted while waiting for images", e);
    }
  }

  /** What each thread does until the loader is closed. */
  private void work() {
    Augmenter.Scratch scratch = augmenter.new Scratch();
    for (BatchAssembly.Piece piece = take(); piece != null; piece = take()) {
      RuntimeException failure =
          piece
              .filling()
              .fill(piece, source, augmenter, scratch, options.skipBad() ? leftOut : null);
      synchronized (lock) {
        working--;
        piece.filling().finished(piece, failure);
        if (working == 0 || piece.filling().complete()) {
          lock.notifyAll();
        }
      }
    }
  }

  /** The earliest piece of work, when there is one; null if the loader is closed. */
  private BatchAssembly.Piece take() {
    synchronized (lock) {
      while (!closed) {
        BatchAssembly.Piece piece = find();
        if (piece != null) {
          working++;
          return piece;
        }
        await();
      }
      return null;
    }
  }

  private BatchAssembly.Piece find() {
    for (BatchAssembly filling : ahead) {
      BatchAssembly.Piece piece = filling.take(pieceSize);
      if (piece != null) {
        return piece;
      }
    }
    if (order == null || nextBatch == batchesPerEpoch() || free.isEmpty()) {
      return null;
    }
    BatchAssembly begun = begin(nextBatch++);
    ahead.add(begun);
    lock.notifyAll();
    return begun.take(pieceSize);
  }

  private BatchAssembly begin(int batch) {
    int first = batch * options.batch();
    int count = Math.min(options.batch(), source.size() - first);
    Augmenter.Draws draws = augmenter.draws(firstStep + batch - firstBatch);
    return new BatchAssembly(free.remove(), order, first, count, options, draws);
  }
}
