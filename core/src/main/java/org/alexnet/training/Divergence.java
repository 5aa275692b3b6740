package org.alexnet.training;

/**
 * Judges a loss. Training can recover from a loss that rises for a while; one that is ten times the
 * loss of guessing, and ten times what the run began with or once reached, is that of a network
 * which is ruined.
 */
final class Divergence {
  private static final double FACTOR = 10;

  private Divergence() {}

  /**
   * Whether a mean training loss is that of a ruined network.
   *
   * @param classes of the network; guessing has a loss of ln(classes)
   */
  static boolean in(double loss, RunState state, int classes) {
    double known = Math.min(state.firstLoss, state.bestLoss); // NaN before the first step
    double reference = Math.max(Math.log(classes), Double.isNaN(known) ? 0 : known);
    return !(loss <= FACTOR * reference);
  }
}
