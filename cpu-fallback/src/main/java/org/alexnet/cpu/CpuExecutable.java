package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Kernel;
import org.alexnet.backend.Lowered;
import org.alexnet.backend.MemoryPlan;
import org.alexnet.backend.MemoryPlan.Slot;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.program.Programs;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** All memory in one array, and the kernels of both programs bound to it. */
final class CpuExecutable implements Executable {
  /**
   * First float that is used: the array's header is 16 bytes and the collector aligns large arrays,
   * so that this one starts a cache line.
   */
  private static final int BASE = 12;

  /** Floats behind the last, for tiles that read beyond the rows they need. */
  private static final int SLACK = 64;

  private final Lowered lowered;
  private final MemoryPlan plan;
  private final Layouts layouts;
  private final Kernels kernels;
  private final WorkerPool pool;
  private final float[] m;
  private final Map<Phase, List<CpuKernel.Bound>> steps = new EnumMap<>(Phase.class);
  private Phase ran = Phase.EVALUATE;

  CpuExecutable(Lowered lowered, MemoryPlan plan, Kernels kernels, WorkerPool pool) {
    this.lowered = lowered;
    this.plan = plan;
    this.kernels = kernels;
    this.pool = pool;
    this.layouts = Layouts.of(lowered.programs(), kernels.columns());
    this.m = allocate(plan);
    for (Phase phase : Phase.values()) {
      List<CpuKernel.Bound> bound = new ArrayList<>();
      List<? extends Kernel> list = lowered.kernels(phase);
      for (int i = 0; i < list.size(); i++) {
        int workspace = arena(plan.workspaces().get(phase).get(i));
        Binding binding =
            new Binding(t -> address(phase, t), t -> offset(phase, t), workspace, 0, 0);
        bound.add(((CpuKernel) list.get(i)).bind(binding));
      }
      steps.put(phase, bound);
    }
  }

  private static float[] allocate(MemoryPlan plan) {
    long floats = plan.totalBytes() / Float.BYTES + BASE + SLACK;
    long most = Integer.MAX_VALUE - 8L;
    if (floats > most) {
      throw new AlexNetException(
          "The network needs %,d MB at this batch size, more than the %,d MB that backend cpu can address; take a smaller --batch."
              .formatted(plan.totalBytes() >> 20, most * Float.BYTES >> 20));
    }
    try {
      return new float[(int) floats];
    } catch (OutOfMemoryError e) {
      throw new AlexNetException(
          "The network needs %,d MB at this batch size and the JVM may use %,d MB; take a smaller --batch or a larger -Xmx."
              .formatted(plan.totalBytes() >> 20, Runtime.getRuntime().maxMemory() >> 20),
          e);
    }
  }

  private int arena(long bytes) {
    return BASE + (int) ((plan.persistentBytes() + bytes) / Float.BYTES);
  }

  private int offset(Phase phase, Tensor tensor) {
    Slot slot = plan.slot(phase, tensor);
    if (slot == null) {
      throw new IllegalArgumentException(tensor.name() + " is not kept; observe it to read it");
    }
    return tensor.role().persistent()
        ? BASE + (int) (slot.offset() / Float.BYTES)
        : arena(slot.offset());
  }

  private Address address(Phase phase, Tensor tensor) {
    return new Address(offset(phase, tensor), tensor.shape().imageElements(), 0, false);
  }

  @Override
  public MemoryPlan plan() {
    return plan;
  }

  @Override
  public long allocatedBytes() {
    return (long) (m.length - BASE - SLACK) * Float.BYTES;
  }

  @Override
  public Batch newBatch(Batch.Format format) {
    return Batch.onHeap(format, lowered.programs().batch());
  }

  @Override
  public Pending train(Batch batch, StepSettings settings) {
    step(Phase.TRAIN, batch, settings);
    StepResult result = result(batch);
    return () -> result;
  }

  @Override
  public Pending evaluate(Batch batch) {
    step(Phase.EVALUATE, batch, StepSettings.evaluation());
    StepResult result = result(batch);
    return () -> result;
  }

  private void step(Phase phase, Batch batch, StepSettings settings) {
    ran = phase;
    Frame frame = new Frame(m, kernels, pool, batch, settings);
    for (CpuKernel.Bound kernel : steps.get(phase)) {
      kernel.run(frame);
    }
  }

  @Override
  public double[] profile(Batch batch, StepSettings settings) {
    ran = Phase.TRAIN;
    Frame frame = new Frame(m, kernels, pool, batch, settings);
    List<CpuKernel.Bound> bound = steps.get(Phase.TRAIN);
    double[] seconds = new double[bound.size()];
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      bound.get(i).run(frame);
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

  @Override
  public float[] read(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    layouts.of(tensor).unpack(m, offset(ran, tensor), values);
    return values;
  }

  @Override
  public void write(Tensor tensor, float[] values) {
    if (values.length != tensor.shape().elements()) {
      throw new IllegalArgumentException(
          "%s takes %d values, got %d".formatted(tensor, tensor.shape().elements(), values.length));
    }
    layouts.of(tensor).pack(values, m, offset(ran, tensor));
  }

  @Override
  public void close() {}
}
