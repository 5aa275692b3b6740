package org.alexnet.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.backend.Availability;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.cuda.library.file.Folders;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.load.NativeLoader;
import org.alexnet.cuda.library.probe.CudaProbe;
import org.alexnet.cuda.library.probe.ProbeMain;
import org.alexnet.cuda.library.probe.ProbeReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The probe over made-up libraries: what works, and the sentence for each thing that may not. */
class ProbeTest {
  @TempDir Path dir;

  private Availability probe(StubLibraries libraries) {
    Path folder = libraries.build(dir.resolve("cuda"));
    return CudaProbe.run(StubLibraries.find(folder, dir));
  }

  private static void refused(Availability result, String... parts) {
    assertFalse(result.available(), result.reason());
    for (String part : parts) {
      assertTrue(result.reason().contains(part), result.reason());
    }
    assertFalse(result.reason().contains("\n"), result.reason());
    assertTrue(result.reason().endsWith("."), result.reason());
    assertEquals(List.of(), result.devices());
    assertEquals(5, result.libraries().size());
  }

  @Test
  void cuda12() {
    works(12, "driver for CUDA 12.6, cuBLAS 12.6.6, cuDNN 9.5.1, NVRTC 12.6, NCCL 2.27.3.");
  }

  @Test
  void cuda13ThroughARewrittenCopy() {
    works(13, "driver for CUDA 13.6, cuBLAS 13.6.6, cuDNN 9.5.1, NVRTC 13.6, NCCL 2.27.3.");
  }

  private void works(int major, String reason) {
    Availability result = probe(new StubLibraries(major));
    assertEquals(reason, result.reason());
    assertTrue(result.available());
    assertEquals(
        List.of(new DeviceInfo("cuda:0", "Stub GPU, compute capability 9.0", 3L << 30)),
        result.devices());
    assertEquals(
        List.of("CUDA driver", "cuBLAS", "cuDNN", "NVRTC", "NCCL"),
        result.libraries().stream().map(LibraryInfo::name).toList());
    assertEquals(
        dir.resolve("cuda/libcublas.so." + major).toString(), result.libraries().get(1).file());
    assertEquals(major == 13, result.libraries().get(1).note().contains("rewritten copy"));
  }

  /** The launcher starts the engine as modules, and so starts the probe. */
  @Test
  void onTheModulePath() throws IOException, InterruptedException {
    LibrarySearchResult found =
        StubLibraries.find(new StubLibraries(13).build(dir.resolve("cuda")), dir);
    Pattern product =
        Pattern.compile(
            ".*/(classes|(alexnet-core|jcuda|jcublas|jcudnn|jackson|commons-math3)[^/]*)");
    String modules =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> product.matcher(entry).matches() && !entry.endsWith("-tests.jar"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.add("--enable-native-access=org.alexnet.cuda,jcuda,jcublas,jcudnn");
    command.addAll(List.of("--module-path", modules));
    command.addAll(List.of("--module", "org.alexnet.cuda/" + ProbeMain.class.getName()));
    command.addAll(ProbeMain.arguments(found, Files.createDirectories(found.cache())));
    Path output = dir.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    ProbeReport report = ProbeReport.parse(Files.readAllLines(output));
    assertEquals(List.of(), report.noise());
    assertTrue(report.done(), report.failure());
  }

  @Test
  void whatWorkedIsRememberedUntilAFileChanges() throws IOException {
    Path folder = new StubLibraries(12).build(dir.resolve("cuda"));
    LibrarySearchResult found = StubLibraries.find(folder, dir);
    Availability first = CudaProbe.run(found);
    Path answer = Folders.matching(found.cache(), "probe-*.txt").getFirst();
    Files.writeString(answer, Files.readString(answer).replace("Stub GPU", "Remembered GPU"));
    Availability second = CudaProbe.run(found);
    assertEquals("Stub GPU, compute capability 9.0", first.devices().getFirst().description());
    assertEquals(
        "Remembered GPU, compute capability 9.0", second.devices().getFirst().description());
    Files.setLastModifiedTime(folder.resolve("libcudnn.so.9"), FileTime.fromMillis(1));
    assertEquals(first.devices(), CudaProbe.run(found).devices());
    assertEquals(List.of(), Folders.matching(found.cache(), "*.log"));
  }

  @Test
  void aDamagedAnswerIsFoundOutAgain() throws IOException {
    Path folder = new StubLibraries(12).build(dir.resolve("cuda"));
    LibrarySearchResult found = StubLibraries.find(folder, dir);
    Availability first = CudaProbe.run(found);
    Path answer = Folders.matching(found.cache(), "probe-*.txt").getFirst();
    byte[] whole = Files.readAllBytes(answer);
    Files.write(answer, Arrays.copyOf(whole, whole.length - 3));
    assertEquals(first, CudaProbe.run(found));
    assertEquals(first, CudaProbe.run(found));
  }

  @Test
  void anOldDriver() {
    refused(
        probe(
            new StubLibraries(12).with("cuDriverGetVersion", "(int* v) { *v = 11040; return 0; }")),
        "serves CUDA 11.4",
        "are of CUDA 12",
        "install NVIDIA driver 525 or later");
  }

  @Test
  void aDriverOfCuda12UnderCuda13() {
    refused(
        probe(
            new StubLibraries(13).with("cuDriverGetVersion", "(int* v) { *v = 12090; return 0; }")),
        "serves CUDA 12.9",
        "install NVIDIA driver 580 or later");
  }

  @Test
  void aMissingFunction() {
    refused(
        probe(new StubLibraries(12).without("cuGraphLaunch")),
        "libcuda.so.1 (" + dir.resolve("cuda/libcuda.so.1") + ", version 12.6) lacks cuGraphLaunch",
        "driver 525");
    refused(
        probe(
            new StubLibraries(12)
                .without("cudnnConvolutionBackwardData")
                .without("cudnnConvolutionBackwardFilter")),
        "lacks cudnnConvolutionBackwardData and 1 more function",
        "cuDNN 9.5");
  }

  /** NCCL is taken where it is there and whole. */
  @Test
  void aFunctionOfNcclIsMissing() {
    Availability result = probe(new StubLibraries(12).without("ncclAllReduce"));
    assertTrue(result.available(), result.reason());
    assertFalse(result.reason().contains("NCCL"), result.reason());
    String note = result.libraries().getLast().note();
    assertTrue(note.startsWith("is not used: libnccl.so.2 ("), note);
    assertTrue(note.contains("lacks ncclAllReduce"), note);
  }

  @Test
  void cudnnOfAnotherCuda() {
    StubLibraries libraries = new StubLibraries(13);
    libraries.with("cudnnGetCudartVersion", "long cudnnGetCudartVersion() { return 12060; }");
    refused(
        probe(libraries),
        "was made for CUDA 12, and the cuBLAS found is of CUDA 13",
        "cuDNN 9 for CUDA 13");
  }

  @Test
  void severalAtOnce() {
    Path folder = new StubLibraries(13).build(dir.resolve("cuda"));
    List<Availability> results =
        IntStream.range(0, 3)
            .parallel()
            .mapToObj(i -> CudaProbe.run(StubLibraries.find(folder, dir)))
            .toList();
    results.forEach(result -> assertTrue(result.available(), result.reason()));
    assertEquals(Set.copyOf(results).size(), 1);
  }

  @Test
  void aHomeThatCannotBeWritten() throws IOException {
    Path folder = new StubLibraries(13).build(dir.resolve("cuda"));
    Files.createFile(dir.resolve(".cache"));
    Availability result = CudaProbe.run(StubLibraries.find(folder, dir));
    assertTrue(result.available(), result.reason());
  }

  @Test
  void noDevice() {
    refused(probe(new StubLibraries(12).with("cuInit", "(int) { return 100; }")), "sees no GPU");
    refused(
        probe(new StubLibraries(12).with("cuDeviceGetCount", "(int* n) { *n = 0; return 0; }")),
        "sees no GPU");
  }

  @Test
  void anErrorCode() {
    refused(
        probe(new StubLibraries(12).with("cuInit", "(int) { return 803; }")),
        "cuInit answered 803 (STUB_ERROR, as asked)");
    refused(
        probe(new StubLibraries(12).with("cudnnCreate", "(void*) { return 1001; }")),
        "cudnnCreate answered 1001 (as asked)");
    refused(
        probe(new StubLibraries(12).with("cublasCreate_v2", "(void*) { return 1; }")),
        "cublasCreate answered 1 (as asked)");
  }

  @Test
  void aCrash() {
    refused(
        probe(new StubLibraries(12).with("cudnnCreate", "(void*) { return *(volatile int*) 8; }")),
        "crashed (SIGSEGV) in step \"cudnnCreate\"",
        "libcudnn.so.9");
    refused(
        probe(new StubLibraries(12).with("cublasCreate_v2", "(void*) { abort(); }")),
        "crashed (SIGABRT) in step \"cublasCreate\"");
    refused(
        probe(new StubLibraries(12).with("cuInit", "(int) { _exit(3); }")),
        "crashed (status 3) in step \"cuInit\"");
    refused(
        probe(
            new StubLibraries(12)
                .with(
                    "nvrtcVersion",
                    "(int*, int*) { return 0; } static int at = *(volatile int*) 8;")),
        "crashed (SIGSEGV) in step \"loading " + dir.resolve("cuda/libnvrtc.so.12"));
  }

  @Test
  void aLibraryOfTheSystemIsMissing() throws IOException {
    StubLibraries libraries = new StubLibraries(12);
    refused(
        probe(libraries.needing("libcudnn.so.9", "libnowhere.so.7")),
        dir.resolve("cuda/libcudnn.so.9") + " could not be loaded: it needs libnowhere.so.7, which",
        "install the package that it belongs to.");
    String cause = "libz.so.1: cannot open shared object file: No such file or directory";
    assertEquals(
        "/x/libcudnn.so.9 could not be loaded: it needs libz.so.1, which was not found; install"
            + " zlib1g (Debian, Ubuntu) or zlib (Fedora, RHEL, Arch).",
        NativeLoader.failure(Path.of("/x/libcudnn.so.9"), "/x/libcudnn.so.9: " + cause));
    String itself = "libcudnn.so.9: cannot open shared object file: Permission denied";
    assertTrue(
        NativeLoader.failure(Path.of("/x/libcudnn.so.9"), itself).contains("install it again"));
  }

  @Test
  void aFunctionThatNobodyLookedUp() {
    refused(
        probe(
            new StubLibraries(12)
                .with(
                    "cudnnCreate",
                    "(void*); void nowhere(); int cudnnCreate(void*) { nowhere(); return 0; }")),
        "ended the process in step \"cudnnCreate\"",
        "lacks nowhere");
  }

  @Test
  void aWrongResult() {
    refused(
        probe(new StubLibraries(12).with("cudnnConvolutionForward", "() { return 0; }")),
        "computed a small convolution wrongly",
        "must be");
  }

  /** From a cold disk all steps take their time; none of them takes too long. */
  @Execution(ExecutionMode.CONCURRENT) // it sleeps
  @Test
  void slowStepsAreNoHang() {
    Path folder =
        new StubLibraries(12)
            .with("cuInit", "(int) { sleep(4); return 0; }")
            .with("cublasCreate_v2", "(void*) { sleep(4); return 0; }")
            .build(dir);
    Availability result = CudaProbe.run(StubLibraries.find(folder, dir), Duration.ofSeconds(6));
    assertTrue(result.available(), result.reason());
  }

  @Execution(ExecutionMode.CONCURRENT) // it sleeps
  @Test
  void noAnswer() {
    Path folder =
        new StubLibraries(12).with("cuInit", "(int) { sleep(600); return 0; }").build(dir);
    refused(
        CudaProbe.run(StubLibraries.find(folder, dir), Duration.ofSeconds(5)),
        "nothing came for 5 s in step \"cuInit\"");
    assertEquals(List.of(), Folders.matching(StubLibraries.find(folder, dir).cache(), "probe-*"));
  }
}
