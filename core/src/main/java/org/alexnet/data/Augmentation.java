package org.alexnet.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;

/**
 * How training images are varied. What is drawn depends on the seed, the global step and the place
 * in the batch alone.
 */
public enum Augmentation {
  /** The centre of the stored image, as it is. */
  NONE,

  /**
   * For small images stored at the network's size: mirrored with probability 1/2, then a random
   * window of 28/32 of each side brought back to full size by nearest neighbour, then noise of
   * sigma .05 (of 255), clipped. It is applied to the bytes while the batch is assembled; crop and
   * mirror of the batch stay unused.
   */
  SHAPES,

  /**
   * The 2012 paper's (section 4.1): a random window of the network's size out of the stored image,
   * mirrored with probability 1/2, and a {@link ColourShift} of images in three colours. All are
   * left to the first operation of the program.
   */
  PAPER;

  /**
   * {@return the augmentation called {@code none}, {@code shapes} or {@code paper}}
   *
   * @param name as a user writes it
   */
  public static Augmentation named(String name) {
    for (Augmentation augmentation : values()) {
      if (augmentation.toString().equals(name)) {
        return augmentation;
      }
    }
    throw new AlexNetException(
        "there is no augmentation '%s'; there are %s"
            .formatted(
                name,
                Arrays.stream(values()).map(Object::toString).collect(Collectors.joining(", "))));
  }

  /** The name it is chosen by. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
