package org.alexnet.cuda;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Precision;
import org.alexnet.backend.ShardsContract;
import org.junit.jupiter.api.Tag;

/** Sums of single precision among numbers of reduced precision. */
@Tag(StandInCount.STAND_IN)
class CudaBf16ShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return StandInBackend.deterministic(Precision.BF16, devices);
  }
}
