package org.alexnet.reference;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Kernel;
import org.alexnet.backend.Lowered;
import org.alexnet.backend.MemoryPlan;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.program.Programs;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** Walks the operations in order over two Java arrays. */
final class ReferenceExecutable implements Executable {
  private final Lowered lowered;
  private final MemoryPlan plan;
  private final float[] persistent;
  private final float[] arena;
  private Phase ran = Phase.EVALUATE;

  ReferenceExecutable(Lowered lowered, MemoryPlan plan) {
    this.lowered = lowered;
    this.plan = plan;
    this.persistent = new float[Math.toIntExact(plan.persistentBytes() / Float.BYTES)];
    this.arena = new float[Math.toIntExact(plan.arenaBytes() / Float.BYTES)];
  }

  @Override
  public MemoryPlan plan() {
    return plan;
  }

  @Override
  public long allocatedBytes() {
    return (long) (persistent.length + arena.length) * Float.BYTES;
  }

  @Override
  public Batch newBatch(Batch.Format format) {
    return Batch.onHeap(format, lowered.programs().batch());
  }

  @Override
  public Pending train(Batch batch, StepSettings settings) {
    profile(Phase.TRAIN, batch, settings);
    StepResult result = result(batch);
    return () -> result;
  }

  @Override
  public Pending evaluate(Batch batch) {
    profile(Phase.EVALUATE, batch, StepSettings.evaluation());
    StepResult result = result(batch);
    return () -> result;
  }

  @Override
  public double[] profile(Batch batch, StepSettings settings) {
    return profile(Phase.TRAIN, batch, settings);
  }

  private double[] profile(Phase phase, Batch batch, StepSettings settings) {
    ran = phase;
    List<? extends Kernel> kernels = lowered.kernels(phase);
    ReferenceOps ops = new ReferenceOps(tensor -> view(phase, tensor), batch, settings);
    double[] seconds = new double[kernels.size()];
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      ops.run(((ReferenceKernel) kernels.get(i)).op());
      seconds[i] = (System.nanoTime() - start) * 1e-9;
    }
    return seconds;
  }

  private StepResult result(Batch batch) {
    StepProgram program = lowered.programs().program(ran);
    return StepResult.of(
        read(program.tensor(Programs.PROBABILITIES)),
        read(program.tensor(Programs.LOSS)),
        batch.labels(),
        batch.count());
  }

  private View view(Phase phase, Tensor tensor) {
    int offset = Math.toIntExact(plan.slot(phase, tensor).offset() / Float.BYTES);
    return new View(tensor.role().persistent() ? persistent : arena, offset, tensor.shape());
  }

  @Override
  public float[] read(Tensor tensor) {
    View view = view(ran, tensor);
    int length = Math.toIntExact(tensor.shape().elements());
    return Arrays.copyOfRange(view.memory(), view.offset(), view.offset() + length);
  }

  @Override
  public void write(Tensor tensor, float[] values) {
    View view = view(ran, tensor);
    System.arraycopy(
        values, 0, view.memory(), view.offset(), Math.toIntExact(tensor.shape().elements()));
  }

  @Override
  public void close() {}
}
