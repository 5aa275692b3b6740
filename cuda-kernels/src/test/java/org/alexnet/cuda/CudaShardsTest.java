package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Precision;
import org.alexnet.backend.ShardsContract;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return StandInBackend.deterministic(Precision.FP32, devices);
  }

  @Override
  protected int mostThreads() {
    return 1;
  }

  @Override
  protected int mostShards() {
    return LongTest.RUN ? 4 : 3;
  }
}
