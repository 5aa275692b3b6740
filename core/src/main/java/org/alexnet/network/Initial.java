package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/** Values of a parameter before the first step. */
public sealed interface Initial {

  /** Every element the same. */
  record Constant(float value) implements Initial {
    public Constant {
      require(Float.isFinite(value), null, "value", value, "finite");
    }
  }

  /** Normal with mean 0 and the given standard deviation. */
  record Gaussian(float sigma) implements Initial {
    public Gaussian {
      require(sigma >= 0 && Float.isFinite(sigma), null, "sigma", sigma, "finite, at least 0");
    }
  }

  /**
   * Normal with mean 0 and deviation sqrt(gain / fan-in), where the fan-in is the number of inputs
   * that one output reads. A gain of 2 keeps the variance through rectified layers (He et al.,
   * 2015).
   */
  record FanIn(float gain) implements Initial {
    public FanIn {
      require(gain >= 0 && Float.isFinite(gain), null, "gain", gain, "finite, at least 0");
    }
  }

  /**
   * Uniform between -b and b with b = sqrt(gain / fan-in), where the fan-in of a bias is that of
   * its layer's weights. A gain of 1 for weights and biases is what PyTorch's layers start with.
   */
  record UniformFanIn(float gain) implements Initial {
    public UniformFanIn {
      require(gain >= 0 && Float.isFinite(gain), null, "gain", gain, "finite, at least 0");
    }
  }
}
