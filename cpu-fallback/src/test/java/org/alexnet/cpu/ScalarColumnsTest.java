package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.ColumnsContract;
import org.alexnet.cpu.kernel.ScalarKernels;

class ScalarColumnsTest extends ColumnsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return new CpuBackend(new ScalarKernels(), devices, threads);
  }
}
