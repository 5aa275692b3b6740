package org.alexnet.cuda;

import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Precision;
import org.alexnet.backend.ShardsContract;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.Tag;

/** Sums of single precision among numbers of reduced precision. */
@Tag(StandInCount.STAND_IN)
class CudaBf16ShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return StandInBackend.deterministic(Precision.BF16, devices);
  }

  @Override
  protected int mostThreads() {
    return 1;
  }

  @Override
  protected int mostShards() {
    return LongTest.RUN ? 3 : 2;
  }

  /**
   * What shards contribute to the gradients of filters is rounded, and every sum of two; a ReLU or
   * a maximum near its edge falls the other way.
   */
  @Override
  protected double bound(CompiledNetwork whole) {
    return 16 * 0x1p-8;
  }

  @Override
  protected long[][] traffic(CompiledNetwork programs) {
    Layouts layouts = Layouts.of(programs, Precision.BF16);
    return programs.traffic(Phase.TRAIN, transfer -> layouts.of(transfer.x()).bytes());
  }
}
