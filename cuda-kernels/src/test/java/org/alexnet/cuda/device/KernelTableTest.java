package org.alexnet.cuda.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.GeneratedKernels;
import org.alexnet.cuda.GeneratedKernels.Fused;
import org.alexnet.cuda.device.Nvrtc.Target;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.model.Models;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the generated kernels of alexnet-2012 cost by count, as a table: bytes, and instructions of
 * the machine code of an H100 or H200. Nothing is measured. Where NVRTC and nvdisasm (in the PATH)
 * are found: {@code mvn -pl cuda-kernels -am test -Dtest=KernelTableTest
 * -Dsurefire.failIfNoSpecifiedTests=false}. What it prints is in benchmarks/results.
 */
class KernelTableTest {
  private static final int[] BATCHES = {128, 1024};

  // An H200: bytes a second of a copy, and a processor's lanes, registers, threads and clock.
  private static final double COPY = 4.3e12;
  private static final double ISSUE = 132 * 128 * 1.98e9;

  /** The share of the cycles in which something is issued. */
  private static final double BUSY = 0.75;

  private static final int REGISTERS = 65536;
  private static final int SHARED = 228 << 10;
  private static final int THREADS = 2048;
  private static final int BLOCK = 256;

  private static final Pattern SECTION = Pattern.compile("\\s*\\.section\\s+\\.text\\.(\\w+).*");
  private static final Pattern LABEL = Pattern.compile("^(\\.L\\w+):.*");
  private static final Pattern INSTRUCTION =
      Pattern.compile("\\s+/\\*[0-9a-f]+\\*/\\s+(.*?)\\s*;.*");
  private static final Pattern BRANCH = Pattern.compile(".*\\bBRA\\b.*\\((\\.L\\w+)\\).*");
  private static final Pattern CONSTANT = Pattern.compile("(\\w+) = (\\d+)");

  @TempDir static Path dir;

  private static Path nvdisasm() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, "nvdisasm"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  /** Instructions of the longest loop of each kernel, or of all of it where it has none. */
  private static Map<String, Integer> loops(Path program, byte[] code)
      throws IOException, InterruptedException {
    Path file = dir.resolve("kernels.cubin");
    Files.write(file, code);
    Process process = new ProcessBuilder(program.toString(), "-c", file.toString()).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertTrue(process.waitFor() == 0, "nvdisasm fails");
    Map<String, Integer> all = new TreeMap<>();
    Map<String, Integer> longest = new TreeMap<>();
    Map<String, Integer> labels = new HashMap<>();
    String kernel = null;
    int count = 0;
    for (String line : lines) {
      Matcher section = SECTION.matcher(line);
      Matcher label = LABEL.matcher(line);
      Matcher instruction = INSTRUCTION.matcher(line);
      if (section.matches()) {
        kernel = section.group(1);
        count = 0;
        labels.clear();
      } else if (label.matches()) {
        labels.put(label.group(1), count);
      } else if (kernel != null && instruction.matches()) {
        count++;
        Matcher branch = BRANCH.matcher(line);
        Integer target = branch.matches() ? labels.get(branch.group(1)) : null;
        // The last instruction of every kernel jumps to itself.
        if (target != null && count - target > 1) {
          longest.merge(kernel, count - target, Math::max);
        }
        all.put(kernel, count);
      }
    }
    all.putAll(longest);
    return all;
  }

  private static Map<String, Integer> constants(GeneratedKernel kernel) {
    Map<String, Integer> constants = new HashMap<>();
    Matcher matcher = CONSTANT.matcher(kernel.source());
    while (matcher.find()) {
      constants.put(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }
    return constants;
  }

  /** Numbers of the image that a thread gets on by in a round of its loop. */
  private static int numbers(GeneratedKernel kernel, Precision precision) {
    Map<String, Integer> sizes = constants(kernel);
    int stride = sizes.getOrDefault("STRIDE", 1);
    boolean forward = kernel.name().startsWith("norm_pool_") && !kernel.name().contains("backward");
    int columns = forward ? sizes.getOrDefault("COLUMNS", 1) : 1;
    return stride * stride * columns * 16 / Storage.of(precision).bytes();
  }

  private static int occupancy(Cubin.Kernel kernel) {
    int registers = Math.ceilDiv(kernel.registers(), 8) * 8 * BLOCK;
    int blocks = Math.min(THREADS / BLOCK, REGISTERS / registers);
    blocks = Math.min(blocks, SHARED / (kernel.shared() + 1024));
    return 100 * blocks * BLOCK / THREADS;
  }

  @Test
  void countsStayWhatTheyAre() throws IOException, InterruptedException {
    Path program = nvdisasm();
    List<Path> libraries = List.copyOf(MachineCodeTest.libraries());
    if (program == null || libraries.isEmpty()) {
      String reason = "NVRTC or nvdisasm is not found: no instructions are counted";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    Nvrtc nvrtc = new Nvrtc(MachineCodeTest.load(libraries.getLast()));
    for (Precision precision : List.of(Precision.BF16, Precision.TF32)) {
      List<String> options = new ArrayList<>(KernelCompiler.definitions(precision));
      options.add("--std=c++17");
      options.add("--gpu-architecture=sm_90");
      String source =
          KernelCompiler.source(GeneratedKernels.of(Models.named("alexnet-2012"), precision));
      byte[] code = nvrtc.compile("kernels.cu", source, Target.CUBIN, options);
      Map<String, Integer> loops = loops(program, code);
      for (int batch : BATCHES) {
        print(precision, batch, Cubin.kernels(code), loops);
      }
    }
  }

  private static void print(
      Precision precision,
      int batch,
      Map<String, Cubin.Kernel> compiled,
      Map<String, Integer> loops) {
    System.out.printf(
        "%nGenerated kernels of alexnet-2012, %s, batch %d, by count on an H200; not measured%n%n"
            + "| kernel | MB apart | MB | ms apart, by bytes | ms by bytes | ms by instructions"
            + " | numbers | instructions a number | registers | occupancy |%n"
            + "|---|---|---|---|---|---|---|---|---|---|%n",
        precision, batch);
    double apart = 0;
    double now = 0;
    for (Fused fused : GeneratedKernels.fused(Models.named("alexnet-2012"), precision, batch)) {
      CudaKernel kernel = fused.kernel();
      GeneratedKernel generated = kernel.generated().getFirst();
      Cubin.Kernel machine = compiled.get(generated.name());
      // The largest tensor is the image before pooling.
      double largest = kernel.uses().stream().mapToLong(BufferUse::bytes).max().orElseThrow();
      double all = largest / Storage.of(precision).bytes();
      double each = (double) loops.get(generated.name()) / numbers(generated, precision);
      double bytes = GeneratedKernels.bytes(kernel) / COPY * 1e3;
      double instructions = each * all / (BUSY * ISSUE) * 1e3;
      apart += fused.bytesApart() / COPY * 1e3;
      now += Math.max(bytes, instructions);
      System.out.printf(
          "| %s | %.1f | %.1f | %.3f | %.3f | %.3f | %.1f M | %.1f | %d | %d %% |%n",
          kernel.label(),
          fused.bytesApart() / 1e6,
          GeneratedKernels.bytes(kernel) / 1e6,
          fused.bytesApart() / COPY * 1e3,
          bytes,
          instructions,
          all / 1e6,
          each,
          machine.registers(),
          occupancy(machine));
      assertTrue(fused.bytesApart() >= GeneratedKernels.bytes(kernel), kernel.label());
      if (precision == Precision.BF16) {
        boolean backward = kernel.label().contains("backward");
        assertTrue(each <= (backward ? 36 : 22), kernel.label() + ": " + each + " instructions");
      }
    }
    System.out.printf(
        "| sum | | | %.3f | %.3f, the larger bound of each | | | | | |%n", apart, now);
  }
}
