package org.alexnet.worker;

import java.util.Arrays;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Peers;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.Sync;
import org.alexnet.inference.Evaluation;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.Tensor;

/**
 * Workers that train apart: each makes the updates of its own images of every batch, and every so
 * many steps all take the average of what they have learned, parameters and momentum, weighted by
 * the images that each has learned from (Zinkevich et al., "Parallelized stochastic gradient
 * descent", 2010; "local SGD"). An average after every step is what one process computes, up to
 * rounding: an update is linear in the gradient.
 */
public final class Averaging {
  private final Peers peers;
  private final Sync sync;
  private final Placement placement;
  private final int batch;
  private int steps; // since the last average
  private int images;
  private double lossSum;
  private int errors;

  /**
   * Of a worker that has just what the others have.
   *
   * @param peers the other workers
   * @param sync how often there is an average
   * @param placement of this worker
   * @param batch images of a batch of all workers
   */
  public Averaging(Peers peers, Sync sync, Placement placement, int batch) {
    this.peers = peers;
    this.sync = sync;
    this.placement = placement;
    this.batch = batch;
  }

  /** Whether workers train apart at all. */
  public boolean apart() {
    return placement.worker().apart();
  }

  /** Images of a batch that this worker has. */
  private int own(int count) {
    int[] places = placement.images(batch);
    return Math.clamp(count - places[0], 0, places[1] - places[0]);
  }

  /**
   * By how much the mean gradient of the own images of a batch is larger than what the loss of the
   * batch says, which is divided by all of its images; 0 where none is its own.
   *
   * @param count images of the batch
   */
  public double scale(int count) {
    if (!apart()) {
      return 1;
    }
    int own = own(count);
    return own == 0 ? 0 : count / (double) own;
  }

  /**
   * The settings of a step with which the gradient that is there makes the update of the mean over
   * the own images. The rate is larger by the {@linkplain #scale scale}, and weight decay smaller,
   * which the rate multiplies too.
   *
   * @param all those of one process
   * @param count images of the batch
   */
  public StepSettings settings(StepSettings all, int count) {
    double scale = scale(count);
    if (scale == 1) {
      return all;
    }
    return new StepSettings(
        all.seed(),
        all.step(),
        (float) (all.rate() * scale),
        all.momentum(),
        scale == 0 ? 0 : (float) (all.decay() / scale));
  }

  /**
   * Counts a step.
   *
   * @param result of the own images
   */
  public void count(StepResult result) {
    steps++;
    images += own(result.images());
    lossSum += result.lossSum();
    errors += result.errors();
  }

  /** Steps since the last average. */
  public int steps() {
    return steps;
  }

  /**
   * Whether an average is due.
   *
   * @param done steps of the epoch
   * @param all steps that the epoch has
   */
  public boolean due(int done, int all) {
    return done % sync.every() == 0 || done == all;
  }

  /**
   * Takes the average of what all workers have learned.
   *
   * @return what all of them have counted since the last
   */
  public StepResult average(Executable executable, CompiledNetwork programs) {
    Tally all = Tally.of(peers.gathered(new Tally(images, lossSum, errors, 0).toString()));
    float share = (float) (images / (double) all.images);
    for (Tensor parameter : programs.parameters()) {
      average(executable, parameter, share);
      average(executable, parameter.momentum(), share);
    }
    steps = 0;
    images = 0;
    lossSum = 0;
    errors = 0;
    return new StepResult(all.images, all.lossSum, all.errors);
  }

  private void average(Executable executable, Tensor tensor, float share) {
    float[] values = executable.read(tensor);
    for (int i = 0; i < values.length; i++) {
      values[i] *= share;
    }
    peers.sum(values);
    executable.write(tensor, values);
  }

  /**
   * The evaluation of all workers' images.
   *
   * @param own that of this worker's
   */
  public Evaluation evaluation(Evaluation own) {
    if (!apart()) {
      return own;
    }
    int n = own.images();
    Tally tally =
        n == 0
            ? new Tally(0, 0, 0, 0)
            : new Tally(
                n,
                own.loss() * n,
                Math.toIntExact(Math.round(own.top1Error() * n)),
                Math.toIntExact(Math.round(own.top5Error() * n)));
    Tally all = Tally.of(peers.gathered(tally.toString()));
    double images = all.images;
    return new Evaluation(
        all.images, all.lossSum / images, all.errors / images, all.errorsOfFive / images);
  }

  /** Sums over images, as workers tell them to one another. */
  private record Tally(int images, double lossSum, int errors, int errorsOfFive) {

    /** Those of all, added up in the order of the workers. */
    static Tally of(Iterable<String> texts) {
      Tally sum = new Tally(0, 0, 0, 0);
      for (String text : texts) {
        String[] words = text.split(" ");
        if (words.length != 4) {
          throw new IllegalStateException("a worker says " + Arrays.toString(words));
        }
        sum =
            new Tally(
                sum.images + Integer.parseInt(words[0]),
                sum.lossSum + Double.parseDouble(words[1]),
                sum.errors + Integer.parseInt(words[2]),
                sum.errorsOfFive + Integer.parseInt(words[3]));
      }
      return sum;
    }

    @Override
    public String toString() {
      return "%d %s %d %d".formatted(images, lossSum, errors, errorsOfFive);
    }
  }
}
