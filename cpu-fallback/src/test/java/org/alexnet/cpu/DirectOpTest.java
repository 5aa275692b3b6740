package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.OpContract;
import org.alexnet.backend.Peers;
import org.alexnet.cpu.kernel.VectorKernels;

class DirectOpTest extends OpContract {
  @Override
  protected Backend open(int threads) {
    return new CpuBackend(new VectorKernels(), 1, threads, ConvolutionMethod.DIRECT, Peers.NONE);
  }
}
