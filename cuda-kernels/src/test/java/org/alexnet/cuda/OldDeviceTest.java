package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Availability;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.library.CudaLibraries;
import org.alexnet.cuda.library.load.Loaded;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GPUs that a release of CUDA no longer supports, alone and beside newer ones. */
@Tag(StandInCount.STAND_IN)
class OldDeviceTest {
  private static final String SENTENCE =
      "cuda:0%s has compute capability 7.0, which the CUDA 13 found no longer supports (its oldest"
          + " is 7.5); install libraries of CUDA 12 with cuDNN 9.5 and set ALEXNET_CUDA_PATH to"
          + " their folder, or use another device.";
  private static final String VOLTA = SENTENCE.formatted(" (Stand-in GPU)");

  @TempDir Path dir;

  /** What a process with such devices answers, line by line; the stand-in is told at its start. */
  private List<String> on(String capabilities, int cudaMajor)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules=jdk.incubator.vector",
            "-Dalexnet.cache=" + Files.createTempDirectory(dir, "cache"), // answers are kept
            "-Dalexnet.cuda.path=" + StandIn.folder(cudaMajor),
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName());
    builder.environment().put("ALEXNET_STANDIN", "capability=" + capabilities);
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertEquals(0, process.waitFor(), lines.toString());
    return lines;
  }

  @Test
  void alone() throws Exception {
    List<String> lines = on("70", 13);
    assertEquals("available false: " + VOLTA, lines.get(0));
    assertEquals("cuda:0: " + VOLTA, lines.get(1));
    assertEquals("cuda:1: " + VOLTA.replace("0 (", "1 (").replace("U 0", "U 1"), lines.get(2));
    assertTrue(
        lines.get(3).startsWith("auto: Running on reference:")
            && lines.get(3).contains("(CUDA 13 no longer supports this GPU; "),
        lines.get(3));
    assertEquals(
        "first: Backend cuda cannot serve here: "
            + VOLTA
            + " Or use backend(auto), which takes one that can.",
        lines.get(4));
    assertEquals("unasked: " + SENTENCE.formatted(""), lines.get(6));
  }

  @Test
  void besideANewerOne() throws Exception {
    List<String> lines = on("70,90", 13);
    assertTrue(lines.get(0).startsWith("available true: driver for CUDA 13.0"), lines.get(0));
    assertEquals("cuda:0: " + VOLTA, lines.get(1));
    assertEquals("cuda:1: ", lines.get(2));
    assertTrue(lines.get(3).startsWith("auto: Running on cuda:"), lines.get(3));
    assertEquals("first: opened cuda:1", lines.get(4));
    assertEquals("cuda:0: " + VOLTA, lines.get(5));
  }

  @Test
  void withCuda12() throws Exception {
    List<String> lines = on("70", 12);
    assertTrue(lines.get(0).startsWith("available true"), lines.get(0));
    assertEquals("cuda:0: ", lines.get(1));
    assertEquals("first: opened cuda:0", lines.get(4));
    assertEquals("unasked: opened cuda:0", lines.get(6));
    String older = on("35", 12).get(0);
    assertTrue(older.contains("capability 3.5, which the CUDA 12 found no longer"), older);
    assertFalse(older.contains("install"), older);
  }

  /** Turing multiplies in fp16 on tensor cores, and not in bf16. */
  @Test
  void bf16NeedsTensorCoresThatKnowIt() throws Exception {
    assertEquals(
        "bf16: cuda:0 has compute capability 7.5, and bf16 on tensor cores begins with 8.0;"
            + " take precision(fp32) or precision(fp16).",
        on("75", 13).getLast());
    assertEquals("bf16: opened cuda:0", on("80", 13).getLast());
  }

  /** What the process runs. */
  static final class Child {
    public static void main(String[] args) {
      CudaProvider provider = new CudaProvider();
      Availability answer = provider.probe();
      System.out.println("available " + answer.available() + ": " + answer.reason());
      for (DeviceInfo device : answer.devices()) {
        System.out.println(device.name() + ": " + device.obstacle());
      }
      Backends.choose("auto", said -> System.out.println("auto: " + said));
      open("first", () -> provider.open(BackendOptions.defaults()));
      open("cuda:0", () -> provider.open(new BackendOptions(1, List.of("cuda:0"))));
      open("unasked", Child::withoutProbe);
      open(
          "bf16",
          () -> provider.open(new BackendOptions(1, List.of(), Precision.BF16, false, true)));
      Runtime.getRuntime().halt(0);
    }

    private static Backend withoutProbe() {
      Loaded loaded = CudaLibraries.load(CudaLibraries.find());
      return new CudaBackend(List.of(0), BackendOptions.defaults(), loaded);
    }

    private interface Open {
      Backend run();
    }

    private static void open(String what, Open open) {
      try (Backend backend = open.run()) {
        System.out.println(what + ": opened " + ((CudaBackend) backend).device(0).name());
      } catch (AlexNetException e) {
        System.out.println(what + ": " + e.getMessage());
      }
    }
  }
}
