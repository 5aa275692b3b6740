package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.NetworkContract;
import org.alexnet.cpu.kernel.ScalarKernels;

class ScalarNetworkTest extends NetworkContract {
  @Override
  protected Backend open(int threads) {
    return new CpuBackend(new ScalarKernels(), 1, threads);
  }
}
