package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.program.Op;

/**
 * What the kernels have in common that compute the gradients of a transformed convolution with
 * respect to filters and bias.
 */
sealed interface TransformedWeights extends CpuKernel
    permits TransformedWeightsKernel, TransformedWeightsByImageKernel {

  Op.ConvolutionBackwardWeights op();

  TransformedShape shape();

  Kernels kernels();

  Layouts layouts();

  /** Images whose values at the points are kept together. */
  int images();

  @Override
  default String label() {
    return op().layer() + " weights backward, transformed";
  }

  @Override
  default String layer() {
    return op().layer();
  }

  @Override
  default boolean backward() {
    return true;
  }

  @Override
  default List<BufferUse> uses() {
    return List.of(
        layouts().read(op().x()),
        layouts().read(op().dy()),
        layouts().write(op().dw()),
        layouts().write(op().db()));
  }

  default Layout.Panels panels() {
    return Layout.Panels.of(op().dw().shape(), op().groups(), kernels().tileWidth());
  }

  default TransformedFilters filters() {
    return new TransformedFilters(shape(), panels(), kernels().transforms());
  }

  default TileSpreader inputs(PointTiles tiles, TileSpreader.Places places) {
    return TileSpreader.ofInput(kernels().transforms(), shape(), tiles, places);
  }

  default TileSpreader gradients(PointTiles tiles, TileSpreader.Places places) {
    return TileSpreader.ofGradient(kernels().transforms(), shape(), tiles, places);
  }

  /** Sums some channels of the gradient over the pixels of a row of tiles. */
  default void sumPixels(float[] m, int source, int row, int channels, int to) {
    Arrays.fill(m, to, to + channels, 0);
    TileRow rows = shape().rows();
    int width = shape().out().w();
    int start = rows.start(row) * width;
    int end = start + rows.valid(row) * width;
    for (int pixel = start; pixel < end; pixel++) {
      kernels().add(m, source + pixel * shape().out().c(), to, channels);
    }
  }

  /**
   * Values of some blocks of {@link Transform#LANES} channels, in panels: panel, tile, channel of
   * the panel.
   *
   * @param width channels of a panel
   */
  record Values(PointTiles tiles, Regions regions, int width) implements TileSpreader.Places {
    @Override
    public int of(int region, int tile, int block) {
      int channel = block * Transform.LANES;
      int row = channel / width * tiles.tiles(region) + tile;
      return regions.start(region) + row * width + channel % width;
    }

    @Override
    public int pitch(int region) {
      return regions.pitch(region);
    }
  }
}
