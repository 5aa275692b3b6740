package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.MessageOrderContract;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.program.CompiledNetwork;

class VectorMessageOrderTest extends MessageOrderContract {
  @Override
  protected Lowered lower(CompiledNetwork programs) {
    try (Backend backend =
        Backends.named("cpu").open(new BackendOptions(1, List.of("cpu:0", "cpu:1")))) {
      return backend.lower(programs);
    }
  }
}
