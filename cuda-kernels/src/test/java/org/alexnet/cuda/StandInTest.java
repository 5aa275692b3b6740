package org.alexnet.cuda;

import static jcuda.driver.JCudaDriver.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.*;
import org.alexnet.cuda.device.Contexts;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The stand-in for the driver does what CUDA says, and notices what a GPU would leave to luck. */
@Tag(StandInCount.STAND_IN)
final class StandInTest extends StandInFixture {
  private static final String SOURCE =
      """
      #define KERNEL(name, ...) extern "C" __global__ void __launch_bounds__(256) name(__VA_ARGS__)

      template <class T>
      __device__ __forceinline__ T twice(T value) { return value + value; }

      KERNEL(saxpy, float* __restrict__ y, const float* __restrict__ x, float a, int n) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) y[i] += a * __ldg(x + i);
      }

      KERNEL(twofold, float* x, int n) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) x[i] = twice(x[i]);
      }

      KERNEL(sum, float* to, const float* x, int n) {
        __shared__ float part[BLOCK];
        float own = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) own += x[i];
        part[threadIdx.x] = own;
        __syncthreads();
        for (int half = blockDim.x / 2; half > 0; half /= 2) {
          if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
          __syncthreads();
        }
        if (threadIdx.x == 0) to[0] = part[0];
      }

      KERNEL(forgetsBarrier, float* to) {
        __shared__ float part[BLOCK];
        part[threadIdx.x] = threadIdx.x;
        to[threadIdx.x] = part[threadIdx.x / 2];
      }

      KERNEL(readsUnwrittenShared, float* to) {
        __shared__ float part[BLOCK];
        if (blockIdx.x == 0) part[threadIdx.x] = 1;
        to[threadIdx.x] = part[threadIdx.x];
      }

      KERNEL(diverges, float* to) {
        if (threadIdx.x < 5) __syncthreads();
        to[threadIdx.x] = 1;
      }

      KERNEL(place, unsigned* to) {
        unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
        unsigned i = block * blockDim.x * blockDim.y * blockDim.z + thread;
        to[i] = __umulhi(i << 16, 1u << 16) + (__float_as_uint(1.0f) >> 31);
      }
      """;
  private static String compiled;

  @BeforeAll
  static void compile() {
    compiled = compile(SOURCE, "-DBLOCK=64", "--gpu-architecture=compute_80");
    assertTrue(compiled.startsWith("// stand-in module"), compiled);
  }

  @Test
  void devicesAreTwo() {
    int[] count = new int[1];
    ok(cuDeviceGetCount(count));
    assertEquals(2, count[0]);
    int[] value = new int[1];
    ok(
        cuDeviceGetAttribute(
            value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device(1)));
    assertEquals(16, value[0]);
    byte[] name = new byte[64];
    ok(cuDeviceGetName(name, 64, device(1)));
    assertEquals("Stand-in GPU", new String(name).trim());
  }

  @Test
  void saxpyRuns() {
    CUstream stream = stream();
    CUdeviceptr x = memory(1000, stream, i -> i);
    CUdeviceptr y = memory(1000, stream, i -> 1);
    launch(function("saxpy"), 4, 256, stream, Pointer.to(y), Pointer.to(x), f(2), n(1000));
    float[] got = read(y, 1000, stream);
    for (int i = 0; i < 1000; i++) {
      assertEquals(1 + 2 * i, got[i]);
    }
  }

  @Test
  void threadsMeetAtBarriers() {
    CUstream stream = stream();
    CUdeviceptr x = memory(1000, stream, i -> i);
    CUdeviceptr to = memory(1, stream, i -> 0);
    launch(function("sum"), 1, 64, stream, Pointer.to(to), Pointer.to(x), n(1000));
    assertArrayEquals(new float[] {999 * 500}, read(to, 1, stream));
  }

  @Test
  void threadsKnowTheirPlace() {
    CUstream stream = stream();
    int all = 2 * 3 * 4 * 5 * 6 * 2;
    CUdeviceptr to = memory(all, stream, i -> -1);
    ok(
        cuLaunchKernel(
            function("place"), 2, 3, 4, 5, 6, 2, 0, stream, Pointer.to(Pointer.to(to)), null));
    float[] got = read(to, all, stream);
    for (int i = 0; i < all; i++) {
      assertEquals(i, Float.floatToRawIntBits(got[i]));
    }
  }

  @Test
  void missingBarrierIsNoticed() {
    CUstream stream = stream();
    CUdeviceptr to = memory(64, stream, i -> 0);
    launch(function("forgetsBarrier"), 1, 64, stream, Pointer.to(to));
    violated(719, "no __syncthreads between", stream);
  }

  @Test
  void sharedMemoryOfAnotherBlockIsNoticed() {
    CUstream stream = stream();
    CUdeviceptr to = memory(64, stream, i -> 0);
    launch(function("readsUnwrittenShared"), 2, 64, stream, Pointer.to(to));
    violated(719, "that its block has not written", stream);
  }

  @Test
  void divergentBarrierIsNoticed() {
    CUstream stream = stream();
    CUdeviceptr to = memory(64, stream, i -> 0);
    launch(function("diverges"), 1, 64, stream, Pointer.to(to));
    violated(719, "wait at __syncthreads", stream);
  }

  @Test
  void accessBeyondAnAllocationIsNoticed() {
    CUstream stream = stream();
    CUdeviceptr x = memory(1000, stream, i -> i);
    launch(function("twofold"), 4, 256, stream, Pointer.to(x), n(1001));
    violated(700, "kernel twofold (stream", stream);
    assertTrue(
        StandIn.violations().get(0).contains("reads 4 bytes"), StandIn.violations()::toString);
  }

  @Test
  void accessToOtherMemoryIsNoticed() {
    CUstream stream = stream();
    launch(function("twofold"), 1, 32, stream, Pointer.to(new CUdeviceptr()), n(32));
    violated(700, "no memory of a device", stream);
  }

  @Test
  void memoryOfAPeerNeedsAccess() {
    CUdeviceptr there = on(1, () -> memory(32, stream(), i -> i));
    CUstream here = stream();
    launch(function("twofold"), 1, 32, here, Pointer.to(there), n(32));
    violated(700, "without peer access", here);
    StandIn.heal();
    StandIn.reset();
    ok(cuCtxEnablePeerAccess(CONTEXTS[1], 0));
    launch(function("twofold"), 1, 32, here, Pointer.to(there), n(32));
    ok(cuStreamSynchronize(here));
    ok(cuCtxDisablePeerAccess(CONTEXTS[1]));
  }

  @Test
  void missingEventIsNoticed() {
    CUstream first = stream();
    CUstream second = stream();
    CUdeviceptr x = memory(64, first, i -> i);
    launch(function("twofold"), 1, 64, first, Pointer.to(x), n(64));
    launch(function("twofold"), 1, 64, second, Pointer.to(x), n(64));
    ok(cuStreamSynchronize(first));
    violated(719, "nothing orders it after kernel twofold", second);
  }

  @Test
  void anEventOrders() {
    CUstream first = stream();
    CUstream second = stream();
    CUdeviceptr x = memory(64, first, i -> i);
    launch(function("twofold"), 1, 64, first, Pointer.to(x), n(64));
    CUevent event = event();
    ok(cuEventRecord(event, first));
    ok(cuStreamWaitEvent(second, event, 0));
    launch(function("twofold"), 1, 64, second, Pointer.to(x), n(64));
    assertEquals(4 * 63, read(x, 64, second)[63]);
  }

  @Test
  void nothingRunsBeforeTheHostWaits() {
    CUstream stream = stream();
    CUdeviceptr x = allocate(64 * 4);
    Pinned host = new Pinned(64);
    host.values().put(0, 1);
    ok(cuMemcpyHtoDAsync(x, host.pointer, 64 * 4, stream));
    host.values().put(0, 2); // too early
    assertEquals(2, read(x, 64, stream)[0]);
    Pinned back = new Pinned(64);
    ok(cuMemcpyDtoHAsync(back.pointer, x, 64 * 4, stream));
    assertNotEquals(2, back.values().get(0));
    CUevent event = event();
    ok(cuEventRecord(event, stream));
    while (cuEventQuery(event) == CUresult.CUDA_ERROR_NOT_READY) {
      Thread.onSpinWait();
    }
    assertEquals(2, back.values().get(0));
  }

  @Test
  void asynchronousCopiesWantPinnedMemory() {
    CUstream stream = stream();
    CUdeviceptr x = allocate(64);
    ByteBuffer plain = ByteBuffer.allocateDirect(64);
    assertEquals(1, cuMemcpyHtoDAsync(x, Pointer.to(plain), 64, stream));
    violated(719, "not pinned", stream);
  }

  @Test
  void memoryEnds() {
    StandIn.memory(0, 1000);
    assertEquals(2, cuMemAlloc(new CUdeviceptr(), 1001));
    StandIn.memory(0, 4L << 30);
    StandIn.failAllocation(2);
    allocate(64);
    assertEquals(2, cuMemAlloc(new CUdeviceptr(), 64));
    allocate(64);
  }

  @Test
  void aGraphOverTwoDevicesDoesWhatTheCallsDo() {
    CUstream here = stream();
    CUstream there = on(1, this::stream);
    CUdeviceptr x = memory(64, here, i -> i);
    CUdeviceptr y = on(1, () -> memory(64, there, i -> 0));
    CUfunction twofold = function("twofold");
    CUfunction twofoldThere = on(1, () -> function("twofold"));
    CUevent sent = event();
    CUevent back = on(1, this::event);
    Runnable step =
        () -> {
          launch(twofold, 1, 64, here, Pointer.to(x), n(64));
          ok(cuEventRecord(sent, here));
          on(1);
          ok(cuStreamWaitEvent(there, sent, 0));
          ok(cuMemcpyPeerAsync(y, CONTEXTS[1], x, CONTEXTS[0], 64 * 4, there));
          launch(twofoldThere, 1, 64, there, Pointer.to(y), n(64));
          ok(cuEventRecord(back, there));
          on(0);
          ok(cuStreamWaitEvent(here, back, 0));
          ok(cuMemcpyPeerAsync(x, CONTEXTS[0], y, CONTEXTS[1], 64 * 4, here));
        };
    step.run();
    assertEquals(4, read(x, 64, here)[1]);
    ok(cuStreamBeginCapture(here, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    step.run();
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(here, graph));
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    ok(cuGraphDestroy(graph));
    assertEquals(4, read(x, 64, here)[1], "a capture runs nothing");
    for (int i = 0; i < 3; i++) {
      ok(cuGraphLaunch(exec, here));
    }
    assertEquals(4 * 64, read(x, 64, here)[1]);
    ok(cuGraphExecDestroy(exec));
  }

  @Test
  void aCaptureRefusesWhatCannotBeReplayed() {
    CUstream stream = stream();
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    assertEquals(900, cuMemAlloc(new CUdeviceptr(), 64));
    assertEquals(901, cuStreamEndCapture(stream, new CUgraph()));
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    assertEquals(900, cuStreamSynchronize(stream));
    assertEquals(901, cuStreamEndCapture(stream, new CUgraph()));
  }

  @Test
  void aCaptureWantsItsStreamsBack() {
    CUstream first = stream();
    CUstream second = stream();
    CUdeviceptr x = memory(64, first, i -> i);
    CUfunction twofold = function("twofold");
    CUevent event = event();
    ok(cuStreamBeginCapture(first, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    ok(cuEventRecord(event, first));
    ok(cuStreamWaitEvent(second, event, 0));
    launch(twofold, 1, 64, second, Pointer.to(x), n(64));
    assertEquals(904, cuStreamEndCapture(first, new CUgraph()));
  }

  @Test
  void workAfterAGraphMustFollowIt() {
    CUstream first = stream();
    CUstream second = stream();
    CUdeviceptr x = memory(64, first, i -> i);
    CUfunction twofold = function("twofold");
    ok(cuStreamBeginCapture(first, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    launch(twofold, 1, 64, first, Pointer.to(x), n(64));
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(first, graph));
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    ok(cuGraphLaunch(exec, first));
    launch(twofold, 1, 64, first, Pointer.to(x), n(64));
    ok(cuStreamSynchronize(first));
    ok(cuGraphLaunch(exec, first));
    launch(twofold, 1, 64, second, Pointer.to(x), n(64));
    ok(cuStreamSynchronize(first));
    violated(719, "nothing orders it after kernel twofold (graph", second);
    cuGraphExecDestroy(exec);
    cuGraphDestroy(graph);
  }

  @Test
  void aLaunchFailsWhereItRuns() {
    CUstream stream = stream();
    CUdeviceptr x = memory(64, stream, i -> i);
    StandIn.failLaunch(2);
    launch(function("twofold"), 1, 64, stream, Pointer.to(x), n(64));
    ok(cuStreamSynchronize(stream));
    launch(function("twofold"), 1, 64, stream, Pointer.to(x), n(64));
    assertEquals(719, cuStreamSynchronize(stream));
    assertEquals(719, cuMemAlloc(new CUdeviceptr(), 64), "the context has failed");
  }

  @Test
  void aDeviceIsLostAlone() {
    CUstream here = stream();
    CUdeviceptr x = memory(64, here, i -> i);
    StandIn.loseDevice(1, 0);
    CUstream there = on(1, this::stream);
    CUdeviceptr y = on(1, () -> allocate(64));
    on(1);
    ok(cuMemsetD8Async(y, (byte) 0, 64, there));
    assertEquals(719, cuStreamSynchronize(there));
    assertEquals(719, cuMemAlloc(new CUdeviceptr(), 64));
    on(0);
    assertEquals(63, read(x, 64, here)[63]);
  }

  @Test
  void whatIsNotGivenBackIsCounted() {
    int before = StandIn.liveTotal();
    CUdeviceptr x = new CUdeviceptr();
    ok(cuMemAlloc(x, 64));
    CUevent event = new CUevent();
    ok(cuEventCreate(event, 0));
    assertEquals(before + 2, StandIn.liveTotal());
    assertTrue(StandIn.live().startsWith("allocation 1, pinned 0"), StandIn.live());
    assertTrue(StandIn.live().contains("event 1"), StandIn.live());
    ok(cuMemFree(x));
    ok(cuEventDestroy(event));
    assertEquals(before, StandIn.liveTotal());
    int contexts = 2 + Contexts.held();
    assertEquals(List.of(), StandIn.left(contexts), "what the tests and backends retain");
    assertEquals(List.of("context " + contexts), StandIn.left(contexts - 1));
  }

  @Test
  void useAfterTheEndIsNoticed() {
    CUevent event = new CUevent();
    ok(cuEventCreate(event, 0));
    ok(cuEventDestroy(event));
    CUstream stream = stream();
    assertEquals(400, cuEventRecord(event, stream));
    violated(719, "a event is used after its end", stream);
  }

  @Test
  void streamsBelongToTheirDevice() {
    CUstream there = on(1, this::stream);
    CUdeviceptr x = allocate(64);
    assertEquals(400, cuMemsetD8Async(x, (byte) 0, 64, there));
  }

  @Test
  void aModuleCutShortIsRefused() {
    String half = compiled.substring(0, compiled.length() / 2);
    assertEquals(218, cuModuleLoadData(new CUmodule(), ((half + "\0")).getBytes()));
    assertEquals(200, cuModuleLoadData(new CUmodule(), (".version 8\0").getBytes()));
  }

  @Test
  void aFunctionIsLeftOut() {
    SymbolLookup without = lookup(StandIn.without("cuGraphLaunch").resolve("libcuda.so.1"));
    assertTrue(without.find("cuGraphLaunch").isEmpty());
    assertTrue(without.find("cuGraphDestroy").isPresent());
    assertEquals(List.of(), StandIn.violations(), "the library in use is still the other");
  }

  @Test
  void cuda13HasItsOwnNames() {
    Path folder = StandIn.folder(13);
    assertTrue(Files.exists(folder.resolve("libcublas.so.13")));
    assertTrue(Files.exists(folder.resolve("libnvrtc.so.13")));
    assertTrue(Files.exists(folder.resolve("libcudnn.so.9")));
    assertTrue(Files.exists(folder.resolve("libnvrtc-builtins.so.13.0")));
  }

  @Test
  void aChildReadsItsOptions() throws Exception {
    assertEquals("version 11040, devices 1", child("driver=11040;devices=1"));
    assertEquals("version 12060, devices 2", child(""));
    assertTrue(child("crash=cuInit").contains("SIGSEGV"));
  }

  private static String child(String options) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:ErrorFile=/dev/null",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName());
    builder.environment().put("ALEXNET_STANDIN", options);
    Process process = builder.redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes()).strip();
  }

  /** What a child process runs. */
  static final class Child {
    public static void main(String[] args) {
      StandIn.load(StandIn.folder(12));
      int[] version = new int[1];
      int[] devices = new int[1];
      cuInit(0);
      cuDriverGetVersion(version);
      cuDeviceGetCount(devices);
      System.out.println("version " + version[0] + ", devices " + devices[0]);
    }
  }

  @Test
  void countsCount() {
    StandIn.Counts before = StandIn.counts();
    CUstream stream = stream();
    CUdeviceptr x = memory(64, stream, i -> i);
    launch(function("twofold"), 1, 64, stream, Pointer.to(x), n(64));
    ok(cuStreamSynchronize(stream));
    StandIn.Counts after = StandIn.counts();
    assertEquals(before.launches() + 1, after.launches());
    assertEquals(before.allocations() + 1, after.allocations());
    assertEquals(before.hostSyncs() + 2, after.hostSyncs());
  }

  private CUfunction function(String name) {
    CUmodule module = new CUmodule();
    ok(cuModuleLoadData(module, (compiled + "\0").getBytes()));
    endings.add(() -> ok(cuModuleUnload(module)));
    CUfunction function = new CUfunction();
    ok(cuModuleGetFunction(function, module, name));
    return function;
  }

  @Test
  void aProgramThatDoesNotCompileSaysWhere() {
    String log = compile("int a;\nextern \"C\" __global__ void k() { nonsense; }\n");
    assertTrue(log.contains("test.cu:2:"), log);
  }
}
