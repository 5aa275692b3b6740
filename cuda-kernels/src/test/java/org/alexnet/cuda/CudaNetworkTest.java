package org.alexnet.cuda;

import java.util.List;
import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.NetworkContract;
import org.alexnet.backend.Precision;
import org.junit.jupiter.api.Tag;

@Tag(StandInCount.STAND_IN)
class CudaNetworkTest extends NetworkContract {
  @Override
  protected Backend open(int threads) {
    return StandInBackend.deterministic(Precision.FP32, 1);
  }

  @Override
  protected List<Integer> threads() {
    return LongTest.RUN ? List.of(1) : List.of();
  }

  @Override
  protected List<Integer> batches() {
    return LongTest.RUN ? super.batches() : List.of(7);
  }
}
