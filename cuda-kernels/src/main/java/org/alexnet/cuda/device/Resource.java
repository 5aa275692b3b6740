package org.alexnet.cuda.device;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/** Something that was got from a CUDA library and must be given back once. */
public final class Resource<T> implements AutoCloseable {
  private static final AtomicInteger LIVE = new AtomicInteger();

  private final Device device; // null where no context has to be current
  private final T handle;
  private final ToIntFunction<T> destroy;
  private boolean closed;

  private Resource(Device device, T handle, ToIntFunction<T> destroy) {
    this.device = device;
    this.handle = handle;
    this.destroy = destroy;
  }

  /**
   * Keeps what a call filled in.
   *
   * @param device whose context must be current to give it back, or null
   * @param code what the call answered
   * @param what the call did, for the message
   * @throws Cuda.Failure if it did not
   */
  public static <T> Resource<T> of(
      Device device, T handle, int code, String what, ToIntFunction<T> destroy) {
    Cuda.check(code, what);
    LIVE.incrementAndGet();
    return new Resource<>(device, handle, destroy);
  }

  /** Resources of this process that were not given back. */
  public static int live() {
    return LIVE.get();
  }

  public T get() {
    return handle;
  }

  /** Gives it back. After a fault CUDA answers every call with that fault; nobody can help it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (device != null) {
        device.use();
      }
      destroy.applyAsInt(handle);
      LIVE.decrementAndGet();
    }
  }
}
