package org.alexnet.formats;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.LongTest;

/** Files that are not what they say: cut short at every byte, and changed at random. */
public final class Hostile {
  private static final int CHANGES = LongTest.RUN ? 100_000 : 500;
  private static final int STEP = LongTest.RUN ? 1 : 11;
  private static final int[] EDGES = {0, 1, 0x7F, 0x80, 0xFF};

  private Hostile() {}

  /** What a reader makes of a file that may be damaged. */
  private static void read(Path file, byte[] bytes, Consumer<Path> reader, String what) {
    try {
      Files.write(file, bytes);
      reader.accept(file);
    } catch (AlexNetException e) {
      String message = e.getMessage();
      assertTrue(message.contains(file.toString()), what + ": " + message);
      assertFalse(message.chars().anyMatch(Character::isISOControl), what + ": " + message);
      assertTrue(message.length() < 2000, what + ": " + message);
    } catch (IOException e) {
      fail(what, e);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what, e);
    }
  }

  /**
   * Cuts a good file at every byte. A reader may take what is left if it does not need the rest;
   * whatever it does, it ends by itself or with one sentence that names the file.
   */
  public static void cutEverywhere(byte[] good, Path file, Consumer<Path> reader) {
    for (int length = 0; length < good.length; length += STEP) {
      read(file, Arrays.copyOf(good, length), reader, "cut to " + length + " bytes");
    }
  }

  /** Changes a few bytes of a good file, again and again. */
  public static void change(byte[] good, Path file, Consumer<Path> reader) {
    for (int seed = 0; seed < CHANGES; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] changed = good.clone();
      for (int n = random.nextInt(1, 6); n > 0; n--) {
        int at = random.nextInt(changed.length);
        switch (random.nextInt(3)) {
          case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
          case 1 -> changed[at] = (byte) EDGES[random.nextInt(EDGES.length)];
          default -> {
            int length = Math.min(random.nextInt(1, 9), changed.length - at);
            int from = random.nextInt(changed.length - length + 1);
            System.arraycopy(good, from, changed, at, length);
          }
        }
      }
      read(file, changed, reader, "change " + seed);
    }
  }
}
