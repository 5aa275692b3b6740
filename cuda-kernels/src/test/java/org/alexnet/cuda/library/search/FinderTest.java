package org.alexnet.cuda.library.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.file.Machine;
import org.alexnet.cuda.library.file.SystemLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The search over made-up machines, whose libraries are headers without a body. */
class FinderTest {
  private static final String[] CUDA12 = {
    "libcublas.so.12", "libcublasLt.so.12", "libnvrtc.so.12", "libnvrtc-builtins.so.12.6"
  };
  private static final String[] CUDA13 = {
    "libcublas.so.13", "libcublasLt.so.13", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0"
  };

  private Path root;

  @TempDir Path given;

  private final Map<String, String> variables = new HashMap<>();
  private String named;

  /** What the system's loader finds by itself. */
  private final Map<String, Path> loaded = new HashMap<>();

  @BeforeEach
  void home() throws IOException {
    root = given.toRealPath();
    Files.createDirectories(root.resolve("home/me"));
    Files.createDirectories(root.resolve("usr/lib"));
  }

  private LibrarySearchResult find() {
    return Finder.find(
        new Machine(
            variables,
            root,
            root.resolve("home/me"),
            named,
            "Linux amd64",
            (name, function) -> loaded.get(name)));
  }

  private static byte[] header(int bits, int machine) {
    ByteBuffer header = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0, 0x464c457f).put(4, (byte) (bits / 32)).put(5, (byte) 1);
    return header.putShort(16, (short) 3).putShort(18, (short) machine).array();
  }

  private void put(String folder, String... names) throws IOException {
    Path directory = Files.createDirectories(root.resolve(folder));
    for (String name : names) {
      Files.write(directory.resolve(name), header(64, 62));
    }
  }

  private void all(String folder) throws IOException {
    put(folder, "libcuda.so.1", "libcudnn.so.9");
    put(folder, CUDA12);
  }

  private void from(LibrarySearchResult found, CudaLibrary kind, String file) {
    assertEquals(root.resolve(file), found.library(kind).file(), found.problem());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "usr/local/cuda/lib64",
        "usr/local/cuda-12.6/lib64",
        "usr/lib/x86_64-linux-gnu",
        "usr/lib64",
        "usr/lib",
        "usr/lib/wsl/lib",
        "usr/local/nvidia/lib64",
        "opt/cuda/lib64",
        "usr/lib/python3/dist-packages/nvidia/cublas/lib",
        "usr/local/lib/python3.11/dist-packages/nvidia/cublas/lib",
        "home/me/.local/lib/python3.12/site-packages/nvidia/cudnn/lib",
        "home/me/.cache/alexnet/cuda-libraries"
      })
  void aPlaceThatNeedsNoVariable(String folder) throws IOException {
    all(folder);
    LibrarySearchResult found = find();
    assertTrue(found.complete(), found.problem());
    assertEquals(12, found.cudaMajor());
    from(found, CudaLibrary.DRIVER, folder + "/libcuda.so.1");
    from(found, CudaLibrary.CUBLAS, folder + "/libcublas.so.12");
    from(found, CudaLibrary.CUDNN, folder + "/libcudnn.so.9");
    from(found, CudaLibrary.NVRTC, folder + "/libnvrtc.so.12");
    assertEquals(
        List.of(root.resolve(folder + "/libcublasLt.so.12")),
        found.library(CudaLibrary.CUBLAS).before());
    assertEquals(
        List.of(root.resolve(folder + "/libnvrtc-builtins.so.12.6")),
        found.library(CudaLibrary.NVRTC).before());
  }

  @ParameterizedTest
  @CsvSource({
    "LD_LIBRARY_PATH, x, x",
    "VIRTUAL_ENV, env, env/lib/python3.11/site-packages/nvidia/cublas/lib",
    "CONDA_PREFIX, conda, conda/lib",
    "CONDA_PREFIX, conda, conda/lib/python3.11/site-packages/nvidia/cublas/lib",
    "XDG_CACHE_HOME, cache, cache/alexnet/cuda-libraries"
  })
  void aPlaceThatAVariableNames(String variable, String value, String folder) throws IOException {
    all(folder);
    assertFalse(find().complete());
    variables.put(variable, root.resolve(value).toString());
    from(find(), CudaLibrary.CUDNN, folder + "/libcudnn.so.9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "x/lib64",
        "x/lib",
        "x/targets/x86_64-linux/lib",
        "x/nvidia/cublas/lib",
        "x/nvidia/cu13/lib",
        "x/lib/python3.11/site-packages/nvidia/cublas/lib"
      })
  void aFolderThatTheUserNames(String folder) throws IOException {
    all(folder);
    all("usr/lib64");
    variables.put("LD_LIBRARY_PATH", root.resolve("usr/lib64").toString());
    from(find(), CudaLibrary.CUBLAS, "usr/lib64/libcublas.so.12");
    named = "/nowhere-else:" + root.resolve("x");
    Files.createDirectories(root.resolve("y"));
    named = root.resolve("y") + ":" + root.resolve("x");
    LibrarySearchResult found = find();
    assertTrue(found.complete(), found.problem());
    from(found, CudaLibrary.CUBLAS, folder + "/libcublas.so.12");
    from(found, CudaLibrary.DRIVER, folder + "/libcuda.so.1");
  }

  @Test
  void thePythonInPathLeadsToItsEnvironment() throws IOException {
    String packages = "/lib/python3.11/site-packages/nvidia/cudnn/lib";
    all("opt/torch/.venv" + packages);
    Files.createDirectories(root.resolve("opt/torch/.venv/bin"));
    Files.createDirectories(root.resolve("usr/bin"));
    Files.createDirectories(root.resolve("tools/bin"));
    Path real = Files.createFile(root.resolve("usr/bin/python3.11"));
    assertTrue(real.toFile().setExecutable(true));
    Path python = root.resolve("opt/torch/.venv/bin/python3");
    Files.createSymbolicLink(python, real);
    Files.createSymbolicLink(
        root.resolve("tools/bin/python3"), Path.of("../../opt/torch/.venv/bin/python3"));
    variables.put("PATH", root.resolve("nowhere") + ":" + root.resolve("tools/bin"));
    from(find(), CudaLibrary.CUDNN, "opt/torch/.venv" + packages + "/libcudnn.so.9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "#!/bin/sh\nexec ROOT/opt/env/bin/python3 \"$@\"\n",
        "#!/bin/sh\nexec \"ROOT/opt/env/bin/python3.11\" \"$@\"",
        "#!/usr/bin/env bash\nset -e\nX=1 exec 'ROOT/opt/env/bin/python' \"$@\"\n",
        "#!/bin/sh\nexec \"$(dirname \"$0\")/../opt/env/bin/python3\" \"$@\"\n",
        "#!/bin/sh\nexec \"${0%/*}/../opt/env/bin/python3\" \"$@\"\n",
        "#!/bin/sh\n. ROOT/opt/env/bin/activate\nexec python3 \"$@\"\n",
        "#!/bin/sh\nexec \"$HOME/../../opt/env/bin/python3\" \"$@\"\n",
        "#!ROOT/opt/env/bin/python3 -E\nimport sys\n",
        "#!/bin/sh\nexec ROOT/other/python3 \"$@\"\n",
      })
  void aPythonThatIsAScriptLeadsToTheOneItStarts(String script) throws IOException {
    String packages = "opt/env/lib/python3.11/site-packages/nvidia/cudnn/lib";
    all(packages);
    for (String name : new String[] {"python", "python3", "python3.11", "activate"}) {
      Files.createDirectories(root.resolve("opt/env/bin"));
      Files.createFile(root.resolve("opt/env/bin").resolve(name));
    }
    Files.createDirectories(root.resolve("other"));
    Files.writeString(
        root.resolve("other/python3"), "#!/bin/sh\nexec " + root + "/opt/env/bin/python3 \"$@\"\n");
    Path bin = Files.createDirectories(root.resolve("bin"));
    Path wrapper = bin.resolve("wrapper");
    Files.writeString(wrapper, script.replace("ROOT", root.toString()));
    assertTrue(wrapper.toFile().setExecutable(true));
    Files.createSymbolicLink(bin.resolve("python3"), Path.of("wrapper"));
    assertFalse(find().complete());
    variables.put("PATH", bin.toString());
    from(find(), CudaLibrary.CUDNN, packages + "/libcudnn.so.9");
  }

  @Test
  void scriptsThatStartEachOtherAreLeft() throws IOException {
    Path bin = Files.createDirectories(root.resolve("bin"));
    Files.writeString(bin.resolve("python3"), "#!/bin/sh\nexec " + bin + "/python \"$@\"\n");
    Files.writeString(bin.resolve("python"), "#!/bin/sh\nexec " + bin + "/python3 \"$@\"\n");
    assertTrue(bin.resolve("python3").toFile().setExecutable(true));
    variables.put("PATH", bin.toString());
    assertFalse(find().complete());
  }

  @Test
  void theLoaderIsAskedLastForTheDriver() throws IOException {
    all("usr/lib64");
    put("only/the/loader/knows", "libcuda.so.1");
    loaded.put("libcuda.so.1", root.resolve("only/the/loader/knows/libcuda.so.1"));
    from(find(), CudaLibrary.DRIVER, "usr/lib64/libcuda.so.1");
    Files.delete(root.resolve("usr/lib64/libcuda.so.1"));
    from(find(), CudaLibrary.DRIVER, "only/the/loader/knows/libcuda.so.1");
    assertTrue(find().complete(), find().problem());
  }

  /** Any library that is everywhere will do. */
  @Test
  void theSystemsLoaderSaysWhatItTakes() throws IOException {
    Path file = SystemLoader.find("libm.so.6", "cos");
    assertTrue(file.isAbsolute() && Files.isRegularFile(file), file + "");
    assertTrue(file.getFileName().toString().startsWith("libm"), file + "");
    assertNull(SystemLoader.find("libm.so.6", "no_such_function"));
    assertNull(SystemLoader.find("libno-such-library.so.1", "cos"));
  }

  @Test
  void linksInACircleAreLeft() throws IOException {
    Path bin = Files.createDirectories(root.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("python3"), Path.of("other"));
    Files.createSymbolicLink(bin.resolve("other"), Path.of("python3"));
    variables.put("PATH", bin.toString());
    assertFalse(find().complete());
  }

  @Test
  void pyenvNamesItsVersionInAFile() throws IOException {
    String packages = "pyenv/versions/3.11.7/lib/python3.11/site-packages/nvidia/cudnn/lib";
    all(packages);
    Path shim =
        Files.createFile(Files.createDirectories(root.resolve("pyenv/shims")).resolve("python3"));
    assertTrue(shim.toFile().setExecutable(true));
    Files.writeString(root.resolve("pyenv/version"), "3.11.7\n");
    variables.put("PATH", shim.getParent().toString());
    from(find(), CudaLibrary.CUDNN, packages + "/libcudnn.so.9");
  }

  @Test
  void theLoadersConfigurationIsFollowed() throws IOException {
    all("opt/nvidia/lib");
    Files.createDirectories(root.resolve("etc/ld.so.conf.d"));
    Files.writeString(root.resolve("etc/ld.so.conf"), "include ld.so.conf.d/*.conf\n");
    Files.writeString(
        root.resolve("etc/ld.so.conf.d/cuda.conf"), "# CUDA\n/opt/nvidia/lib # here\n");
    from(find(), CudaLibrary.DRIVER, "opt/nvidia/lib/libcuda.so.1");
  }

  @Test
  void theNewestToolkitComesFirst() throws IOException {
    put("usr/lib64", "libcuda.so.1", "libcudnn.so.9");
    put("usr/local/cuda-12.4/lib64", CUDA12);
    put("usr/local/cuda-12.10/lib64", CUDA12);
    put("usr/local/cuda-12.9/lib64", CUDA12);
    from(find(), CudaLibrary.CUBLAS, "usr/local/cuda-12.10/lib64/libcublas.so.12");
    put("usr/local/cuda/lib64", CUDA12);
    from(find(), CudaLibrary.CUBLAS, "usr/local/cuda/lib64/libcublas.so.12");
  }

  @Test
  void releasesOfCudaAreNotMixed() throws IOException {
    put("usr/lib64", "libcuda.so.1", "libcudnn.so.9", "libnvrtc.so.12");
    put("usr/local/cuda-13.0/lib64", CUDA13);
    LibrarySearchResult found = find();
    assertTrue(found.complete(), found.problem());
    assertEquals(13, found.cudaMajor());
    from(found, CudaLibrary.NVRTC, "usr/local/cuda-13.0/lib64/libnvrtc.so.13");
    assertTrue(found.infos().get(1).note().contains("CUDA 13"));
    put("usr/lib64", CUDA12);
    assertEquals(12, find().cudaMajor());
    named = root.resolve("usr/local/cuda-13.0").toString();
    assertEquals(13, find().cudaMajor());
  }

  @Test
  void halfOfTwoReleasesIsNotOne() throws IOException {
    put("usr/lib64", "libcuda.so.1", "libcudnn.so.9", "libcublas.so.12", "libcublasLt.so.12");
    put("usr/lib64", "libnvrtc.so.13");
    says("libnvrtc.so.12 (NVRTC)", "libnvrtc.so.13 is of another release", "CUDA toolkit 12");
  }

  private void says(String... parts) {
    String problem = find().problem();
    for (String part : parts) {
      assertTrue(problem.contains(part), problem);
    }
    assertTrue(problem.endsWith("."), problem);
  }

  @Test
  void whatIsMissingIsSaidInOrder() throws IOException {
    says(
        "libcuda.so.1 (the NVIDIA driver) was not found in " + root.resolve("usr/lib"),
        "install the NVIDIA driver, or set ALEXNET_CUDA_PATH to the folder that holds it.");
    assertEquals(4, find().infos().size());
    assertNull(find().infos().getFirst().file());
    put("usr/lib64", "libcuda.so.1");
    says(
        "libcublas.so.12 or libcublas.so.13 (cuBLAS) was not found in",
        root.resolve("usr/lib64") + " and " + root.resolve("usr/lib"),
        "python3 -m pip install nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-cuda-nvrtc-cu12",
        "mvn -N -Pcuda-libraries validate");
    put("usr/lib64", "libcublas.so.12");
    says("libcublasLt.so.12 (cuBLAS) was not found");
    put("usr/lib64", "libcublasLt.so.12");
    says("libcudnn.so.9 (cuDNN 9) was not found", "install cuDNN 9 for CUDA 12");
    put("usr/lib64", "libcudnn.so.8");
    says("libcudnn.so.9", root.resolve("usr/lib64/libcudnn.so.8") + " is of another release");
    put("usr/lib64", "libcudnn.so.9");
    says("libnvrtc.so.12 (NVRTC) was not found");
    put("usr/lib64", "libnvrtc.so.12");
    assertTrue(find().complete());
  }

  /** What a laptop is told: a clause, each place once, and one remedy for all that is missing. */
  @Test
  void whatIsMissingIsSaidInParts() throws IOException {
    put("usr/lib64");
    LibrarySearchResult found = find();
    assertEquals("no NVIDIA driver", found.obstacle().clause());
    assertEquals(
        List.of(root.resolve("usr/lib64").toString(), root.resolve("usr/lib").toString()),
        found.obstacle().searched());
    String remedy = found.obstacle().remedy();
    assertTrue(remedy.startsWith("Install the NVIDIA driver, then install the CUDA "), remedy);
    assertEquals(remedy.indexOf("pip install"), remedy.lastIndexOf("pip install"), remedy);
    for (LibraryInfo library : found.infos()) {
      assertTrue(library.note().endsWith(" was not found"), library.note());
    }
    all("usr/lib64");
    Files.delete(root.resolve("usr/lib64/libcudnn.so.9"));
    assertEquals("no cuDNN 9", find().obstacle().clause());
    put("usr/lib64", "libcudnn.so.9");
    assertNull(find().obstacle());
  }

  @Test
  void onlyCuda13IsCompletedWithCuda13() throws IOException {
    put("usr/lib64", "libcuda.so.1", "libnvrtc.so.13");
    says("libcublas.so.13 (cuBLAS)", "nvidia-cublas nvidia-cudnn-cu13 nvidia-cuda-nvrtc");
  }

  @Test
  void filesThatAreNoLibrariesArePassedOver() throws IOException {
    all("usr/lib64");
    Path folder = Files.createDirectories(root.resolve("usr/lib/x86_64-linux-gnu"));
    Path file = Files.createFile(folder.resolve("libcuda.so.1"));
    from(find(), CudaLibrary.DRIVER, "usr/lib64/libcuda.so.1");
    Files.delete(root.resolve("usr/lib64/libcuda.so.1"));
    says("(" + file + " is empty)");
    Files.write(file, header(32, 3));
    says("is not a 64-bit library");
    Files.write(file, header(64, 183));
    says("is a library for another processor");
    Files.writeString(file, "GROUP ( /lib/libcuda.so.1 ) of a linker script");
    says("is not a library (no ELF header)");
  }

  @Test
  void aWrongNameInTheVariableIsAnError() throws IOException {
    all("usr/lib64");
    named = root.resolve("typo").toString();
    says("ALEXNET_CUDA_PATH names " + named + ", which is not a folder");
    Files.createDirectories(root.resolve("typo"));
    says("which holds none of libcuda.so.1, libcublas.so.12, libcudnn.so.9, libnvrtc.so.12");
  }

  @Test
  void theVersionInAFilesNameIsShown() throws IOException {
    all("usr/lib64");
    Path link = root.resolve("usr/lib64/libcudnn.so.9");
    Files.move(link, root.resolve("usr/lib64/libcudnn.so.9.5.1"));
    Files.createSymbolicLink(link, Path.of("libcudnn.so.9.5.1"));
    assertEquals("9.5.1", find().infos().get(2).version());
    assertEquals("", find().infos().get(3).version());
  }

  @Test
  void otherSystemsAreToldSo() {
    LibrarySearchResult found =
        Finder.find(new Machine(Map.of(), root, null, null, "Mac OS X aarch64", null));
    assertFalse(found.complete());
    assertEquals(List.of(), found.infos());
    assertTrue(found.problem().contains("Linux on x86-64 only, and this is Mac OS X aarch64"));
  }
}
