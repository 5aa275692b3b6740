package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Peers;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.backend.plan.Parts;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.DeviceThreads;
import org.alexnet.cpu.execution.DeviceThreads.Placed;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.KernelContext.Exchange;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.data.Batch;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** The memory of each device in one array, and the kernels of both programs bound to it. */
final class CpuExecutable implements Executable {
  private final Lowered lowered;
  private final MemoryPlan plan;
  private final Layouts layouts;
  private final Kernels kernels;
  private final DeviceThreads threads;
  private final Peers peers;
  private final float[][] memories;
  private final Map<Phase, List<Placed>> steps = new EnumMap<>(Phase.class);
  private long[][] bytesTransferred;
  private Phase ran = Phase.EVALUATE;
  private long parameters; // how often they may have changed

  /**
   * @param memories of each device, of which the first {@link CpuMemory#BASE} floats stay unused
   */
  CpuExecutable(
      Lowered lowered,
      float[][] memories,
      MemoryPlan plan,
      Kernels kernels,
      DeviceThreads threads,
      Peers peers) {
    this.lowered = lowered;
    this.plan = plan;
    this.kernels = kernels;
    this.threads = threads;
    this.peers = peers;
    this.layouts = Layouts.of(lowered.programs(), kernels.tileWidth());
    this.memories = memories;
    this.bytesTransferred = new long[memories.length][memories.length];
    for (Phase phase : Phase.values()) {
      steps.put(phase, bind(phase));
    }
  }

  private List<Placed> bind(Phase phase) {
    int[][] waits = KernelOrder.waits(lowered, plan, phase);
    List<Placed> placed = new ArrayList<>();
    List<? extends Kernel> list = lowered.kernels(phase);
    for (int i = 0; i < list.size(); i++) {
      int workspace = arena(plan.workspaces().get(phase).get(i));
      Binding binding =
          new Binding(
              t -> new Address(offset(phase, t), t.shape().imageElements(), 0, false),
              t -> offset(phase, t),
              lowered.programs().placement()::device,
              workspace,
              0,
              0);
      CpuKernel kernel = (CpuKernel) list.get(i);
      placed.add(new Placed(kernel.bind(binding), lowered.device(kernel), waits[i]));
    }
    return List.copyOf(placed);
  }

  private int arena(Slot slot) {
    long persistent = plan.devices().get(slot.device()).persistentBytes();
    return CpuMemory.BASE + (int) ((persistent + slot.offset()) / Float.BYTES);
  }

  private int offset(Phase phase, Tensor tensor) {
    Slot slot = plan.slot(phase, tensor);
    if (slot == null) {
      throw new IllegalArgumentException(tensor.name() + " is not kept; observe it to read it");
    }
    return tensor.role().persistent()
        ? CpuMemory.BASE + (int) (slot.offset() / Float.BYTES)
        : arena(slot);
  }

  private float[] memory(Tensor tensor) {
    return memories[lowered.programs().placement().device(tensor)];
  }

  @Override
  public MemoryPlan plan() {
    return plan;
  }

  @Override
  public long allocatedBytes() {
    long floats = 0;
    for (float[] memory : memories) {
      floats += memory.length - CpuMemory.BASE - CpuMemory.SLACK;
    }
    return floats * Float.BYTES;
  }

  @Override
  public Batch newBatch(Batch.Format stored, Batch.Format carried) {
    return Batch.onHeap(stored, carried, lowered.programs().batch());
  }

  @Override
  public Pending train(Batch batch, StepSettings settings) {
    lowered.programs().requireTraining();
    threads.run(steps.get(Phase.TRAIN), frames(Phase.TRAIN, batch, settings));
    StepResult result = result(batch);
    return () -> result;
  }

  @Override
  public Pending evaluate(Batch batch) {
    threads.run(
        steps.get(Phase.EVALUATE), frames(Phase.EVALUATE, batch, StepSettings.evaluation()));
    StepResult result = result(batch);
    return () -> result;
  }

  private KernelContext[] frames(Phase phase, Batch batch, StepSettings settings) {
    ran = phase;
    if (phase == Phase.TRAIN) {
      parameters++;
    }
    bytesTransferred = new long[memories.length][memories.length];
    Exchange exchange = new Exchange(memories, bytesTransferred, peers);
    KernelContext[] frames = new KernelContext[memories.length];
    for (int device = 0; device < frames.length; device++) {
      frames[device] =
          new KernelContext(
              memories[device],
              exchange,
              kernels,
              threads.pool(device),
              batch,
              settings,
              parameters);
    }
    return frames;
  }

  @Override
  public double[] profile(Batch batch, StepSettings settings) {
    KernelContext[] frames = frames(Phase.TRAIN, batch, settings);
    List<Placed> placed = steps.get(Phase.TRAIN);
    double[] seconds = new double[placed.size()];
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      placed.get(i).kernel().run(frames[placed.get(i).device()]);
      seconds[i] = (System.nanoTime() - start) * 1e-9;
    }
    return seconds;
  }

  private StepResult result(Batch batch) {
    return StepResult.of(lowered.programs().program(ran), this::fetch, batch);
  }

  @Override
  public long[][] bytesTransferred() {
    return bytesTransferred;
  }

  @Override
  public float[] read(Tensor tensor) {
    return read(tensor, null);
  }

  @Override
  public float[] read(Tensor tensor, float[] reusable) {
    return Parts.read(program(tensor), tensor, part -> fetch(part, reusable));
  }

  private float[] fetch(Tensor tensor) {
    return fetch(tensor, null);
  }

  /** A part of a tensor is smaller than the whole, for which the array was given. */
  private float[] fetch(Tensor tensor, float[] reusable) {
    int length = Math.toIntExact(tensor.shape().elements());
    float[] values = reusable != null && reusable.length == length ? reusable : new float[length];
    layouts.of(tensor).unpack(memory(tensor), offset(ran, tensor), values);
    return values;
  }

  @Override
  public void write(Tensor tensor, float[] values) {
    Parts.write(program(tensor), tensor, values, this::store);
  }

  private void store(Tensor tensor, float[] values) {
    parameters++;
    layouts.of(tensor).pack(values, memory(tensor), offset(ran, tensor));
  }

  private StepProgram program(Tensor tensor) {
    CompiledNetwork programs = lowered.programs();
    return tensor.role().persistent() ? programs.widest() : programs.program(ran);
  }

  @Override
  public void close() {}
}
