package org.alexnet.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.driver.JCudaDriver.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.*;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * Two stand-in devices with what a test makes on them. At its end all is given back, and nothing
 * may be left nor have been done wrong.
 */
abstract class StandInFixture {
  static final CUcontext[] CONTEXTS = {new CUcontext(), new CUcontext()};
  private static SymbolLookup nvrtc;

  private int liveBefore;
  final List<Runnable> endings = new ArrayList<>();

  @BeforeAll
  static void load() {
    Path folder = StandIn.folder(12);
    StandIn.load(folder);
    nvrtc = lookup(folder.resolve("libnvrtc.so.12"));
    ok(cuInit(0));
    for (int d = 0; d < 2; d++) {
      ok(cuDevicePrimaryCtxRetain(CONTEXTS[d], device(d)));
    }
  }

  static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    ok(cuDeviceGet(device, ordinal));
    return device;
  }

  @AfterAll
  static void release() {
    for (int d = 0; d < 2; d++) {
      ok(cuDevicePrimaryCtxRelease(device(d)));
    }
  }

  @BeforeEach
  void begin() {
    StandIn.heal();
    StandIn.reset();
    for (int d = 0; d < 2; d++) {
      on(d);
      ok(cuCtxDisablePeerAccess(CONTEXTS[1 - d])); // A backend before may have connected them.
    }
    on(0);
    liveBefore = StandIn.liveTotal();
  }

  @AfterEach
  void end() {
    StandIn.heal();
    StandIn.reset();
    on(0);
    for (int i = endings.size(); i-- > 0; ) {
      endings.get(i).run();
    }
    assertEquals(List.of(), StandIn.violations());
    assertEquals(liveBefore, StandIn.liveTotal(), StandIn.live());
  }

  // ---- what the tests call ----

  interface Fill {
    float at(int i);
  }

  final class Pinned {
    final Pointer pointer = new Pointer();
    private final int size;

    Pinned(int size) {
      this.size = size;
      ok(cuMemHostAlloc(pointer, size * 4L, 0));
      endings.add(() -> ok(cuMemFreeHost(pointer)));
    }

    FloatBuffer values() {
      return pointer.getByteBuffer(0, size * 4L).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
  }

  CUstream stream() {
    CUstream stream = new CUstream();
    ok(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    endings.add(() -> ok(cuStreamDestroy(stream)));
    return stream;
  }

  CUevent event() {
    CUevent event = new CUevent();
    ok(cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    endings.add(() -> ok(cuEventDestroy(event)));
    return event;
  }

  CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    ok(cuMemAlloc(pointer, bytes));
    endings.add(() -> ok(cuMemFree(pointer)));
    return pointer;
  }

  CUdeviceptr memory(int size, CUstream stream, Fill fill) {
    CUdeviceptr pointer = allocate(size * 4L);
    Pinned host = new Pinned(size);
    for (int i = 0; i < size; i++) {
      host.values().put(i, fill.at(i));
    }
    ok(cuMemcpyHtoDAsync(pointer, host.pointer, size * 4L, stream));
    ok(cuStreamSynchronize(stream));
    return pointer;
  }

  float[] read(CUdeviceptr from, int size, CUstream stream) {
    Pinned host = new Pinned(size);
    ok(cuMemcpyDtoHAsync(host.pointer, from, size * 4L, stream));
    ok(cuStreamSynchronize(stream));
    float[] values = new float[size];
    host.values().get(values);
    return values;
  }

  static void launch(
      CUfunction function, int blocks, int threads, CUstream stream, Pointer... arguments) {
    ok(
        cuLaunchKernel(
            function, blocks, 1, 1, threads, 1, 1, 0, stream, Pointer.to(arguments), null));
  }

  static Pointer n(int value) {
    return Pointer.to(new int[] {value});
  }

  static Pointer f(float value) {
    return Pointer.to(new float[] {value});
  }

  static void on(int device) {
    ok(cuCtxSetCurrent(CONTEXTS[device]));
  }

  static <T> T on(int device, Supplier<T> work) {
    on(device);
    T result = work.get();
    on(0);
    return result;
  }

  /** Waiting fails, and says so. */
  static void violated(int error, String message, CUstream stream) {
    assertEquals(error, cuStreamSynchronize(stream));
    assertEquals(1, StandIn.violations().size(), StandIn.violations()::toString);
    assertTrue(StandIn.violations().get(0).contains(message), StandIn.violations()::toString);
  }

  static void ok(int error) {
    assertEquals(0, error, () -> CUresult.stringFor(error));
  }

  // ---- NVRTC ----

  @SuppressWarnings("restricted")
  static SymbolLookup lookup(Path library) {
    return SymbolLookup.libraryLookup(library, Arena.global());
  }

  @SuppressWarnings("restricted")
  private static int nvrtc(String function, Object... arguments) {
    MemoryLayout[] types = new MemoryLayout[arguments.length];
    for (int i = 0; i < types.length; i++) {
      types[i] = arguments[i] instanceof MemorySegment ? ADDRESS : JAVA_INT;
    }
    try {
      return (int)
          Linker.nativeLinker()
              .downcallHandle(nvrtc.findOrThrow(function), FunctionDescriptor.of(JAVA_INT, types))
              .invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static String compile(String source, String... options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(ADDRESS);
      MemorySegment nothing = MemorySegment.NULL;
      ok(
          nvrtc(
              "nvrtcCreateProgram",
              program,
              arena.allocateFrom(source),
              arena.allocateFrom("test.cu"),
              0,
              nothing,
              nothing));
      MemorySegment handle = program.get(ADDRESS, 0);
      MemorySegment list = arena.allocate(ADDRESS, options.length);
      for (int i = 0; i < options.length; i++) {
        list.setAtIndex(ADDRESS, i, arena.allocateFrom(options[i]));
      }
      int status = nvrtc("nvrtcCompileProgram", handle, options.length, list);
      String text = text(arena, handle, status == 0 ? "PTX" : "ProgramLog");
      ok(nvrtc("nvrtcDestroyProgram", program));
      return text;
    }
  }

  @SuppressWarnings("restricted")
  private static String text(Arena arena, MemorySegment program, String what) {
    MemorySegment size = arena.allocate(JAVA_LONG);
    ok(nvrtc("nvrtcGet" + what + "Size", program, size));
    MemorySegment text = arena.allocate(size.get(JAVA_LONG, 0));
    ok(nvrtc("nvrtcGet" + what, program, text));
    return text.getString(0);
  }
}
