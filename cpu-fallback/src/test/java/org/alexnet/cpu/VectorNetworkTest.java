package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.NetworkContract;
import org.alexnet.cpu.kernel.VectorKernels;

class VectorNetworkTest extends NetworkContract {
  @Override
  protected Backend open(int threads) {
    return new CpuBackend(new VectorKernels(), 1, threads);
  }
}
