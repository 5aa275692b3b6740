package org.alexnet.cpu;

import java.util.Arrays;
import java.util.List;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * The gradients of a convolution with respect to filters and bias. Each task of the chain sums over
 * its own images; the sums of the tasks are added in order at the end.
 *
 * @param tasks tasks of the chain
 */
record ConvolveFilterOp(Op.ConvolveBackwardFilter op, Kernels kernels, int tasks)
    implements ImageOp {

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

  private ConvShape shape() {
    return ConvShape.forward(op.x().shape(), op.dy().shape(), op.window(), op.groups());
  }

  private Layout.Panels panels() {
    Shape w = op.dw().shape();
    return new Layout.Panels(op.groups(), w.n() / op.groups(), w.withN(1), kernels.columns());
  }

  private int sumFloats() {
    return panels().floats() + panels().bias().floats();
  }

  @Override
  public int sharedFloats() {
    return tasks * sumFloats();
  }

  /** Whether tiles can read the gradient where it lies. */
  private boolean directGradient() {
    return op.groups() == 1 && shape().outputs() % kernels.columns() == 0;
  }

  private int gradientFloats() {
    return directGradient() ? 0 : shape().pixels() * panels().blocks() * kernels.columns();
  }

  @Override
  public int scratchFloats() {
    return shape().paddedFloats() + gradientFloats() + kernels.heights()[0] * kernels.columns();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Summing(binding);
  }

  private final class Summing implements Bound {
    private final Binding binding;
    private final ConvShape shape = shape();
    private final Layout.Panels panels = panels();
    private final int sumFloats = sumFloats();
    private final int gradientFloats = gradientFloats();
    private final boolean directGradient = directGradient();
    private final RowTiling tiling = RowTiling.of(shape.run(), kernels.heights());
    private final Address x;
    private final Address dy;

    Summing(Binding binding) {
      this.binding = binding;
      this.x = binding.address(op.x());
      this.dy = binding.address(op.dy());
    }

    private int sums(int task) {
      return binding.shared() + task * sumFloats;
    }

    @Override
    public void begin(Frame frame, int task, int worker) {
      Arrays.fill(frame.m(), sums(task), sums(task) + sumFloats, 0);
    }

    @Override
    public void run(Frame frame, int task, int worker, int first, int count) {
      float[] m = frame.m();
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
      int columns = kernels.columns();
      int source = image;
      if (!shape.direct()) {
        source = scratch;
        if (group == 0) {
          shape.clear(m, scratch);
        }
        shape.pad(m, image, group, scratch);
      }
      int b = gradient;
      int ldb = shape.out().c();
      if (!directGradient) {
        b = scratch + shape.paddedFloats();
        ldb = panels.blocks() * columns;
        int from = gradient + group * shape.outputs();
        Tiles.packColumns(m, from, shape.out().c(), shape.pixels(), shape.outputs(), ldb, b);
      }
      int tile = scratch + shape.paddedFloats() + gradientFloats;
      for (int block = 0; block < panels.blocks(); block++) {
        int to = sums + (group * panels.blocks() + block) * panels.panel();
        block(m, source, b + block * columns, ldb, to, tile);
      }
      int bias = sums + panels.floats() + group * panels.blocks() * columns;
      for (int p = 0; p < shape.pixels(); p++) {
        kernels.add(m, b + p * ldb, bias, panels.blocks() * columns);
      }
    }

    private void block(float[] m, int source, int b, int ldb, int to, int tile) {
      int columns = kernels.columns();
      int lda = shape.stride() * shape.inputs();
      int pitchA = shape.stride() * shape.rowPitch();
      for (int kh = 0; kh < shape.kernel(); kh++) {
        for (int t = 0; t < tiling.tiles(); t++) {
          int height = tiling.heights()[t];
          int valid = tiling.valid(t);
          int a = source + kh * shape.rowPitch() + tiling.starts()[t];
          int c = to + (kh * shape.run() + tiling.starts()[t]) * columns;
          int work = c;
          if (valid < height) {
            System.arraycopy(m, c, m, tile, valid * columns);
            work = tile;
          }
          kernels.tile(
              height,
              m,
              a,
              lda,
              pitchA,
              b,
              ldb,
              shape.out().w() * ldb,
              shape.out().h(),
              shape.out().w(),
              work,
              columns,
              work,
              columns,
              Float.NEGATIVE_INFINITY);
          if (valid < height) {
            System.arraycopy(m, tile, m, c, valid * columns);
          }
        }
      }
    }

    @Override
    public void finish(Frame frame) {
      int dw = binding.offset(op.dw());
      int db = binding.offset(op.db());
      sum(frame, 0, panels.floats(), dw);
      sum(frame, panels.floats(), panels.bias().floats(), db);
    }

    /** Adds up the tasks' sums, in their order, piece by piece. */
    private void sum(Frame frame, int from, int length, int to) {
      float[] m = frame.m();
      int piece = 4096;
      frame
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
