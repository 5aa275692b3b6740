package org.alexnet.backend;

/**
 * What changes from step to step.
 *
 * @param seed key of all random numbers
 * @param step number of the training step, from 0: the counter of dropout
 * @param rate learning rate
 * @param momentum momentum
 * @param decay weight decay
 */
public record StepSettings(long seed, int step, float rate, float momentum, float decay) {

  /** For an evaluation, which draws nothing and learns nothing. */
  public static StepSettings evaluation() {
    return new StepSettings(0, 0, 0, 0, 0);
  }
}
