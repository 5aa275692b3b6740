package org.alexnet.pictures;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.ImageSource;
import org.alexnet.data.loading.EpochOrder;

/** Which images of a source are shown. */
final class Choice {
  private Choice() {}

  /** An image, and how many of its class come before it in the order that was drawn. */
  private record Drawn(int image, int label, int before) {}

  /**
   * Draws images as training shuffles them: where they have classes, as many of each as can be, in
   * the order of the classes.
   *
   * @param setting what {@code n} is called, for the message
   * @return numbers of images, each once
   * @throws UsageException if there are fewer
   */
  static int[] of(ImageSource source, Setting setting, int n, long seed) {
    require(setting, n, source.size(), "the images of " + source.description());
    int[] order = EpochOrder.shuffled(source.size(), seed, 0);
    if (!source.labelled()) {
      return Arrays.copyOf(order, n);
    }
    Map<Integer, Integer> seen = new HashMap<>();
    return IntStream.of(order)
        .mapToObj(
            image -> {
              int label = source.label(image);
              return new Drawn(image, label, seen.merge(label, 1, Integer::sum));
            })
        .sorted(Comparator.comparingInt(Drawn::before)) // stable: the rest stays as drawn
        .limit(n)
        .sorted(Comparator.comparingInt(Drawn::before).thenComparingInt(Drawn::label))
        .mapToInt(Drawn::image)
        .toArray();
  }

  /**
   * Refuses a number that cannot be had.
   *
   * @param what there are {@code most} of
   */
  static void require(Setting setting, int n, int most, String what) {
    if (n < 1 || n > most) {
      throw UsageException.value(setting, n, "from 1 to %,d, %s".formatted(most, what));
    }
  }
}
