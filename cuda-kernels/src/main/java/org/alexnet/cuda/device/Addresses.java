package org.alexnet.cuda.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcudnn.cudnnHandle;

/** JCuda's pointers as the numbers they are, and back. */
public final class Addresses {
  private Addresses() {}

  /** Memory of a device. */
  public static final class Device extends CUdeviceptr {
    public long address() {
      return getNativePointer();
    }
  }

  /** Memory of the host that devices may copy from and to. */
  public static final class Host extends Pointer {
    public long address() {
      return getNativePointer();
    }

    /** The same for Java; whoever allocated it knows how many bytes there are. */
    @SuppressWarnings("restricted")
    public MemorySegment memory(long bytes) {
      return MemorySegment.ofAddress(address()).reinterpret(bytes);
    }

    /** The same, to be touched only until an arena is closed. */
    @SuppressWarnings("restricted")
    public MemorySegment memory(long bytes, Arena until) {
      return MemorySegment.ofAddress(address()).reinterpret(bytes, until, null);
    }
  }

  /** A stream. */
  public static final class Stream extends CUstream {
    public long address() {
      return getNativePointer();
    }
  }

  /** cuDNN's handle. */
  public static final class Dnn extends cudnnHandle {
    public long address() {
      return getNativePointer();
    }
  }

  /** An address that a library is to have. */
  public static Pointer of(long address) {
    return new Raw(address);
  }

  /** An address on a device, for the driver's copies. */
  public static CUdeviceptr onDevice(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  private static final class Raw extends Pointer {
    Raw(long address) {
      super(address);
    }
  }
}
