package org.alexnet.cuda.step;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.DeviceMemory;
import org.alexnet.cuda.device.Mail;
import org.alexnet.cuda.kernel.Binding;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram.Phase;

/** A place for batches, and the kernels of both phases bound to it. */
public final class BoundStep implements AutoCloseable {
  private final Lowered lowered;
  private final StoredTensors tensors;
  private final List<DeviceMemory> memories;
  private final Mail mail;
  private final Arena arguments = Arena.ofShared();
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final BatchSlot slot;
  private final Map<Phase, StepPlan> plans = new EnumMap<>(Phase.class);

  /**
   * @param pixelBytes room for the pixels of a batch
   * @param mail to and from other workers; null where there is none
   */
  public BoundStep(Lowered lowered, StoredTensors tensors, long pixelBytes, Mail mail) {
    this.lowered = lowered;
    this.tensors = tensors;
    this.memories = tensors.memories();
    this.mail = mail;
    owned.add(arguments);
    List<Device> devices = memories.stream().map(DeviceMemory::device).toList();
    CompiledNetwork programs = lowered.programs();
    int channels = programs.network().input().channels();
    try {
      slot =
          new BatchSlot(
              devices,
              new ImageRanges(programs, devices.size()),
              programs.batch(),
              channels,
              pixelBytes,
              tensors.lossScale());
      owned.add(slot);
      for (Phase phase : Phase.values()) {
        StepPlan steps = new StepPlan(devices, kernels(phase));
        owned.add(steps);
        plans.put(phase, steps);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private List<StepPlan.Placed> kernels(Phase phase) {
    int[][] waits = KernelOrder.waits(lowered, tensors.plan(), phase);
    List<StepPlan.Placed> placed = new ArrayList<>();
    for (int k = 0; k < waits.length; k++) {
      CudaKernel kernel = (CudaKernel) lowered.kernels(phase).get(k);
      int device = lowered.device(kernel);
      Binding binding = binding(phase, k, device);
      placed.add(
          new StepPlan.Placed(
              kernel.label(),
              device,
              kernel.lane(),
              kernel.group(),
              waits[k],
              kernel.bind(binding)));
    }
    return placed;
  }

  private Binding binding(Phase phase, int number, int device) {
    DeviceMemory memory = memories.get(device);
    return new Binding(
        memory.device(),
        arguments,
        number,
        memory.progress(),
        tensor -> tensors.address(phase, tensor),
        tensor -> memories.get(lowered.programs().placement().device(tensor)).device(),
        memory.address(tensors.plan().workspaces().get(phase).get(number), false),
        slot.on(device),
        memory.halted(),
        memory::table,
        mail);
  }

  public BatchSlot slot() {
    return slot;
  }

  public StepPlan plan(Phase phase) {
    return plans.get(phase);
  }

  @Override
  public void close() {
    Closeables.all(owned);
  }
}
