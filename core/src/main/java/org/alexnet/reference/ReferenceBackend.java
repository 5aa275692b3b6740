package org.alexnet.reference;

import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Peers;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram;

/** Lowers each operation to one kernel. */
final class ReferenceBackend implements Backend {
  private final Peers peers;

  ReferenceBackend(Peers peers) {
    this.peers = peers;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Lowered lower(CompiledNetwork programs) {
    return new Lowered(
        programs, kernels(programs.train()), kernels(programs.evaluate()), Float.BYTES);
  }

  private static List<ReferenceKernel> kernels(StepProgram program) {
    return program.ops().stream().map(ReferenceKernel::new).toList();
  }

  @Override
  public Executable bind(Lowered lowered, MemoryPlan plan) {
    return new ReferenceExecutable(lowered, plan, peers);
  }

  @Override
  public void close() {}
}
