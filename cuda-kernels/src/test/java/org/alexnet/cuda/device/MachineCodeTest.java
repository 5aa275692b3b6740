package org.alexnet.cuda.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.GeneratedKernels;
import org.alexnet.cuda.device.Nvrtc.Target;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.Machine;
import org.alexnet.cuda.library.search.Finder;
import org.alexnet.model.Models;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Our kernels through NVIDIA's NVRTC, where it is found in the usual places or in a folder that
 * ALEXNET_CUDA_PATH names; no GPU is needed. No kernel may spill a register.
 */
class MachineCodeTest {
  private static final int OLDEST = 75;

  @TestFactory
  Stream<DynamicTest> noKernelSpills() {
    Set<Path> libraries = libraries();
    if (libraries.isEmpty()) {
      String reason = "NVRTC is not found: no kernel is compiled to machine code";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    return libraries.stream().flatMap(MachineCodeTest::tests);
  }

  /** Of both releases of CUDA, if both are there. */
  static Set<Path> libraries() {
    String standIn = System.clearProperty("alexnet.cuda.path");
    try {
      Set<Path> all = new TreeSet<>();
      Machine machine = Machine.current();
      Finder.find(machine).libraries().stream()
          .filter(library -> library.kind() == CudaLibrary.NVRTC && !library.missing())
          .map(Library::file)
          .forEach(all::add);
      for (Path folder : machine.namedFolders()) {
        for (int major : new int[] {12, 13}) {
          Path file = folder.resolve(CudaLibrary.NVRTC.soname(major));
          if (Files.isRegularFile(file)) {
            all.add(file);
          }
        }
      }
      return all;
    } finally {
      if (standIn != null) {
        System.setProperty("alexnet.cuda.path", standIn);
      }
    }
  }

  @SuppressWarnings("restricted")
  static SymbolLookup load(Path library) {
    try (Stream<Path> beside = Files.list(library.toRealPath().getParent())) {
      // It looks for this by name alone.
      for (Path file : beside.filter(f -> f.toString().contains("libnvrtc-builtins.so")).toList()) {
        SymbolLookup.libraryLookup(file, Arena.global());
      }
      return SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<DynamicTest> tests(Path library) {
    SymbolLookup lookup = load(library);
    Nvrtc nvrtc = new Nvrtc(lookup);
    List<Integer> known = architectures(lookup);
    List<Integer> some =
        LongTest.RUN ? known : List.of(known.getFirst(), Math.min(90, known.getLast()));
    List<Precision> precisions =
        LongTest.RUN ? List.of(Precision.values()) : List.of(Precision.BF16);
    List<DynamicTest> tests = new ArrayList<>();
    for (int architecture : some) {
      for (Precision precision : precisions) {
        tests.add(
            DynamicTest.dynamicTest(
                "NVRTC %s, sm_%d, %s".formatted(nvrtc.version(), architecture, precision),
                () -> check(nvrtc, architecture, precision)));
      }
    }
    return tests.stream();
  }

  @SuppressWarnings("restricted")
  private static List<Integer> architectures(SymbolLookup lookup) {
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, 256);
      int status =
          (int)
              linker
                  .downcallHandle(lookup.findOrThrow("nvrtcGetNumSupportedArchs"), type)
                  .invokeExact(numbers);
      int count = numbers.get(ValueLayout.JAVA_INT, 0);
      status +=
          (int)
              linker
                  .downcallHandle(lookup.findOrThrow("nvrtcGetSupportedArchs"), type)
                  .invokeExact(numbers);
      assertEquals(0, status);
      return IntStream.range(0, count)
          .map(i -> numbers.getAtIndex(ValueLayout.JAVA_INT, i))
          .filter(number -> number >= OLDEST)
          .sorted()
          .boxed()
          .toList();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void check(Nvrtc nvrtc, int architecture, Precision precision) {
    List<String> options = new ArrayList<>(KernelCompiler.definitions(precision));
    options.add("--std=c++17");
    options.add("--gpu-architecture=sm_" + architecture);
    check(nvrtc, KernelCompiler.source(), options);
    Set<GeneratedKernel> generated = GeneratedKernels.of(Models.named("alexnet-2012"), precision);
    generated.addAll(GeneratedKernels.of(Models.named("alexnet-2014"), precision));
    generated.addAll(GeneratedKernels.of(Models.named("caffenet"), precision));
    generated.addAll(GeneratedKernels.of(Models.named("alexnet-32"), precision));
    assertEquals(precision == Precision.FP32, generated.isEmpty());
    if (!generated.isEmpty()) {
      check(nvrtc, KernelCompiler.source(generated), options);
    }
  }

  private static void check(Nvrtc nvrtc, String source, List<String> options) {
    byte[] code = nvrtc.compile("kernels.cu", source, Target.CUBIN, options);
    var kernels = Cubin.kernels(code);
    assertTrue(!kernels.isEmpty());
    kernels.forEach(
        (name, kernel) -> {
          assertTrue(kernel.registers() > 0, name + " has no registers");
          assertEquals(0, kernel.frame(), name + " spills, bytes of each thread");
        });
  }
}
