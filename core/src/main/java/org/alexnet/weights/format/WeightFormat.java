package org.alexnet.weights.format;

import java.nio.file.Path;
import org.alexnet.file.FileStart;

/** A format of files of weights, found by {@link java.util.ServiceLoader}. */
public interface WeightFormat {

  /** What it is called in messages, such as {@code safetensors}. */
  String name();

  /** Whether a file is of this format, whole or damaged, by what it begins with. */
  boolean recognizes(FileStart start);

  /**
   * Opens a file that it recognizes.
   *
   * @throws org.alexnet.AlexNetException naming the file and what is wrong with it
   */
  WeightSource open(Path file);
}
