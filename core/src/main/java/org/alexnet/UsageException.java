package org.alexnet;

/**
 * What was asked for is at fault, and not what the files hold: a size that no tensor can have, a
 * device that is not there, an option that a run excludes. The command line answers it as wrong
 * usage.
 */
public final class UsageException extends AlexNetException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
