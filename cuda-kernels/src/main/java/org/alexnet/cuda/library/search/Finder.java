package org.alexnet.cuda.library.search;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alexnet.backend.Obstacle;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.ElfHeader;
import org.alexnet.cuda.library.file.Folders;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.file.Machine;

/**
 * Finds CUDA's libraries with the file system and the environment alone. Files that are no library
 * for this processor, such as the empty {@code libcuda.so.1} that some container images carry, are
 * passed over.
 */
public final class Finder {
  private static final int[] MAJORS = {12, 13};

  private final Machine machine;
  private final Path cache;
  private final List<Path> named;
  private final List<Path> places = new ArrayList<>();

  /** Files of the right name that cannot be loaded, with the reason. */
  private final TreeMap<Path, String> refused = new TreeMap<>();

  private Finder(Machine machine) {
    this.machine = machine;
    this.cache = CacheFolder.of(machine);
    this.named = SearchPlaces.named(machine);
    places.addAll(named);
    for (Path place : SearchPlaces.usual(machine, cache)) {
      if (!places.contains(place)) {
        places.add(place);
      }
    }
  }

  public static LibrarySearchResult find(Machine machine) {
    if (!machine.suits()) {
      return new LibrarySearchResult(
          List.of(),
          MAJORS[0],
          "NVIDIA's libraries are sought on Linux on x86-64 only, and this is %s."
              .formatted(machine.system()),
          new Obstacle("CUDA needs Linux on x86-64"),
          CacheFolder.of(machine));
    }
    return new Finder(machine).find();
  }

  private LibrarySearchResult find() {
    int major = chooseMajor();
    List<Library> libraries =
        Stream.of(
                library(CudaLibrary.DRIVER, 0, major),
                library(CudaLibrary.CUBLAS, major, major),
                library(CudaLibrary.CUDNN, 0, major),
                library(CudaLibrary.NVRTC, major, major),
                library(CudaLibrary.NCCL, 0, major))
            .filter(library -> !library.missing() || !library.kind().optional())
            .toList();
    Obstacle named = wrongName(libraries);
    if (named != null) {
      return new LibrarySearchResult(libraries, major, named.remedy(), named, cache);
    }
    List<CudaLibrary> missing =
        libraries.stream().filter(Library::missing).map(Library::kind).toList();
    if (missing.isEmpty()) {
      return new LibrarySearchResult(libraries, major, "", null, cache);
    }
    Library first = libraries.stream().filter(Library::missing).findFirst().orElseThrow();
    String remedy = CudaLibrary.remedy(missing, major);
    return new LibrarySearchResult(
        libraries,
        major,
        problem(first, major),
        new Obstacle(
            "no " + first.kind().brief,
            places.stream().map(Path::toString).toList(),
            remedy.substring(0, 1).toUpperCase(Locale.ROOT) + remedy.substring(1)),
        cache);
  }

  /**
   * cuBLAS and NVRTC are taken from one release of CUDA: the one of which both are there, that the
   * user names, and, among equals, CUDA 12, for which JCuda was made.
   */
  private int chooseMajor() {
    int best = MAJORS[0];
    int bestScore = -1;
    for (int major : MAJORS) {
      int score = 0;
      for (CudaLibrary kind : new CudaLibrary[] {CudaLibrary.CUBLAS, CudaLibrary.NVRTC}) {
        Path file = first(kind.soname(major));
        score += file == null ? 0 : named.contains(file.getParent()) ? 11 : 10;
      }
      if (score > bestScore) {
        bestScore = score;
        best = major;
      }
    }
    return best;
  }

  private Library library(CudaLibrary kind, int cudaMajor, int chosen) {
    String soname = kind.soname(chosen);
    Path file = kind == CudaLibrary.DRIVER ? driver(soname) : first(soname);
    if (file == null) {
      return missing(kind, chosen, soname);
    }
    List<Path> before =
        switch (kind) {
          case DRIVER -> Folders.matching(file.getParent(), "libnvidia-ptxjitcompiler.so.1");
          case CUBLAS -> besideOrAnywhere(file, "libcublasLt.so." + chosen);
          case CUDNN -> Folders.matching(file.getParent(), "libcudnn_*.so.9");
          case NCCL -> List.of();
          case NVRTC -> Folders.matching(file.getParent(), "libnvrtc-builtins.so." + chosen + ".*");
        };
    if (kind == CudaLibrary.CUBLAS && before.isEmpty()) {
      return missing(kind, chosen, "libcublasLt.so." + chosen);
    }
    if (kind == CudaLibrary.NVRTC) {
      // libnvrtc-builtins.so.12.6 is a link to .so.12.6.85, which must not be loaded twice.
      before = before.stream().filter(p -> dots(p) == 3).toList();
    }
    String note =
        kind == CudaLibrary.CUBLAS && chosen != MAJORS[0]
            ? "of CUDA %d; JCuda, made for CUDA 12, reaches it through a rewritten copy of its own library"
                .formatted(chosen)
            : "";
    return new Library(kind, List.of(soname), file, before, cudaMajor, note);
  }

  /** The loader is asked last, for it would load an unusable file as well, such as a stub. */
  private Path driver(String soname) {
    Path file = first(soname);
    return file != null ? file : machine.loader().find(soname, "cuInit");
  }

  private static long dots(Path file) {
    return file.getFileName().toString().chars().filter(c -> c == '.').count();
  }

  private List<Path> besideOrAnywhere(Path file, String name) {
    Path beside = file.resolveSibling(name);
    Path other = Files.exists(beside) ? beside : first(name);
    return other == null ? List.of() : List.of(other);
  }

  private Library missing(CudaLibrary kind, int chosen, String soname) {
    // A major of which something else is there is the one to complete; otherwise either would do.
    boolean either =
        kind.soname(12).equals(soname)
            && !kind.soname(12).equals(kind.soname(13))
            && first(CudaLibrary.CUBLAS.soname(12)) == null
            && first(CudaLibrary.NVRTC.soname(12)) == null;
    List<String> sought = either ? List.of(kind.soname(12), kind.soname(13)) : List.of(soname);
    String note = String.join(" or ", sought) + " was not found" + others(kind, soname);
    return new Library(kind, sought, null, List.of(), 0, note);
  }

  /** Files that look like the missing one and will not do, as a clause. */
  private String others(CudaLibrary kind, String soname) {
    for (var entry : refused.entrySet()) {
      if (entry.getKey().getFileName().toString().equals(soname)) {
        return " (%s %s)".formatted(entry.getKey(), entry.getValue());
      }
    }
    for (Path place : places) {
      for (Path file : Folders.matching(place, kind.stem + ".so.*")) {
        String name = file.getFileName().toString();
        if (!name.startsWith(soname) && kind != CudaLibrary.DRIVER) {
          return " (%s is of another release)".formatted(file);
        }
      }
    }
    return "";
  }

  /** One sentence about what is missing. */
  private String problem(Library missing, int major) {
    CudaLibrary kind = missing.kind();
    return "%s (%s) was not found in %s%s; %s"
        .formatted(
            String.join(" or ", missing.sought()),
            kind.words,
            SearchPlaces.words(places),
            others(kind, missing.sought().getFirst()),
            kind.remedy(major));
  }

  /** What is wrong with the folders that the user names, or null. */
  private Obstacle wrongName(List<Library> libraries) {
    String clause = "ALEXNET_CUDA_PATH is wrong";
    for (Path folder : machine.namedFolders()) {
      if (!Files.isDirectory(folder)) {
        return new Obstacle(
            clause,
            List.of(),
            "ALEXNET_CUDA_PATH names %s, which is not a folder; correct it or unset it."
                .formatted(folder));
      }
    }
    boolean used =
        named.isEmpty()
            || libraries.stream()
                .anyMatch(l -> !l.missing() && named.contains(l.file().getParent()));
    if (used) {
      return null;
    }
    String names =
        String.join(
            ", ",
            Arrays.stream(CudaLibrary.values())
                .filter(kind -> !kind.optional())
                .map(kind -> kind.soname(MAJORS[0]))
                .toList());
    return new Obstacle(
        clause,
        List.of(),
        "ALEXNET_CUDA_PATH names %s, which holds none of %s; correct it or unset it."
            .formatted(machine.named(), names));
  }

  /** The first file of this name that can be loaded, or null. */
  private Path first(String name) {
    for (Path place : places) {
      Path file = place.resolve(name);
      if (Files.isRegularFile(file) && !refused.containsKey(file)) {
        String objection = ElfHeader.objection(file);
        if (objection.isEmpty()) {
          return file;
        }
        refused.put(file, objection);
      }
    }
    return null;
  }
}
