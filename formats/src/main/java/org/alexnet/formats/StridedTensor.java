package org.alexnet.formats;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
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

  // Bytes are turned behind these: only layouts that are constants are read in one instruction.
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Elements of a piece. */
  private static final int PIECE = 1 << 20;

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
    long bytes = Double.BYTES; // the most that an element has
    try {
      for (int axis = 0; axis < shape.size(); axis++) {
        if (shape.get(axis) < 0 || strides.get(axis) < 0) {
          return Long.MAX_VALUE;
        }
        empty |= shape.get(axis) == 0;
        bytes = Math.multiplyExact(bytes, Math.max(1, shape.get(axis)));
        last = Math.addExact(last, Math.multiplyExact(shape.get(axis) - 1, strides.get(axis)));
      }
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
    return bytes / Double.BYTES > LONGEST ? Long.MAX_VALUE : empty ? -1 : last;
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
    float[] values = new float[requireFloats()];
    for (int at = 0; at < values.length; at += PIECE) {
      read(at, values, at, Math.min(PIECE, values.length - at));
    }
    return values;
  }

  /**
   * As {@link #floats}, in pieces that follow each other; the array of one is that of the next.
   *
   * @throws IllegalArgumentException as {@link #floats} does
   */
  public void read(Consumer<float[]> receiver) {
    int elements = requireFloats();
    float[] piece = {};
    for (int at = 0; at < elements; at += piece.length) {
      int count = Math.min(PIECE, elements - at);
      piece = piece.length == count ? piece : new float[count];
      read(at, piece, 0, count);
      receiver.accept(piece);
    }
  }

  /**
   * {@return how many values there are}
   *
   * @throws IllegalArgumentException if they cannot be read, as {@link #floats} says
   */
  int requireFloats() {
    if (!readable()) {
      throw new IllegalArgumentException("has elements of type " + type + ", no weights");
    }
    long elements = info().elements();
    // Strides of 0 could make any number of elements out of one.
    if (elements > LONGEST || elements > storage.byteSize()) {
      throw new IllegalArgumentException(
          "has %,d elements in a storage of %,d bytes".formatted(elements, storage.byteSize()));
    }
    return (int) elements;
  }

  /** Reads the values from one on, and does not keep pages of a file in memory for that. */
  private void read(int first, float[] into, int at, int count) {
    MemorySegment touched = storage;
    if (type == DType.F32 && isContiguous()) {
      ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(order);
      touched = storage.asSlice((offset + first) * Float.BYTES, (long) count * Float.BYTES);
      MemorySegment.copy(touched, layout, 0, into, at, count);
    } else {
      gather(first, into, at, count);
    }
    if (touched.isMapped()) {
      touched.unload();
    }
  }

  /**
   * The same elements with their axes in another order.
   *
   * @param axes for each axis, which one of this tensor it is; none for the same order
   */
  StridedTensor permuted(List<Integer> axes) {
    return axes.isEmpty()
        ? this
        : new StridedTensor(
            storage,
            type,
            order,
            offset,
            axes.stream().map(shape::get).toList(),
            axes.stream().map(strides::get).toList());
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

  /** Reads values that do not follow each other: run by run of the last axis. */
  private void gather(int first, float[] into, int at, int count) {
    int last = shape.size() - 1;
    long run = last < 0 ? 1 : shape.get(last);
    long[] index = new long[shape.size()];
    long from = offset;
    long rest = first;
    for (int axis = last; axis >= 0; axis--) {
      index[axis] = rest % shape.get(axis);
      rest /= shape.get(axis);
      from += index[axis] * strides.get(axis);
    }
    int end = at + count;
    for (int to = at; to < end; ) {
      int length = (int) Math.min(end - to, last < 0 ? 1 : run - index[last]);
      gatherRun(from, last < 0 ? 0 : strides.get(last), into, to, to + length);
      to += length;
      for (int axis = last; axis >= 0; axis--) {
        long steps = axis == last ? length : 1;
        from += steps * strides.get(axis);
        index[axis] += steps;
        if (index[axis] < shape.get(axis)) {
          break;
        }
        from -= index[axis] * strides.get(axis);
        index[axis] = 0;
      }
    }
  }

  private void gatherRun(long from, long stride, float[] into, int start, int end) {
    boolean turned = order == ByteOrder.BIG_ENDIAN;
    long at = from * type.bytes();
    long step = stride * type.bytes();
    switch (type) {
      case F64 -> {
        for (int to = start; to < end; to++, at += step) {
          long bits = storage.get(LONG, at);
          into[to] = (float) Double.longBitsToDouble(turned ? Long.reverseBytes(bits) : bits);
        }
      }
      case F16, BF16 -> {
        for (int to = start; to < end; to++, at += step) {
          short bits = storage.get(SHORT, at);
          bits = turned ? Short.reverseBytes(bits) : bits;
          into[to] =
              type == DType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
        }
      }
      default -> {
        for (int to = start; to < end; to++, at += step) {
          int bits = storage.get(INT, at);
          into[to] = Float.intBitsToFloat(turned ? Integer.reverseBytes(bits) : bits);
        }
      }
    }
  }
}
