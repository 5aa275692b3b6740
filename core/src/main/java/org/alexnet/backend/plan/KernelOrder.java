package org.alexnet.backend.plan;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.program.StepProgram.Phase;

/**
 * What kernels of different devices owe each other, and those of a device that run beside others. A
 * device runs its own kernels in their order, but for those beside; before a kernel that touches
 * memory which a kernel of another {@link Lowered#lane} touches too, one of them writing, it waits
 * for that one. Both ways matter: a transfer waits until its source is written, and the source's
 * memory is not given to another tensor before the transfer has read it.
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
   * For each kernel of a phase, the number of the last kernel of each other lane that must be done
   * before it starts, or {@link #NONE}. There are as many lanes as devices, or twice as many where
   * kernels run beside others.
   */
  public static int[][] waits(Lowered lowered, MemoryPlan plan, Phase phase) {
    List<? extends Kernel> kernels = lowered.kernels(phase);
    List<List<Touch>> touches = new ArrayList<>();
    boolean beside = kernels.stream().anyMatch(Kernel::beside);
    int[][] waits = new int[kernels.size()][plan.devices().size() * (beside ? 2 : 1)];
    for (int k = 0; k < kernels.size(); k++) {
      touches.add(touches(kernels.get(k), plan, phase, k));
      int own = lowered.lane(kernels.get(k));
      for (int lane = 0; lane < waits[k].length; lane++) {
        waits[k][lane] = NONE;
      }
      for (int before = 0; before < k; before++) {
        int lane = lowered.lane(kernels.get(before));
        if (lane != own && conflict(touches.get(before), touches.get(k))) {
          waits[k][lane] = before;
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
