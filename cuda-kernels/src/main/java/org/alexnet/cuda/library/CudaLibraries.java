package org.alexnet.cuda.library;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Availability;

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
  public static Found find() {
    return Finder.find(Machine.current());
  }

  /**
   * Tries the libraries in a child process, or answers what that found since this machine was
   * started, if nothing has changed. Does not throw.
   */
  public static ProbeResult probe(Found found) {
    return CudaProbe.run(found);
  }

  /**
   * Whether what was found can serve, tried by {@link #probe} if it is complete. Does not throw.
   */
  public static Availability availability(Found found) {
    if (!found.complete()) {
      return new Availability(false, found.problem(), List.of(), found.infos());
    }
    ProbeResult result = probe(found);
    return new Availability(
        result.available(), result.reason(), result.devices(), result.libraries());
  }

  /**
   * Loads the libraries and JCuda's, once a process: a later call answers as the first did.
   *
   * @throws AlexNetException if one is missing, cannot be loaded, lacks a function that the backend
   *     calls, or if the driver is too old for them
   */
  public static synchronized Loaded load(Found found) {
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
