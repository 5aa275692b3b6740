package org.alexnet.formats;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * A tensor where it lies in a file: every so many elements of a storage.
 *
 * @param storage all elements that the storage has
 * @param type of an element
 * @param order of the bytes of an element
 * @param offset of the first element in the storage, in elements
 * @param shape extents, outermost first
 * @param strides elements of the storage from one index of an axis to the next, at least 0
 */
public record StridedTensor(
    MemorySegment storage,
    DType type,
    ByteOrder order,
    long offset,
    List<Long> shape,
    List<Long> strides) {
  private static final int MOST_AXES = 64;

  /** The longest array. */
  private static final int LONGEST = Integer.MAX_VALUE - 8;

  /**
   * Checks that every element lies in the storage.
   *
   * @throws IllegalArgumentException saying which number is wrong, to follow the tensor's name
   */
  public StridedTensor {
    shape = List.copyOf(shape);
    strides = List.copyOf(strides);
    if (type.bytes() == 0) {
      throw new IllegalArgumentException("has elements of an unknown size");
    }
    if (shape.size() != strides.size() || shape.size() > MOST_AXES) {
      throw new IllegalArgumentException(
          "has %d extents and %d strides; as many of both are required, and up to %d"
              .formatted(shape.size(), strides.size(), MOST_AXES));
    }
    long held = storage.byteSize() / type.bytes();
    if (offset < 0 || offset > held || last(shape, strides, offset) >= held) {
      throw new IllegalArgumentException(
          "has shape %s, strides %s and offset %d, which do not lie in a storage of %,d elements"
              .formatted(shape, strides, offset, held));
    }
  }

  /** The last element that is read; -1 where none is, and the largest number where none can be. */
  private static long last(List<Long> shape, List<Long> strides, long offset) {
    long last = offset;
    boolean empty = false;
    long elements = 1;
    try {
      for (int axis = 0; axis < shape.size(); axis++) {
        if (shape.get(axis) < 0 || strides.get(axis) < 0) {
          return Long.MAX_VALUE;
        }
        empty |= shape.get(axis) == 0;
        elements = Math.multiplyExact(elements, shape.get(axis));
        last = Math.addExact(last, Math.multiplyExact(shape.get(axis) - 1, strides.get(axis)));
      }
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
    return elements > LONGEST ? Long.MAX_VALUE : empty ? -1 : last;
  }

  /** A tensor whose elements follow each other, last extent fastest. */
  public static StridedTensor contiguous(MemorySegment data, DType type, List<Long> shape) {
    List<Long> strides = new ArrayList<>();
    long stride = 1;
    for (long extent : shape.reversed()) {
      strides.add(stride);
      // A shape that is too large is refused by its last element.
      stride = saturated(stride, extent);
    }
    Collections.reverse(strides);
    return new StridedTensor(data, type, ByteOrder.LITTLE_ENDIAN, 0, shape, strides);
  }

  private static long saturated(long stride, long extent) {
    try {
      return Math.multiplyExact(stride, Math.max(extent, 1));
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Type and shape as a reader sees them: every floating-point type becomes single precision. */
  public TensorInfo info() {
    return new TensorInfo(readable() ? DType.F32 : type, shape);
  }

  private boolean readable() {
    return switch (type) {
      case F32, F64, F16, BF16 -> true;
      case I64, I32, I16, I8, U8, BOOL, U16, U32, U64, F8_E4M3, F8_E5M2, UNKNOWN -> false;
    };
  }

  /**
   * Its values, last extent fastest, rounded to single precision where they have more.
   *
   * @throws IllegalArgumentException if they are no floating-point numbers, or more than an array
   *     or the file holds
   */
  public float[] floats() {
    if (!readable()) {
      throw new IllegalArgumentException("has elements of type " + type + ", no weights");
    }
    long elements = info().elements();
    // Strides of 0 could make any number of elements out of one.
    if (elements > LONGEST || elements > storage.byteSize()) {
      throw new IllegalArgumentException(
          "has %,d elements in a storage of %,d bytes".formatted(elements, storage.byteSize()));
    }
    float[] values = new float[(int) elements];
    if (type == DType.F32 && isContiguous()) {
      ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(order);
      MemorySegment.copy(storage, layout, offset * Float.BYTES, values, 0, values.length);
    } else if (elements > 0) {
      gather(values);
    }
    return values;
  }

  private boolean isContiguous() {
    long stride = 1;
    for (int axis = shape.size() - 1; axis >= 0; axis--) {
      if (shape.get(axis) != 1 && strides.get(axis) != stride) {
        return false;
      }
      stride *= Math.max(1, shape.get(axis));
    }
    return true;
  }

  private void gather(float[] values) {
    ValueLayout.OfFloat singles = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(order);
    ValueLayout.OfDouble doubles = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(order);
    ValueLayout.OfShort shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
    long[] index = new long[shape.size()];
    long from = offset;
    for (int to = 0; to < values.length; to++) {
      long at = from * type.bytes();
      values[to] =
          switch (type) {
            case F64 -> (float) storage.get(doubles, at);
            case F16 -> Float.float16ToFloat(storage.get(shorts, at));
            case BF16 -> Float.intBitsToFloat(storage.get(shorts, at) << 16);
            default -> storage.get(singles, at);
          };
      for (int axis = index.length - 1; axis >= 0; axis--) {
        from += strides.get(axis);
        if (++index[axis] < shape.get(axis)) {
          break;
        }
        from -= index[axis] * strides.get(axis);
        index[axis] = 0;
      }
    }
  }
}
