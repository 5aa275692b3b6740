package org.alexnet.formats.protobuf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.alexnet.AlexNetException;
import org.alexnet.formats.MappedFile;

/**
 * The fields of a message, one after the other. What is asked for as another type than the file has
 * is refused, as is a field that reaches beyond its message.
 */
public final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int LENGTH = 2;
  private static final int FOUR_BYTES = 5;

  private static final int MOST_BITS = 64;

  /** Longer texts are no names of layers. */
  private static final int LONGEST_TEXT = 1 << 16;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MappedFile file;
  private final String kind;
  private final MemorySegment message;
  private long at;
  private int field;
  private int type;
  private long number;
  private MemorySegment content;

  /**
   * A message.
   *
   * @param file for what is wrong with it
   * @param kind what the message is called in messages to users, such as {@code a NetParameter}
   * @param message its bytes
   */
  public ProtobufReader(MappedFile file, String kind, MemorySegment message) {
    this.file = file;
    this.kind = kind;
    this.message = message;
  }

  /**
   * Goes to the next field.
   *
   * @return false where there is none
   * @throws AlexNetException if it does not end within the message
   */
  public boolean next() {
    if (at == message.byteSize()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    if (tag >>> 3 < 1 || tag >>> 3 > (1 << 29) - 1) {
      throw wrong("has a field of number " + (tag >>> 3));
    }
    switch (type) {
      case VARINT -> number = varint();
      case EIGHT_BYTES -> number = slice(Long.BYTES).get(LONG, 0);
      case FOUR_BYTES -> number = slice(Integer.BYTES).get(INT, 0);
      case LENGTH -> content = slice(varint());
      default ->
          throw wrong(
              "has field %d of wire type %d, which no such file has".formatted(field, type));
    }
    return true;
  }

  /** The number of the field. */
  public int field() {
    return field;
  }

  /** Whether the field is bytes: a text, a message, or several numbers. */
  public boolean isBytes() {
    return type == LENGTH;
  }

  /** A whole number, a truth or an enumerated value. */
  public long integer() {
    require(type == VARINT, "a whole number");
    return number;
  }

  /**
   * A whole number of 32 bits.
   *
   * @throws AlexNetException if it is larger
   */
  public int int32() {
    long value = integer();
    if (value != (int) value) {
      throw wrong("has %d in field %d, which holds 32 bits".formatted(value, field));
    }
    return (int) value;
  }

  /** A number of single precision. */
  public float real() {
    require(type == FOUR_BYTES, "a number of single precision");
    return Float.intBitsToFloat((int) number);
  }

  /** A number of double precision. */
  public double doubleReal() {
    require(type == EIGHT_BYTES, "a number of double precision");
    return Double.longBitsToDouble(number);
  }

  /** The bytes of the field, where they lie in the file. */
  public MemorySegment bytes() {
    require(type == LENGTH, "bytes");
    return content;
  }

  /** A text in UTF-8. */
  public String text() {
    long length = bytes().byteSize();
    if (length > LONGEST_TEXT) {
      throw wrong(
          "has a text of %,d bytes in field %d; up to %,d can be read"
              .formatted(length, field, LONGEST_TEXT));
    }
    return new String(content.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  /**
   * A message within this one.
   *
   * @param of what it is called
   */
  public ProtobufReader message(String of) {
    return new ProtobufReader(file, of, bytes());
  }

  /** Receives whole numbers. */
  @FunctionalInterface
  public interface Integers {
    /** One of them. */
    void accept(long value);
  }

  /** The whole numbers of a repeated field, packed or this one alone. */
  public void integers(Integers receiver) {
    if (type != LENGTH) {
      receiver.accept(integer());
      return;
    }
    ProtobufReader packed = message(kind);
    while (packed.at < packed.message.byteSize()) {
      receiver.accept(packed.varint());
    }
  }

  private void require(boolean good, String what) {
    if (!good) {
      throw wrong("has field %d of wire type %d where it has %s".formatted(field, type, what));
    }
  }

  private MemorySegment slice(long length) {
    long left = message.byteSize() - at;
    if (length < 0 || length > left) {
      throw wrong(
          "has field %d of %s bytes with %,d left: the file is cut short or damaged"
              .formatted(field, Long.toUnsignedString(length), left));
    }
    at += length;
    return message.asSlice(at - length, length);
  }

  private long varint() {
    long value = 0;
    for (int bits = 0; bits < MOST_BITS; bits += 7) {
      if (at == message.byteSize()) {
        throw wrong("ends within a number: the file is cut short or damaged");
      }
      byte next = message.get(ValueLayout.JAVA_BYTE, at++);
      value |= (next & 0x7FL) << bits;
      if (next >= 0) {
        return value;
      }
    }
    throw wrong("has a number of more than 64 bits");
  }

  /**
   * What is wrong with the message.
   *
   * @param what a phrase that follows the kind of message
   */
  public AlexNetException wrong(String what) {
    return file.wrong(kind + " " + what);
  }
}
