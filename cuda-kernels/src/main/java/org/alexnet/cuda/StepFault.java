package org.alexnet.cuda;

import java.util.List;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.DeviceMemory;
import org.alexnet.program.StepProgram.Phase;

/** Says of a fault where it was: CUDA only tells at some later call that there was one. */
final class StepFault {
  private StepFault() {}

  /**
   * A failure of a call with the operation that was under way.
   *
   * @param kernels of the phase that ran last
   * @param step settings of that phase
   * @param memories of the devices in use
   */
  static RuntimeException explained(
      Cuda.Failure found,
      Phase phase,
      List<? extends Kernel> kernels,
      StepSettings step,
      List<DeviceMemory> memories) {
    Cuda.Failure e = ofDevice(found, memories);
    for (DeviceMemory memory : memories) {
      int last = memory.lastBegun();
      if (last >= 0 && last < kernels.size()) {
        String device = memory.device().name();
        String after = last + 1 < kernels.size() ? kernels.get(last + 1).label() : "the end";
        return e.explained(
            "In %s, the last operation that began on %s was %s, before %s."
                .formatted(what(phase, step), device, kernels.get(last).label(), after));
      }
    }
    return e.explained("No operation had begun.");
  }

  /** A device that has failed is what is wrong, whichever call found it so. */
  private static Cuda.Failure ofDevice(Cuda.Failure found, List<DeviceMemory> memories) {
    try {
      memories.forEach(memory -> memory.device().requireWell("compute a step"));
      return found;
    } catch (Cuda.Failure lost) {
      lost.addSuppressed(found);
      return lost;
    }
  }

  private static String what(Phase phase, StepSettings step) {
    return switch (phase) {
      case TRAIN -> "step " + (step.step() + 1);
      case EVALUATE -> "an evaluation";
    };
  }
}
