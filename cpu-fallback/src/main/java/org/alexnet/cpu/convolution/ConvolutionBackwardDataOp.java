package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * The gradient of a convolution with respect to its input: the product of the padded gradient with
 * the filters flipped and turned, which are packed anew each step.
 */
public record ConvolutionBackwardDataOp(Op.ConvolutionBackwardData op, Kernels kernels, int group)
    implements ImageOp {

  @Override
  public List<Tensor> imageReads() {
    return List.of(op.dy());
  }

  @Override
  public List<Tensor> imageWrites() {
    return List.of(op.dx());
  }

  @Override
  public List<Tensor> otherReads() {
    return List.of(op.weight());
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.backward(op.dy().shape(), op.dx().shape(), op.window(), op.groups());
  }

  private DirectProduct product() {
    return new DirectProduct(shape(), kernels, group);
  }

  /** Filters as they are kept. */
  private Layout.Panels kept() {
    Shape w = op.weight().shape();
    return new Layout.Panels(op.groups(), w.n() / op.groups(), w.withN(1), kernels.tileWidth());
  }

  /** Filters as they are needed here: outputs and inputs change places. */
  private Layout.Panels turned() {
    Shape w = op.weight().shape();
    Shape window = new Shape(1, w.n() / op.groups(), w.h(), w.w());
    return new Layout.Panels(op.groups(), w.c(), window, kernels.tileWidth());
  }

  @Override
  public int sharedFloats() {
    return turned().floats() + kernels.tileWidth();
  }

  @Override
  public int scratchFloats() {
    return product().scratchFloats();
  }

  @Override
  public Bound bind(Binding binding) {
    DirectProduct product = product();
    Layout.Panels kept = kept();
    Layout.Panels turned = turned();
    Address dy = binding.address(op.dy());
    Address dx = binding.address(op.dx());
    int weight = binding.offset(op.weight());
    int filters = binding.shared();
    int zeros = filters + turned.floats();
    return new Bound() {
      @Override
      public void prepare(KernelContext context) {
        float[] m = context.m();
        Arrays.fill(m, zeros, zeros + kernels.tileWidth(), 0);
        context
            .pool()
            .run(
                turned.groups() * turned.blocks(),
                (task, worker) -> turn(m, kept, weight, turned, filters, task));
      }

      @Override
      public void run(KernelContext context, int task, int worker, int first, int count) {
        product.run(
            context.m(),
            dy.of(worker, first),
            filters,
            zeros,
            0,
            dx.of(worker, first),
            Float.NEGATIVE_INFINITY,
            count,
            binding.scratch(worker));
      }
    };
  }

  /** Fills one block of the turned filters. */
  private static void turn(
      float[] m, Layout.Panels kept, int from, Layout.Panels turned, int to, int block) {
    int tileWidth = kept.tileWidth();
    int inputs = kept.window().c();
    int pixels = kept.window().h() * kept.window().w();
    int outputs = kept.outputs();
    int group = block / turned.blocks();
    int first = block % turned.blocks() * tileWidth;
    int width = Math.min(tileWidth, inputs - first);
    int start = to + block * turned.panel();
    if (width < tileWidth) {
      Arrays.fill(m, start, start + turned.panel(), 0);
    }
    for (int pixel = 0; pixel < pixels; pixel++) {
      for (int o = 0; o < outputs; o++) {
        int panel = from + (group * kept.blocks() + o / tileWidth) * kept.panel();
        int q = panel + ((pixels - 1 - pixel) * inputs + first) * tileWidth + o % tileWidth;
        int p = start + (pixel * outputs + o) * tileWidth;
        for (int i = 0; i < width; i++) {
          m[p + i] = m[q + i * tileWidth];
        }
      }
    }
  }
}
