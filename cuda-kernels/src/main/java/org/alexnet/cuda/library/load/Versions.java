package org.alexnet.cuda.library.load;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.alexnet.cuda.library.file.CudaLibrary;

/** What loaded libraries say of their own version, without a device and without JCuda. */
final class Versions {
  private Versions() {}

  /** As the library says; empty if it does not say. */
  static String of(CudaLibrary kind, SymbolLookup library) {
    return switch (kind) {
      case DRIVER -> cuda(driver(library));
      case CUBLAS -> cublas(library);
      case CUDNN -> cudnn(library);
      case NVRTC -> nvrtc(library);
      case NCCL -> nccl(library);
    };
  }

  /** The newest CUDA that a driver serves, as 1000 major + 10 minor; 0 if it does not say. */
  static int driver(SymbolLookup driver) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment version = arena.allocate(JAVA_INT);
      Optional<MethodHandle> call = handle(driver, "cuDriverGetVersion", JAVA_INT, ADDRESS);
      return call.isPresent() && (int) call.get().invokeExact(version) == 0
          ? version.get(JAVA_INT, 0)
          : 0;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code 12.6} of 12060. */
  static String cuda(int number) {
    return number == 0 ? "" : number / 1000 + "." + number % 1000 / 10;
  }

  private static String cublas(SymbolLookup cublas) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      Optional<MethodHandle> call =
          handle(cublas, "cublasGetProperty", JAVA_INT, JAVA_INT, ADDRESS);
      StringBuilder version = new StringBuilder();
      for (int part = 0; part < 3 && call.isPresent(); part++) {
        if ((int) call.get().invokeExact(part, value) != 0) {
          return "";
        }
        version.append(part == 0 ? "" : ".").append(value.get(JAVA_INT, 0));
      }
      return version.toString();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static String cudnn(SymbolLookup cudnn) {
    try {
      Optional<MethodHandle> call = handle(cudnn, "cudnnGetVersion", JAVA_LONG);
      if (call.isEmpty()) {
        return "";
      }
      long number = (long) call.get().invokeExact();
      return number / 10000 + "." + number % 10000 / 100 + "." + number % 100;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The CUDA that cuDNN was made for, as 1000 major + 10 minor; 0 if it does not say. */
  static long cudaOfCudnn(SymbolLookup cudnn) {
    try {
      Optional<MethodHandle> call = handle(cudnn, "cudnnGetCudartVersion", JAVA_LONG);
      return call.isPresent() ? (long) call.get().invokeExact() : 0;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static String nvrtc(SymbolLookup nvrtc) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT);
      MemorySegment minor = arena.allocate(JAVA_INT);
      Optional<MethodHandle> call = handle(nvrtc, "nvrtcVersion", JAVA_INT, ADDRESS, ADDRESS);
      return call.isPresent() && (int) call.get().invokeExact(major, minor) == 0
          ? major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0)
          : "";
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code 2.27.3} of 22703. */
  private static String nccl(SymbolLookup nccl) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment version = arena.allocate(JAVA_INT);
      Optional<MethodHandle> call = handle(nccl, "ncclGetVersion", JAVA_INT, ADDRESS);
      if (call.isEmpty() || (int) call.get().invokeExact(version) != 0) {
        return "";
      }
      int number = version.get(JAVA_INT, 0);
      return number / 10000 + "." + number % 10000 / 100 + "." + number % 100;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @SuppressWarnings("restricted")
  private static Optional<MethodHandle> handle(
      SymbolLookup library, String function, MemoryLayout result, MemoryLayout... arguments) {
    return library
        .find(function)
        .map(
            address ->
                Linker.nativeLinker()
                    .downcallHandle(address, FunctionDescriptor.of(result, arguments)));
  }

  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException(e);
  }
}
