package org.alexnet.inference;

/** Pixels were given to weights that came without the mean image to subtract from them. */
public final class MissingInputException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  MissingInputException(String message) {
    super(message);
  }
}
