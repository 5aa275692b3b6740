package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.ShardsContract;
import org.alexnet.cpu.kernel.ScalarKernels;

class ScalarShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return new CpuBackend(new ScalarKernels(), devices, threads);
  }
}
