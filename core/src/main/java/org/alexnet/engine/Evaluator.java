package org.alexnet.engine;

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
  Evaluation evaluate(ImageSource source) {
    double[] loss = new double[1];
    int[] wrong = new int[2];
    Tensor losses = programs.evaluate().tensor(Programs.LOSS);
    scores(
        source,
        (first, images, logits, probabilities) -> {
          float[] perImage = executable.read(losses);
          int classes = programs.network().classes();
          for (int i = 0; i < images; i++) {
            loss[0] += perImage[i];
            int better = better(logits, i * classes, classes, source.label(first + i));
            wrong[0] += better >= 1 ? 1 : 0;
            wrong[1] += better >= 5 ? 1 : 0;
          }
        });
    int n = source.size();
    return new Evaluation(n, loss[0] / n, wrong[0] / (double) n, wrong[1] / (double) n);
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
    Tensor logits = programs.evaluate().tensor(Programs.LOGITS);
    Tensor probabilities = programs.evaluate().tensor(Programs.PROBABILITIES);
    try (BatchLoader loader =
        new BatchLoader(source, options, () -> executable.newBatch(source.format()))) {
      loader.start(0, 0, 0);
      int first = 0;
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        executable.evaluate(batch).await();
        scores.accept(
            first, batch.count(), executable.read(logits), executable.read(probabilities));
        first += batch.count();
        loader.release(batch);
      }
    }
  }
}
