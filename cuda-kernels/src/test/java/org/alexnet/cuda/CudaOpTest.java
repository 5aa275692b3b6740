package org.alexnet.cuda;

import org.alexnet.backend.Backend;
import org.alexnet.backend.OpContract;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaOpTest extends OpContract {
  @Override
  protected Backend open(int threads) {
    return StandInBackend.deterministic(Precision.FP32, 1);
  }
}
