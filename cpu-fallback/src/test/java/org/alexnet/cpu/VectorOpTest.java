package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.OpContract;

class VectorOpTest extends OpContract {
  @Override
  protected Backend open(int threads) {
    return new CpuBackend(new VectorKernels(), 1, threads);
  }
}
