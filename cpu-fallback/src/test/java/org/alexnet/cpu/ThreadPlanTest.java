package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.backend.Backend;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.kernel.VectorKernels;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every model, at its own batch, is cut into enough tasks for 32 threads, and half of 64. */
class ThreadPlanTest {
  private static final int[] THREADS = {1, 2, 4, 8, 16, 32, 64};

  /** Of more, some may be idle in a kernel. */
  private static final int ALL_BUSY = 32;

  /** Kernels that move less than this share of a step's bytes are soon done. */
  private static final double SHARE = 0.02;

  /** Memory of a step for the most threads, to that for one. */
  private static final double MOST_MEMORY = 1.5;

  static Stream<String> models() {
    return Models.all().stream().map(Model::name);
  }

  @ParameterizedTest
  @MethodSource("models")
  void noKernelLeavesThreadsIdleForLong(String name) {
    Model model = Models.named(name);
    List<String> idle = new ArrayList<>();
    List<Long> bytes = new ArrayList<>();
    for (int threads : THREADS) {
      try (Backend backend = new CpuBackend(new VectorKernels(), 1, threads)) {
        Lowered lowered =
            backend.lower(CompiledNetwork.of(model.network(), model.recipe().batch()));
        bytes.add(MemoryPlanner.plan(lowered).totalBytes());
        idle.addAll(idle(lowered.train(), threads));
        idle.addAll(idle(lowered.evaluate(), threads));
      }
    }
    assertEquals(List.of(), idle);
    assertTrue(bytes.getLast() < MOST_MEMORY * bytes.getFirst(), bytes.toString());
  }

  private static List<String> idle(List<? extends Kernel> kernels, int threads) {
    double all = kernels.stream().mapToLong(ThreadPlanTest::bytes).sum();
    List<String> idle = new ArrayList<>();
    for (Kernel kernel : kernels) {
      int tasks = ((CpuKernel) kernel).tasks();
      if (tasks < Math.min(threads, ALL_BUSY) && bytes(kernel) / all > SHARE) {
        idle.add("%s: %d tasks for %d threads".formatted(kernel.label(), tasks, threads));
      }
    }
    return idle;
  }

  private static long bytes(Kernel kernel) {
    return kernel.uses().stream().mapToLong(BufferUse::bytes).sum();
  }
}
