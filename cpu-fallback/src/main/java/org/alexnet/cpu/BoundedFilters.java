package org.alexnet.cpu;

import org.alexnet.cpu.execution.Layout;
import org.alexnet.network.FilterBounds;
import org.alexnet.network.ParameterSpec;

/**
 * Weights whose filters are brought within bounds. A filter is a column of a panel; what pads a
 * panel is 0 and stays so.
 *
 * @param panels how they lie
 * @param offset of the weights
 * @param how with bounds
 */
record BoundedFilters(Layout.Panels panels, int offset, ParameterSpec how) {

  /** Panels, which may be done at the same time. */
  int blocks() {
    return panels.groups() * panels.blocks();
  }

  /** Does the filters of one panel. */
  void bound(float[] m, int block) {
    for (int lane = 0; lane < panels.tileWidth(); lane++) {
      bound(m, offset + block * panels.panel() + lane, panels.tileWidth());
    }
  }

  private void bound(float[] m, int first, int step) {
    FilterBounds bounds = how.bounds();
    int size = panels.depth();
    double mean = 0;
    if (bounds.measure() == FilterBounds.Measure.DEVIATION) {
      for (int k = 0; k < size; k++) {
        mean += m[first + k * step];
      }
      mean /= size;
    }
    double squares = 0;
    for (int k = 0; k < size; k++) {
      double difference = m[first + k * step] - mean;
      squares += difference * difference;
    }
    boolean norm = bounds.measure() == FilterBounds.Measure.NORM;
    float factor = (float) bounds.factor(Math.sqrt(norm ? squares : squares / size));
    if (factor != 1) {
      for (int k = 0; k < size; k++) {
        m[first + k * step] *= factor;
      }
    }
  }
}
