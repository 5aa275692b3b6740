package org.alexnet.formats.protobuf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.alexnet.formats.OutputFile;

/**
 * A message, field by field. Numbers of a tensor are asked for when it is their turn to be written,
 * so that one tensor at a time is in memory.
 */
public final class ProtobufWriter {
  private static final int VARINT = 0;
  private static final int LENGTH = 2;
  private static final int FOUR_BYTES = 5;

  /** Something of known length that is written later. */
  private sealed interface Part {
    long size();

    record Bytes(byte[] bytes) implements Part {
      @Override
      public long size() {
        return bytes.length;
      }
    }

    record Floats(long size, Supplier<float[]> values) implements Part {}
  }

  private final List<Part> parts = new ArrayList<>();
  private final ByteArrayOutputStream open = new ByteArrayOutputStream();

  /** A whole number, a truth or an enumerated value. */
  public ProtobufWriter integer(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  /** A number of single precision. */
  public ProtobufWriter real(int field, float value) {
    tag(field, FOUR_BYTES);
    open.writeBytes(
        ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    return this;
  }

  /** A text. */
  public ProtobufWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes. */
  public ProtobufWriter bytes(int field, byte[] value) {
    tag(field, LENGTH);
    varint(value.length);
    open.writeBytes(value);
    return this;
  }

  /** Whole numbers, packed. */
  public ProtobufWriter integers(int field, List<Long> values) {
    ProtobufWriter packed = new ProtobufWriter();
    values.forEach(packed::varint);
    return message(field, packed);
  }

  /** A message that is complete. */
  public ProtobufWriter message(int field, ProtobufWriter value) {
    tag(field, LENGTH);
    varint(value.size());
    value.finish();
    finish();
    parts.addAll(value.parts);
    return this;
  }

  /**
   * Numbers of single precision, little-endian and packed.
   *
   * @param count how many there will be
   * @param values asked for once, when they are written
   */
  public ProtobufWriter floats(int field, long count, Supplier<float[]> values) {
    tag(field, LENGTH);
    varint(count * Float.BYTES);
    finish();
    parts.add(new Part.Floats(count * Float.BYTES, values));
    return this;
  }

  private void finish() {
    if (open.size() > 0) {
      parts.add(new Part.Bytes(open.toByteArray()));
      open.reset();
    }
  }

  private long size() {
    return parts.stream().mapToLong(Part::size).sum() + open.size();
  }

  /** Appends the message to a file. */
  public void write(OutputFile file) {
    finish();
    for (Part part : parts) {
      switch (part) {
        case Part.Bytes(byte[] bytes) -> file.write(bytes);
        case Part.Floats(long size, Supplier<float[]> values) -> {
          float[] numbers = values.get();
          if ((long) numbers.length * Float.BYTES != size) {
            throw new IllegalStateException(
                "%d numbers where %d bytes were announced".formatted(numbers.length, size));
          }
          file.write(numbers, bytes -> {});
        }
      }
    }
  }

  private void tag(int field, int type) {
    varint((long) field << 3 | type);
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      open.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    open.write((int) rest);
  }
}
