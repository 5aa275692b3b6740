package org.alexnet.cuda.product;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.BiasKernels;
import org.alexnet.cuda.kernel.Binding;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.product.FusedProduct.Epilogue;
import org.alexnet.cuda.product.Product.Operand;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Fully-connected layers: products by cuBLAS, biases by our own kernels. */
public final class FullyConnectedKernels {
  private final Layouts layouts;
  private final FusedProducts fused;
  private final Want want;
  private final Map<String, String> before;

  /**
   * @param fused products with what follows them, of the device that the kernels are for
   * @param want what is wanted of them
   * @param before what was chosen when the run began, by label
   */
  public FullyConnectedKernels(
      Layouts layouts, FusedProducts fused, Want want, Map<String, String> before) {
    this.layouts = layouts;
    this.fused = fused;
    this.want = want;
    this.before = before;
  }

  private Optional<FusedProduct> way(String label, FusedProduct.Problem problem) {
    return fused.of(problem, want, before.getOrDefault(label, ""));
  }

  private Operand operand(Binding binding, Tensor tensor, boolean transposed) {
    return new Operand(binding.pointer(tensor), layouts.of(tensor).storage(), transposed);
  }

  private FusedProduct.Form form(Tensor tensor, boolean transposed) {
    return new FusedProduct.Form(layouts.of(tensor).storage(), transposed);
  }

  private static String choice(Optional<FusedProduct> way, String with) {
    return way.map(product -> product.text() + with).orElse(FusedProducts.APART);
  }

  /**
   * y = x weight' + bias.
   *
   * @param y what is written: the layer's output, or a ReLU's
   */
  public CudaKernel forward(Op.FullyConnected op, Tensor y, boolean relu) {
    Tensor weight = layouts.operand(op.weight());
    String label = op.layer() + (relu ? " forward, relu" : " forward");
    Storage results = layouts.of(y).storage();
    Optional<FusedProduct> way =
        way(
            label,
            new FusedProduct.Problem(
                op.x().shape().n(),
                weight.shape().n(),
                weight.shape().c(),
                form(op.x(), false),
                form(weight, true),
                results,
                relu ? Epilogue.BIAS_RELU : Epilogue.BIAS));
    // An epilogue reads the bias as the results are stored, our own kernel in single precision.
    boolean low = way.isPresent() && results != Storage.FLOAT;
    Tensor bias = low ? layouts.operand(op.bias()) : op.bias();
    return new CudaKernel(
        label,
        op.layer(),
        false,
        List.of(layouts.read(op.x()), layouts.read(weight), layouts.read(bias), layouts.write(y)),
        0,
        choice(way, relu ? " + bias + ReLU" : " + bias"),
        binding ->
            way.map(
                    product ->
                        List.of(
                            product.call(
                                label,
                                new FusedProduct.Operands(
                                    binding.address(op.x()),
                                    binding.address(weight),
                                    binding.address(y),
                                    binding.address(bias)))))
                .orElseGet(() -> apart(binding, label, op, y, relu)));
  }

  /** A product, and its bias behind it. */
  private List<Call> apart(
      Binding binding, String label, Op.FullyConnected op, Tensor y, boolean relu) {
    Tensor weight = layouts.operand(op.weight());
    return List.of(
        new Product(
            label,
            binding.device(),
            op.x().shape().n(),
            weight.shape().n(),
            weight.shape().c(),
            operand(binding, op.x(), false),
            operand(binding, weight, true),
            operand(binding, y, false)),
        BiasKernels.add(binding, layouts, op.bias(), y, relu));
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
    String label = op.layer() + " backward filter";
    Optional<FusedProduct> way = withBias ? withBiasGradient(label, op) : Optional.empty();
    BiasKernels.Gradient bias =
        new BiasKernels.Gradient(layouts.of(op.dy()), withBias && way.isEmpty());
    return new CudaKernel(
        label,
        op.layer(),
        true,
        layouts.filterGradient(op.x(), op.dy(), op.dw(), withBias ? op.db() : null),
        bias.workspaceBytes(),
        withBias ? choice(way, " + bias gradient") : "",
        binding ->
            way.map(
                    product ->
                        List.of(
                            product.call(
                                label,
                                new FusedProduct.Operands(
                                    binding.address(op.dy()),
                                    binding.address(op.x()),
                                    binding.address(op.dw()),
                                    binding.address(op.db())))))
                .orElseGet(() -> apart(binding, label, op, bias)));
  }

  /** The vector of an epilogue is kept as the result is. */
  private Optional<FusedProduct> withBiasGradient(
      String label, Op.FullyConnectedBackwardWeights op) {
    Storage results = layouts.of(op.dw()).storage();
    if (layouts.of(op.db()).storage() != results) {
      return Optional.empty();
    }
    return way(
        label,
        new FusedProduct.Problem(
            op.dw().shape().n(),
            op.dw().shape().c(),
            op.dy().shape().n(),
            form(op.dy(), true),
            form(op.x(), false),
            results,
            Epilogue.BIAS_GRADIENT));
  }

  private List<Call> apart(
      Binding binding,
      String label,
      Op.FullyConnectedBackwardWeights op,
      BiasKernels.Gradient bias) {
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
  }
}
