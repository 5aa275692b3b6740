package org.alexnet.inference;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.backend.Executable;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.loading.BatchLoader;
import org.alexnet.data.loading.LoaderOptions;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Runs the evaluation program over a source. Images that cannot be read are left out, where that is
 * asked for, and count nowhere.
 */
public final class Evaluator {

  /**
   * How to go about it.
   *
   * @param threads threads that load images
   * @param skipBad whether images that cannot be read are left out
   * @param progress is told how many images are done
   * @param stopping whether to give up
   */
  public record Options(
      int threads, boolean skipBad, ProgressListener progress, BooleanSupplier stopping) {

    /** Every image must be readable; nobody is told and nothing is given up. */
    static Options plain(int threads) {
      return new Options(threads, false, ProgressListener.NONE, () -> false);
    }
  }

  /** Receives what the network made of each image that could be read. */
  interface Outputs {
    /**
     * @param image number in the source
     * @param row of the image in the batch
     * @param values of the tensors asked for, in their order, each [batch, ...]
     */
    void accept(int image, int row, List<float[]> values);
  }

  private final Executable executable;
  private final CompiledNetwork programs;
  private final Options options;
  private final List<String> leftOut = new ArrayList<>();
  private KeptImages kept; // null where there are none

  /**
   * For this engine's own training; programs use {@link Classifier}.
   *
   * @param executable holds the weights
   * @param programs what the executable was bound for
   * @param options how to go about it
   */
  @SuppressWarnings("exports")
  public Evaluator(Executable executable, CompiledNetwork programs, Options options) {
    this.executable = executable;
    this.programs = programs;
    this.options = options;
  }

  /**
   * Has images read where a backend keeps them, if they are asked for.
   *
   * @param images of a source; null for none
   * @return this evaluator
   */
  @SuppressWarnings("exports")
  public Evaluator keeping(KeptImages images) {
    kept = images;
    return this;
  }

  /** Images that the last call left out, each with the reason. */
  List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  /**
   * Loss and errors over a labelled source.
   *
   * @param source of labelled images
   * @param views how each image is seen
   * @return empty if it was given up; of a worker that trains apart, what its own images are, which
   *     may be none
   * @throws AlexNetException if no image can be read
   */
  public Optional<Evaluation> evaluate(ImageSource source, Views views) {
    Tally tally = new Tally(source);
    boolean done =
        switch (views) {
          case CENTRE -> centre(source, tally);
          case TEN -> tenViews(source, tally);
        };
    if (!done) {
      return Optional.empty();
    }
    if (tally.images == 0 && !programs.placement().worker().apart()) {
      throw new AlexNetException(
          "%s holds no image that can be read: %s"
              .formatted(source.description(), leftOut.getFirst()));
    }
    return Optional.of(tally.evaluation());
  }

  /** Sums up losses and errors in the order of the images. */
  private final class Tally {
    private final ImageSource source;
    private final int classes = programs.network().classes();
    private int images;
    private double loss;
    private int wrong;
    private int wrongOfFive;

    Tally(ImageSource source) {
      this.source = source;
    }

    /**
     * @param row where the image's scores begin
     */
    void add(int image, double ownLoss, float[] scores, int row) {
      images++;
      loss += ownLoss;
      int better = better(scores, row, classes, source.label(image));
      wrong += better >= 1 ? 1 : 0;
      wrongOfFive += better >= 5 ? 1 : 0;
    }

    Evaluation evaluation() {
      double n = images;
      return new Evaluation(images, loss / n, wrong / n, wrongOfFive / n);
    }
  }

  /** A result of all images, on whatever devices they are. */
  private Tensor whole(String name) {
    return programs.tensor(StepProgram.Phase.EVALUATE, name);
  }

  private boolean centre(ImageSource source, Tally tally) {
    Tensor losses = whole(CompiledNetwork.LOSS);
    Tensor logits = whole(CompiledNetwork.LOGITS);
    int classes = programs.network().classes();
    Placement placement = programs.placement();
    int[] own =
        placement.worker().apart()
            ? placement.images(programs.batch())
            : new int[] {0, programs.batch()};
    return each(
        source,
        List.of(losses, logits),
        (first, batch, _, values, readable) -> {
          float[] loss = values.get(0);
          float[] scores = values.get(1);
          int end = Math.min(batch.count(), own[1]);
          for (int i = own[0]; i < end; i++) {
            if (readable.test(first + i)) {
              tally.add(first + i, loss[i], scores, i * classes);
            }
          }
        });
  }

  private AlexNetException noTenViews(ImageSource source, int size) {
    String network = programs.network().name();
    if (programs.network().input().stored() == size) {
      return new UsageException(
          Message.of(
              "%s scales every image to %d x %d and takes all of it, so that it has no ten views;"
                  + " use %s.",
              network, size, size, Setting.CENTRE_VIEW));
    }
    return new AlexNetException(
        Message.of(
            "%s holds images of %d x %d, all of which %s takes; ten views need larger ones: use"
                + " %s.",
            source.description(),
            source.format().height(),
            source.format().width(),
            network,
            Setting.CENTRE_VIEW));
  }

  /** A view only sets which part of the images the first operation takes: they are loaded once. */
  private boolean tenViews(ImageSource source, Tally tally) {
    int size = programs.network().input().size();
    int spareY = source.format().height() - size;
    int spareX = source.format().width() - size;
    if (spareY <= 0 || spareX <= 0) {
      throw noTenViews(source, size);
    }
    int[][] corners = {
      {0, 0}, {0, spareX}, {spareY, 0}, {spareY, spareX}, {spareY / 2, spareX / 2}
    };
    return each(
        source,
        List.of(whole(CompiledNetwork.PROBABILITIES)),
        new TenViews(source, tally, corners));
  }

  /** The corners and the centre, each as it is and mirrored; the mean of their probabilities. */
  private final class TenViews implements Job {
    private final ImageSource source;
    private final Tally tally;
    private final int[][] corners;
    private final int classes = programs.network().classes();
    private double[] sums;

    TenViews(ImageSource source, Tally tally, int[][] corners) {
      this.source = source;
      this.tally = tally;
      this.corners = corners;
    }

    @Override
    public int views() {
      return 2 * corners.length;
    }

    @Override
    public void take(Batch batch, int view) {
      int[] corner = corners[view / 2];
      Arrays.fill(batch.cropY(), corner[0]);
      Arrays.fill(batch.cropX(), corner[1]);
      Arrays.fill(batch.mirror(), view % 2 == 1);
    }

    @Override
    public void accept(
        int first, Batch batch, int view, List<float[]> values, IntPredicate readable) {
      if (view == 0) {
        sums = new double[batch.capacity() * classes];
      }
      float[] probabilities = values.getFirst();
      Arrays.setAll(sums, i -> sums[i] + probabilities[i]);
      if (view == views() - 1) {
        add(first, batch, readable);
      }
    }

    private void add(int first, Batch batch, IntPredicate readable) {
      float[] mean = new float[sums.length];
      for (int i = 0; i < batch.count() * classes; i++) {
        mean[i] = (float) (sums[i] / views());
      }
      for (int i = 0; i < batch.count(); i++) {
        if (readable.test(first + i)) {
          double own = sums[i * classes + source.label(first + i)] / views();
          tally.add(first + i, (float) -Math.log(own), mean, i * classes);
        }
      }
    }
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

  /**
   * Hands on what the network makes of every image that can be read, in order.
   *
   * @param names of tensors that the evaluation observes
   */
  void outputs(ImageSource source, List<String> names, Outputs receiver) {
    List<Tensor> tensors = names.stream().map(this::whole).toList();
    each(
        source,
        tensors,
        (first, batch, _, values, readable) -> {
          for (int i = 0; i < batch.count(); i++) {
            if (readable.test(first + i)) {
              receiver.accept(first + i, i, values);
            }
          }
        });
  }

  /** What is made of each batch. */
  @FunctionalInterface
  private interface Job {
    /**
     * Receives the results of each evaluation of a batch, in their order.
     *
     * @param first number of its first image
     * @param view number of the evaluation
     * @param values of the tensors asked for
     * @param readable which images were read
     */
    void accept(int first, Batch batch, int view, List<float[]> values, IntPredicate readable);

    /** Evaluations of each batch. */
    default int views() {
      return 1;
    }

    /**
     * Sets what an evaluation is to see of a batch, which has whole images if there are several.
     */
    default void take(Batch batch, int view) {}
  }

  /** An evaluation that the device works on. */
  private record Begun(int first, Batch batch, int view, Executable.PendingTensors pending) {}

  private LoaderOptions loading(int depth) {
    int size = programs.network().input().size();
    int[] own = programs.placement().images(programs.batch());
    return new LoaderOptions(
            programs.batch(),
            size,
            size,
            0,
            false,
            Augmentation.NONE,
            options.threads,
            depth,
            null,
            options.skipBad)
        .places(own[0], own[1]);
  }

  /**
   * Evaluates all batches, with as many under way as the executable takes.
   *
   * @param tensors whose values are wanted
   * @return whether it came to the end
   */
  private boolean each(ImageSource source, List<Tensor> tensors, Job job) {
    leftOut.clear();
    leftOut.addAll(source.skipped());
    int most = executable.evaluationsAhead();
    Deque<Begun> begun = new ArrayDeque<>();
    List<Batch> made = new ArrayList<>();
    Supplier<Batch> allocate =
        () -> {
          made.add(newBatch(source, job));
          return made.getLast();
        };
    // A batch that is under way is held back from the loader.
    LoaderOptions loading = loading(LoaderOptions.DEPTH + most - 1);
    try (BatchLoader loader = new BatchLoader(source, loading, allocate)) {
      loader.start(0, 0, 0);
      int first = 0;
      options.progress.at(0, source.size());
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        if (options.stopping.getAsBoolean()) {
          return false;
        }
        int after = first + batch.count(); // it may be given back, and filled anew, below
        for (int view = 0; view < job.views(); view++) {
          job.take(batch, view);
          begun.add(new Begun(first, batch, view, executable.evaluate(batch, tensors)));
          if (begun.size() == most) {
            finish(begun.remove(), source, loader, job);
          }
        }
        first = after;
      }
      while (!begun.isEmpty()) {
        finish(begun.remove(), source, loader, job);
      }
      loader.leftOut().forEach((i, reason) -> leftOut.add(source.name(i) + " " + reason));
      return true;
    } finally {
      made.forEach(executable::release);
    }
  }

  private Batch newBatch(ImageSource source, Job job) {
    if (kept != null && kept.source() == source) {
      return executable.newBatch(kept);
    }
    Batch.Format stored = source.format();
    int size = programs.network().input().size();
    return executable.newBatch(stored, job.views() == 1 ? stored.window(size, size) : stored);
  }

  /** Waits for the first evaluation under way and hands on its results. */
  private void finish(Begun first, ImageSource source, BatchLoader loader, Job job) {
    Batch batch = first.batch;
    List<float[]> values = first.pending.await();
    job.accept(
        first.first, batch, first.view, values, image -> !loader.leftOut().containsKey(image));
    if (first.view == job.views() - 1) {
      int done = first.first + batch.count();
      loader.release(batch);
      options.progress.at(done, source.size());
    }
  }
}
