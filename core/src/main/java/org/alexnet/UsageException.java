package org.alexnet;

/**
 * What was asked for cannot be had on this machine whatever the files hold: a size that no tensor
 * can have, a device that is not there. The command line answers it as wrong usage.
 */
public final class UsageException extends AlexNetException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
