package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.fusion.Chains;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.ImageKernels;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.model.Model;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;

/** What is generated for models, without a backend. */
public final class GeneratedKernels {
  private GeneratedKernels() {}

  /** The sources that a step of a model needs besides those that every network has. */
  public static Set<GeneratedKernel> of(Model model, Precision precision) {
    Set<GeneratedKernel> all = new LinkedHashSet<>();
    kernels(model, precision, 128).forEach(kernel -> all.addAll(kernel.generated()));
    return all;
  }

  /**
   * A generated kernel beside the operations that it does.
   *
   * @param bytesApart that kernels of single operations would read and write in its place
   */
  public record Fused(CudaKernel kernel, long bytesApart) {}

  /** The kernels of a training step that are generated. */
  public static List<CudaKernel> kernels(Model model, Precision precision, int batch) {
    return fused(model, precision, batch).stream().map(Fused::kernel).toList();
  }

  /** The kernels of a training step that are generated, with what they are in place of. */
  public static List<Fused> fused(Model model, Precision precision, int batch) {
    CompiledNetwork programs = CompiledNetwork.of(model.network(), batch);
    Layouts layouts = Layouts.of(programs, precision);
    Chains chains = new Chains(programs.train(), layouts);
    List<Fused> all = new ArrayList<>();
    Set<Op> done = new HashSet<>();
    for (Op op : programs.train().ops()) {
      Set<Op> own = new HashSet<>();
      CudaKernel kernel = done.contains(op) ? null : chains.kernel(op, own);
      done.addAll(own);
      if (kernel != null && !kernel.generated().isEmpty()) {
        own.add(op);
        all.add(new Fused(kernel, bytesApart(layouts, kernel, own)));
      }
    }
    return all;
  }

  private static long bytesApart(Layouts layouts, CudaKernel kernel, Set<Op> ops) {
    ImageKernels images = new ImageKernels(layouts);
    long bytes = 0;
    for (Op op : ops) {
      CudaKernel own =
          switch (op) {
            case Op.LoadInput o -> images.load(o);
            case Op.MaxPool o -> images.maxPool(o);
            case Op.MaxPoolBackward o -> images.maxPoolBackward(o);
            case Op.LocalResponseNorm o -> images.localResponseNorm(o);
            case Op.LocalResponseNormBackward o -> images.localResponseNormBackward(o);
            case Op.ReluBackward o -> images.reluBackward(o);
            default -> throw new AssertionError(op);
          };
      bytes += bytes(own);
    }
    // A bias's gradient by itself reads what the others have written.
    boolean bias = kernel.uses().stream().anyMatch(u -> u.tensor().name().endsWith("bias.grad"));
    return bytes + (bias ? kernel.uses().getFirst().bytes() : 0);
  }

  public static long bytes(CudaKernel kernel) {
    return kernel.uses().stream().mapToLong(BufferUse::bytes).sum();
  }
}
