package org.alexnet.cuda.library;

import org.alexnet.AlexNetException;
import org.alexnet.backend.Availability;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.file.Machine;
import org.alexnet.cuda.library.load.Loaded;
import org.alexnet.cuda.library.load.NativeLoader;
import org.alexnet.cuda.library.probe.CudaProbe;
import org.alexnet.cuda.library.search.Finder;

/**
 * CUDA's libraries on this machine, in three steps: {@link #find} looks at files only, {@link
 * #probe} tries what it found in a process of its own, which a wrong library may end, and {@link
 * #load} brings it into this process.
 */
public final class CudaLibraries {
  private static Loaded loaded;
  private static AlexNetException failure;

  private CudaLibraries() {}

  /** Looks for the libraries; nothing is loaded. */
  public static LibrarySearchResult find() {
    return Finder.find(Machine.current());
  }

  /**
   * Whether what was found can serve. If it is complete, a child process tries it, or what that
   * found since this machine was started is answered, if nothing has changed. Does not throw.
   */
  public static Availability probe(LibrarySearchResult found) {
    return CudaProbe.run(found);
  }

  /**
   * Loads the libraries and JCuda's, once a process: a later call answers as the first did.
   *
   * @throws AlexNetException if one is missing, cannot be loaded, lacks a function that the backend
   *     calls, or if the driver is too old for them
   */
  public static synchronized Loaded load(LibrarySearchResult found) {
    if (!found.complete()) {
      throw new AlexNetException(found.problem());
    }
    if (failure != null) {
      throw failure;
    }
    if (loaded == null) {
      try {
        loaded = NativeLoader.load(found, step -> {});
      } catch (AlexNetException e) {
        failure = e;
        throw e;
      }
    }
    return loaded;
  }
}
