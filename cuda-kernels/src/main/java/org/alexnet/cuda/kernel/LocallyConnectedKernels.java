package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Locally connected layers and biases that differ by position, locally_connected.cu. */
public final class LocallyConnectedKernels {
  private final Layouts layouts;

  public LocallyConnectedKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  private static int count(Tensor tensor) {
    return (int) tensor.shape().elements();
  }

  public CudaKernel forward(Op.LocallyConnected op) {
    Tensor weight = layouts.operand(op.weight());
    return new CudaKernel(
        op.layer() + " forward",
        op.layer(),
        false,
        List.of(layouts.read(op.x()), layouts.read(weight), layouts.write(op.y())),
        0,
        b ->
            List.of(
                b.each(
                    "locally_connected",
                    count(op.y()),
                    b.address(op.x()),
                    b.address(weight),
                    b.address(op.y()),
                    count(op.y()),
                    Sizes.of(op.x().shape()),
                    Sizes.of(op.y().shape()),
                    Sizes.of(weight.shape()),
                    op.window().kernel(),
                    op.window().stride(),
                    op.window().pad(),
                    new Divisor(weight.shape().c() / op.groups()))));
  }

  public CudaKernel backwardData(Op.LocallyConnectedBackwardData op) {
    Tensor weight = layouts.operand(op.weight());
    return new CudaKernel(
        op.layer() + " backward data",
        op.layer(),
        true,
        List.of(layouts.read(op.dy()), layouts.read(weight), layouts.write(op.dx())),
        0,
        b ->
            List.of(
                b.each(
                    "locally_connected_backward_data",
                    count(op.dx()),
                    b.address(op.dy()),
                    b.address(weight),
                    b.address(op.dx()),
                    count(op.dx()),
                    Sizes.of(op.dx().shape()),
                    Sizes.of(op.dy().shape()),
                    Sizes.of(weight.shape()),
                    op.window().kernel(),
                    new Divisor(op.window().stride()),
                    op.window().pad(),
                    weight.shape().c() / op.groups())));
  }

  public CudaKernel backwardWeights(Op.LocallyConnectedBackwardWeights op) {
    Shape weights = op.dw().shape();
    return new CudaKernel(
        op.layer() + " backward filter",
        op.layer(),
        true,
        List.of(layouts.read(op.x()), layouts.read(op.dy()), layouts.write(op.dw())),
        0,
        b ->
            List.of(
                b.each(
                    "locally_connected_backward_weights",
                    count(op.dw()),
                    b.address(op.x()),
                    b.address(op.dy()),
                    b.address(op.dw()),
                    count(op.dw()),
                    op.x().shape().n(),
                    Sizes.of(op.x().shape()),
                    Sizes.of(op.dy().shape()),
                    Sizes.of(weights),
                    new Divisor(op.window().kernel()),
                    op.window().stride(),
                    op.window().pad(),
                    new Divisor(weights.c() / op.groups()))));
  }

  public CudaKernel bias(Op.PositionBias op) {
    return new CudaKernel(
        op.layer() + " forward bias",
        op.layer(),
        false,
        List.of(layouts.read(op.x()), layouts.read(op.bias()), layouts.write(op.y())),
        0,
        b ->
            List.of(
                b.each(
                    "position_bias",
                    count(op.y()),
                    b.address(op.x()),
                    b.address(op.bias()),
                    b.address(op.y()),
                    count(op.y()),
                    new Divisor(count(op.bias())))));
  }

  public CudaKernel biasBackward(Op.PositionBiasBackward op) {
    return new CudaKernel(
        op.layer() + " backward bias",
        op.layer(),
        true,
        List.of(layouts.read(op.dy()), layouts.write(op.db())),
        0,
        b ->
            List.of(
                b.each(
                    "position_bias_backward",
                    count(op.db()),
                    b.address(op.dy()),
                    b.address(op.db()),
                    count(op.db()),
                    op.dy().shape().n())));
  }
}
