package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.PlanCheck;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Device;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The memory of every model as users train it, on one device and on two; nothing is allocated. */
@Tag(StandInCount.STAND_IN)
class CudaPlanTest {

  @TestFactory
  Stream<DynamicTest> plans() {
    return Models.all().stream()
        .flatMap(
            model ->
                Stream.of(128, 1024)
                    .flatMap(
                        batch ->
                            Stream.of(Precision.FP32, Precision.BF16)
                                .map(
                                    precision ->
                                        DynamicTest.dynamicTest(
                                            "%s, batch %d, %s"
                                                .formatted(model.name(), batch, precision),
                                            () -> check(model, batch, precision)))));
  }

  private static void check(Model model, int batch, Precision precision) {
    check(CompiledNetwork.of(model.network(), batch), precision);
    if (model.network().columns() == 2) {
      Placement two = new Placement(List.of(0, 1));
      check(CompiledNetwork.of(model.network(), batch, two, List.of()), precision);
    }
  }

  private static void check(CompiledNetwork programs, Precision precision) {
    int devices = programs.placement().deviceCount();
    try (StandInBackend backend = StandInBackend.deterministic(precision, devices)) {
      Lowered lowered = backend.backend().lower(programs, Want.UNTRIED);
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      PlanCheck.check(lowered, plan);
      // Parameters and momentum are there, and a step in a few times what the images take.
      long parameters = programs.parameters().stream().mapToLong(t -> t.shape().elements()).sum();
      assertTrue(plan.totalBytes() > 2 * Float.BYTES * parameters);
      assertTrue(plan.totalBytes() < 40L << 30, plan.totalBytes() + " bytes");
    }
  }

  /**
   * Gradients are summed up beside the backward pass: what computes waits for no sum, and sums of
   * fully-connected layers begin before convolutions go back.
   */
  @TestFactory
  Stream<DynamicTest> nothingThatComputesWaitsForSums() {
    return Stream.of(Parallelism.DATA, Parallelism.HYBRID)
        .flatMap(
            way ->
                Stream.of(List.of(0, 1), List.of(0, 0, 1, 1), List.of(0, 1, 2, 3))
                    .map(
                        devices ->
                            DynamicTest.dynamicTest(
                                way + " " + devices,
                                () -> checkSums(new Placement(devices, way)))));
  }

  private static void checkSums(Placement placement) {
    CompiledNetwork programs =
        CompiledNetwork.of(Models.named("alexnet-2012").network(), 128, placement, List.of());
    try (StandInBackend backend =
        StandInBackend.deterministic(Precision.BF16, placement.deviceCount())) {
      Lowered lowered = backend.backend().lower(programs, Want.UNTRIED);
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      // It looks at all pairs of kernels, which are many where gradients go in slices.
      if (placement.parallelism() == Parallelism.HYBRID && placement.deviceCount() == 2) {
        PlanCheck.check(lowered, plan);
        PlanCheck.checkOrder(lowered, plan, Phase.TRAIN);
      }
      List<? extends Kernel> kernels = lowered.train();
      int[][] waits = KernelOrder.waits(lowered, plan, Phase.TRAIN);
      int firstSum = kernels.size();
      int lastFilter = 0;
      for (int k = 0; k < waits.length; k++) {
        Kernel kernel = kernels.get(k);
        firstSum =
            kernel.lane() == Lane.SUM && kernel.backward() ? Math.min(firstSum, k) : firstSum;
        lastFilter = kernel.label().equals("conv1 backward filter") ? k : lastFilter;
        if (kernel.lane() == Lane.COMPUTE && !kernel.label().equals("update")) {
          for (int before : waits[k]) {
            Lane other = before == KernelOrder.NONE ? kernel.lane() : kernels.get(before).lane();
            assertEquals(
                kernel.lane(),
                other,
                () -> kernel.label() + " waits for " + kernels.get(before).label());
          }
        }
      }
      assertTrue(firstSum < lastFilter, "sums come last");
    }
  }

  /** Far more scratch memory than cuDNN wants at such a batch on any GPU, as its plans say. */
  private static final long SCRATCH = 512L << 20;

  /** All that a device must have, but for the libraries' own. */
  private static long bytes(int batch, Precision precision) {
    CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-2012").network(), batch);
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      MemoryPlan plan = MemoryPlanner.plan(backend.backend().lower(programs, Want.UNTRIED));
      return plan.totalBytes()
          + CudaExecutable.SLOTS * programs.carriedBytes()
          + CudaExecutable.SPARE
          + Device.BLAS_WORKSPACE;
    }
  }

  /** A GPU of 4 GB trains the network of 2012 as its authors did. */
  @Test
  void theNetworkOf2012FitsIntoThreeGigabytes() {
    assertTrue(bytes(128, Precision.BF16) + SCRATCH < 3_000_000_000L);
  }

  /** A table for the documentation; a larger batch takes more. */
  @Test
  @LongTest
  void memoryByBatchAndPrecision() {
    StringBuilder table = new StringBuilder("| batch | bf16 | tf32 | fp32 |\n");
    long[] before = new long[3];
    for (int batch = 32; batch <= 1024; batch *= 2) {
      table.append("| ").append(batch);
      List<Precision> precisions = List.of(Precision.BF16, Precision.TF32, Precision.FP32);
      for (int i = 0; i < before.length; i++) {
        long now = bytes(batch, precisions.get(i));
        assertTrue(now > before[i]);
        before[i] = now;
        table.append(" | %,d MB".formatted(now / 1_000_000));
      }
      table.append(" |\n");
    }
    System.out.println(table);
  }
}
