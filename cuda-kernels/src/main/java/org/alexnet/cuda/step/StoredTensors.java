package org.alexnet.cuda.step;

import java.util.List;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.Parts;
import org.alexnet.cuda.device.DeviceMemory;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.step.BatchSlot.Losses;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** The tensors of a network in the memory of its devices, where a plan has put them. */
public final class StoredTensors {
  private final Lowered lowered;
  private final MemoryPlan plan;
  private final Layouts layouts;
  private final List<DeviceMemory> memories;
  private final float lossScale;

  /**
   * @param memories of the devices, which whoever has them closes
   * @param lossScale what stored gradients are multiplied by
   */
  public StoredTensors(
      Lowered lowered,
      MemoryPlan plan,
      Layouts layouts,
      List<DeviceMemory> memories,
      float lossScale) {
    this.lowered = lowered;
    this.plan = plan;
    this.layouts = layouts;
    this.memories = List.copyOf(memories);
    this.lossScale = lossScale;
  }

  MemoryPlan plan() {
    return plan;
  }

  List<DeviceMemory> memories() {
    return memories;
  }

  float lossScale() {
    return lossScale;
  }

  /**
   * Where a tensor lies.
   *
   * @throws IllegalArgumentException if it has no place in this phase
   */
  public long address(Phase phase, Tensor tensor) {
    MemoryPlan.Slot slot = plan.slot(phase, tensor);
    if (slot == null) {
      throw new IllegalArgumentException(tensor.name() + " is not kept; observe it to read it");
    }
    return memories.get(slot.device()).address(slot, tensor.role().persistent());
  }

  /** Where the losses of a phase are. */
  public List<Losses> losses(Phase phase) {
    return lowered.programs().program(phase).losses().stream()
        .map(
            op ->
                new Losses(
                    placement().device(op.loss()),
                    address(phase, op.loss()),
                    op.first(),
                    op.loss().shape().n()))
        .toList();
  }

  /** What is to be fetched for tensors: the parts of those that are cut. */
  public List<TensorFetch.Source> sources(Phase phase, List<Tensor> tensors) {
    StepProgram program = lowered.programs().program(phase);
    return tensors.stream()
        .flatMap(tensor -> Parts.sources(program, tensor).stream())
        .distinct()
        .map(
            part ->
                new TensorFetch.Source(
                    part, placement().device(part), address(phase, part), layouts.of(part).bytes()))
        .toList();
  }

  /**
   * Values of a tensor, of its parts if it is cut; its devices have done what they were given.
   *
   * @param phase in which it is looked for, unless it outlives the steps
   */
  public float[] read(Phase phase, Tensor tensor) {
    return Parts.read(program(phase, tensor), tensor, part -> fetch(phase, part));
  }

  private float[] fetch(Phase phase, Tensor tensor) {
    long bytes = layouts.of(tensor).bytes();
    return decode(tensor, memory(tensor).read(address(phase, tensor), bytes));
  }

  /** Values of a tensor from its bytes; of a gradient without the scale of the loss. */
  public float[] decode(Tensor tensor, byte[] stored) {
    float[] values = layouts.of(tensor).decode(stored);
    if (lossScale != 1 && tensor.isGradient()) {
      for (int i = 0; i < values.length; i++) {
        values[i] /= lossScale;
      }
    }
    return values;
  }

  /** The other way: overwrites a tensor, and its copy of fewer bits. */
  public void write(Phase phase, Tensor tensor, float[] values) {
    Parts.write(program(phase, tensor), tensor, values, (part, piece) -> store(phase, part, piece));
  }

  private void store(Phase phase, Tensor tensor, float[] values) {
    memory(tensor).write(address(phase, tensor), layouts.of(tensor).encode(values));
    if (layouts.hasLow(tensor) && plan.persistent().containsKey(Layouts.low(tensor))) {
      Tensor low = Layouts.low(tensor);
      memory(tensor).write(address(phase, low), layouts.of(low).encode(values));
    }
  }

  private DeviceMemory memory(Tensor tensor) {
    return memories.get(placement().device(tensor));
  }

  private StepProgram program(Phase phase, Tensor tensor) {
    return tensor.role().persistent()
        ? lowered.programs().widest()
        : lowered.programs().program(phase);
  }

  private Placement placement() {
    return lowered.programs().placement();
  }
}
