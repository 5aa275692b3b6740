package org.alexnet.cuda.library;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.file.Machine;
import org.alexnet.cuda.library.load.RequiredSymbols;
import org.alexnet.cuda.library.search.Finder;
import org.junit.jupiter.api.Assumptions;

/**
 * Libraries with the names and functions of CUDA's, each function a line of C++ that answers
 * success, and enough behind a few of them for the probe. A test replaces or removes functions to
 * see what a fault looks like.
 */
final class StubLibraries {
  /** Each library is compiled once a test run, by its name and code. */
  private static final Map<String, Path> BUILT = new ConcurrentHashMap<>();

  private final int major;
  private final Map<String, String> functions = new LinkedHashMap<>();
  private final Map<String, String> needed = new HashMap<>();

  StubLibraries(int cudaMajor) {
    major = cudaMajor;
    for (CudaLibrary kind : CudaLibrary.values()) {
      for (String name : RequiredSymbols.of(kind)) {
        functions.put(name, "int %s() { return 0; }".formatted(name));
      }
    }
    with("cuDriverGetVersion", "(int* v) { *v = %d; return 0; }".formatted(major * 1000 + 60));
    with("cuDeviceGetCount", "(int* n) { *n = 1; return 0; }");
    with("cuDeviceGetName", "(char* s, int n, int) { strcpy(s, \"Stub GPU\"); return 0; }");
    with("cuDeviceTotalMem_v2", "(size_t* n, int) { *n = 3ull << 30; return 0; }");
    with("cuDeviceGetAttribute", "(int* v, int a, int) { *v = a == 75 ? 9 : 0; return 0; }");
    with("cuGetErrorName", "(int, const char** s) { *s = \"STUB_ERROR\"; return 0; }");
    with("cuGetErrorString", "(int, const char** s) { *s = \"as asked\"; return 0; }");
    with("cuMemAlloc_v2", "(void** p, size_t n) { *p = calloc(1, n); return 0; }");
    with("cuMemHostAlloc", "(void** p, size_t n, int) { *p = calloc(1, n); return 0; }");
    with(
        "cuMemcpyHtoDAsync_v2",
        "(void* d, void* s, size_t n, void*) { memcpy(d, s, n); return 0; }");
    with(
        "cuMemcpyDtoHAsync_v2",
        "(void* d, void* s, size_t n, void*) { memcpy(d, s, n); return 0; }");
    functions.put(
        "cublasGetProperty",
        "int cublasGetProperty(int p, int* v) { *v = p ? 6 : %d; return 0; }".formatted(major));
    functions.put(
        "cublasGetStatusString", "const char* cublasGetStatusString(int) { return \"as asked\"; }");
    functions.put(
        "cudnnGetErrorString", "const char* cudnnGetErrorString(int) { return \"as asked\"; }");
    functions.put("cudnnGetVersion", "size_t cudnnGetVersion() { return 90501; }");
    with("ncclGetVersion", "(int* v) { *v = 22703; return 0; }");
    with("nvrtcVersion", "(int* a, int* b) { *a = %d; *b = 6; return 0; }".formatted(major));
    with(
        "cudnnConvolutionForward",
        """
        (void*, void*, void*, const float* x, void*, const float* w, void*, int, void*, size_t,
            void*, void*, float* y) {
          for (int k = 0; k < 3; k++)
            for (int i = 0; i < 5; i++)
              for (int j = 0; j < 5; j++) {
                float s = 0;
                for (int c = 0; c < 2; c++)
                  for (int u = 0; u < 3; u++)
                    for (int v = 0; v < 3; v++) {
                      int r = i + u - 1, q = j + v - 1;
                      if (r >= 0 && r < 5 && q >= 0 && q < 5)
                        s += x[(c * 5 + r) * 5 + q] * w[((k * 2 + c) * 3 + u) * 3 + v];
                    }
                y[(k * 5 + i) * 5 + j] = s;
              }
          return 0;
        }
        """);
  }

  /** Gives a function other parameters and another body; it returns an int unless all is given. */
  StubLibraries with(String function, String code) {
    functions.put(function, code.startsWith("(") ? "int " + function + code : code);
    return this;
  }

  StubLibraries without(String function) {
    functions.remove(function);
    return this;
  }

  /** Lets a library need another, which is not there. */
  StubLibraries needing(String library, String other) {
    needed.put(library, other);
    return this;
  }

  /** Builds the libraries into a folder; the test is skipped where there is no g++. */
  Path build(Path folder) {
    try {
      Files.createDirectories(folder);
      compile(folder, "libcublasLt.so." + major, List.of());
      for (CudaLibrary kind : CudaLibrary.values()) {
        compile(
            folder,
            kind.soname(major),
            functions.keySet().stream().filter(f -> of(kind, f)).toList(),
            needs(kind.soname(major)));
      }
      compile(folder, "libnvrtc-builtins.so." + major + ".6", List.of());
      compile(folder, "libcudnn_ops.so.9", List.of(), "libcudnn_graph.so.9");
      compile(folder, "libcudnn_graph.so.9", List.of());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String[] needs(String library) {
    return needed.containsKey(library) ? new String[] {needed.get(library)} : new String[0];
  }

  private static boolean of(CudaLibrary kind, String function) {
    return RequiredSymbols.of(kind).contains(function)
        || kind == CudaLibrary.CUBLAS && function.equals("cublasGetProperty")
        || kind == CudaLibrary.CUDNN && function.equals("cudnnGetCudartVersion");
  }

  private void compile(Path folder, String soname, List<String> names, String... needed)
      throws IOException, InterruptedException {
    StringBuilder source =
        new StringBuilder(
            "#include <cstdlib>\n#include <cstring>\n#include <unistd.h>\nextern \"C\" {\n");
    names.forEach(name -> source.append(functions.get(name)).append('\n'));
    String text = source.append("}\n").toString();
    String key = soname + text + List.of(needed);
    Path built = BUILT.get(key);
    if (built == null) {
      Path place = Files.createTempDirectory("stub-");
      built = compile(place, soname, text, needed);
      place.toFile().deleteOnExit();
      built.toFile().deleteOnExit();
      BUILT.put(key, built);
    }
    Files.copy(built, folder.resolve(soname), StandardCopyOption.REPLACE_EXISTING);
  }

  private static Path compile(Path folder, String soname, String text, String... needed)
      throws IOException, InterruptedException {
    Path code = Files.writeString(folder.resolve("code.cpp"), text);
    // The real libraries name a version of their symbols after themselves, and JCuda's ask for it.
    Path script = Files.writeString(folder.resolve("code.map"), soname + " { global: *; };\n");
    Path library = folder.resolve(soname);
    List<String> command = new ArrayList<>(List.of("g++", "-shared", "-fPIC", "-w", "-O1"));
    command.addAll(List.of("-Wl,-soname," + soname, "-o", library.toString(), code.toString()));
    if (text.contains("()") && !soname.startsWith("libcuda.")) {
      command.add("-Wl,--version-script=" + script);
    }
    for (String other : needed) {
      Path empty = compile(Files.createDirectory(folder.resolve("needed")), other, "");
      command.addAll(List.of("-Wl,--no-as-needed", empty.toString()));
      run(command);
      Files.delete(empty);
      Files.delete(empty.getParent());
    }
    if (needed.length == 0) {
      run(command);
    }
    Files.delete(code);
    Files.delete(script);
    return library;
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Assumptions.assumeTrue(compilerIsThere(), "g++ is not in PATH, so no library can be made up");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException(String.join(" ", command));
    }
  }

  static boolean compilerIsThere() {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(folder, "g++"))) {
        return true;
      }
    }
    return false;
  }

  /** The search that sees these libraries and no others. */
  static LibrarySearchResult find(Path folder, Path home) {
    return Finder.find(
        new Machine(Map.of(), home, home, folder.toString(), "Linux amd64", (name, f) -> null));
  }
}
