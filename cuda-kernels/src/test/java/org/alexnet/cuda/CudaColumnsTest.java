package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.ColumnsContract;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaColumnsTest extends ColumnsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return StandInBackend.deterministic(Precision.FP32, devices);
  }

  @Override
  protected int mostThreads() {
    return 1;
  }

  @Override
  protected int steps() {
    return LongTest.RUN ? super.steps() : 4;
  }
}
