package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Peers;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.cpu.execution.DeviceThreads;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.WarmUp;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;

/** The open CPU backend: a kernel set and the threads of its devices. */
final class CpuBackend implements Backend {
  /** Bytes of a cache line, and of the widest vector. */
  private static final int ALIGNMENT = 64;

  private final Kernels kernels;
  private final ConvolutionMethod convolution;
  private final DeviceThreads threads;
  private final Peers peers;
  private final CpuMemory memory = new CpuMemory(this);

  /** With the fastest convolutions. */
  CpuBackend(Kernels kernels, int devices, int threads) {
    this(kernels, devices, threads, ConvolutionMethod.AUTO, Peers.NONE);
  }

  /**
   * @param devices logical devices, each with memory and threads of its own
   * @param threads in all
   * @param convolution whether convolutions may be transformed
   * @param peers the other workers
   */
  CpuBackend(
      Kernels kernels, int devices, int threads, ConvolutionMethod convolution, Peers peers) {
    this.peers = peers;
    this.kernels = kernels;
    this.convolution = convolution;
    this.threads = new DeviceThreads(devices, threads);
    WarmUp.start(kernels);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Lowered lower(CompiledNetwork programs) {
    Placement placement = programs.placement();
    if (placement.deviceCount() > threads.devices()) {
      throw new IllegalArgumentException(
          "a program for %d devices on a backend opened with %d"
              .formatted(placement.deviceCount(), threads.devices()));
    }
    Layouts layouts = Layouts.of(programs, kernels.tileWidth());
    List<Integer> workers =
        placement.devices().stream().map(device -> threads.pool(device).workers()).toList();
    return new Lowered(
        programs,
        CpuLowering.lower(programs.train(), convolution, kernels, layouts, workers),
        CpuLowering.lower(programs.evaluate(), convolution, kernels, layouts, workers),
        ALIGNMENT);
  }

  @Override
  public Executable bind(Lowered lowered, MemoryPlan plan) {
    return new CpuExecutable(
        lowered, memory.allocate(lowered, plan), plan, kernels, threads, peers);
  }

  @Override
  public void close() {
    threads.close();
  }
}
