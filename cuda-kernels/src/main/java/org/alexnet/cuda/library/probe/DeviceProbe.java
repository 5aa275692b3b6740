package org.alexnet.cuda.library.probe;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import org.alexnet.AlexNetException;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.cuda.library.load.Architectures;
import org.alexnet.cuda.library.load.ProbeFailure;

/** Tries the devices once the libraries are loaded, and computes a little on the first. */
final class DeviceProbe {
  private static final int NO_DEVICE = 100;

  private final PrintStream out;
  private final Architectures architectures;

  /**
   * @param architectures the GPUs that NVRTC compiles for
   */
  DeviceProbe(PrintStream out, Architectures architectures) {
    this.out = out;
    this.architectures = architectures;
  }

  /**
   * Lists the devices and tries each library on the first that is not too old for them.
   *
   * @throws AlexNetException if a call fails, the convolution's result is wrong, or all devices are
   *     too old
   */
  void run() {
    step("cuInit");
    int status = JCudaDriver.cuInit(0);
    int[] count = new int[1];
    if (status == 0) {
      status = JCudaDriver.cuDeviceGetCount(count);
    }
    if (status == NO_DEVICE || status == 0 && count[0] == 0) {
      throw new ProbeFailure(
          "no NVIDIA GPU",
          "The NVIDIA driver sees no GPU; see whether nvidia-smi lists one, whether this container"
              + " was given one (docker run --gpus all), and what CUDA_VISIBLE_DEVICES says.");
    }
    checkDriver("cuInit", status);
    List<DeviceInfo> devices = new ArrayList<>();
    for (int i = 0; i < count[0]; i++) {
      devices.add(device(i));
      out.println(ProbeReport.deviceLine(devices.getLast()));
    }
    context(firstUsable(devices));
    cublas();
    convolution();
  }

  private int firstUsable(List<DeviceInfo> devices) {
    for (int i = 0; i < devices.size(); i++) {
      if (devices.get(i).usable()) {
        return i;
      }
    }
    throw new ProbeFailure(
        "CUDA %d no longer supports this GPU".formatted(architectures.cudaMajor()),
        devices.getFirst().obstacle());
  }

  private DeviceInfo device(int index) {
    CUdevice handle = new CUdevice();
    byte[] name = new byte[256];
    long[] bytes = new long[1];
    driver("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(handle, index));
    driver("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(name, name.length, handle));
    driver("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(bytes, handle));
    int major = attribute(handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    int minor = attribute(handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    String text = new String(name, StandardCharsets.UTF_8);
    int end = text.indexOf('\0');
    String model = (end < 0 ? text : text.substring(0, end)).strip();
    String description = "%s, compute capability %d.%d".formatted(model, major, minor);
    String device = "cuda:" + index;
    String obstacle =
        architectures.obstacle("%s (%s)".formatted(device, model), 10 * major + minor);
    return new DeviceInfo(device, description, bytes[0], obstacle);
  }

  private int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    driver(
        "cuDeviceGetAttribute", () -> JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  private void context(int index) {
    CUdevice device = new CUdevice();
    CUcontext context = new CUcontext();
    driver("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(device, index));
    driver("cuDevicePrimaryCtxRetain", () -> JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    driver("cuCtxSetCurrent", () -> JCudaDriver.cuCtxSetCurrent(context));
  }

  private void cublas() {
    cublasHandle handle = new cublasHandle();
    step("cublasCreate");
    checkCublas("cublasCreate", JCublas2.cublasCreate(handle));
    step("cublasDestroy");
    checkCublas("cublasDestroy", JCublas2.cublasDestroy(handle));
  }

  private void convolution() {
    cudnnHandle handle = new cudnnHandle();
    step("cudnnCreate");
    checkCudnn("cudnnCreate", JCudnn.cudnnCreate(handle));
    new SmallConvolution(this, handle).run();
    step("cudnnDestroy");
    checkCudnn("cudnnDestroy", JCudnn.cudnnDestroy(handle));
  }

  void step(String name) {
    out.println(ProbeReport.stepLine(name));
  }

  /** Takes a step in the driver. */
  void driver(String name, IntSupplier call) {
    step(name);
    checkDriver(name, call.getAsInt());
  }

  /** Takes a step in cuDNN. */
  void cudnn(String name, IntSupplier call) {
    step(name);
    checkCudnn(name, call.getAsInt());
  }

  private static void checkDriver(String call, int status) {
    if (status != 0) {
      String[] name = new String[1];
      String[] text = new String[1];
      JCudaDriver.cuGetErrorName(status, name);
      JCudaDriver.cuGetErrorString(status, text);
      throw new AlexNetException(
          "%s answered %d (%s, %s); see whether nvidia-smi works, and restart the machine after an update of the driver."
              .formatted(call, status, name[0], text[0]));
    }
  }

  private static void checkCublas(String call, int status) {
    if (status != 0) {
      throw new AlexNetException(
          "%s answered %d (%s); install a release of CUDA that this driver and GPU support."
              .formatted(call, status, JCublas2.cublasGetStatusString(status)));
    }
  }

  private static void checkCudnn(String call, int status) {
    if (status != 0) {
      throw new AlexNetException(
          "%s answered %d (%s); install a release of cuDNN 9 made for the CUDA that is there."
              .formatted(call, status, JCudnn.cudnnGetErrorString(status)));
    }
  }
}
