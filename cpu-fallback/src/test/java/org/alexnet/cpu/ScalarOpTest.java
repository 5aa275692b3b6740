package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.OpContract;
import org.alexnet.cpu.kernel.ScalarKernels;

class ScalarOpTest extends OpContract {
  @Override
  protected Backend open(int threads) {
    return new CpuBackend(new ScalarKernels(), 1, threads);
  }
}
