package org.alexnet.cuda.device;

import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;

import jcuda.driver.CUevent;
import org.alexnet.cuda.device.Device.EventUse;

/** Times what is put into the stream that computes. */
public final class Stopwatch {
  private final Device device;
  private final CUevent before;
  private final CUevent after;

  /**
   * @param owned gives its events back
   */
  public Stopwatch(Device device, Owned owned) {
    this.device = device;
    this.before = owned.take(device.event(EventUse.TIME));
    this.after = owned.take(device.event(EventUse.TIME));
  }

  /**
   * Milliseconds that the device is at work.
   *
   * @param what is done, for messages
   * @param work puts it into the stream
   */
  public float milliseconds(String what, Runnable work) {
    Cuda.check(cuEventRecord(before, device.compute()), "record an event");
    work.run();
    Cuda.check(cuEventRecord(after, device.compute()), "record an event");
    Cuda.check(cuEventSynchronize(after), what);
    float[] time = new float[1];
    Cuda.check(cuEventElapsedTime(time, before, after), what);
    return time[0];
  }
}
