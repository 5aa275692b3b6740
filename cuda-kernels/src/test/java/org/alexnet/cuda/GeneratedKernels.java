package org.alexnet.cuda;

import java.util.HashSet;
import java.util.LinkedHashSet;
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

  /** The kernels that a step of a model needs besides those that every network has. */
  public static Set<GeneratedKernel> of(Model model, Precision precision) {
    CompiledNetwork programs = CompiledNetwork.of(model.network(), 128);
    Chains chains = new Chains(programs.train(), Layouts.of(programs, precision));
    Set<GeneratedKernel> all = new LinkedHashSet<>();
    Set<Op> done = new HashSet<>();
    for (Op op : programs.train().ops()) {
      CudaKernel kernel = done.contains(op) ? null : chains.kernel(op, done);
      if (kernel != null) {
        all.addAll(kernel.generated());
      }
    }
    return all;
  }
}
