package org.alexnet.formats.protobuf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.alexnet.formats.Mutations;

/** A message as a tree of fields, which can be damaged without damaging what is around. */
public final class ProtobufTree {
  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;

  /** More than this are numbers, not fields. */
  private static final int MOST_BYTES = 4096;

  /** A field; its value is a Long, bytes, or fields. */
  private record Field(int number, int wire, Object value) {}

  private ProtobufTree() {}

  /**
   * A file of one message with some fields changed, put elsewhere, repeated or left out; lengths
   * are right, unless that is what was changed.
   *
   * @param words texts that mean something in the format
   */
  public static byte[] mutate(byte[] good, List<byte[]> words, SplittableRandom random) {
    List<Field> root = parse(good);
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      List<List<Field>> messages = new ArrayList<>();
      collect(root, messages);
      List<Field> message = messages.get(random.nextInt(messages.size()));
      if (message.isEmpty()) {
        continue;
      }
      int at = random.nextInt(message.size());
      Field field = message.get(at);
      switch (random.nextInt(8)) {
        case 0 -> message.remove(at);
        case 1 -> message.add(random.nextInt(message.size() + 1), copy(field));
        case 2 -> messages.get(random.nextInt(messages.size())).add(copy(field));
        case 3 -> message.set(at, new Field(random.nextInt(1, 21), field.wire, field.value));
        case 4 -> message.set(at, new Field(field.number, field.wire, new Lie(field.value)));
        default -> message.set(at, changed(field, words, random));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(root, out, random);
    return out.toByteArray();
  }

  /** Bytes whose length is written wrong. */
  private record Lie(Object value) {}

  private static Field changed(Field field, List<byte[]> words, SplittableRandom random) {
    return switch (field.value) {
      case Long _ -> new Field(field.number, field.wire, Mutations.edge(random));
      case byte[] bytes when random.nextInt(3) > 0 || bytes.length == 0 ->
          new Field(field.number, BYTES, words.get(random.nextInt(words.size())));
      case byte[] bytes -> new Field(field.number, BYTES, Mutations.bytes(bytes, words, random));
      case List<?> _ when random.nextBoolean() ->
          new Field(field.number, BYTES, words.get(random.nextInt(words.size())));
      default -> new Field(field.number, VARINT, Mutations.edge(random));
    };
  }

  private static Field copy(Field field) {
    return new Field(field.number, field.wire, copied(field.value));
  }

  private static Object copied(Object value) {
    if (!(value instanceof List<?> fields)) {
      return value;
    }
    List<Field> copies = new ArrayList<>();
    fields.forEach(field -> copies.add(copy((Field) field)));
    return copies;
  }

  @SuppressWarnings("unchecked")
  private static List<Field> fields(Object value) {
    return (List<Field>) value;
  }

  private static void collect(List<Field> message, List<List<Field>> into) {
    into.add(message);
    for (Field field : message) {
      if (field.value instanceof List<?>) {
        collect(fields(field.value), into);
      }
    }
  }

  /** The fields of a message; null where bytes are none. */
  private static List<Field> parse(byte[] bytes) {
    List<Field> fields = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      long tag = varint(in);
      int number = (int) (tag >>> 3);
      int wire = (int) (tag & 7);
      if (tag < 8 || number > 200) {
        return null;
      }
      Object value;
      if (wire == VARINT) {
        value = varint(in);
      } else if (wire == FOUR_BYTES && in.remaining() >= 4) {
        value = in.getInt() & 0xFFFFFFFFL;
      } else if (wire == EIGHT_BYTES && in.remaining() >= 8) {
        value = in.getLong();
      } else if (wire == BYTES) {
        long length = varint(in);
        if (length < 0 || length > in.remaining()) {
          return null;
        }
        byte[] inner = new byte[(int) length];
        in.get(inner);
        List<Field> message = length == 0 || length > MOST_BYTES ? null : parse(inner);
        value = message == null ? inner : message;
      } else {
        return null;
      }
      fields.add(new Field(number, wire, value));
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64 && in.hasRemaining(); shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    return -1;
  }

  private static void write(
      List<Field> fields, ByteArrayOutputStream out, SplittableRandom random) {
    for (Field field : fields) {
      int wire = field.value instanceof Long && field.wire == BYTES ? VARINT : field.wire;
      if (!(field.value instanceof Long)) {
        wire = BYTES;
      }
      varint((long) field.number << 3 | wire, out);
      if (field.value instanceof Lie(Object value)) {
        byte[] bytes = bytes(value, random);
        varint(random.nextBoolean() ? Mutations.edge(random) : bytes.length + 1, out);
        out.writeBytes(bytes);
      } else if (field.value instanceof Long value) {
        switch (wire) {
          case FOUR_BYTES ->
              out.writeBytes(ByteBuffer.allocate(4).putInt((int) (long) value).array());
          case EIGHT_BYTES -> out.writeBytes(ByteBuffer.allocate(8).putLong(value).array());
          default -> varint(value, out);
        }
      } else {
        byte[] bytes = bytes(field.value, random);
        varint(bytes.length, out);
        out.writeBytes(bytes);
      }
    }
  }

  private static byte[] bytes(Object value, SplittableRandom random) {
    return switch (value) {
      case byte[] bytes -> bytes;
      case Long number -> Arrays.copyOf(ByteBuffer.allocate(8).putLong(number).array(), 8);
      case Lie(Object inner) -> bytes(inner, random);
      default -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(fields(value), out, random);
        yield out.toByteArray();
      }
    };
  }

  private static void varint(long value, ByteArrayOutputStream out) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
