package org.alexnet.cuda.product;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.kernel.BiasKernels;
import org.alexnet.cuda.kernel.Binding;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.product.Product.Operand;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Fully-connected layers: products by cuBLAS, biases by our own kernels. */
public final class FullyConnectedKernels {
  private final Layouts layouts;

  public FullyConnectedKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  private Operand operand(Binding binding, Tensor tensor, boolean transposed) {
    return new Operand(binding.pointer(tensor), layouts.of(tensor).storage(), transposed);
  }

  /**
   * y = x weight' + bias.
   *
   * @param y what is written: the layer's output, or a ReLU's
   */
  public CudaKernel forward(Op.FullyConnected op, Tensor y, boolean relu) {
    Tensor weight = layouts.operand(op.weight());
    String label = op.layer() + (relu ? " forward, relu" : " forward");
    return new CudaKernel(
        label,
        op.layer(),
        false,
        List.of(
            layouts.read(op.x()), layouts.read(weight), layouts.read(op.bias()), layouts.write(y)),
        0,
        binding ->
            List.of(
                new Product(
                    label,
                    binding.device(),
                    op.x().shape().n(),
                    weight.shape().n(),
                    weight.shape().c(),
                    operand(binding, op.x(), false),
                    operand(binding, weight, true),
                    operand(binding, y, false)),
                BiasKernels.add(binding, layouts, op.bias(), y, relu)));
  }

  /** dx = dy weight. */
  public CudaKernel backwardData(Op.FullyConnectedBackwardData op) {
    Tensor weight = layouts.operand(op.weight());
    String label = op.layer() + " backward data";
    return new CudaKernel(
        label,
        op.layer(),
        true,
        List.of(layouts.read(op.dy()), layouts.read(weight), layouts.write(op.dx())),
        0,
        binding ->
            List.of(
                new Product(
                    label,
                    binding.device(),
                    op.dy().shape().n(),
                    weight.shape().c(),
                    weight.shape().n(),
                    operand(binding, op.dy(), false),
                    operand(binding, weight, false),
                    operand(binding, op.dx(), false))));
  }

  /**
   * dw = dy' x, db = the sum of dy.
   *
   * @param withBias whether db is computed too, and not elsewhere
   */
  public CudaKernel backwardWeights(Op.FullyConnectedBackwardWeights op, boolean withBias) {
    BiasKernels.Gradient bias = new BiasKernels.Gradient(layouts.of(op.dy()), withBias);
    String label = op.layer() + " backward filter";
    List<BufferUse> uses =
        new ArrayList<>(
            List.of(layouts.read(op.x()), layouts.read(op.dy()), layouts.write(op.dw())));
    if (withBias) {
      uses.add(layouts.write(op.db()));
    }
    return new CudaKernel(
        label,
        op.layer(),
        true,
        uses,
        bias.workspaceBytes(),
        binding -> {
          List<Call> calls = new ArrayList<>();
          calls.add(
              new Product(
                  label,
                  binding.device(),
                  op.dw().shape().n(),
                  op.dw().shape().c(),
                  op.dy().shape().n(),
                  operand(binding, op.dy(), true),
                  operand(binding, op.x(), false),
                  operand(binding, op.dw(), false)));
          bias.bind(binding, op.dy(), op.db(), calls);
          return calls;
        });
  }
}
