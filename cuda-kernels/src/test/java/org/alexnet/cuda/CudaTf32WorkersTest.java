package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

/** Channels lie together. */
@LongTest
@Tag(StandInCount.STAND_IN)
class CudaTf32WorkersTest extends CudaWorkersTest {
  @Override
  Precision precision() {
    return Precision.TF32;
  }
}
