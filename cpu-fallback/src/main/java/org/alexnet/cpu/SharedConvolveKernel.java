package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.BufferUse;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A forward convolution of fewer images than there are workers: each image is cut into blocks of
 * outputs and rows of tiles that the workers share. Each output is summed as {@link ConvolveOp}
 * sums it, so that the bits are the same.
 *
 * @param y what is written: the convolution's output or the rectifier's
 */
record SharedConvolveKernel(
    Op.Convolve op, Tensor y, boolean rectify, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  /** Tasks a worker, so that all end at about the same time. */
  private static final int TASKS = 6;

  @Override
  public String label() {
    return op.layer() + " forward, shared" + (rectify ? ", rectified" : "");
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

  private ConvShape shape() {
    return ConvShape.forward(op.x().shape(), op.y().shape(), op.window(), op.groups());
  }

  private int images() {
    return op.x().shape().n();
  }

  private int tileFloats() {
    return kernels.windowHeights()[0] * kernels.columns();
  }

  private int paddedFloats() {
    return images() * op.groups() * shape().paddedFloats();
  }

  @Override
  public long workspaceBytes() {
    return ((long) paddedFloats() + (long) workers * tileFloats()) * Float.BYTES;
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(
        this,
        shape(),
        new DirectProduct(shape(), kernels, 1),
        binding.offset(op.x()),
        binding.offset(op.weight()),
        binding.offset(op.bias()),
        binding.offset(y),
        binding.shared());
  }

  /** The kernel at its addresses. */
  private record Running(
      SharedConvolveKernel kernel,
      ConvShape shape,
      DirectProduct product,
      int x,
      int filters,
      int bias,
      int y,
      int workspace)
      implements Bound {

    @Override
    public void run(Frame frame) {
      int groups = shape.groups();
      int images = kernel.images();
      if (!shape.direct()) {
        frame.pool().run(images * groups, (task, worker) -> pad(frame, task));
      }
      int panels = groups * product.blocks();
      int parts =
          Math.clamp(Math.ceilDiv(TASKS * kernel.workers, images * panels), 1, product.tiles());
      frame
          .pool()
          .run(
              images * panels * parts,
              (task, worker) ->
                  part(
                      frame,
                      task / parts / panels,
                      task / parts % panels,
                      task % parts,
                      parts,
                      worker));
    }

    /** Images first, then groups. */
    private void pad(Frame frame, int task) {
      int image = task / shape.groups();
      product.padOne(
          frame.m(),
          x + image * shape.in().imageElements(),
          task % shape.groups(),
          workspace + task * shape.imagePitch());
    }

    private void part(Frame frame, int image, int panel, int part, int parts, int worker) {
      int group = panel / product.blocks();
      int source =
          shape.direct()
              ? x + image * shape.in().imageElements()
              : workspace + (image * shape.groups() + group) * shape.imagePitch();
      product.part(
          frame.m(),
          source,
          filters,
          bias,
          y + image * shape.out().imageElements(),
          kernel.rectify ? 0 : Float.NEGATIVE_INFINITY,
          panel,
          part * product.tiles() / parts,
          (part + 1) * product.tiles() / parts,
          workspace + kernel.paddedFloats() + worker * kernel.tileFloats());
    }
  }
}
