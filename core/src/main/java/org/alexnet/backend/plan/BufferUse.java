package org.alexnet.backend.plan;

import org.alexnet.program.Tensor;

/**
 * A kernel's use of a tensor.
 *
 * @param tensor which
 * @param bytes size in the backend's layout
 * @param access what is done with it
 * @param inPlaceOf a tensor read by the same kernel whose memory this one may take over, or null
 */
public record BufferUse(Tensor tensor, long bytes, Access access, Tensor inPlaceOf) {

  /** What a kernel does with a buffer. */
  public enum Access {
    READ,
    /** Overwrites all of it. */
    WRITE,
    /** Reads what is there and changes it. */
    UPDATE
  }

  public static BufferUse read(Tensor tensor, long bytes) {
    return new BufferUse(tensor, bytes, Access.READ, null);
  }

  public static BufferUse write(Tensor tensor, long bytes) {
    return new BufferUse(tensor, bytes, Access.WRITE, null);
  }

  public static BufferUse update(Tensor tensor, long bytes) {
    return new BufferUse(tensor, bytes, Access.UPDATE, null);
  }
}
