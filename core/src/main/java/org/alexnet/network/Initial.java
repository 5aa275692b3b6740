package org.alexnet.network;

/** Values of a parameter before the first step. */
public sealed interface Initial {

  /** Every element the same. */
  record Constant(float value) implements Initial {}

  /** Normal with mean 0 and the given standard deviation. */
  record Gaussian(float sigma) implements Initial {}

  /**
   * Normal with mean 0 and deviation sqrt(gain / fan-in), where the fan-in is the number of inputs
   * that one output reads. A gain of 2 keeps the variance through rectified layers (He et al.,
   * 2015).
   */
  record FanIn(float gain) implements Initial {}

  /**
   * Uniform between -b and b with b = sqrt(gain / fan-in), where the fan-in of a bias is that of
   * its layer's weights. A gain of 1 for weights and biases is what PyTorch's layers start with.
   */
  record UniformFanIn(float gain) implements Initial {}
}
