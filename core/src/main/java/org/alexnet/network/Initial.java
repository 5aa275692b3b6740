package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/** Values of a parameter before the first step. */
public sealed interface Initial {

  /**
   * Every element the same.
   *
   * @param value of every element, finite
   */
  record Constant(float value) implements Initial {
    /**
     * Checks the value.
     *
     * @throws org.alexnet.InvalidNetworkException if it is not finite
     */
    public Constant {
      require(Float.isFinite(value), null, "value", value, "finite");
    }
  }

  /**
   * Normal with mean 0 and the given standard deviation.
   *
   * @param sigma the standard deviation, finite, at least 0
   */
  record Gaussian(float sigma) implements Initial {
    /**
     * Checks the deviation.
     *
     * @throws org.alexnet.InvalidNetworkException if it is below 0 or not finite
     */
    public Gaussian {
      require(sigma >= 0 && Float.isFinite(sigma), null, "sigma", sigma, "finite, at least 0");
    }
  }

  /**
   * Normal with mean 0 and deviation sqrt(gain / fan-in), where the fan-in is the number of inputs
   * that one output reads. A gain of 2 keeps the variance through rectified layers (He et al.,
   * 2015).
   *
   * @param gain finite, at least 0
   */
  record FanIn(float gain) implements Initial {
    /**
     * Checks the gain.
     *
     * @throws org.alexnet.InvalidNetworkException if it is below 0 or not finite
     */
    public FanIn {
      require(gain >= 0 && Float.isFinite(gain), null, "gain", gain, "finite, at least 0");
    }
  }

  /**
   * Uniform between -b and b with b = sqrt(gain / fan-in), where the fan-in of a bias is that of
   * its layer's weights. A gain of 1 for weights and biases is what PyTorch's layers start with.
   *
   * @param gain finite, at least 0
   */
  record UniformFanIn(float gain) implements Initial {
    /**
     * Checks the gain.
     *
     * @throws org.alexnet.InvalidNetworkException if it is below 0 or not finite
     */
    public UniformFanIn {
      require(gain >= 0 && Float.isFinite(gain), null, "gain", gain, "finite, at least 0");
    }
  }
}
