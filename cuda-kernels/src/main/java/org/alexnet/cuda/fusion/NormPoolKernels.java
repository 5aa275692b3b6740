package org.alexnet.cuda.fusion;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.fusion.NormPool.Cut;
import org.alexnet.cuda.kernel.BiasKernels;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** The kernels of norm_pool.cuh. */
final class NormPoolKernels {
  private final Layouts layouts;

  NormPoolKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  private static String choice(Stream<Op> ops) {
    return "one pass for "
        + ops.map(op -> op.layer()).distinct().collect(Collectors.joining(", "))
        + ", written for these sizes";
  }

  private static CudaKernel kernel(
      List<? extends Op> ops,
      boolean backward,
      List<BufferUse> uses,
      long workspaceBytes,
      GeneratedKernel generated,
      CudaKernel.Binder binder) {
    String others = ops.stream().skip(1).map(op -> ", " + op.layer()).collect(Collectors.joining());
    String layer = ops.getFirst().layer();
    return new CudaKernel(
        layer + (backward ? " backward" : " forward") + others,
        layer,
        backward,
        uses,
        workspaceBytes,
        choice(ops.stream().map(op -> op)),
        List.of(generated),
        binder);
  }

  /**
   * Forward.
   *
   * @param norm null where there is only pooling
   * @param pool null where there is only a normalization
   */
  CudaKernel forward(Op.LocalResponseNorm norm, Op.MaxPool pool, NormPool sizes) {
    Tensor x = norm == null ? pool.x() : norm.x();
    GeneratedKernel generated = sizes.forwardKernel();
    if (pool == null) {
      return kernel(
          List.of(norm),
          false,
          List.of(layouts.write(norm.y()), layouts.read(x)),
          0,
          generated,
          b ->
              List.of(
                  b.launch(
                      generated.name(),
                      sizes.flat(),
                      1,
                      b.address(x),
                      b.address(norm.y()),
                      (int) sizes.pixels())));
    }
    Cut cut = sizes.forward();
    return kernel(
        norm == null ? List.of(pool) : List.of(norm, pool),
        false,
        List.of(layouts.write(pool.y()), layouts.write(pool.argmax()), layouts.read(x)),
        0,
        generated,
        b ->
            List.of(
                b.launch(
                    generated.name(),
                    cut.blocks(),
                    1,
                    b.address(x),
                    b.address(pool.y()),
                    b.address(pool.argmax()),
                    x.shape().n(),
                    cut.strips(),
                    cut.rows())));
  }

  /** Backward, with what {@link Chains} found. */
  CudaKernel backward(Chains.Backward chain, NormPool sizes) {
    List<BufferUse> uses = new ArrayList<>();
    uses.add(layouts.write(chain.dx()));
    uses.add(layouts.read(chain.dy()));
    if (chain.x() != null) {
      uses.add(layouts.read(chain.x()));
    }
    if (chain.pool() != null) {
      uses.add(layouts.read(chain.pool().argmax()));
    }
    if (chain.db() != null) {
      uses.add(layouts.write(chain.db()));
    }
    int channels = chain.dx().shape().c();
    Cut cut = chain.pool() == null ? null : sizes.backward();
    int blocks = cut == null ? sizes.flat() : cut.blocks();
    GeneratedKernel generated = sizes.backwardKernel();
    return kernel(
        chain.ops(),
        true,
        uses,
        chain.db() == null ? 0 : (long) blocks * channels * Float.BYTES,
        generated,
        b -> {
          List<Object> arguments = new ArrayList<>(List.of(b.address(chain.dy())));
          if (cut != null) {
            arguments.add(b.address(chain.pool().argmax()));
          }
          arguments.add(chain.x() == null ? 0L : b.address(chain.x()));
          arguments.add(b.address(chain.dx()));
          arguments.add(b.workspace());
          arguments.addAll(
              cut == null
                  ? List.of((int) sizes.pixels())
                  : List.of(chain.dx().shape().n(), cut.strips(), cut.rows()));
          List<Call> calls = new ArrayList<>();
          calls.add(b.launch(generated.name(), blocks, 1, arguments.toArray()));
          if (chain.db() != null) {
            calls.add(BiasKernels.sum(b, chain.db(), blocks));
          }
          return calls;
        });
  }
}
