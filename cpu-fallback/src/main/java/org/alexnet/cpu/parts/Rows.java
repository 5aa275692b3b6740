package org.alexnet.cpu.parts;

import org.alexnet.cpu.execution.Binding;
import org.alexnet.program.Tensor;

/**
 * Where values lie: a tensor, or some rows of one.
 *
 * @param tensor that has memory of its own
 * @param first where in it they begin, in floats
 * @param floats how many they are
 */
public record Rows(Tensor tensor, int first, int floats) {

  int offset(Binding binding) {
    return binding.offset(tensor) + first;
  }
}
