package org.alexnet.program;

import java.util.Locale;
import org.alexnet.Words;

/** How the work of a step is cut for several devices. */
public enum Parallelism {
  /** Whichever of the others sends the least. */
  AUTO,
  /** Each device has a part of the network: the columns that its layers declare. */
  COLUMNS,
  /** Each device has a part of the batch and all of the parameters. */
  DATA,
  /**
   * Up to the first fully-connected layer each device has a part of the batch, from there on a part
   * of the network (Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
   * 2014).
   */
  HYBRID;

  /**
   * Reads the name of one.
   *
   * @throws org.alexnet.AlexNetException listing the names that there are
   */
  public static Parallelism named(String name) {
    return Words.named(values(), name, "There is no way \"%s\" to cut a step");
  }

  /** Whether the batch is cut. */
  public boolean shards() {
    return switch (this) {
      case AUTO -> throw new IllegalStateException("it is not chosen yet");
      case COLUMNS -> false;
      case DATA, HYBRID -> true;
    };
  }

  /** As users write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
