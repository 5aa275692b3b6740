package org.alexnet.cuda.fusion;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.BiasKernels;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Finds operations of a program that one kernel can do: a normalization and the pooling behind it;
 * and backward the gradients of a pooling, a normalization, a ReLU and a bias. What lies between
 * them is not kept, unless it is observed or read elsewhere. Where a shape does not suit, each
 * operation has a kernel of its own.
 */
public final class Chains {
  private final StepProgram program;
  private final Layouts layouts;
  private final NormPoolKernels kernels;
  private final Map<Tensor, List<Op>> readers = new HashMap<>();
  private final Set<Tensor> rectified = new HashSet<>();
  private final Set<Tensor> biases = new HashSet<>();

  public Chains(StepProgram program, Layouts layouts) {
    this.program = program;
    this.layouts = layouts;
    this.kernels = new NormPoolKernels(layouts);
    for (Op op : program.ops()) {
      op.reads().stream()
          .distinct()
          .forEach(t -> readers.computeIfAbsent(t, any -> new ArrayList<>()).add(op));
      if (op instanceof Op.Relu relu) {
        rectified.add(relu.y());
      }
    }
  }

  /**
   * Gradients in a row.
   *
   * @param ops in their order
   * @param dy what the first reads
   * @param pool or null
   * @param norm or null
   * @param x what was normalized, or what the ReLU gave, or null without either
   * @param dx what the last writes
   * @param db the gradient of the bias before them, or null
   */
  record Backward(
      List<Op> ops,
      Tensor dy,
      Op.MaxPoolBackward pool,
      Op.LocalResponseNormBackward norm,
      Op.ReluBackward relu,
      Tensor x,
      Tensor dx,
      Tensor db) {}

  /** Whether a chain has already computed the gradient of a bias. */
  public boolean hasBias(Tensor db) {
    return biases.contains(db);
  }

  /**
   * A kernel that begins with an operation, or null if each operation is done by itself.
   *
   * @param done receives what it does besides
   */
  public CudaKernel kernel(Op op, Set<Op> done) {
    if (!layouts.channelsLast()) {
      return null;
    }
    return switch (op) {
      case Op.LoadInput o when layouts.blocks(o.data()) != null -> InputBlocks.load(layouts, o);
      case Op.LocalResponseNorm o when recomputes(o) -> norm(o, done);
      case Op.MaxPool o when takes(o) -> kernels.forward(null, o, sizes(null, o));
      case Op.MaxPoolBackward o -> pooled(o, done);
      case Op.LocalResponseNormBackward o when recomputes(o) -> backward(List.of(o), null, o, done);
      case Op.ReluBackward o -> rectified(o, done);
      default -> null;
    };
  }

  private boolean stored(Tensor tensor) {
    return layouts.of(tensor).storage() == layouts.storage();
  }

  /** The only operation that reads a tensor, which need not be kept then. */
  private Op next(Tensor tensor) {
    List<Op> all = readers.getOrDefault(tensor, List.of());
    return all.size() == 1 && !program.observes(tensor) && stored(tensor) ? all.getFirst() : null;
  }

  // Forward.

  private boolean recomputes(Op.LocalResponseNorm op) {
    return NormPool.takes(op.x().shape(), layouts.storage(), op.norm())
        && !program.observes(op.s());
  }

  private boolean recomputes(Op.LocalResponseNormBackward op) {
    return NormPool.takes(op.x().shape(), layouts.storage(), op.norm())
        && !program.observes(op.s());
  }

  private boolean takes(Op.MaxPool op) {
    return NormPool.takes(
        op.x().shape(), layouts.storage(), new NormPool.Pooling(op.y().shape(), op.window()));
  }

  private NormPool sizes(Op.LocalResponseNorm norm, Op.MaxPool pool) {
    Tensor x = norm == null ? pool.x() : norm.x();
    return new NormPool(
        x.shape(),
        layouts.storage(),
        norm == null ? null : norm.norm(),
        pool == null ? null : new NormPool.Pooling(pool.y().shape(), pool.window()),
        pool != null && rectified.contains(x) && layouts.storage() != Storage.FLOAT,
        false,
        false);
  }

  private CudaKernel norm(Op.LocalResponseNorm norm, Set<Op> done) {
    if (next(norm.y()) instanceof Op.MaxPool pool && takes(pool)) {
      done.add(pool);
      return kernels.forward(norm, pool, sizes(norm, pool));
    }
    return kernels.forward(norm, null, sizes(norm, null));
  }

  // Backward.

  private CudaKernel pooled(Op.MaxPoolBackward pool, Set<Op> done) {
    NormPool.Pooling pooling = new NormPool.Pooling(pool.dy().shape(), pool.window());
    if (!NormPool.takes(pool.dx().shape(), layouts.storage(), pooling)) {
      return null;
    }
    if (next(pool.dx()) instanceof Op.LocalResponseNormBackward norm && recomputes(norm)) {
      return backward(List.of(pool, norm), pool, norm, done);
    }
    return backward(List.of(pool), pool, null, done);
  }

  private CudaKernel backward(
      List<Op> first, Op.MaxPoolBackward pool, Op.LocalResponseNormBackward norm, Set<Op> done) {
    List<Op> ops = new ArrayList<>(first);
    Tensor dx = norm == null ? pool.dx() : norm.dx();
    Tensor x = norm == null ? null : norm.x();
    Op.ReluBackward relu = null;
    if (next(dx) instanceof Op.ReluBackward o && (x == null || x.equals(o.y()))) {
      relu = o;
      x = o.y();
      dx = o.dx();
      ops.add(o);
    }
    Backward chain =
        new Backward(
            ops, pool == null ? norm.dy() : pool.dy(), pool, norm, relu, x, dx, biasOf(dx));
    done.addAll(ops.subList(1, ops.size()));
    return kernels.backward(chain, sizes(chain));
  }

  private NormPool sizes(Backward chain) {
    return new NormPool(
        chain.dx.shape(),
        layouts.storage(),
        chain.norm == null ? null : chain.norm.norm(),
        chain.pool == null ? null : new NormPool.Pooling(chain.dy.shape(), chain.pool.window()),
        false,
        chain.relu != null,
        chain.db != null);
  }

  /** The gradient of the bias that is summed up of this one, if it is of one layer's. */
  private Tensor biasOf(Tensor dy) {
    Tensor db = null;
    for (Op op : readers.getOrDefault(dy, List.of())) {
      Tensor one =
          switch (op) {
            case Op.ConvolutionBackwardWeights o when o.dy().equals(dy) -> o.db();
            case Op.FullyConnectedBackwardWeights o when o.dy().equals(dy) -> o.db();
            default -> null;
          };
      if (one != null && db != null) {
        return null;
      }
      db = one != null ? one : db;
    }
    if (db != null) {
      biases.add(db);
    }
    return db;
  }

  /** A ReLU's gradient with that of the bias before it. */
  private CudaKernel rectified(Op.ReluBackward op, Set<Op> done) {
    if (!BiasKernels.takesVectors(layouts, op.dx()) || !stored(op.dy()) || !stored(op.y())) {
      return null;
    }
    Tensor db = biasOf(op.dx());
    return db == null ? null : BiasKernels.reluBackward(layouts, op, db);
  }
}
