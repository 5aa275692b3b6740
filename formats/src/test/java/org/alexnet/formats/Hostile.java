package org.alexnet.formats;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.LongTest;

/** Files that are not what they say: cut short at every byte, and changed at random. */
public final class Hostile {
  private static final int CHANGES = 500;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int STEP = LongTest.RUN ? 1 : 11;
  private static final int[] EDGES = {0, 1, 0x7F, 0x80, 0xFF};

  /** Bytes that reading a file of a few kilobytes may allocate, whatever the file says. */
  private static final long MOST_ALLOCATED = 64L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Hostile() {}

  /** What a reader makes of a file that may be damaged. */
  private static void read(Path file, byte[] bytes, Consumer<Path> reader, String what) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
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
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < MOST_ALLOCATED, () -> what + " allocates " + allocated + " bytes");
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
      read(file, changed(good, new SplittableRandom(seed)), reader, "seed " + seed);
    }
  }

  /**
   * Reads what comes of a seed, for one seed after the other: hundreds in every build, and for
   * minutes in the long one.
   *
   * @param damaged makes a damaged file
   */
  public static void fuzz(
      Function<SplittableRandom, byte[]> damaged, Path file, Consumer<Path> reader) {
    long end = System.nanoTime() + LONG.toNanos();
    int seed = 0;
    while (seed < CHANGES || (LongTest.RUN && System.nanoTime() < end)) {
      read(file, damaged.apply(new SplittableRandom(seed)), reader, "seed " + seed);
      seed++;
    }
  }

  private static byte[] changed(byte[] good, SplittableRandom random) {
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
    return changed;
  }

  /** A run that was not made has left no folder. */
  public static void requireNothing(Path run) {
    assertFalse(Files.exists(run), run + " was left");
  }

  /** Removes a run that was made. */
  public static void remove(Path run) {
    try (Stream<Path> files = Files.list(run)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(run);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
