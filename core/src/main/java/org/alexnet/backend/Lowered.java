package org.alexnet.backend;

import java.util.List;
import org.alexnet.program.Programs;
import org.alexnet.program.StepProgram.Phase;

/**
 * The kernels that a backend chose.
 *
 * @param programs what they compute
 * @param train in order
 * @param evaluate in order
 * @param alignment bytes that every buffer's offset is a multiple of
 */
public record Lowered(
    Programs programs,
    List<? extends Kernel> train,
    List<? extends Kernel> evaluate,
    int alignment) {

  /** The kernels of a phase. */
  public List<? extends Kernel> kernels(Phase phase) {
    return switch (phase) {
      case TRAIN -> train;
      case EVALUATE -> evaluate;
    };
  }
}
