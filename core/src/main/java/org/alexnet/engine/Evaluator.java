package org.alexnet.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Executable;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.BatchLoader;
import org.alexnet.data.ImageSource;
import org.alexnet.data.LoaderOptions;
import org.alexnet.program.Programs;
import org.alexnet.program.Tensor;

/** Runs the evaluation program over a source. */
final class Evaluator {

  /** Receives the scores of each batch. */
  interface Scores {
    /**
     * @param first number of the first image
     * @param images real images of the batch
     * @param logits [images, classes]
     * @param probabilities [images, classes]
     */
    void accept(int first, int images, float[] logits, float[] probabilities);
  }

  private final Executable executable;
  private final Programs programs;
  private final int threads;

  Evaluator(Executable executable, Programs programs, int threads) {
    this.executable = executable;
    this.programs = programs;
    this.threads = threads;
  }

  /** Loss and errors over a labelled source. */
  Evaluation evaluate(ImageSource source, Views views) {
    Tally tally = new Tally(source);
    switch (views) {
      case CENTRE -> {
        Tensor losses = programs.evaluate().tensor(Programs.LOSS);
        scores(
            source,
            (first, images, logits, probabilities) ->
                tally.add(first, images, executable.read(losses), logits));
      }
      case TEN -> tenViews(source, tally);
    }
    return tally.evaluation();
  }

  /** Sums up losses and errors in the order of the images. */
  private final class Tally {
    private final ImageSource source;
    private double loss;
    private int wrong;
    private int wrongOfFive;

    Tally(ImageSource source) {
      this.source = source;
    }

    /**
     * @param losses one an image
     * @param scores [images, classes]
     */
    void add(int first, int images, float[] losses, float[] scores) {
      int classes = programs.network().classes();
      for (int i = 0; i < images; i++) {
        loss += losses[i];
        int better = better(scores, i * classes, classes, source.label(first + i));
        wrong += better >= 1 ? 1 : 0;
        wrongOfFive += better >= 5 ? 1 : 0;
      }
    }

    Evaluation evaluation() {
      int n = source.size();
      return new Evaluation(n, loss / n, wrong / (double) n, wrongOfFive / (double) n);
    }
  }

  /** A view only sets which part of the images the first operation takes: they are loaded once. */
  private void tenViews(ImageSource source, Tally tally) {
    int size = programs.network().input().size();
    int spareY = source.format().height() - size;
    int spareX = source.format().width() - size;
    if (spareY <= 0 || spareX <= 0) {
      throw new AlexNetException(
          "%s holds images of %d x %d, as large as %s takes: ten views need larger ones"
              .formatted(
                  source.description(),
                  source.format().height(),
                  source.format().width(),
                  programs.network().name()));
    }
    int[][] corners = {
      {0, 0}, {0, spareX}, {spareY, 0}, {spareY, spareX}, {spareY / 2, spareX / 2}
    };
    Tensor probabilities = programs.evaluate().tensor(Programs.PROBABILITIES);
    int classes = programs.network().classes();
    each(
        source,
        (first, batch) -> {
          double[] sums = new double[batch.capacity() * classes];
          for (int[] corner : corners) {
            for (boolean mirror : new boolean[] {false, true}) {
              Arrays.fill(batch.cropY(), corner[0]);
              Arrays.fill(batch.cropX(), corner[1]);
              Arrays.fill(batch.mirror(), mirror);
              executable.evaluate(batch).await();
              float[] view = executable.read(probabilities);
              Arrays.setAll(sums, i -> sums[i] + view[i]);
            }
          }
          float[] mean = new float[sums.length];
          float[] losses = new float[batch.capacity()];
          int views = 2 * corners.length;
          for (int i = 0; i < batch.count() * classes; i++) {
            mean[i] = (float) (sums[i] / views);
          }
          for (int i = 0; i < batch.count(); i++) {
            losses[i] = (float) -Math.log(sums[i * classes + source.label(first + i)] / views);
          }
          tally.add(first, batch.count(), losses, mean);
        });
  }

  /** Classes that stand before the label; all of them where the scores are no numbers. */
  private static int better(float[] scores, int from, int classes, int label) {
    float own = scores[from + label];
    int better = 0;
    for (int c = 0; c < classes; c++) {
      float other = scores[from + c];
      if (c != label && !(other < own || (other == own && c > label))) {
        better++;
      }
    }
    return better;
  }

  /** Hands on the scores of every image, in order. */
  void scores(ImageSource source, Scores scores) {
    Tensor logits = programs.evaluate().tensor(Programs.LOGITS);
    Tensor probabilities = programs.evaluate().tensor(Programs.PROBABILITIES);
    each(
        source,
        (first, batch) -> {
          executable.evaluate(batch).await();
          scores.accept(
              first, batch.count(), executable.read(logits), executable.read(probabilities));
        });
  }

  /** Receives each batch, and the number of its first image. */
  private interface Batches {
    void accept(int first, Batch batch);
  }

  private void each(ImageSource source, Batches body) {
    int size = programs.network().input().size();
    LoaderOptions options =
        new LoaderOptions(
            programs.batch(),
            size,
            size,
            0,
            false,
            Augmentation.NONE,
            threads,
            LoaderOptions.DEPTH);
    List<Batch> made = new ArrayList<>();
    Supplier<Batch> allocate =
        () -> {
          made.add(executable.newBatch(source.format()));
          return made.getLast();
        };
    try (BatchLoader loader = new BatchLoader(source, options, allocate)) {
      loader.start(0, 0, 0);
      int first = 0;
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        body.accept(first, batch);
        first += batch.count();
        loader.release(batch);
      }
    } finally {
      made.forEach(executable::release);
    }
  }
}
