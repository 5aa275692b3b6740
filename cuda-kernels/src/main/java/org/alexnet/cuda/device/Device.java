package org.alexnet.cuda.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jcuda.driver.JCudaDriver.cuCtxEnablePeerAccess;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceCanAccessPeer;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataEx;
import static jcuda.driver.JCudaDriver.cuModuleUnload;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamQuery;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcudnn.JCudnn;
import jcuda.runtime.cudaStream_t;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Lane;

/**
 * An open GPU: its primary context, which outlives it (see {@link Contexts}), a stream for each
 * lane of a step and others for batches and for results, the handles of cuBLAS and cuDNN, and our
 * kernels compiled for it.
 */
public final class Device implements AutoCloseable {
  /** What cuBLAS may use within a product; NVIDIA's advice for the largest GPUs. */
  public static final long BLAS_WORKSPACE = 32L << 20;

  private static final int FIRST_WITH_BF16 = 80;
  private static final int FIRST_WITH_FP16 = 70;
  private static final int NON_BLOCKING_STREAM = 1;
  private static final int PORTABLE = 1;
  private static final int MAPPED = 2;

  private final int ordinal;
  private final Precision precision;
  private final CUdevice device = new CUdevice();
  private final CUcontext context;
  private final Owned owned = new Owned();
  private final Map<String, CUfunction> functions = new HashMap<>();
  private final Map<String, CUmodule> generated = new HashMap<>();
  private final KernelCompiler compiler;
  private final Map<Lane, CUstream> lanes = new EnumMap<>(Lane.class);
  private final CUstream copies;
  private final CUstream results;
  private CUstream active;
  private final cublasHandle blas;
  private final Addresses.Dnn dnn;
  private CUmodule module;
  private Addresses.Device workspace;

  /**
   * Opens a device.
   *
   * @param ordinal its number, as CUDA counts
   * @param precision for which our kernels are compiled
   * @param compiler compiles our kernels for a compute capability
   */
  public Device(int ordinal, Precision precision, KernelCompiler compiler) {
    this.ordinal = ordinal;
    this.precision = precision;
    this.compiler = compiler;
    Cuda.check(cuDeviceGet(device, ordinal), "find device " + name());
    try {
      // First of all, since libraries that no longer support a device say less about it.
      byte[] code = compiler.code(name(), capability());
      requirePrecision();
      context = Contexts.current(device, ordinal, name());
      for (Lane lane : Lane.values()) {
        lanes.put(lane, stream());
      }
      active = lanes.get(Lane.COMPUTE);
      copies = stream();
      results = stream();
      blas = openBlas();
      dnn = openDnn();
      module = load(code);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private CUstream stream() {
    CUstream stream = new Addresses.Stream();
    int code = cuStreamCreate(stream, NON_BLOCKING_STREAM);
    return owned.take(
        Resource.of(this, stream, code, "make a stream on " + name(), s -> cuStreamDestroy(s)));
  }

  private cublasHandle openBlas() {
    cublasHandle handle = new cublasHandle();
    Cuda.checkBlas(JCublas2.cublasCreate(handle), "start on " + name());
    owned.take(Resource.of(this, handle, 0, "", JCublas2::cublasDestroy));
    Cuda.checkBlas(JCublas2.cublasSetStream(handle, new cudaStream_t(active)), "take a stream");
    Cuda.checkBlas(
        JCublas2.cublasSetMathMode(
            handle,
            cublasMath.CUBLAS_DEFAULT_MATH
                | cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
        "form sums in 32 bits");
    // Its own workspace would be allocated in the middle of a recording.
    workspace = owned.take(allocate(BLAS_WORKSPACE));
    Cuda.checkBlas(
        JCublas2.cublasSetWorkspace(handle, workspace, BLAS_WORKSPACE), "take a workspace");
    return handle;
  }

  private Addresses.Dnn openDnn() {
    Addresses.Dnn handle = new Addresses.Dnn();
    Cuda.checkDnn(JCudnn.cudnnCreate(handle), "start on " + name());
    owned.take(Resource.of(this, handle, 0, "", JCudnn::cudnnDestroy));
    Cuda.checkDnn(JCudnn.cudnnSetStream(handle, new cudaStream_t(active)), "take a stream");
    return handle;
  }

  private CUmodule load(byte[] code) {
    CUmodule loaded = new CUmodule();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocateFrom(JAVA_BYTE, code);
      int answer =
          cuModuleLoadDataEx(
              loaded, Addresses.of(image.address()), 0, new int[0], Pointer.to(new int[0]));
      return owned.take(
          Resource.of(
              this, loaded, answer, "load the kernels on " + name(), m -> cuModuleUnload(m)));
    }
  }

  public String name() {
    return "cuda:" + ordinal;
  }

  /** What kind of GPU it is, as the driver names it. */
  public String model() {
    byte[] text = new byte[256];
    Cuda.check(cuDeviceGetName(text, text.length, device), "ask for the name of " + name());
    return new String(text, StandardCharsets.UTF_8).trim(); // with what is behind its end
  }

  /** Whether it computes, or is done. */
  public boolean isWell() {
    return !isFault(state());
  }

  /**
   * Asks for what is wrong with it; whichever context is current changes.
   *
   * @param what was to be done, as in "CUDA could not ..."
   * @throws Cuda.Failure if it has failed
   */
  public void requireWell(String what) {
    int state = state();
    if (isFault(state)) {
      Cuda.check(state, "%s on %s".formatted(what, name()));
    }
  }

  private int state() {
    use();
    return cuStreamQuery(compute());
  }

  private static boolean isFault(int state) {
    return state != CUresult.CUDA_SUCCESS && state != CUresult.CUDA_ERROR_NOT_READY;
  }

  /** Its number, as CUDA counts. */
  public int ordinal() {
    return ordinal;
  }

  public Precision precision() {
    return precision;
  }

  /** Makes its context the one that this thread's calls go to. */
  public void use() {
    if (context != null) {
      cuCtxSetCurrent(context);
    }
  }

  public CUcontext context() {
    return context;
  }

  /** The stream that computes, or that of the lane of {@link #in}. */
  public CUstream compute() {
    return active;
  }

  /** Puts work into the stream of a lane; events order one after the other. */
  public void in(Lane lane, Runnable work) {
    active = lanes.get(lane);
    try {
      work.run();
    } finally {
      active = lanes.get(Lane.COMPUTE);
    }
  }

  /** The stream that brings the next batch. */
  public CUstream copies() {
    return copies;
  }

  /** The stream that fetches what an evaluation found. */
  public CUstream results() {
    return results;
  }

  public cublasHandle blas() {
    return blas;
  }

  /** Address of what products use as scratch memory, one after the other. */
  public long blasWorkspace() {
    return workspace.address();
  }

  /** Address of the stream that computes, for a library without a binding. */
  public long computeAddress() {
    return ((Addresses.Stream) active).address();
  }

  public Addresses.Dnn dnn() {
    return dnn;
  }

  /** Libraries compute bf16 on an older device too, but without tensor cores, slower than fp32. */
  private void requirePrecision() {
    int capability = capability();
    if (precision == Precision.BF16 && capability < FIRST_WITH_BF16) {
      String reason =
          "%s has compute capability %d.%d, and bf16 on tensor cores begins with %d.%d"
              .formatted(
                  name(),
                  capability / 10,
                  capability % 10,
                  FIRST_WITH_BF16 / 10,
                  FIRST_WITH_BF16 % 10);
      Setting.Value single = Setting.PRECISION.to(Precision.FP32);
      Setting.Value half = Setting.PRECISION.to(Precision.FP16);
      throw new AlexNetException(
          capability < FIRST_WITH_FP16
              ? Message.of("%s; take %s.", reason, single)
              : Message.of("%s; take %s or %s.", reason, single, half));
    }
  }

  /** 75 for compute capability 7.5. */
  private int capability() {
    return 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
        + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  private int attribute(int which) {
    int[] value = new int[1];
    Cuda.check(cuDeviceGetAttribute(value, which, device), "ask about " + name());
    return value[0];
  }

  /** Compiles what is not there yet; it stays until this device is closed. */
  public void compile(Collection<GeneratedKernel> kernels) {
    List<GeneratedKernel> missing =
        kernels.stream().distinct().filter(k -> !generated.containsKey(k.name())).toList();
    if (!missing.isEmpty()) {
      use();
      CUmodule made = load(compiler.code(name(), capability(), missing));
      missing.forEach(kernel -> generated.put(kernel.name(), made));
    }
  }

  /** One of our kernels; a generated one must have been compiled before. */
  public CUfunction function(String kernel) {
    return functions.computeIfAbsent(
        kernel,
        k -> {
          use();
          CUfunction function = new CUfunction();
          CUmodule from = generated.getOrDefault(k, module);
          Cuda.check(cuModuleGetFunction(function, from, k), "find the kernel " + k);
          return function;
        });
  }

  /** Bytes that nobody uses. */
  public long freeBytes() {
    use();
    long[] free = new long[1];
    Cuda.check(cuMemGetInfo(free, new long[1]), "ask for free memory on " + name());
    return free[0];
  }

  /**
   * Memory of the device.
   *
   * @throws Cuda.Failure if there is not enough
   */
  public Resource<Addresses.Device> allocate(long bytes) {
    use();
    Addresses.Device pointer = new Addresses.Device();
    int code = cuMemAlloc(pointer, Math.max(1, bytes));
    return Resource.of(
        this,
        pointer,
        code,
        "allocate %,d bytes on %s".formatted(bytes, name()),
        p -> cuMemFree(p));
  }

  /** Memory of the host that stays where it is, for copies that do not wait. */
  public Resource<Addresses.Host> allocateHost(long bytes) {
    use();
    Addresses.Host pointer = new Addresses.Host();
    int code = cuMemHostAlloc(pointer, Math.max(1, bytes), PORTABLE | MAPPED);
    return Resource.of(
        this,
        pointer,
        code,
        "allocate %,d bytes of page-locked memory".formatted(bytes),
        p -> cuMemFreeHost(p));
  }

  /** What an event is for, as CUDA's flags. */
  public enum EventUse {
    /** Order between streams. */
    ORDER(2),
    /** The host waits for it, and sleeps meanwhile: the cores have batches to prepare. */
    WAIT(1 | 2),
    /** The time between two of them. */
    TIME(0);

    private final int flags;

    EventUse(int flags) {
      this.flags = flags;
    }
  }

  /** An event of this device. */
  public Resource<CUevent> event(EventUse use) {
    use();
    CUevent event = new CUevent();
    int code = cuEventCreate(event, use.flags);
    return Resource.of(this, event, code, "make an event", e -> cuEventDestroy(e));
  }

  /** Lets this device read the memory of another directly, where the hardware can. */
  public void reach(Device other) {
    int[] can = new int[1];
    Cuda.check(cuDeviceCanAccessPeer(can, device, other.device), "ask how devices are connected");
    if (can[0] != 0) {
      use();
      int code = cuCtxEnablePeerAccess(other.context, 0);
      if (code != CUresult.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) {
        Cuda.check(code, "connect %s to %s".formatted(name(), other.name()));
      }
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
