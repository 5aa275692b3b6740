package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

/** Gradients are scaled, and messages half as long. */
@LongTest
@Tag(StandInCount.STAND_IN)
class CudaFp16WorkersTest extends CudaWorkersTest {
  @Override
  Precision precision() {
    return Precision.FP16;
  }
}
