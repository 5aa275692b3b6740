package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Peers;
import org.alexnet.backend.WorkersContract;
import org.alexnet.cpu.kernel.VectorKernels;

class VectorWorkersTest extends WorkersContract {
  @Override
  protected Backend open(int threads, int devices, Peers peers) {
    return new CpuBackend(new VectorKernels(), devices, threads, ConvolutionMethod.AUTO, peers);
  }
}
