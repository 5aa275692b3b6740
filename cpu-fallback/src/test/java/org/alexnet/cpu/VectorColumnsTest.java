package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.ColumnsContract;
import org.alexnet.cpu.kernel.VectorKernels;

class VectorColumnsTest extends ColumnsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return new CpuBackend(new VectorKernels(), devices, threads);
  }
}
