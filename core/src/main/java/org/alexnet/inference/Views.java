package org.alexnet.inference;

/** Which parts of an image a network judges it by. */
public enum Views {
  /** The centre. */
  CENTRE,

  /**
   * The paper's ten (section 4.1): the four corners and the centre, each also mirrored. An image's
   * probabilities are the mean of the ten softmax outputs, and its loss is that of the mean. It
   * takes stored images that are larger than the network's input.
   */
  TEN
}
