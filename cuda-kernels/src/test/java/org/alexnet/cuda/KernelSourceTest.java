package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.device.KernelCompiler;
import org.alexnet.model.Models;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The kernels through NVIDIA's own compiler, where it is installed. */
class KernelSourceTest {
  /** In every build the oldest; what is generated is compiled for the newest. */
  private static final List<String> ARCHITECTURES =
      LongTest.RUN
          ? List.of("compute_75", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_90a")
          : List.of("sm_75");

  @TempDir static Path dir;

  private static Path compiler() {
    return Stream.of((System.getenv("PATH") + ":/usr/local/cuda/bin").split(File.pathSeparator))
        .map(folder -> Path.of(folder, "nvcc"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  @TestFactory
  Stream<DynamicTest> compileForArchitectures() {
    if (compiler() == null) {
      String reason = "nvcc is not installed: the kernels are not compiled for GPUs";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    Stream<DynamicTest> all =
        Stream.of(Precision.values())
            .filter(p -> p != Precision.TF32 || !definitions(p).equals(definitions(Precision.FP32)))
            .map(
                precision ->
                    DynamicTest.dynamicTest(
                        precision.toString(),
                        () -> compile(precision, KernelCompiler.source(), ARCHITECTURES)));
    Precision precision = Precision.BF16;
    List<String> some = LongTest.RUN ? ARCHITECTURES : List.of("sm_90a");
    return Stream.concat(
        all,
        Stream.of(
            DynamicTest.dynamicTest(
                "generated for alexnet-2012, " + precision,
                () ->
                    compile(
                        precision,
                        KernelCompiler.source(
                            GeneratedKernels.of(Models.named("alexnet-2012"), precision)),
                        some))));
  }

  private static List<String> definitions(Precision precision) {
    return KernelCompiler.definitions(precision);
  }

  /** All architectures in one call; a warning is an error. */
  private static void compile(Precision precision, String text, List<String> architectures)
      throws IOException, InterruptedException {
    Path source = dir.resolve("kernels-" + precision + ".cu");
    Files.writeString(source, text);
    List<String> command =
        new ArrayList<>(List.of(compiler().toString(), "-std=c++17", "-Werror", "all-warnings"));
    command.addAll(definitions(precision));
    for (String architecture : architectures) {
      String virtual = architecture.replace("sm_", "compute_");
      command.add("-gencode=arch=" + virtual + ",code=" + architecture);
    }
    command.addAll(
        List.of("-fatbin", "-o", dir.resolve(precision + ".fatbin").toString(), source.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
  }
}
