package org.alexnet.backend.plan;

import java.util.List;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram.Phase;

/**
 * The kernels that a backend chose.
 *
 * @param programs what they compute
 * @param train in an order that any device may follow for its own kernels, waiting for others where
 *     {@link KernelOrder} says so
 * @param evaluate likewise
 * @param alignment bytes that every buffer's offset is a multiple of
 */
public record Lowered(
    CompiledNetwork programs,
    List<? extends Kernel> train,
    List<? extends Kernel> evaluate,
    int alignment) {

  /** The device that a kernel runs on. */
  public int device(Kernel kernel) {
    return programs.placement().device(kernel.index());
  }

  /**
   * The number of a kernel's lane on its device: those of all devices, for one lane after another.
   */
  public int lane(Kernel kernel) {
    return device(kernel) + kernel.lane().ordinal() * programs.placement().deviceCount();
  }

  /** How many lanes a phase has on all devices. */
  public int lanes(Phase phase) {
    int last = kernels(phase).stream().mapToInt(k -> k.lane().ordinal()).max().orElse(0);
    return (last + 1) * programs.placement().deviceCount();
  }

  /** The kernels of a phase. */
  public List<? extends Kernel> kernels(Phase phase) {
    return switch (phase) {
      case TRAIN -> train;
      case EVALUATE -> evaluate;
    };
  }
}
