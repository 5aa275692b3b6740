package org.alexnet.cuda.library.file;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.backend.Obstacle;

/**
 * Which of CUDA's libraries are on this machine; nothing of them is loaded yet.
 *
 * @param libraries each that is needed, found or not, and those found that are not; none where the
 *     machine cannot have any
 * @param cudaMajor release of CUDA that cuBLAS and NVRTC belong to: 12 or 13
 * @param problem the first thing that is missing, where it was sought and what to do, in one
 *     sentence; empty if nothing is
 * @param obstacle the same apart: a clause, the places, and one remedy for all that is missing;
 *     null if nothing is
 * @param cache where copies and answers are kept
 */
public record LibrarySearchResult(
    List<Library> libraries, int cudaMajor, String problem, Obstacle obstacle, Path cache) {
  public LibrarySearchResult {
    libraries = List.copyOf(libraries);
  }

  /** Whether everything that is needed is there. */
  public boolean complete() {
    return problem.isEmpty();
  }

  /** Each library for the user's eyes; versions only where file names tell them. */
  public List<LibraryInfo> infos() {
    return libraries.stream().map(Library::info).toList();
  }

  /** The library of a kind that is needed. */
  public Library library(CudaLibrary kind) {
    return find(kind).orElseThrow();
  }

  /** The library of a kind, if it was sought and found or is needed. */
  public Optional<Library> find(CudaLibrary kind) {
    return libraries.stream().filter(l -> l.kind() == kind).findFirst();
  }
}
