package org.alexnet.backend;

import java.util.List;
import java.util.Optional;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.program.CompiledNetwork;

/** An open backend: it owns threads and device contexts until it is closed. */
public interface Backend extends AutoCloseable {

  /** As {@link BackendProvider#name()}. */
  String name();

  /**
   * Chooses kernels for both programs of a network, fuses what it can and fixes one layout a
   * parameter. Nothing it allocates on the way stays allocated.
   *
   * @throws org.alexnet.AlexNetException naming the layer, if it lacks an operation
   */
  Lowered lower(CompiledNetwork programs);

  /** Allocates what the plan says and binds the kernels to it. Persistent tensors are zero. */
  Executable bind(Lowered lowered, MemoryPlan plan);

  /** Lowers, plans and binds. */
  default Executable compile(CompiledNetwork programs) {
    Lowered lowered = lower(programs);
    return bind(lowered, MemoryPlanner.plan(lowered));
  }

  /**
   * Measures what its first device can do at best, which takes less than a second; empty for a
   * backend that does not measure, or where the device has no memory left for it.
   */
  default Optional<DeviceRates> measureRates() {
    return Optional.empty();
  }

  /** Memory for images; empty for a backend that reads them where they lie. */
  default Optional<ImageMemory> imageMemory() {
    return Optional.empty();
  }

  /** What took its time since it was opened, in order; empty for a backend that does not say. */
  default List<Preparation> preparations() {
    return List.of();
  }

  @Override
  void close();
}
