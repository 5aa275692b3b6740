package org.alexnet.cuda;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.WorkersContract;
import org.alexnet.cuda.device.Resource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** Workers that are threads of this process and share its devices. */
@Tag(StandInCount.STAND_IN)
class CudaWorkersTest extends WorkersContract {
  private int before;

  /** The precision under test. */
  Precision precision() {
    return Precision.FP32;
  }

  @Override
  protected Backend open(int threads, int devices, Peers peers) {
    return StandInBackend.sharing(precision(), devices, peers);
  }

  @Override
  protected int[] threads() {
    return new int[] {1};
  }

  @BeforeEach
  void count() {
    before = Resource.live();
  }

  @AfterEach
  void check() {
    StandInBackend.check(before);
  }
}
