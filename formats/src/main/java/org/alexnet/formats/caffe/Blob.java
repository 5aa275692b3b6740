package org.alexnet.formats.caffe;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.protobuf.ProtobufReader;
import org.alexnet.tensor.DType;

/**
 * A BlobProto: numbers and their shape, which early files have as {@code num}, {@code channels},
 * {@code height} and {@code width}.
 *
 * @param shape extents, outermost first; four in early files
 * @param data where the numbers lie, one after the other
 * @param type of a number
 */
record Blob(List<Long> shape, MemorySegment data, DType type) {
  private static final int LEGACY = 4;
  private static final int DATA = 5;
  private static final int SHAPE = 7;
  private static final int DOUBLE_DATA = 8;
  private static final String KIND = "a BlobProto";

  /** Counts what numbers there are, and in how many pieces. */
  private static final class Numbers {
    private final int unit;
    private long bytes;
    private int pieces;
    private MemorySegment whole;

    Numbers(int unit) {
      this.unit = unit;
    }

    void count(ProtobufReader field) {
      pieces++;
      if (field.isBytes()) {
        whole = field.bytes();
        bytes += whole.byteSize();
      } else {
        bytes += unit;
      }
    }
  }

  static Blob read(MappedFile file, MemorySegment message) {
    ProtobufReader reader = new ProtobufReader(file, KIND, message);
    long[] legacy = new long[LEGACY];
    boolean said = false;
    List<Long> shape = null;
    Numbers singles = new Numbers(Float.BYTES);
    Numbers doubles = new Numbers(Double.BYTES);
    while (reader.next()) {
      int field = reader.field();
      if (field <= LEGACY) {
        legacy[field - 1] = reader.integer();
        said = true;
      } else if (field == DATA) {
        singles.count(reader);
      } else if (field == DOUBLE_DATA) {
        doubles.count(reader);
      } else if (field == SHAPE) {
        shape = shape(reader.message("a BlobShape"));
      }
    }
    boolean isDouble = doubles.pieces > 0;
    Numbers numbers = isDouble ? doubles : singles;
    MemorySegment data =
        numbers.pieces == 1 && numbers.whole != null
            ? numbers.whole
            : gathered(new ProtobufReader(file, KIND, message), numbers, isDouble);
    if (shape == null) {
      shape = said ? List.of(legacy[0], legacy[1], legacy[2], legacy[3]) : List.of();
    }
    Blob blob = new Blob(shape, data, isDouble ? DType.F64 : DType.F32);
    try {
      long elements = blob.tensor(shape).info().elements();
      if (elements * numbers.unit != data.byteSize()) {
        throw new IllegalArgumentException(
            "has shape %s and %,d numbers".formatted(shape, data.byteSize() / numbers.unit));
      }
    } catch (IllegalArgumentException e) {
      throw reader.wrong(e.getMessage());
    }
    return blob;
  }

  private static List<Long> shape(ProtobufReader reader) {
    List<Long> shape = new ArrayList<>();
    while (reader.next()) {
      if (reader.field() == 1) {
        reader.integers(
            extent -> {
              if (shape.size() == 32) {
                throw reader.wrong("has more than 32 extents");
              }
              shape.add(extent);
            });
      }
    }
    return shape;
  }

  /** Numbers that lie in several pieces, each with its tag, as they were written for years. */
  private static MemorySegment gathered(ProtobufReader reader, Numbers numbers, boolean isDouble) {
    if (numbers.bytes > Integer.MAX_VALUE - 8) {
      throw reader.wrong("has more than two gigabytes of numbers in pieces");
    }
    MemorySegment all = MemorySegment.ofArray(new byte[(int) numbers.bytes]);
    int field = isDouble ? DOUBLE_DATA : DATA;
    ValueLayout.OfFloat single =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    long at = 0;
    while (reader.next()) {
      if (reader.field() != field) {
        continue;
      }
      if (reader.isBytes()) {
        MemorySegment piece = reader.bytes();
        MemorySegment.copy(piece, 0, all, at, piece.byteSize());
        at += piece.byteSize();
      } else if (isDouble) {
        all.set(
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
            at,
            reader.doubleReal());
        at += Double.BYTES;
      } else {
        all.set(single, at, reader.real());
        at += Float.BYTES;
      }
    }
    return all;
  }

  /** The same numbers in a shape of as many elements. */
  StridedTensor tensor(List<Long> as) {
    return StridedTensor.contiguous(data, type, as);
  }

  /** The shape without the ones before its last extents. */
  List<Long> last(int extents) {
    int lost = shape.size() - extents;
    return lost > 0 && shape.subList(0, lost).stream().allMatch(e -> e == 1)
        ? shape.subList(lost, shape.size())
        : shape;
  }
}
