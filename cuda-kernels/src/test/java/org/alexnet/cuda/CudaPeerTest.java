package org.alexnet.cuda;

import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.PeerContract;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaPeerTest extends PeerContract {
  @Override
  protected Backend open(int devices) {
    return StandInBackend.deterministic(Precision.FP32, devices);
  }

  @Override
  protected Backend peer() {
    return Backends.named("reference").open(BackendOptions.defaults());
  }
}
