package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.Kernels.Pieces;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * The gradients of a convolution with respect to filters and bias. Each task of the chain sums over
 * its own images; the sums of the tasks are added in order at the end.
 *
 * @param tasks tasks of the chain
 */
public record ConvolutionBackwardWeightsOp(
    Op.ConvolutionBackwardWeights op, Kernels kernels, int tasks) implements ImageOp {

  /**
   * Output pixels that are summed before the sum is added to that of the others, so that what is
   * packed of them stays in the cache. The order of the sums follows from it and from the shape.
   */
  private static final int PIXELS = 1024;

  /** Floats that packing may overwrite behind its end. */
  private static final int SLACK = 16;

  @Override
  public List<Tensor> imageReads() {
    return List.of(op.x(), op.dy());
  }

  @Override
  public List<Tensor> imageWrites() {
    return List.of();
  }

  @Override
  public List<Tensor> otherWrites() {
    return List.of(op.dw(), op.db());
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.forward(op.x().shape(), op.dy().shape(), op.window(), op.groups());
  }

  private Layout.Panels panels() {
    Shape w = op.dw().shape();
    return new Layout.Panels(op.groups(), w.n() / op.groups(), w.withN(1), kernels.tileWidth());
  }

  private int sumFloats() {
    return panels().floats() + panels().bias().floats();
  }

  @Override
  public int sharedFloats() {
    return tasks * sumFloats();
  }

  /** Rows of the output that are summed together. */
  private int rows() {
    return Math.clamp(PIXELS / shape().out().w(), 1, shape().out().h());
  }

  private int pixels() {
    return rows() * shape().out().w();
  }

  /** Whether a pixel of the gradient is as wide as a tile, so that it is read where it lies. */
  private boolean gradientInPlace() {
    return op.dy().shape().c() == kernels.tileWidth() && op.groups() == 1;
  }

  private int gradientFloats() {
    return gradientInPlace() ? 0 : pixels() * panels().blocks() * kernels.tileWidth();
  }

  private int windowFloats() {
    return pixels() * kernels.heights()[0] + SLACK;
  }

  @Override
  public int scratchFloats() {
    return shape().paddedFloats()
        + gradientFloats()
        + windowFloats()
        + kernels.heights()[0] * kernels.tileWidth();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Summing(binding);
  }

  private final class Summing implements Bound {
    private final Binding binding;
    private final ConvolutionShape shape = shape();
    private final Layout.Panels panels = panels();
    private final int sumFloats = sumFloats();
    private final int rows = rows();
    private final int gradientFloats = gradientFloats();
    private final int windowFloats = windowFloats();
    private final boolean gradientInPlace = gradientInPlace();
    private final RowTiling tiling = RowTiling.of(shape.kernel() * shape.run(), kernels.heights());
    private final OutputTile[] outputs = outputs();
    private final Pieces[] pieces =
        IntStream.range(0, tiling.tiles()).mapToObj(this::pieces).toArray(Pieces[]::new);
    private final Address x;
    private final Address dy;

    Summing(Binding binding) {
      this.binding = binding;
      this.x = binding.address(op.x());
      this.dy = binding.address(op.dy());
    }

    /** What each tile of rows of the filters adds to. */
    private OutputTile[] outputs() {
      int pitch = kernels.tileWidth();
      return Arrays.stream(tiling.heights())
          .mapToObj(height -> new OutputTile(height, pitch, pitch, Float.NEGATIVE_INFINITY))
          .toArray(OutputTile[]::new);
    }

    /**
     * Of the rows of the window that a tile reads; the last is read on where the tile overhangs.
     */
    private Pieces pieces(int tile) {
      int first = tiling.starts()[tile];
      int end = first + tiling.valid(tile);
      int run = shape.run();
      int firstRow = first / run;
      int count = (end - 1) / run - firstRow + 1;
      int[] starts = new int[count];
      int[] ends = new int[count];
      for (int i = 0; i < count; i++) {
        int row = firstRow + i;
        starts[i] = row * shape.rowPitch() + (i == 0 ? first - row * run : 0);
        ends[i] = (row + 1) * run - first;
      }
      ends[count - 1] = tiling.heights()[tile];
      return new Pieces(starts, ends);
    }

    private int sums(int task) {
      return binding.shared() + task * sumFloats;
    }

    @Override
    public void begin(KernelContext context, int task, int worker) {
      Arrays.fill(context.m(), sums(task), sums(task) + sumFloats, 0);
    }

    @Override
    public void run(KernelContext context, int task, int worker, int first, int count) {
      float[] m = context.m();
      int scratch = binding.scratch(worker);
      for (int i = 0; i < count; i++) {
        int image = x.of(worker, first) + i * x.image();
        int gradient = dy.of(worker, first) + i * dy.image();
        for (int group = 0; group < shape.groups(); group++) {
          image(m, image, gradient, group, sums(task), scratch);
        }
      }
    }

    private void image(float[] m, int image, int gradient, int group, int sums, int scratch) {
      int source = image;
      if (!shape.direct()) {
        source = scratch;
        if (group == 0) {
          shape.clear(m, scratch);
        }
        shape.pad(m, image, group, scratch);
      }
      int own = gradient + group * shape.outputs();
      for (int row = 0; row < shape.out().h(); row += rows) {
        int count = Math.min(rows, shape.out().h() - row);
        part(m, source, own, group, row, count, sums, scratch + shape.paddedFloats());
      }
    }

    /** Some rows of the output: the gradient in panels, then every tile of the filters. */
    private void part(
        float[] m, int source, int own, int group, int row, int count, int sums, int panel) {
      int tileWidth = kernels.tileWidth();
      int pixels = count * shape.out().w();
      int bias = sums + panels.floats() + group * panels.blocks() * tileWidth;
      for (int block = 0; block < panels.blocks(); block++) {
        int first = block * tileWidth;
        int from = own + row * shape.out().w() * shape.out().c() + first;
        int width = Math.min(tileWidth, shape.outputs() - first);
        int to = gradientInPlace ? from : panel + block * pixels * tileWidth;
        if (!gradientInPlace) {
          Tiles.packColumns(m, from, shape.out().c(), pixels, width, tileWidth, to);
        }
        kernels.addRows(m, to, pixels, bias + first, tileWidth);
      }
      int windows = source + row * shape.stride() * shape.rowPitch();
      int filters = sums + group * panels.blocks() * panels.panel();
      int packed = panel + gradientFloats;
      int gradient = gradientInPlace ? own + row * shape.out().w() * shape.out().c() : panel;
      for (int t = 0; t < tiling.tiles(); t++) {
        int to = filters + tiling.starts()[t] * tileWidth;
        tiles(m, windows, t, count, to, gradient, packed);
      }
    }

    /** One tile of rows of the filters, for each block of outputs. */
    private void tiles(
        float[] m, int windows, int t, int rowCount, int to, int gradient, int packed) {
      int tileWidth = kernels.tileWidth();
      int height = tiling.heights()[t];
      int valid = tiling.valid(t);
      int pixels = rowCount * shape.out().w();
      int tile = packed + windowFloats;
      kernels.pack(
          pieces[t],
          m,
          windows,
          shape.stride() * shape.inputs(),
          shape.stride() * shape.rowPitch(),
          rowCount,
          shape.out().w(),
          packed);
      for (int block = 0; block < panels.blocks(); block++) {
        int b = gradient + block * pixels * tileWidth;
        int c = to + block * panels.panel();
        int work = c;
        if (valid < height) {
          System.arraycopy(m, c, m, tile, valid * tileWidth);
          work = tile;
        }
        kernels.tile(outputs[t], m, packed, b, pixels, work, work);
        if (valid < height) {
          System.arraycopy(m, tile, m, c, valid * tileWidth);
        }
      }
    }

    @Override
    public void finish(KernelContext context) {
      int dw = binding.offset(op.dw());
      int db = binding.offset(op.db());
      sum(context, 0, panels.floats(), dw);
      sum(context, panels.floats(), panels.bias().floats(), db);
    }

    /** Adds up the tasks' sums, in their order, piece by piece. */
    private void sum(KernelContext context, int from, int length, int to) {
      float[] m = context.m();
      int piece = 4096;
      context
          .pool()
          .run(
              Math.ceilDiv(length, piece),
              (part, worker) -> {
                int start = part * piece;
                int n = Math.min(piece, length - start);
                System.arraycopy(m, sums(0) + from + start, m, to + start, n);
                for (int task = 1; task < tasks; task++) {
                  kernels.add(m, sums(task) + from + start, to + start, n);
                }
              });
    }
  }
}
