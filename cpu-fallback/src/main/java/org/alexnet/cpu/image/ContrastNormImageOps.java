package org.alexnet.cpu.image;

import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.Normalization;
import org.alexnet.network.ContrastNorm;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Contrast normalization, row by row: all channels of a row lie together. */
public final class ContrastNormImageOps {
  private ContrastNormImageOps() {}

  public static ImageOp forward(Op.ContrastNorm op, Kernels kernels) {
    MapSums sums = new MapSums(op.x().shape(), op.norm().size(), kernels);
    return new Forward(op, sums, ofRow(op.norm(), sums));
  }

  public static ImageOp backward(Op.ContrastNormBackward op, Kernels kernels) {
    MapSums sums = new MapSums(op.x().shape(), op.norm().size(), kernels);
    return new Backward(op, sums, ofRow(op.norm(), sums));
  }

  /** A row of pixels, whose sums are found before. */
  private static Normalization ofRow(ContrastNorm norm, MapSums sums) {
    return new Normalization(sums.row(), 1, norm.factor(), norm.k(), norm.beta());
  }

  private record Forward(Op.ContrastNorm op, MapSums sums, Normalization ofRow) implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(op.x());
    }

    @Override
    public List<Tensor> imageWrites() {
      return List.of(op.y(), op.centred(), op.s());
    }

    /** An image of sums along rows, and a row. */
    @Override
    public int scratchFloats() {
      return op.x().shape().imageElements() + sums.row();
    }

    @Override
    public Bound bind(Binding binding) {
      Address x = binding.address(op.x());
      Address y = binding.address(op.y());
      Address centred = binding.address(op.centred());
      Address s = binding.address(op.s());
      return (context, task, worker, first, count) -> {
        for (int i = 0; i < count; i++) {
          int from = x.of(worker, first) + i * x.image();
          int differences = centred.of(worker, first) + i * centred.image();
          int scratch = binding.scratch(worker);
          centre(context.m(), from, differences, scratch);
          normalize(
              context.m(),
              from,
              differences,
              y.of(worker, first) + i * y.image(),
              s.of(worker, first) + i * s.image(),
              scratch);
        }
      };
    }

    /** x without the mean of each pixel's window. */
    private void centre(float[] m, int x, int centred, int scratch) {
      int row = sums.row();
      int sum = scratch + op.x().shape().imageElements();
      for (int h = 0; h < op.x().shape().h(); h++) {
        sums.along(m, x + h * row, scratch + h * row);
      }
      for (int h = 0; h < op.x().shape().h(); h++) {
        sums.across(m, scratch, h, sum);
        sums.divideByPixels(m, sum, h);
        System.arraycopy(m, x + h * row, m, centred + h * row, row);
        sums.kernels().addScaled(m, -1, sum, centred + h * row, row);
      }
    }

    private void normalize(float[] m, int x, int centred, int y, int s, int scratch) {
      int row = sums.row();
      int sum = scratch + op.x().shape().imageElements();
      for (int h = 0; h < op.x().shape().h(); h++) {
        sums.kernels().square(m, centred + h * row, sum, row);
        sums.along(m, sum, scratch + h * row);
      }
      for (int h = 0; h < op.x().shape().h(); h++) {
        int at = h * row;
        sums.across(m, scratch, h, sum);
        sums.kernels().localResponseNorm(ofRow, m, x + at, y + at, s + at, sum);
      }
    }
  }

  /**
   * The adjoint of both sums. With g = dy x s^(-beta - 1) and t = (x - mean) * sum of g, the sum of
   * a pixel's window, it is dy s^-beta - 2 factor beta (t - sum of t / pixels of the window).
   */
  private record Backward(Op.ContrastNormBackward op, MapSums sums, Normalization ofRow)
      implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(op.dy(), op.x(), op.centred(), op.s());
    }

    @Override
    public List<Tensor> imageWrites() {
      return List.of(op.dx());
    }

    /** An image of sums along rows, one of terms, and a row. */
    @Override
    public int scratchFloats() {
      return 2 * op.x().shape().imageElements() + sums.row();
    }

    @Override
    public Bound bind(Binding binding) {
      Address dy = binding.address(op.dy());
      Address x = binding.address(op.x());
      Address centred = binding.address(op.centred());
      Address s = binding.address(op.s());
      Address dx = binding.address(op.dx());
      return (context, task, worker, first, count) -> {
        for (int i = 0; i < count; i++) {
          int to = dx.of(worker, first) + i * dx.image();
          terms(
              context.m(),
              dy.of(worker, first) + i * dy.image(),
              x.of(worker, first) + i * x.image(),
              centred.of(worker, first) + i * centred.image(),
              s.of(worker, first) + i * s.image(),
              to,
              binding.scratch(worker));
          finish(context.m(), to, binding.scratch(worker));
        }
      };
    }

    private int image() {
      return op.x().shape().imageElements();
    }

    /** Writes dy s^-beta to dx, and t to the second image of the scratch. */
    private void terms(float[] m, int dy, int x, int centred, int s, int dx, int scratch) {
      int row = sums.row();
      int sum = scratch + 2 * image();
      for (int h = 0; h < op.x().shape().h(); h++) {
        int at = h * row;
        sums.kernels().localResponseNormTerms(ofRow, m, dy + at, x + at, s + at, dx + at, sum);
        sums.along(m, sum, scratch + at);
      }
      for (int h = 0; h < op.x().shape().h(); h++) {
        sums.across(m, scratch, h, sum);
        int terms = scratch + image() + h * row;
        for (int i = 0; i < row; i++) {
          m[terms + i] = m[centred + h * row + i] * m[sum + i];
        }
      }
    }

    private void finish(float[] m, int dx, int scratch) {
      float factor = -2 * op.norm().factor() * op.norm().beta();
      int row = sums.row();
      int terms = scratch + image();
      int sum = terms + image();
      for (int h = 0; h < op.x().shape().h(); h++) {
        System.arraycopy(m, terms + h * row, m, sum, row);
        sums.divideByPixels(m, sum, h);
        sums.along(m, sum, scratch + h * row);
      }
      for (int h = 0; h < op.x().shape().h(); h++) {
        sums.across(m, scratch, h, sum);
        sums.kernels().addScaled(m, factor, terms + h * row, dx + h * row, row);
        sums.kernels().addScaled(m, -factor, sum, dx + h * row, row);
      }
    }
  }
}
