package org.alexnet.cuda.library.load;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.backend.LibraryInfo;

/**
 * CUDA's libraries in this process; from here on JCuda's classes can be used.
 *
 * @param nvrtc NVRTC's functions, for {@code java.lang.foreign}
 * @param blasLt cuBLASLt's functions, likewise; null where it was not found by itself
 * @param nccl NCCL's functions; null where it was not found or does not serve
 * @param architectures the GPUs that NVRTC compiles for
 * @param driverVersion newest CUDA that the driver serves, as 1000 major + 10 minor
 * @param libraries each library with the version that it says it has
 * @param cache a folder of the user's for what can be made again, such as compiled kernels; it
 *     exists, and several processes may use it
 */
public record Loaded(
    SymbolLookup nvrtc,
    SymbolLookup blasLt,
    SymbolLookup nccl,
    Architectures architectures,
    int driverVersion,
    List<LibraryInfo> libraries,
    Path cache) {
  public Loaded {
    libraries = List.copyOf(libraries);
  }
}
