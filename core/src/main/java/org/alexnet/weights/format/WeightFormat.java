package org.alexnet.weights.format;

import java.nio.file.Path;
import org.alexnet.file.FileStart;

/** A format of files of weights, found by {@link java.util.ServiceLoader}. */
public interface WeightFormat {

  /** {@return what it is called in messages, such as {@code safetensors}} */
  String name();

  /**
   * {@return whether a file is of this format, whole or damaged, by what it begins with}
   *
   * @param start the first bytes of the file
   */
  boolean recognizes(FileStart start);

  /**
   * Opens a file that it recognizes.
   *
   * @param file of this format
   * @return the file, open until it is closed
   * @throws org.alexnet.AlexNetException naming the file and what is wrong with it
   */
  WeightSource open(Path file);
}
