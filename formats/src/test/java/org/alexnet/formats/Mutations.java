package org.alexnet.formats;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;

/** Ways to damage a file that know something of its form, so that the damage gets deep. */
public final class Mutations {
  private static final long[] EDGES = {
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    64,
    127,
    128,
    255,
    256,
    65_535,
    1 << 20,
    1 << 24,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 62,
    Long.MAX_VALUE,
    -1,
    -2,
    Integer.MIN_VALUE,
    Long.MIN_VALUE
  };
  private static final Pattern TOKEN =
      Pattern.compile("\"[^\"]*\"|[A-Za-z0-9_.+-]+|[{}\\[\\]:,;]|\\s+|.", Pattern.DOTALL);

  private Mutations() {}

  /** A number at which programs like to fail. */
  public static long edge(SplittableRandom random) {
    return EDGES[random.nextInt(EDGES.length)];
  }

  private static <T> T any(List<T> of, SplittableRandom random) {
    return of.get(random.nextInt(of.size()));
  }

  /**
   * Bytes are changed, put in, taken out and copied.
   *
   * @param words sequences that mean something in the format
   */
  public static byte[] bytes(byte[] good, List<byte[]> words, SplittableRandom random) {
    byte[] changed = good;
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      int at = random.nextInt(changed.length + 1);
      int length = Math.min(random.nextInt(1, 17), changed.length - at);
      byte[] put =
          switch (random.nextInt(7)) {
            case 0 -> new byte[0];
            case 1 -> new byte[] {(byte) random.nextInt(256)};
            case 2, 3 -> words.isEmpty() ? new byte[1] : any(words, random);
            case 4 -> little(edge(random), 8);
            case 5 -> little(edge(random), 4);
            default -> {
              int from = random.nextInt(changed.length + 1);
              int end = Math.min(changed.length, from + random.nextInt(1, 65));
              yield Arrays.copyOfRange(changed, from, end);
            }
          };
      boolean over = random.nextBoolean();
      changed = replaced(changed, at, over ? Math.min(put.length, changed.length - at) : 0, put);
      if (put.length == 0) {
        changed = replaced(changed, at, Math.min(length, changed.length - at), put);
      }
      if (changed.length == 0) {
        return good;
      }
    }
    return changed;
  }

  private static byte[] little(long value, int bytes) {
    byte[] all = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return Arrays.copyOf(all, bytes);
  }

  private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    out.writeBytes(by);
    out.write(bytes, at + length, bytes.length - at - length);
    return out.toByteArray();
  }

  /** Words, numbers and braces of a text are exchanged, put in, taken out and repeated. */
  public static byte[] text(byte[] good, List<String> words, SplittableRandom random) {
    String text = new String(good, StandardCharsets.UTF_8);
    List<String> tokens =
        new ArrayList<>(TOKEN.matcher(text).results().map(r -> r.group()).toList());
    for (int n = random.nextInt(1, 5); n > 0 && !tokens.isEmpty(); n--) {
      int at = random.nextInt(tokens.size());
      switch (random.nextInt(7)) {
        case 0 -> tokens.remove(at);
        case 1 -> tokens.add(at, any(tokens, random));
        case 2 -> tokens.set(at, any(tokens, random));
        case 3 -> tokens.set(at, any(words, random));
        case 4 -> tokens.set(at, Long.toString(edge(random)));
        case 5 -> tokens.add(at, any(words, random) + " ");
        default -> {
          int end = Math.min(tokens.size(), at + random.nextInt(1, 40));
          tokens.addAll(random.nextInt(tokens.size()), List.copyOf(tokens.subList(at, end)));
        }
      }
    }
    return String.join("", tokens).getBytes(StandardCharsets.UTF_8);
  }
}
