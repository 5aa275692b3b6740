package org.alexnet.cpu.convolution;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A forward convolution of fewer images than there are workers: each image is cut into blocks of
 * outputs and rows of tiles that the workers share. Each output is summed as {@link ConvolutionOp}
 * sums it, so that the bits are the same.
 *
 * @param y what is written: the convolution's output or the ReLU's
 */
public record SharedConvolutionKernel(
    Op.Convolution op, Tensor y, boolean relu, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  /** Tasks a worker, so that all end at about the same time. */
  private static final int TASKS = 6;

  @Override
  public String label() {
    return op.layer() + " forward, shared" + (relu ? ", relu" : "");
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return false;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(
        layouts.read(op.x()), layouts.read(op.weight()), layouts.read(op.bias()), layouts.write(y));
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.forward(op.x().shape(), op.y().shape(), op.window(), op.groups());
  }

  private int images() {
    return op.x().shape().n();
  }

  private int tileFloats() {
    return kernels.windowHeights()[0] * kernels.tileWidth();
  }

  private int paddedFloats() {
    return images() * op.groups() * shape().paddedFloats();
  }

  @Override
  public long workspaceBytes() {
    return ((long) paddedFloats() + (long) workers * tileFloats()) * Float.BYTES;
  }

  private int panels() {
    return op.groups() * product().blocks();
  }

  /** Parts that the tiles of an image are cut into. */
  private int parts() {
    int parts = Math.ceilDiv(TASKS * workers, images() * panels());
    return Math.clamp(parts, 1, product().tiles());
  }

  private DirectProduct product() {
    return new DirectProduct(shape(), kernels, 1, relu ? 0 : Float.NEGATIVE_INFINITY);
  }

  @Override
  public int tasks() {
    return images() * panels() * parts();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(
        this,
        shape(),
        product(),
        parts(),
        new DirectProduct.Operands(
            binding.offset(op.weight()), binding.offset(op.bias()), kernels.tileWidth()),
        binding.offset(op.x()),
        binding.offset(y),
        binding.shared());
  }

  /** The kernel at its addresses. */
  private record Running(
      SharedConvolutionKernel kernel,
      ConvolutionShape shape,
      DirectProduct product,
      int parts,
      DirectProduct.Operands operands,
      int x,
      int y,
      int workspace)
      implements Bound {

    @Override
    public void run(KernelContext context) {
      int groups = shape.groups();
      int images = kernel.images();
      if (!shape.direct()) {
        context.pool().run(images * groups, (task, worker) -> pad(context, task));
      }
      context
          .pool()
          .run(images * panels() * parts, (task, worker) -> part(context.m(), task, worker));
    }

    private int panels() {
      return shape.groups() * product.blocks();
    }

    /** Images first, then groups. */
    private void pad(KernelContext context, int task) {
      int image = task / shape.groups();
      product.padOne(
          context.m(),
          x + image * shape.in().imageElements(),
          task % shape.groups(),
          workspace + task * shape.imagePitch());
    }

    /** Images first, then panels, then parts of the tiles. */
    private void part(float[] m, int task, int worker) {
      int panels = panels();
      int image = task / parts / panels;
      int panel = task / parts % panels;
      int part = task % parts;
      int group = panel / product.blocks();
      int source =
          shape.direct()
              ? x + image * shape.in().imageElements()
              : workspace + (image * shape.groups() + group) * shape.imagePitch();
      int to = y + image * shape.out().imageElements();
      int tile = workspace + kernel.paddedFloats() + worker * kernel.tileFloats();
      for (int t = part * product.tiles() / parts; t < (part + 1) * product.tiles() / parts; t++) {
        product.tile(operands, m, source, to, panel, t, tile);
      }
    }
  }
}
