package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.Kernels.Pieces;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;
import org.alexnet.program.Op;

/**
 * The gradient of a locally connected layer with respect to its filters. A task has a position,
 * whose filters no other task touches, and sums over the images in their order.
 */
public record LocallyConnectedBackwardWeightsKernel(
    Op.LocallyConnectedBackwardWeights op, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  /** Floats that packing may overwrite behind its end. */
  private static final int SLACK = 16;

  @Override
  public String label() {
    return op.layer() + " backward filter";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return true;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(layouts.read(op.x()), layouts.read(op.dy()), layouts.write(op.dw()));
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.forward(op.x().shape(), op.dy().shape(), op.window(), op.groups());
  }

  private PaddedImages images() {
    return new PaddedImages(shape(), op.x().shape().n());
  }

  private int blocks() {
    return layouts.panels(op.dw()).blocks();
  }

  /** The output's gradient of a position, packed, for all images. */
  private int gradientFloats() {
    return blocks() * images().images() * kernels.tileWidth();
  }

  private int packedFloats() {
    return images().images() * kernels.heights()[0] + SLACK;
  }

  private int workerFloats() {
    return gradientFloats() + packedFloats() + kernels.heights()[0] * kernels.tileWidth();
  }

  @Override
  public long workspaceBytes() {
    long floats = images().floats() + kernels.tileWidth();
    return (floats + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return shape().pixels() * op.groups();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  private final class Running implements Bound {
    private final ConvolutionShape shape = shape();
    private final PaddedImages images = images();
    private final RowTiling tiling = RowTiling.of(shape.run(), kernels.heights());
    private final int width = kernels.tileWidth();
    private final OutputTile[] outputs =
        IntStream.of(tiling.heights())
            .mapToObj(height -> new OutputTile(height, 0, width, Float.NEGATIVE_INFINITY))
            .toArray(OutputTile[]::new);
    private final Pieces[] pieces =
        IntStream.of(tiling.heights()).mapToObj(Pieces::one).toArray(Pieces[]::new);
    private final int blocks = blocks();
    private final int panel = layouts.panels(op.dw()).panel();
    private final int workerFloats = workerFloats();
    private final int gradientFloats = gradientFloats();
    private final int packedFloats = packedFloats();
    private final int x;
    private final int dy;
    private final int dw;
    private final int padded;
    private final int zeros;

    Running(Binding binding) {
      x = binding.offset(op.x());
      dy = binding.offset(op.dy());
      dw = binding.offset(op.dw());
      padded = binding.shared();
      zeros = Math.toIntExact(padded + images.floats());
    }

    @Override
    public void run(KernelContext context) {
      Arrays.fill(context.m(), zeros, zeros + width, 0);
      images.pad(context, x, padded);
      context.pool().run(tasks(), (task, worker) -> position(context.m(), task, worker));
    }

    /** One group of one position. */
    private void position(float[] m, int task, int worker) {
      int group = task % shape.groups();
      int position = task / shape.groups();
      int gradient = zeros + width + worker * workerFloats;
      int from = dy + position * shape.out().c() + group * shape.outputs();
      for (int block = 0; block < blocks; block++) {
        Tiles.packColumns(
            m,
            from + block * width,
            shape.out().imageElements(),
            images.images(),
            Math.min(width, shape.outputs() - block * width),
            width,
            gradient + block * images.images() * width);
      }
      int window = images.start(x, padded, group) + images.window(position);
      int filters = dw + task * blocks * panel;
      for (int kh = 0; kh < shape.kernel(); kh++) {
        for (int t = 0; t < tiling.tiles(); t++) {
          int start = tiling.starts()[t];
          int to = filters + (kh * shape.run() + start) * width;
          tiles(m, t, window + kh * shape.rowPitch() + start, gradient, to);
        }
      }
    }

    /** One tile of rows of the filters, for each block of outputs. */
    private void tiles(float[] m, int t, int windows, int gradient, int to) {
      int height = tiling.heights()[t];
      int valid = tiling.valid(t);
      int packed = gradient + gradientFloats;
      int tile = packed + packedFloats;
      kernels.pack(pieces[t], m, windows, images.pitch(), 0, 1, images.images(), packed);
      for (int block = 0; block < blocks; block++) {
        int c = to + block * panel;
        kernels.tile(
            outputs[t],
            m,
            packed,
            gradient + block * images.images() * width,
            images.images(),
            zeros,
            valid < height ? tile : c);
        if (valid < height) {
          System.arraycopy(m, tile, m, c, valid * width);
        }
      }
    }
  }
}
