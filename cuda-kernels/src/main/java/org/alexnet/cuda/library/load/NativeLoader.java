package org.alexnet.cuda.library.load;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.ElfFile;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.LibrarySearchResult;

/**
 * Loads what was found into this process, by absolute path and dependencies first: a library that
 * is in the process already satisfies every later need for its name, so that neither {@code
 * LD_LIBRARY_PATH} nor the system's loader has to know these folders.
 */
public final class NativeLoader {
  /** cuDNN compiles kernels with NVRTC and multiplies with cuBLAS, so it comes last. */
  private static final List<CudaLibrary> ORDER =
      List.of(CudaLibrary.DRIVER, CudaLibrary.CUBLAS, CudaLibrary.NVRTC, CudaLibrary.CUDNN);

  /** Libraries of the system's that CUDA's need and a small image may lack, and their packages. */
  private static final Map<String, String> PACKAGES =
      Map.of(
          "libz.so.1", "zlib1g (Debian, Ubuntu) or zlib (Fedora, RHEL, Arch)",
          "libstdc++.so.6", "libstdc++6 (Debian, Ubuntu) or libstdc++ (Fedora, RHEL)",
          "libgcc_s.so.1", "libgcc-s1 (Debian, Ubuntu) or libgcc (Fedora, RHEL)");

  private static final Pattern MISSING =
      Pattern.compile("(lib[^\\s/:]+): cannot open shared object");

  private static final Pattern RELEASE = Pattern.compile("\\b\\d{3,4}\\.\\d+(\\.\\d+)?\\b");

  private final LibrarySearchResult found;
  private final Consumer<String> step;
  private final Map<CudaLibrary, SymbolLookup> symbols = new EnumMap<>(CudaLibrary.class);
  private final Map<CudaLibrary, String> refused = new EnumMap<>(CudaLibrary.class);
  private final Map<CudaLibrary, String> versions = new EnumMap<>(CudaLibrary.class);

  private NativeLoader(LibrarySearchResult found, Consumer<String> step) {
    this.found = found;
    this.step = step;
  }

  /**
   * Loads everything of what is complete.
   *
   * @param step told what is about to be done, so that a crash can be blamed on it
   * @throws AlexNetException if a library cannot be loaded, lacks a function, or is too old
   */
  public static Loaded load(LibrarySearchResult found, Consumer<String> step) {
    return new NativeLoader(found, step).load();
  }

  private Loaded load() {
    Path cache = CacheFolder.create(found.cache());
    for (CudaLibrary kind : ORDER) {
      load(found.library(kind));
    }
    found.find(CudaLibrary.NCCL).ifPresent(this::loadIfItServes);
    int driver = Versions.driver(symbols.get(CudaLibrary.DRIVER));
    checkDriver(driver);
    checkCudnn(Versions.cudaOfCudnn(symbols.get(CudaLibrary.CUDNN)) / 1000);
    Path natives = JCudaNatives.unpack(cache, found.cudaMajor());
    JCudaNatives.initialise(natives, step);
    List<LibraryInfo> infos =
        found.libraries().stream()
            .map(
                l ->
                    l.info(
                        versions.getOrDefault(l.kind(), ""),
                        l.kind() == CudaLibrary.DRIVER
                            ? release()
                            : refused.getOrDefault(l.kind(), l.note())))
            .toList();
    return new Loaded(
        symbols.get(CudaLibrary.NVRTC),
        blasLt(found.library(CudaLibrary.CUBLAS)),
        symbols.get(CudaLibrary.NCCL),
        Architectures.of(symbols.get(CudaLibrary.NVRTC), found.cudaMajor()),
        driver,
        infos,
        cache);
  }

  @SuppressWarnings("restricted")
  private void load(Library library) {
    switch (library.kind()) {
      case CUBLAS -> library.before().forEach(this::loadStep);
      case DRIVER, NVRTC, NCCL -> library.before().forEach(this::loadIfPossible);
      case CUDNN -> inOrder(library.before()).forEach(this::loadIfPossible);
    }
    loadStep(library.file());
    SymbolLookup lookup = SymbolLookup.libraryLookup(library.file(), Arena.global());
    step.accept("asking " + library.file() + " for its version");
    String version = Versions.of(library.kind(), lookup);
    RequiredSymbols.check(library, found.cudaMajor(), lookup, version);
    symbols.put(library.kind(), lookup);
    versions.put(library.kind(), version);
  }

  /** One that the backend does without, where it cannot be loaded or lacks a function. */
  private void loadIfItServes(Library library) {
    try {
      load(library);
    } catch (AlexNetException e) {
      refused.put(library.kind(), "is not used: " + e.getMessage());
    }
  }

  /** What cuBLAS needs and is loaded before it. */
  @SuppressWarnings("restricted")
  private static SymbolLookup blasLt(Library cublas) {
    return cublas.before().stream()
        .filter(file -> name(file).startsWith("libcublasLt."))
        .findFirst()
        .map(file -> SymbolLookup.libraryLookup(file, Arena.global()))
        .orElse(null);
  }

  private void loadStep(Path file) {
    step.accept("loading " + file);
    load(file);
  }

  /** Loads one file. */
  @SuppressWarnings("restricted")
  public static void load(Path file) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      throw new AlexNetException(failure(file, cause(e)), e);
    }
  }

  /** Why a file could not be loaded, and what to do; a file that it needs is named. */
  public static String failure(Path file, String cause) {
    Matcher missing = MISSING.matcher(cause);
    if (!missing.find() || missing.group(1).equals(name(file))) {
      return "%s could not be loaded: %s; install it again, or set ALEXNET_CUDA_PATH to a folder with other libraries."
          .formatted(file, cause);
    }
    String needed = missing.group(1);
    String from = PACKAGES.getOrDefault(needed, "the package that it belongs to");
    return "%s could not be loaded: it needs %s, which was not found; install %s."
        .formatted(file, needed, from);
  }

  /**
   * Parts that a library loads by itself when it needs them: if one fails here, that tells. But not
   * every library says as clearly what its parts lack of the system's.
   */
  private void loadIfPossible(Path file) {
    try {
      loadStep(file);
    } catch (AlexNetException e) {
      if (PACKAGES.keySet().stream().anyMatch(e.getMessage()::contains)) {
        throw e;
      }
      step.accept("going on without " + file);
    }
  }

  /** Libraries of one folder, each after those that it needs. */
  private static List<Path> inOrder(List<Path> files) {
    List<Path> order = new ArrayList<>();
    List<Path> open = new ArrayList<>(files);
    List<String> names = new ArrayList<>(files.stream().map(NativeLoader::name).toList());
    while (!open.isEmpty()) {
      Path next =
          open.stream()
              .filter(
                  f -> neededBy(f).stream().noneMatch(n -> !n.equals(name(f)) && names.contains(n)))
              .findFirst()
              .orElse(open.getFirst());
      open.remove(next);
      names.remove(name(next));
      order.add(next);
    }
    return order;
  }

  private static List<String> neededBy(Path file) {
    try {
      return ElfFile.read(file).needed();
    } catch (IOException | AlexNetException e) {
      return List.of(); // Loading it will say what is wrong.
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private void checkDriver(int version) {
    int needed = found.cudaMajor() * 1000;
    if (version < needed) {
      throw new ProbeFailure(
          "the NVIDIA driver is too old",
          "The NVIDIA driver%s serves CUDA %s, and the libraries found are of CUDA %d (%s); %s"
              .formatted(
                  release().isEmpty() ? "" : " (" + release() + ")",
                  Versions.cuda(version),
                  found.cudaMajor(),
                  found.library(CudaLibrary.CUBLAS).file(),
                  RequiredSymbols.driverRemedy(found.cudaMajor())));
    }
  }

  private void checkCudnn(long major) {
    if (major != 0 && major != found.cudaMajor()) {
      throw new AlexNetException(
          "libcudnn.so.9 (%s) was made for CUDA %d, and the cuBLAS found is of CUDA %d (%s); %s"
              .formatted(
                  found.library(CudaLibrary.CUDNN).file(),
                  major,
                  found.cudaMajor(),
                  found.library(CudaLibrary.CUBLAS).file(),
                  CudaLibrary.CUDNN.remedy(found.cudaMajor())));
    }
  }

  /** {@code release 550.54.15} of the kernel's driver; empty where it does not say. */
  private static String release() {
    try {
      String text = Files.readString(Path.of("/proc/driver/nvidia/version"));
      Matcher matcher = RELEASE.matcher(text);
      return matcher.find() ? "release " + matcher.group() : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** The innermost message of a failed load, on one line and without a full stop. */
  static String cause(Throwable e) {
    Throwable inner = e;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    String message =
        inner.getMessage() == null ? inner.getClass().getSimpleName() : inner.getMessage();
    return message.lines().findFirst().orElse("").strip().replaceFirst("\\.$", "");
  }
}
