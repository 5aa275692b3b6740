package org.alexnet.cuda.device;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;

/**
 * The primary contexts of this process, one a device. Each is retained when its device is opened
 * for the first time and never released: the last release would destroy it, and every open of a
 * backend would wait for the driver to make another and for the libraries to load their kernels
 * into it. What was allocated in it is given back all the same when a backend is closed. The driver
 * takes a context back when the process ends.
 *
 * <p>A context that has failed answers every later call with its fault. It stays here: CUDA has no
 * way back from that but a new process.
 */
public final class Contexts {
  private static final Map<Integer, CUcontext> HELD = new HashMap<>();

  private Contexts() {}

  /**
   * The context of a device, current to this thread.
   *
   * @param name of the device, for messages
   * @throws Cuda.Failure if it cannot be made, or has failed before
   */
  static synchronized CUcontext current(CUdevice device, int ordinal, String name) {
    String what = "open a context on " + name;
    CUcontext context = HELD.get(ordinal);
    if (context == null) {
      context = new CUcontext();
      Cuda.check(cuDevicePrimaryCtxRetain(context, device), what);
      HELD.put(ordinal, context);
    }
    Cuda.check(cuCtxSetCurrent(context), what);
    // Any call tells whether it has failed; this one changes nothing.
    Cuda.check(cuMemGetInfo(new long[1], new long[1]), what);
    return context;
  }

  /** How many are held. */
  public static synchronized int held() {
    return HELD.size();
  }
}
