package org.alexnet.backend;

import java.util.List;
import java.util.function.Function;
import org.alexnet.data.Batch;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * What a step says of its batch.
 *
 * @param images real images
 * @param lossSum cross-entropy summed over them, in image order
 * @param errors images whose label is not the most probable class
 */
public record StepResult(int images, double lossSum, int errors) {

  /**
   * Sums up the real images of a batch in their order, of whatever shards their losses are; those
   * of shards that are not in the program count nothing. An image counts as an error if another
   * class is more probable, or as probable and of lower number, or if the scores are not numbers.
   *
   * @param fetch reads a tensor of the program, N C H W
   */
  public static StepResult of(StepProgram program, Function<Tensor, float[]> fetch, Batch batch) {
    float[] losses = new float[batch.capacity()];
    int[] errors = new int[batch.capacity()];
    List<Tensor> parts = program.parts(CompiledNetwork.LOSS);
    for (int part = 0; part < parts.size(); part++) {
      float[] loss = fetch.apply(parts.get(part));
      float[] probabilities = fetch.apply(program.parts(CompiledNetwork.PROBABILITIES).get(part));
      int classes = probabilities.length / loss.length;
      int image = parts.get(part).part().begin(batch.capacity());
      for (int n = 0; n < loss.length; n++, image++) {
        losses[image] = loss[n];
        boolean right = argmax(probabilities, n * classes, classes) == batch.labels()[image];
        errors[image] = right ? 0 : 1;
      }
    }
    return sum(losses, errors, batch.count());
  }

  /**
   * Sums up the real images of a batch in their order.
   *
   * @param losses cross-entropy of each image of the batch
   * @param errors 1 for an image whose label is not the most probable class, else 0
   * @param images real ones
   */
  public static StepResult sum(float[] losses, int[] errors, int images) {
    double lossSum = 0;
    int wrong = 0;
    for (int i = 0; i < images; i++) {
      lossSum += losses[i];
      wrong += errors[i];
    }
    return new StepResult(images, lossSum, wrong);
  }

  private static int argmax(float[] values, int from, int count) {
    int best = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      if (values[from + i] > max) {
        max = values[from + i];
        best = i;
      }
    }
    return best;
  }
}
