package org.alexnet.cuda.device;

import jcuda.driver.CUevent;

/**
 * How devices are waited for where others may keep them from ever being done: a device that has
 * failed, or a worker that is lost.
 */
public interface Watch {

  /**
   * Waits for an event of a device; whichever context is current changes.
   *
   * @param what was to be done, as in "CUDA could not ..."
   * @throws Cuda.Failure if a device has failed
   * @throws org.alexnet.AlexNetException if another worker is lost that the device waits for
   */
  void await(CUevent event, String what);

  /**
   * Throws what {@link #await} would if an event will never come; asked while others are awaited.
   */
  void requireWell(String what);
}
