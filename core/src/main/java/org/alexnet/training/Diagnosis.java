package org.alexnet.training;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Finds where a loss that is no finite number comes from. */
final class Diagnosis {
  private Diagnosis() {}

  /**
   * Runs a training step again with every tensor kept and names the first that holds a value that
   * is not finite.
   */
  static String of(
      Backend backend,
      CompiledNetwork programs,
      Executable failed,
      Batch batch,
      StepSettings settings) {
    CompiledNetwork observed =
        CompiledNetwork.observingAll(programs.network(), programs.batch(), programs.placement());
    try (Executable replay = backend.compile(observed)) {
      for (Tensor tensor : programs.persistent().values()) {
        replay.write(tensor, failed.read(tensor));
      }
      replay.profile(batch, settings);
      for (Op op : observed.train().ops()) {
        for (Tensor tensor : op.reads()) {
          if (tensor.role().persistent() && !finite(replay.read(tensor))) {
            return "parameter %s of layer %s".formatted(tensor.name(), op.layer());
          }
        }
        for (Tensor tensor : op.writes()) {
          if (!finite(replay.read(tensor))) {
            return "the output of layer %s".formatted(op.layer());
          }
        }
      }
    }
    return "no layer when the step was repeated";
  }

  private static boolean finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
