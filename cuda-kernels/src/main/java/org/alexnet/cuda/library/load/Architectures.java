package org.alexnet.cuda.library.load;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The GPUs that a release of CUDA can make code for. Newer ones get code that their driver
 * translates; of older ones there is nothing to be had: CUDA 13 begins with Turing.
 *
 * @param cudaMajor of the release
 * @param oldest compute capability of the oldest, 75 for 7.5; 0 where NVRTC does not say
 */
public record Architectures(int cudaMajor, int oldest) {
  private static final FunctionDescriptor TAKES_ADDRESS = FunctionDescriptor.of(JAVA_INT, ADDRESS);

  /** As NVRTC says. */
  static Architectures of(SymbolLookup nvrtc, int cudaMajor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      int status = (int) function(nvrtc, "nvrtcGetNumSupportedArchs").invokeExact(count);
      int known = status == 0 ? Math.max(0, count.get(JAVA_INT, 0)) : 0;
      MemorySegment all = arena.allocate(JAVA_INT, Math.max(1, known));
      status = (int) function(nvrtc, "nvrtcGetSupportedArchs").invokeExact(all);
      int oldest = known == 0 || status != 0 ? 0 : Integer.MAX_VALUE;
      for (int i = 0; i < known; i++) {
        oldest = Math.min(oldest, all.getAtIndex(JAVA_INT, i));
      }
      return new Architectures(cudaMajor, oldest);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(SymbolLookup nvrtc, String name) {
    return Linker.nativeLinker().downcallHandle(nvrtc.findOrThrow(name), TAKES_ADDRESS);
  }

  /**
   * Why a device cannot be used, and what to do; empty if it can.
   *
   * @param device as users know it: {@code cuda:0 (Tesla V100-SXM2-16GB)}
   * @param capability 70 for compute capability 7.0
   */
  public String obstacle(String device, int capability) {
    if (capability >= oldest) {
      return "";
    }
    String remedy =
        cudaMajor > 12
            ? "install libraries of CUDA 12 with cuDNN 9.5 and set ALEXNET_CUDA_PATH to their"
                + " folder, or use another device."
            : "use another device.";
    return "%s has compute capability %s, which the CUDA %d found no longer supports (its oldest is %s); %s"
        .formatted(device, version(capability), cudaMajor, version(oldest), remedy);
  }

  private static String version(int capability) {
    return capability / 10 + "." + capability % 10;
  }
}
