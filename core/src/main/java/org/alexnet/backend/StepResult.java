package org.alexnet.backend;

/**
 * What a step says of its batch.
 *
 * @param images real images
 * @param lossSum cross-entropy summed over them, in image order
 * @param errors images whose label is not the most probable class
 */
public record StepResult(int images, double lossSum, int errors) {

  /**
   * Sums up a batch. An image counts as an error if another class is more probable, or as probable
   * and of lower number, or if the scores are not numbers.
   *
   * @param probabilities [images, classes]
   * @param loss at least one value an image
   */
  public static StepResult of(float[] probabilities, float[] loss, int[] labels, int images) {
    int classes = probabilities.length / Math.max(1, loss.length);
    double sum = 0;
    int errors = 0;
    for (int i = 0; i < images; i++) {
      sum += loss[i];
      if (argmax(probabilities, i * classes, classes) != labels[i]) {
        errors++;
      }
    }
    return new StepResult(images, sum, errors);
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
