package org.alexnet.cuda.convolution;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.jcudnn.cudnnBackendAttributeType.CUDNN_TYPE_BACKEND_DESCRIPTOR;
import static jcuda.jcudnn.cudnnBackendAttributeType.CUDNN_TYPE_BOOLEAN;
import static jcuda.jcudnn.cudnnBackendAttributeType.CUDNN_TYPE_FLOAT;
import static jcuda.jcudnn.cudnnBackendAttributeType.CUDNN_TYPE_INT64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnBackendDescriptor;
import jcuda.jcudnn.cudnnHandle;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Resource;

/**
 * A descriptor of cuDNN's graph interface: its attributes are set, then it is finalized and no
 * longer changes.
 */
final class Descriptor implements AutoCloseable {
  /** Text, of which JCudnn 11.7 knows nothing. */
  private static final int CUDNN_TYPE_CHAR = 24;

  private static final class Handle extends cudnnBackendDescriptor {
    private long address() {
      return getNativePointer();
    }
  }

  private final Handle handle = new Handle();
  private final String what;
  private final Resource<Handle> owned;

  /**
   * @param type as cuDNN counts
   * @param what it describes, for messages
   */
  Descriptor(int type, String what) {
    this.what = what;
    Cuda.checkDnn(JCudnn.cudnnBackendCreateDescriptor(type, handle), "describe " + what);
    owned = Resource.of(null, handle, 0, "", JCudnn::cudnnBackendDestroyDescriptor);
  }

  private Descriptor set(int attribute, int type, long count, MemorySegment values) {
    Cuda.checkDnn(
        JCudnn.cudnnBackendSetAttribute(
            handle, attribute, type, count, Addresses.of(values.address())),
        "describe %s (attribute %d)".formatted(what, attribute));
    return this;
  }

  Descriptor numbers(int attribute, long... values) {
    return longs(attribute, CUDNN_TYPE_INT64, values);
  }

  /** Handles and addresses too are 64 bits. */
  Descriptor longs(int attribute, int type, long... values) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, type, values.length, arena.allocateFrom(JAVA_LONG, values));
    }
  }

  /** One of an enumeration's. */
  Descriptor choice(int attribute, int type, int value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, type, 1, arena.allocateFrom(JAVA_INT, value));
    }
  }

  Descriptor factor(int attribute, float value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, CUDNN_TYPE_FLOAT, 1, arena.allocateFrom(JAVA_FLOAT, value));
    }
  }

  Descriptor flag(int attribute, boolean value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment flag = arena.allocateFrom(JAVA_BYTE, (byte) (value ? 1 : 0));
      return set(attribute, CUDNN_TYPE_BOOLEAN, 1, flag);
    }
  }

  Descriptor text(int attribute, String text) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chars = arena.allocateFrom(text);
      return set(attribute, CUDNN_TYPE_CHAR, chars.byteSize(), chars);
    }
  }

  Descriptor others(int attribute, List<Descriptor> others) {
    long[] addresses = others.stream().mapToLong(d -> d.handle.address()).toArray();
    return longs(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, addresses);
  }

  Descriptor other(int attribute, Descriptor other) {
    return others(attribute, List.of(other));
  }

  /**
   * Ends the description.
   *
   * @throws Cuda.Failure where cuDNN does not support what is described
   */
  Descriptor finish() {
    Cuda.checkDnn(JCudnn.cudnnBackendFinalize(handle), "take " + what);
    return this;
  }

  private int get(int attribute, int type, int most, MemorySegment values) {
    long[] count = new long[1];
    Cuda.checkDnn(
        JCudnn.cudnnBackendGetAttribute(
            handle, attribute, type, most, count, Addresses.of(values.address())),
        "ask about %s (attribute %d)".formatted(what, attribute));
    return (int) Math.min(count[0], most);
  }

  long number(int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_LONG);
      get(attribute, CUDNN_TYPE_INT64, 1, value);
      return value.get(JAVA_LONG, 0);
    }
  }

  /** Those of an enumeration's that hold. */
  int[] choices(int attribute, int type, int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(JAVA_INT, most);
      int count = get(attribute, type, most, values);
      return values.asSlice(0, (long) count * Integer.BYTES).toArray(JAVA_INT);
    }
  }

  /**
   * Descriptors that cuDNN fills in.
   *
   * @param into as many as there may be
   * @return those that were
   */
  List<Descriptor> fill(int attribute, List<Descriptor> into) {
    try (Arena arena = Arena.ofConfined()) {
      long[] addresses = into.stream().mapToLong(d -> d.handle.address()).toArray();
      MemorySegment values = arena.allocateFrom(JAVA_LONG, addresses);
      return into.subList(
          0, get(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, addresses.length, values));
    }
  }

  /** Enqueues what an execution plan computes; cuDNN's status. */
  int execute(cudnnHandle dnn, Descriptor variantPack) {
    return JCudnn.cudnnBackendExecute(dnn, handle, variantPack.handle);
  }

  @Override
  public void close() {
    owned.close();
  }
}
