package org.alexnet.pictures.report;

import java.util.List;

/**
 * Where the time of a training step goes.
 *
 * @param backend that it was measured on, and its threads or devices, in words
 * @param batch images of a step
 * @param steps that were measured; each number is the median over them
 * @param layers in the order of the network
 * @param kernels in the order in which they run
 */
public record StepProfile(
    String backend, int batch, int steps, List<LayerTime> layers, List<KernelTime> kernels) {

  /** Copies the lists. */
  public StepProfile {
    layers = List.copyOf(layers);
    kernels = List.copyOf(kernels);
  }

  /**
   * A layer.
   *
   * @param layer its name
   * @param forward seconds
   * @param backward seconds, the update of its parameters included
   */
  public record LayerTime(String layer, double forward, double backward) {}

  /**
   * A kernel: what a backend runs at once.
   *
   * @param kernel what the backend calls it
   * @param seconds that it takes
   * @param bytes that it reads and writes at least
   */
  public record KernelTime(String kernel, double seconds, long bytes) {}

  /**
   * All layers.
   *
   * @return seconds of a step
   */
  public double seconds() {
    return layers.stream().mapToDouble(layer -> layer.forward + layer.backward).sum();
  }
}
