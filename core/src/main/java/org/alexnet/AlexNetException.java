package org.alexnet;

/**
 * What the engine was given cannot be used: a damaged file, data that does not fit the network, a
 * device that is not there. The message is one sentence or two that say what was found, what is
 * required and how to mend it; it is meant to be shown to a user without a stack trace.
 */
public class AlexNetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public AlexNetException(String message) {
    super(message);
  }

  public AlexNetException(String message, Throwable cause) {
    super(message, cause);
  }
}
