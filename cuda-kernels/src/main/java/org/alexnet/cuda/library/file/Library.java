package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.backend.LibraryInfo;

/**
 * One library as it was sought.
 *
 * @param kind which one
 * @param sought names that would have done: {@code libcublas.so.12}, {@code libcublas.so.13}
 * @param file the file taken, or null
 * @param before files of the same library that must be loaded before it
 * @param cudaMajor release of CUDA that it belongs to; 0 for the driver and cuDNN, which serve any
 * @param note what is special about it, or, where it is missing, a clause that says what was sought
 */
public record Library(
    CudaLibrary kind,
    List<String> sought,
    Path file,
    List<Path> before,
    int cudaMajor,
    String note) {
  public Library {
    sought = List.copyOf(sought);
    before = List.copyOf(before);
  }

  public boolean missing() {
    return file == null;
  }

  /** What is known without loading it: a version only where the file's full name tells one. */
  public LibraryInfo info() {
    return info(missing() ? "" : versionInName(), note);
  }

  public LibraryInfo info(String version, String withNote) {
    return new LibraryInfo(kind.label, missing() ? null : file.toString(), version, withNote);
  }

  /** {@code 12.6.4.1} of {@code libcublas.so.12 -> libcublas.so.12.6.4.1}. */
  private String versionInName() {
    String name;
    try {
      name = file.toRealPath().getFileName().toString();
    } catch (IOException e) {
      return "";
    }
    String start = kind.stem + ".so.";
    String version = name.startsWith(start) ? name.substring(start.length()) : "";
    return version.contains(".") ? version : "";
  }
}
