package org.alexnet.cuda.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.convolution.ConvolutionGraph.Target;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.Machine;
import org.alexnet.cuda.library.search.Finder;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The plans that NVIDIA's cuDNN has for the convolutions of alexnet-2012 on GPUs that are only
 * described, where cuDNN 9.8 or later is found in the usual places or in a folder that
 * ALEXNET_CUDA_PATH names. Nothing is run. In a process of its own, since a stand-in may be loaded
 * in this one. With {@code -Dalexnet.plans=FILE} they are written as a table.
 */
class DescribedDevicesTest {
  private static final String DEVICE =
      """
      {"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64],
      "regsPerBlock": 65536, "multiProcessorCount": %d, "warpSize": 32,
      "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": %d,
      "reservedSharedMemoryPerBlock": %d, "maxRegistersPerSM": 65536, "maxCtasPerSM": %d,
      "maxThreadsPerBlock": 1024, "maxThreadsPerSM": %d, "pciDeviceId": 0, "isTccDriver": 0,
      "supportCoopLaunch": 1, "totalGlobalMem": %d, "smClockRateKHz": %d, "memClockRateKHz": %d,
      "l2CacheSize": %d, "cudaDeviceId": 0, "deviceVer": %d, "driverVer": 13000,
      "deviceName": "%s"}\
      """;

  /** GPUs from the data sheets, with what they have tensor cores for. */
  private enum Gpu {
    H200(
        DEVICE.formatted(
            132,
            232448,
            1024,
            32,
            2048,
            150754820096L,
            1980000,
            3201000,
            62914560,
            900,
            "NVIDIA H200"),
        Precision.BF16,
        Precision.TF32),
    A100(
        DEVICE.formatted(
            108,
            166912,
            1024,
            32,
            2048,
            85097971712L,
            1410000,
            1512000,
            41943040,
            800,
            "NVIDIA A100"),
        Precision.BF16,
        Precision.TF32),
    L4(
        DEVICE.formatted(
            58, 101376, 1024, 24, 1536, 23580639232L, 2040000, 6251000, 50331648, 890, "NVIDIA L4"),
        Precision.BF16,
        Precision.TF32),
    T4(
        DEVICE.formatted(
            40, 65536, 0, 16, 1024, 15835660288L, 1590000, 5001000, 4194304, 750, "Tesla T4"),
        Precision.FP16);

    private final String json;
    private final List<Precision> precisions;

    Gpu(String json, Precision... precisions) {
      this.json = json;
      this.precisions = List.of(precisions);
    }
  }

  private static Path cudnn() {
    String standIn = System.clearProperty("alexnet.cuda.path");
    try {
      return Finder.find(Machine.current()).libraries().stream()
          .filter(library -> library.kind() == CudaLibrary.CUDNN && !library.missing())
          .map(Library::file)
          .findFirst()
          .orElse(null);
    } finally {
      if (standIn != null) {
        System.setProperty("alexnet.cuda.path", standIn);
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> everyConvolutionIsOnTensorCores() {
    Path library = cudnn();
    if (library == null) {
      String reason = "cuDNN is not found: no plans are made for described devices";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    int[] batches = LongTest.RUN ? new int[] {32, 64, 128, 256, 512, 1024} : new int[] {128};
    return Stream.of(Gpu.values())
        .flatMap(
            gpu ->
                gpu.precisions.stream()
                    .map(
                        precision ->
                            DynamicTest.dynamicTest(
                                gpu + ", " + precision,
                                () -> check(library, gpu, precision, batches))));
  }

  private static void check(Path library, Gpu gpu, Precision precision, int[] batches)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                library.toString(),
                gpu.name(),
                precision.name()));
    for (int batch : batches) {
      command.add(String.valueOf(batch));
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    Process process = builder.redirectErrorStream(true).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertEquals(0, process.waitFor(), String.join("\n", lines));
    List<String> plans = lines.stream().filter(line -> line.startsWith("| ")).toList();
    // Five layers forward and their filters, four of which have gradients of data.
    assertEquals(14 * batches.length, plans.size(), String.join("\n", lines));
    for (String plan : plans) {
      assertTrue(plan.contains("tensor cores") && !plan.contains("no tensor cores"), plan);
    }
    String table = System.getProperty("alexnet.plans");
    if (table != null) {
      Files.writeString(
          Path.of(table),
          String.join("\n", plans) + "\n",
          java.nio.file.StandardOpenOption.CREATE,
          java.nio.file.StandardOpenOption.APPEND);
    }
  }

  /** What the process runs: a line for each convolution. */
  static final class Child {
    @SuppressWarnings("restricted")
    public static void main(String[] args) {
      System.load(args[0]);
      Gpu gpu = Gpu.valueOf(args[1]);
      Precision precision = Precision.valueOf(args[2]);
      Target target = Target.Described.of(gpu.json);
      for (int i = 3; i < args.length; i++) {
        print(gpu, precision, Integer.parseInt(args[i]), target);
      }
    }

    private static void print(Gpu gpu, Precision precision, int batch, Target target) {
      CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-2012").network(), batch);
      Layouts layouts = Layouts.of(programs, precision);
      GraphSearch search = new GraphSearch(precision, layouts, target, null);
      for (Wanted wanted : problems(programs, layouts)) {
        ConvolutionProblem problem = wanted.problem;
        List<GraphPlan> plans = search.candidates(problem, true, AlgorithmSearch.WORKSPACE);
        if (plans.isEmpty()) {
          problem = problem.with(ConvolutionProblem.Epilogue.NONE);
          plans = search.candidates(problem, true, AlgorithmSearch.WORKSPACE);
        }
        System.out.printf(
            "| %s | %s | %d | %s %s%s | %s |%n",
            gpu,
            precision,
            batch,
            wanted.layer,
            problem.direction(),
            problem.epilogue(),
            plans.isEmpty() ? "none" : plans.getFirst().choice());
        GraphSearch.keep(plans, plan -> false);
      }
    }

    private record Wanted(String layer, ConvolutionProblem problem) {}

    /** What the lowering asks for. */
    private static Set<Wanted> problems(CompiledNetwork programs, Layouts layouts) {
      Set<Wanted> all = new LinkedHashSet<>();
      for (Op op : programs.train().ops()) {
        ConvolutionKernels kernels =
            new ConvolutionKernels(
                layouts,
                (label, problem) -> {
                  all.add(new Wanted(op.layer(), problem));
                  return new Unplanned(problem);
                });
        switch (op) {
          case Op.Convolution o -> kernels.forward(o, o.y(), true);
          case Op.ConvolutionBackwardData o -> kernels.backwardData(o);
          case Op.ConvolutionBackwardWeights o -> kernels.backwardWeights(o, false);
          default -> {}
        }
      }
      return all;
    }

    private record Unplanned(ConvolutionProblem problem) implements ConvolutionPlan {
      @Override
      public long workspaceBytes() {
        return 0;
      }

      @Override
      public String choice() {
        return "";
      }

      @Override
      public Call call(String label, Operands at) {
        throw new IllegalStateException("nothing is run");
      }

      @Override
      public void close() {}
    }
  }
}
