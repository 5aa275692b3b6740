package org.alexnet.cuda.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.library.load.Functions;

/**
 * NVRTC, CUDA's compiler as a library. It is called without JCuda's binding, which is tied to one
 * version of it.
 */
final class Nvrtc {
  private static final int INVALID_OPTION = 5;

  private final MethodHandle version;
  private final MethodHandle createProgram;
  private final MethodHandle compileProgram;
  private final MethodHandle getProgramLogSize;
  private final MethodHandle getProgramLog;
  private final MethodHandle getPtxSize;
  private final MethodHandle getPtx;
  private final MethodHandle getCubinSize;
  private final MethodHandle getCubin;
  private final MethodHandle destroyProgram;

  /**
   * @param library where NVRTC's functions are
   */
  Nvrtc(SymbolLookup library) {
    version = Functions.of(library, "nvrtcVersion", ADDRESS, ADDRESS);
    createProgram =
        Functions.of(
            library, "nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    compileProgram = Functions.of(library, "nvrtcCompileProgram", ADDRESS, JAVA_INT, ADDRESS);
    getProgramLogSize = Functions.of(library, "nvrtcGetProgramLogSize", ADDRESS, ADDRESS);
    getProgramLog = Functions.of(library, "nvrtcGetProgramLog", ADDRESS, ADDRESS);
    getPtxSize = Functions.of(library, "nvrtcGetPTXSize", ADDRESS, ADDRESS);
    getPtx = Functions.of(library, "nvrtcGetPTX", ADDRESS, ADDRESS);
    getCubinSize = Functions.of(library, "nvrtcGetCUBINSize", ADDRESS, ADDRESS);
    getCubin = Functions.of(library, "nvrtcGetCUBIN", ADDRESS, ADDRESS);
    destroyProgram = Functions.of(library, "nvrtcDestroyProgram", ADDRESS);
  }

  /** Calls a function and checks what it answers. */
  private static void call(String what, MethodHandle function, Object... arguments) {
    int code = Functions.call(function, arguments);
    if (code != 0) {
      throw new Cuda.Failure(code, "NVRTC could not %s: error %d".formatted(what, code));
    }
  }

  /** Such as {@code 12.6}. */
  String version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT);
      MemorySegment minor = arena.allocate(JAVA_INT);
      call("tell its version", version, major, minor);
      return major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
    }
  }

  /** What it makes. */
  enum Target {
    /** Machine code of one architecture, which any driver of the same CUDA major loads. */
    CUBIN,
    /** Text that a driver at least as new as NVRTC makes code of, for any later architecture. */
    PTX
  }

  /** Whether an option, such as the architecture, is not known to this release. */
  static boolean isUnknownOption(Cuda.Failure failure) {
    return failure.code() == INVALID_OPTION;
  }

  /**
   * Compiles a source.
   *
   * @param name of the source, for messages
   * @throws Cuda.Failure if it does not know an option
   * @throws AlexNetException with the compiler's first lines, if the source does not compile
   */
  byte[] compile(String name, String source, Target target, List<String> options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(ADDRESS);
      MemorySegment none = MemorySegment.NULL;
      call(
          "take the kernels",
          createProgram,
          program,
          arena.allocateFrom(source),
          arena.allocateFrom(name),
          0,
          none,
          none);
      MemorySegment handle = program.get(ADDRESS, 0);
      try {
        MemorySegment list = arena.allocate(ADDRESS, options.size());
        for (int i = 0; i < options.size(); i++) {
          list.setAtIndex(ADDRESS, i, arena.allocateFrom(options.get(i)));
        }
        try {
          call("compile the kernels", compileProgram, handle, options.size(), list);
        } catch (Cuda.Failure e) {
          if (isUnknownOption(e)) {
            throw e;
          }
          throw new AlexNetException(e.getMessage() + ". " + log(arena, handle), e);
        }
        return switch (target) {
          case CUBIN -> bytes(arena, "hand over code", getCubinSize, getCubin, handle);
          case PTX -> bytes(arena, "hand over PTX", getPtxSize, getPtx, handle);
        };
      } finally {
        call("close", destroyProgram, program);
      }
    }
  }

  private String log(Arena arena, MemorySegment program) {
    byte[] log = bytes(arena, "hand over its log", getProgramLogSize, getProgramLog, program);
    String text = new String(log, StandardCharsets.UTF_8).replace("\0", "");
    return String.join(" ", text.lines().limit(5).toList());
  }

  private static byte[] bytes(
      Arena arena, String what, MethodHandle size, MethodHandle get, MemorySegment program) {
    MemorySegment count = arena.allocate(JAVA_LONG);
    call(what, size, program, count);
    MemorySegment all = arena.allocate(Math.max(1, count.get(JAVA_LONG, 0)));
    call(what, get, program, all);
    return all.toArray(JAVA_BYTE);
  }
}
