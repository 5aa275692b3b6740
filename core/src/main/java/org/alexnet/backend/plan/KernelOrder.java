package org.alexnet.backend.plan;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.program.StepProgram.Phase;

/**
 * What kernels of different devices owe each other. A device runs its own kernels in their order;
 * before a kernel that touches memory which a kernel of another device touches too, one of them
 * writing, it waits for that one. Both ways matter: a transfer waits until its source is written,
 * and the source's memory is not given to another tensor before the transfer has read it.
 */
public final class KernelOrder {
  /** No kernel of that device has to be waited for. */
  public static final int NONE = -1;

  private KernelOrder() {}

  private record Touch(Slot slot, boolean persistent, boolean write) {
    boolean conflicts(Touch other) {
      return persistent == other.persistent && (write || other.write) && slot.overlaps(other.slot);
    }
  }

  /**
   * For each kernel of a phase, the number of the last kernel of each device that must be done
   * before it starts, or {@link #NONE}.
   */
  public static int[][] waits(Lowered lowered, MemoryPlan plan, Phase phase) {
    List<? extends Kernel> kernels = lowered.kernels(phase);
    List<List<Touch>> touches = new ArrayList<>();
    int[][] waits = new int[kernels.size()][plan.devices().size()];
    for (int k = 0; k < kernels.size(); k++) {
      touches.add(touches(kernels.get(k), plan, phase, k));
      int own = lowered.device(kernels.get(k));
      for (int device = 0; device < waits[k].length; device++) {
        waits[k][device] = NONE;
      }
      for (int before = 0; before < k; before++) {
        int device = lowered.device(kernels.get(before));
        if (device != own && conflict(touches.get(before), touches.get(k))) {
          waits[k][device] = before;
        }
      }
    }
    return waits;
  }

  private static boolean conflict(List<Touch> before, List<Touch> after) {
    return before.stream().anyMatch(b -> after.stream().anyMatch(b::conflicts));
  }

  private static List<Touch> touches(Kernel kernel, MemoryPlan plan, Phase phase, int number) {
    List<Touch> all = new ArrayList<>();
    for (BufferUse use : kernel.uses()) {
      boolean write = use.access() != BufferUse.Access.READ;
      boolean persistent = use.tensor().role().persistent();
      all.add(new Touch(plan.slot(phase, use.tensor()), persistent, write));
    }
    all.add(new Touch(plan.workspaces().get(phase).get(number), false, true));
    return all;
  }
}
