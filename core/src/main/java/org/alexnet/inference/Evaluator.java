package org.alexnet.inference;

import java.util.ArrayList;
import java.util.Arrays;
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
        (first, batch, readable) -> {
          executable.evaluate(batch).await();
          float[] loss = executable.read(losses);
          float[] scores = executable.read(logits);
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
    Tensor probabilities = whole(CompiledNetwork.PROBABILITIES);
    int classes = programs.network().classes();
    return each(
        source,
        (first, batch, readable) -> {
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
          int views = 2 * corners.length;
          float[] mean = new float[sums.length];
          for (int i = 0; i < batch.count() * classes; i++) {
            mean[i] = (float) (sums[i] / views);
          }
          for (int i = 0; i < batch.count(); i++) {
            if (readable.test(first + i)) {
              double own = sums[i * classes + source.label(first + i)] / views;
              tally.add(first + i, (float) -Math.log(own), mean, i * classes);
            }
          }
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

  /**
   * Hands on what the network makes of every image that can be read, in order.
   *
   * @param names of tensors that the evaluation observes
   */
  void outputs(ImageSource source, List<String> names, Outputs receiver) {
    List<Tensor> tensors = names.stream().map(this::whole).toList();
    each(
        source,
        (first, batch, readable) -> {
          executable.evaluate(batch).await();
          List<float[]> values = tensors.stream().map(executable::read).toList();
          for (int i = 0; i < batch.count(); i++) {
            if (readable.test(first + i)) {
              receiver.accept(first + i, i, values);
            }
          }
        });
  }

  /** Receives each batch, the number of its first image, and which images were read. */
  private interface Batches {
    void accept(int first, Batch batch, IntPredicate readable);
  }

  /** Returns whether it came to the end. */
  private boolean each(ImageSource source, Batches body) {
    leftOut.clear();
    leftOut.addAll(source.skipped());
    int size = programs.network().input().size();
    LoaderOptions loading =
        new LoaderOptions(
            programs.batch(),
            size,
            size,
            0,
            false,
            Augmentation.NONE,
            options.threads,
            LoaderOptions.DEPTH,
            null,
            options.skipBad);
    int[] own = programs.placement().images(programs.batch());
    List<Batch> made = new ArrayList<>();
    Supplier<Batch> allocate =
        () -> {
          made.add(executable.newBatch(source.format()));
          return made.getLast();
        };
    try (BatchLoader loader = new BatchLoader(source, loading.places(own[0], own[1]), allocate)) {
      loader.start(0, 0, 0);
      int first = 0;
      options.progress.at(0, source.size());
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        if (options.stopping.getAsBoolean()) {
          return false;
        }
        body.accept(first, batch, image -> !loader.leftOut().containsKey(image));
        first += batch.count();
        loader.release(batch);
        options.progress.at(first, source.size());
      }
      loader.leftOut().forEach((i, reason) -> leftOut.add(source.name(i) + " " + reason));
      return true;
    } finally {
      made.forEach(executable::release);
    }
  }
}
