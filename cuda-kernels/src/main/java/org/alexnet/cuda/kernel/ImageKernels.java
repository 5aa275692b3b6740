package org.alexnet.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.kernel.CudaKernel.Binder;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Activation;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Logistic;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;
import org.alexnet.random.Philox;

/** Operations that our own kernels compute, a launch each. */
public final class ImageKernels {
  /** A place within a window is kept in a byte. */
  private static final int LARGEST_WINDOW = 15;

  /** What a block shares with its neighbours, local_response_norm.cu. */
  private static final int LARGEST_REGION = 31;

  private final Layouts layouts;

  public ImageKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  private CudaKernel kernel(Op op, String what, boolean backward, Binder binder) {
    List<BufferUse> uses = new ArrayList<>();
    op.writes().forEach(t -> uses.add(layouts.write(t)));
    op.reads().stream().distinct().forEach(t -> uses.add(layouts.read(t)));
    return new CudaKernel(op.layer() + " " + what, op.layer(), backward, uses, 0, binder);
  }

  private CudaKernel forward(Op op, Binder binder) {
    return kernel(op, "forward", false, binder);
  }

  private CudaKernel backward(Op op, Binder binder) {
    return kernel(op, "backward", true, binder);
  }

  private static int count(Tensor tensor) {
    return (int) tensor.shape().elements();
  }

  // The batch.

  public CudaKernel load(Op.LoadInput op) {
    Shape s = op.data().shape();
    return forward(
        op,
        b ->
            List.of(
                b.each(
                    "load_input",
                    s.elements(),
                    b.slot().pixels(),
                    b.slot().images(),
                    b.slot().shift(),
                    b.address(op.mean()),
                    b.address(op.data()),
                    b.address(op.labels()),
                    count(op.data()),
                    Sizes.of(s),
                    Channels.of(op.scales()),
                    op.first(),
                    b.slot().step())));
  }

  // One number at a time.

  private Binder unary(String kernel, Tensor x, Tensor y) {
    return b -> List.of(b.each(kernel, count(y), b.address(x), b.address(y), count(y)));
  }

  private Binder binary(String kernel, Tensor x, Tensor y, Tensor z) {
    return b ->
        List.of(b.each(kernel, count(z), b.address(x), b.address(y), b.address(z), count(z)));
  }

  public CudaKernel zeros(Op.Zeros op) {
    return forward(
        op, b -> List.of(b.each("zeros", count(op.y()), b.address(op.y()), count(op.y()))));
  }

  public CudaKernel relu(Op.Relu op) {
    return forward(op, unary("relu", op.x(), op.y()));
  }

  public CudaKernel reluBackward(Op.ReluBackward op) {
    return backward(op, binary("relu_backward", op.dy(), op.y(), op.dx()));
  }

  public CudaKernel tanh(Op.Tanh op) {
    return forward(op, unary("tanh_forward", op.x(), op.y()));
  }

  public CudaKernel tanhBackward(Op.TanhBackward op) {
    return backward(op, binary("tanh_backward", op.dy(), op.y(), op.dx()));
  }

  private static String name(Activation function) {
    return switch (function) {
      case Logistic _ -> "logistic";
      case Softplus _ -> "softplus";
      case AbsoluteValue _ -> "absolute_value";
      case Square _ -> "square";
    };
  }

  /** Memory, the number of elements, and what else the function has. */
  private static Object[] arguments(Activation function, Tensor result, Long... memory) {
    List<Object> all = new ArrayList<>(List.of(memory));
    all.add(count(result));
    if (function instanceof Softplus softplus) {
      all.add(softplus.threshold());
    }
    return all.toArray();
  }

  public CudaKernel activation(Op.Activation op) {
    return forward(
        op,
        b -> {
          Object[] all = arguments(op.function(), op.y(), b.address(op.x()), b.address(op.y()));
          return List.of(b.each(name(op.function()), count(op.y()), all));
        });
  }

  public CudaKernel activationBackward(Op.ActivationBackward op) {
    return backward(
        op,
        b -> {
          Object[] all =
              arguments(
                  op.function(),
                  op.dx(),
                  b.address(op.dy()),
                  b.address(op.kept()),
                  b.address(op.dx()));
          return List.of(b.each(name(op.function()) + "_backward", count(op.dx()), all));
        });
  }

  public CudaKernel scale(Op.Scale op) {
    return forward(
        op,
        b ->
            List.of(
                b.each(
                    "scale",
                    count(op.y()),
                    b.address(op.x()),
                    b.address(op.y()),
                    count(op.y()),
                    op.factor())));
  }

  public CudaKernel add(Op.Add op) {
    return backward(op, b -> folded("add", op.terms(), op.y(), b));
  }

  public CudaKernel minimum(Op.Minimum op) {
    return forward(op, b -> folded("minimum", op.terms(), op.y(), b));
  }

  /** The kernel for how a tensor is kept: scores, flags and some gradients in single precision. */
  private String kernel(String name, Tensor y) {
    return layouts.of(y).storage() == layouts.storage() ? name : name + "_single";
  }

  /** A kernel of two terms, applied to the result so far and the next one. */
  private List<Call> folded(String kernel, List<Tensor> terms, Tensor y, Binding b) {
    String name = kernel(kernel, y);
    List<Call> calls = new ArrayList<>();
    long result = b.address(terms.getFirst());
    for (Tensor term : terms.subList(1, terms.size())) {
      calls.add(b.each(name, count(y), result, b.address(term), b.address(y), count(y)));
      result = b.address(y);
    }
    return calls;
  }

  /** The derivative is the same operation, on the gradient. */
  public CudaKernel dropout(Op.Dropout op) {
    boolean backward = op.y().isGradient();
    Shape s = op.x().shape();
    return kernel(
        op,
        backward ? "backward" : "forward",
        backward,
        b ->
            List.of(
                b.each(
                    "dropout",
                    s.elements(),
                    b.address(op.x()),
                    b.address(op.y()),
                    count(op.y()),
                    Sizes.of(s),
                    op.origin().image(),
                    op.origin().channel(),
                    op.origin().channels(),
                    (int) op.threshold(),
                    op.scale(),
                    Philox.stream("dropout/" + op.layer()),
                    b.slot().step())));
  }

  // Windows.

  /** Images, windows over them, and the window. */
  private static Object[] poolArguments(Object[] memory, int elements, Shape x, Shape y, Window w) {
    List<Object> all = new ArrayList<>(List.of(memory));
    all.addAll(List.of(elements, Sizes.of(x), Sizes.of(y)));
    all.addAll(List.of(w.kernel(), new Divisor(w.stride()), w.pad()));
    return all.toArray();
  }

  private static void checkWindow(String layer, Window window) {
    if (window.kernel() > LARGEST_WINDOW) {
      throw new AlexNetException(
          "Layer %s: a window of %d x %d, and backend cuda pools over %d x %d at most."
              .formatted(layer, window.kernel(), window.kernel(), LARGEST_WINDOW, LARGEST_WINDOW));
    }
  }

  public CudaKernel maxPool(Op.MaxPool op) {
    checkWindow(op.layer(), op.window());
    return forward(
        op,
        b -> {
          Object[] memory = {b.address(op.x()), b.address(op.y()), b.address(op.argmax())};
          int n = count(op.y());
          Shape x = op.x().shape();
          return List.of(
              b.each("max_pool", n, poolArguments(memory, n, x, op.y().shape(), op.window())));
        });
  }

  public CudaKernel maxPoolBackward(Op.MaxPoolBackward op) {
    checkWindow(op.layer(), op.window());
    return backward(
        op,
        b -> {
          Object[] memory = {b.address(op.dy()), b.address(op.argmax()), b.address(op.dx())};
          int n = count(op.dx());
          Shape y = op.dy().shape();
          return List.of(
              b.each(
                  "max_pool_backward",
                  n,
                  poolArguments(memory, n, op.dx().shape(), y, op.window())));
        });
  }

  public CudaKernel averagePool(Op.AveragePool op) {
    return forward(
        op,
        b -> {
          Object[] memory = {b.address(op.x()), b.address(op.y())};
          int n = count(op.y());
          Shape x = op.x().shape();
          return List.of(
              b.each("average_pool", n, poolArguments(memory, n, x, op.y().shape(), op.window())));
        });
  }

  public CudaKernel averagePoolBackward(Op.AveragePoolBackward op) {
    return backward(
        op,
        b -> {
          Object[] memory = {b.address(op.dy()), b.address(op.dx())};
          int n = count(op.dx());
          Shape y = op.dy().shape();
          return List.of(
              b.each(
                  "average_pool_backward",
                  n,
                  poolArguments(memory, n, op.dx().shape(), y, op.window())));
        });
  }

  // Normalisation.

  private static String region(LocalResponseNorm norm) {
    return switch (norm.region()) {
      case ACROSS_MAPS -> "across";
      case WITHIN_MAP -> "within";
    };
  }

  private static List<Object> normArguments(LocalResponseNorm norm, Shape x) {
    List<Object> all = new ArrayList<>(List.of((int) x.elements(), Sizes.of(x)));
    if (norm.region() == LocalResponseNorm.Region.ACROSS_MAPS) {
      all.add(new Divisor(x.c() / norm.groups()));
    }
    all.add(norm.size() / 2);
    all.add(norm.factor());
    return all;
  }

  public CudaKernel localResponseNorm(Op.LocalResponseNorm op) {
    LocalResponseNorm norm = op.norm();
    return forward(
        op,
        b -> {
          List<Object> all =
              new ArrayList<>(List.of(b.address(op.x()), b.address(op.y()), b.address(op.s())));
          all.addAll(normArguments(norm, op.x().shape()));
          all.add(norm.k());
          all.add(norm.beta());
          return List.of(
              b.each("local_response_norm_" + region(norm), count(op.y()), all.toArray()));
        });
  }

  public CudaKernel localResponseNormBackward(Op.LocalResponseNormBackward op) {
    LocalResponseNorm norm = op.norm();
    if (norm.size() > LARGEST_REGION) {
      throw new AlexNetException(
          "Layer %s: normalization over %d maps, and backend cuda has %d at most."
              .formatted(op.layer(), norm.size(), LARGEST_REGION));
    }
    return backward(
        op,
        b -> {
          List<Object> all =
              new ArrayList<>(
                  List.of(
                      b.address(op.dy()),
                      b.address(op.x()),
                      b.address(op.s()),
                      b.address(op.dx())));
          all.addAll(normArguments(norm, op.x().shape()));
          all.add(norm.beta());
          return List.of(
              b.each(
                  "local_response_norm_" + region(norm) + "_backward",
                  count(op.dx()),
                  all.toArray()));
        });
  }

  // Parts.

  private void requireSame(Tensor x, Tensor y) {
    if (layouts.of(x).storage() != layouts.of(y).storage()) {
      throw new IllegalStateException(x + " and " + y + " are kept differently");
    }
  }

  private Launch copy(Binding b, Part.Axis axis, Tensor x, int firstX, Tensor y, int firstY) {
    requireSame(x, y);
    Shape s = count(x) < count(y) ? x.shape() : y.shape();
    return b.each(
        kernel("copy_part", y),
        s.elements(),
        b.address(x),
        b.address(y),
        (int) s.elements(),
        Sizes.of(s),
        Sizes.of(x.shape()),
        axis == Part.Axis.IMAGES ? firstX : 0,
        axis == Part.Axis.CHANNELS ? firstX : 0,
        Sizes.of(y.shape()),
        axis == Part.Axis.IMAGES ? firstY : 0,
        axis == Part.Axis.CHANNELS ? firstY : 0);
  }

  public CudaKernel concatenate(Op.Concatenate op) {
    return forward(
        op,
        b -> {
          List<Call> calls = new ArrayList<>();
          int first = 0;
          for (Tensor part : op.parts()) {
            calls.add(copy(b, op.axis(), part, 0, op.y(), first));
            first += part.shape().along(op.axis());
          }
          return calls;
        });
  }

  public CudaKernel slice(Op.Slice op) {
    return backward(op, b -> List.of(copy(b, op.axis(), op.x(), op.first(), op.y(), 0)));
  }

  // Loss.

  public CudaKernel loss(Op.SoftmaxCrossEntropy op) {
    Shape s = op.logits().shape();
    return forward(
        op,
        b ->
            List.of(
                b.launch(
                    "softmax",
                    s.n(),
                    1,
                    b.address(op.logits()),
                    b.address(op.labels()),
                    b.address(op.probabilities()),
                    b.address(op.loss()),
                    b.slot().errors() + (long) op.first() * Integer.BYTES,
                    s.c()),
                b.launch(
                    "finite_loss",
                    1,
                    1,
                    b.address(op.loss()),
                    b.address(op.finite()),
                    b.halted(),
                    op.first(),
                    s.n(),
                    b.slot().step())));
  }

  public CudaKernel lossBackward(Op.SoftmaxCrossEntropyBackward op) {
    return backward(
        op,
        b ->
            List.of(
                b.each(
                    "softmax_backward",
                    count(op.dx()),
                    b.address(op.probabilities()),
                    b.address(op.labels()),
                    b.address(op.dx()),
                    count(op.dx()),
                    op.dx().shape().c(),
                    op.first(),
                    b.slot().step())));
  }
}
