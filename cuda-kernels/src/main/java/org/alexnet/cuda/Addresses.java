package org.alexnet.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** JCuda's pointers as the numbers they are, and back. */
final class Addresses {
  private Addresses() {}

  /** Memory of a device. */
  static final class Device extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** Memory of the host that devices may copy from and to. */
  static final class Host extends Pointer {
    long address() {
      return getNativePointer();
    }

    /** The same for Java; whoever allocated it knows how many bytes there are. */
    @SuppressWarnings("restricted")
    MemorySegment memory(long bytes) {
      return MemorySegment.ofAddress(address()).reinterpret(bytes);
    }

    /** The same, to be touched only until an arena is closed. */
    @SuppressWarnings("restricted")
    MemorySegment memory(long bytes, Arena until) {
      return MemorySegment.ofAddress(address()).reinterpret(bytes, until, null);
    }
  }

  /** An address that a library is to have. */
  static Pointer of(long address) {
    return new Raw(address);
  }

  /** An address on a device, for the driver's copies. */
  static CUdeviceptr onDevice(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  private static final class Raw extends Pointer {
    Raw(long address) {
      super(address);
    }
  }
}
