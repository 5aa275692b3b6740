package org.alexnet.inference;

import java.util.List;

/**
 * What a network says of an image.
 *
 * @param input what the image is called
 * @param top the most probable classes, the best first
 */
public record Prediction(String input, List<Guess> top) {

  /**
   * One class.
   *
   * @param className its name, or its number where the network's classes have no names
   * @param index its number
   * @param probability 0 to 1
   */
  public record Guess(String className, int index, double probability) {}
}
