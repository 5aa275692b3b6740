package org.alexnet.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Peers;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.Parts;
import org.alexnet.data.Batch;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** Walks the operations in order over two Java arrays a device. */
final class ReferenceExecutable implements Executable {
  private final Lowered lowered;
  private final MemoryPlan plan;
  private final Peers peers;
  private final List<float[]> persistent = new ArrayList<>(); // by device
  private final List<float[]> arenas = new ArrayList<>();
  private long[][] bytesTransferred;
  private Phase ran = Phase.EVALUATE;

  ReferenceExecutable(Lowered lowered, MemoryPlan plan, Peers peers) {
    this.peers = peers;
    this.lowered = lowered;
    this.plan = plan;
    for (MemoryPlan.Blocks blocks : plan.devices()) {
      persistent.add(new float[Math.toIntExact(blocks.persistentBytes() / Float.BYTES)]);
      arenas.add(new float[Math.toIntExact(blocks.arenaBytes() / Float.BYTES)]);
    }
    this.bytesTransferred = new long[plan.devices().size()][plan.devices().size()];
  }

  @Override
  public MemoryPlan plan() {
    return plan;
  }

  @Override
  public long allocatedBytes() {
    return Stream.of(persistent, arenas)
        .flatMap(List::stream)
        .mapToLong(memory -> (long) memory.length * Float.BYTES)
        .sum();
  }

  @Override
  public Batch newBatch(Batch.Format stored, Batch.Format carried) {
    return Batch.onHeap(stored, carried, lowered.programs().batch());
  }

  @Override
  public Pending train(Batch batch, StepSettings settings) {
    lowered.programs().requireTraining();
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
    ReferenceOps ops = new ReferenceOps(tensor -> view(phase, tensor), batch, settings, peers);
    double[] seconds = new double[kernels.size()];
    bytesTransferred = new long[bytesTransferred.length][bytesTransferred.length];
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      Op op = ((ReferenceKernel) kernels.get(i)).op();
      ops.run(op);
      if (op instanceof Op.Transfer transfer) {
        Placement placement = lowered.programs().placement();
        bytesTransferred[placement.device(transfer.x())][placement.device(transfer.y())] +=
            transfer.bytes();
      }
      seconds[i] = (System.nanoTime() - start) * 1e-9;
    }
    return seconds;
  }

  private StepResult result(Batch batch) {
    return StepResult.of(lowered.programs().program(ran), this::fetch, batch);
  }

  private View view(Phase phase, Tensor tensor) {
    MemoryPlan.Slot slot = plan.slot(phase, tensor);
    if (slot == null) {
      throw new IllegalArgumentException(tensor + " is not kept; observe it to read it");
    }
    int offset = Math.toIntExact(slot.offset() / Float.BYTES);
    List<float[]> memory = tensor.role().persistent() ? persistent : arenas;
    return new View(memory.get(slot.device()), offset, tensor.shape());
  }

  @Override
  public float[] read(Tensor tensor) {
    return Parts.read(program(tensor), tensor, this::fetch);
  }

  private float[] fetch(Tensor tensor) {
    View view = view(ran, tensor);
    return Arrays.copyOfRange(view.memory(), view.offset(), view.offset() + view.length());
  }

  @Override
  public void write(Tensor tensor, float[] values) {
    Parts.write(program(tensor), tensor, values, this::store);
  }

  private void store(Tensor tensor, float[] values) {
    View view = view(ran, tensor);
    System.arraycopy(values, 0, view.memory(), view.offset(), view.length());
  }

  private StepProgram program(Tensor tensor) {
    CompiledNetwork programs = lowered.programs();
    return tensor.role().persistent() ? programs.widest() : programs.program(ran);
  }

  @Override
  public long[][] bytesTransferred() {
    return bytesTransferred;
  }

  @Override
  public void close() {}
}
