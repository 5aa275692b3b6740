package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.fusion.Chains;
import org.alexnet.cuda.kernel.CudaKernel;
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

  /** The kernels of a training step that are generated. */
  public static List<CudaKernel> kernels(Model model, Precision precision, int batch) {
    CompiledNetwork programs = CompiledNetwork.of(model.network(), batch);
    Chains chains = new Chains(programs.train(), Layouts.of(programs, precision));
    List<CudaKernel> all = new ArrayList<>();
    Set<Op> done = new HashSet<>();
    for (Op op : programs.train().ops()) {
      CudaKernel kernel = done.contains(op) ? null : chains.kernel(op, done);
      if (kernel != null && !kernel.generated().isEmpty()) {
        all.add(kernel);
      }
    }
    return all;
  }
}
