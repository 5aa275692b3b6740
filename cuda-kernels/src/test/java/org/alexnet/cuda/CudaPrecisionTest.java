package org.alexnet.cuda;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Precision;
import org.alexnet.backend.PrecisionContract;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaPrecisionTest extends PrecisionContract {
  @Override
  protected Backend open(Precision precision) {
    return StandInBackend.deterministic(precision, 1);
  }
}
