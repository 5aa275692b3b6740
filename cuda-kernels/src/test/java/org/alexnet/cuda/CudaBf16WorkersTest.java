package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

/** Gradients of filters are messages of reduced precision. */
@Tag(StandInCount.STAND_IN)
class CudaBf16WorkersTest extends CudaWorkersTest {
  @Override
  Precision precision() {
    return Precision.BF16;
  }

  @Override
  protected int mostWorkers() {
    return LongTest.RUN ? super.mostWorkers() : 2;
  }
}
